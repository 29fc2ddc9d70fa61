//! Plans, prices, statuses, grace and severities: what the evaluator decides by.

use super::{
    super::{
        collector::{Collector, Fault, quote},
        diagnostic::Code,
        document::{Contract as Written, Grace as WrittenGrace, Lasting, RuleLevel},
        entry::{Entry, Spot},
        suggestion,
    },
    values::{not_blank, seconds},
};
use crate::contract::{
    CanceledGrace, Contract, Grace, PriceId, PricePattern, Rule, Severity, Source, Status, Statuses,
};

/// How the prices begin that `init` leaves for a person to fill in.
const PLACEHOLDER: &str = "price_your_";

pub(super) fn fill(contract: &mut Contract, written: &Written, collector: &Collector<'_>) {
    plans(contract, written, collector);
    ignored_prices(contract, written, collector);
    if let Some((_, lists)) = written.statuses.written() {
        let grant = statuses("grant", &lists.grant, collector);
        let deny = statuses("deny", &lists.deny, collector);
        contract.statuses = both(grant, deny, written.statuses.spot(), collector);
    }
    if let Some(written) = written.grace.value() {
        contract.grace = grace(written, collector);
    }
    severities(contract, written, collector);
}

fn plans(contract: &mut Contract, written: &Written, collector: &Collector<'_>) {
    let pairs = written.plans.value().map(|plans| plans.0.as_slice());
    for (price, entry) in pairs.unwrap_or_default() {
        if let Some(spot) = entry.spot() {
            check_price(price, &at_key(spot), collector);
        }
        let Some((spot, plan)) = entry.written() else {
            continue;
        };
        if not_blank("the plan of a price", &plan.0, spot, collector) {
            let key = crate::contract::PlanKey::parse(price, contract.source);
            if let Some(plan) = crate::contract::PlanWords::new([plan.0.as_str()]) {
                contract.plans.insert(key, plan);
            }
        }
    }
}

fn ignored_prices(contract: &mut Contract, written: &Written, collector: &Collector<'_>) {
    let entries = written.ignore_prices.value().map(Vec::as_slice);
    for (spot, text) in entries
        .unwrap_or_default()
        .iter()
        .filter_map(Entry::written)
    {
        if !check_price(text, spot, collector) {
            continue;
        }
        let beginning = text.strip_suffix('*').unwrap_or(text);
        if beginning.is_empty() || beginning.contains('*') {
            let message = format!(
                "an entry of `ignore_prices` should be a price id, or a beginning with one `*` at its end, found {}",
                quote(text)
            );
            collector.add_at(
                Fault::invalid(message).help("such as `price_addon_*`"),
                spot,
            );
            continue;
        }
        let pattern = PricePattern::parse(text);
        if let Some(price) = contract.plans.iter().map(|(key, _)| key).find(|key| {
            key.kind == crate::contract::PlanKeyKind::Price
                && pattern.matches(&PriceId::from(key.text.as_str()))
        }) {
            let message = format!(
                "{} is mapped in `plans` and ignored here",
                quote(&price.to_string())
            );
            let fault = Fault::new(Code::Conflict, message)
                .help("map it or ignore it: a subscription to ignored prices is never judged");
            collector.add_at(fault, spot);
        }
        contract.ignore_prices.push(pattern);
    }
}

/// Whether it can be the id of a price.
fn check_price(price: &str, spot: &Spot, collector: &Collector<'_>) -> bool {
    let fault = if price.starts_with(PLACEHOLDER) {
        let message = format!("{} is a placeholder, not a price", quote(price));
        Fault::new(Code::Placeholder, message)
            .help("replace it with the id of your own price, from the provider's dashboard")
    } else if price.trim().is_empty() || price.trim() != price {
        Fault::invalid(format!(
            "a price id should not be empty or begin or end with space, found {}",
            quote(price)
        ))
    } else {
        return true;
    };
    collector.add_at(fault, spot);
    false
}

/// The key of a pair, for a problem that is the key's.
fn at_key(spot: &Spot) -> Spot {
    Spot {
        key: None,
        value: spot.key.clone().unwrap_or_else(|| spot.value.clone()),
        is_block: false,
    }
}

type Words<'e> = Vec<(&'e Spot, Status)>;

fn statuses<'e>(
    key: &str,
    list: &'e Entry<Vec<Entry<String>>>,
    collector: &Collector<'_>,
) -> Option<Words<'e>> {
    let entries = list.value()?.iter().filter_map(Entry::written);
    let mut words: Words<'e> = Vec::new();
    for (spot, word) in entries {
        let status = Status::parse(word);
        if !not_blank(&format!("an entry of `{key}`"), word, spot, collector) {
            continue;
        }
        let known = Status::KNOWN;
        let near = suggestion::nearest(word, known.iter().map(Status::as_str));
        if let (Status::Other(_), Some(near)) = (&status, near) {
            let fault = Fault::invalid(format!("unknown status {}", quote(word)))
                .help(format!("did you mean `{near}`?"));
            collector.add_at(fault, spot);
        }
        if !words.iter().any(|(_, seen)| *seen == status) {
            words.push((spot, status));
        }
    }
    Some(words)
}

/// The two lists, which must not share a word and must leave one that grants.
fn both(
    grant: Option<Words<'_>>,
    deny: Option<Words<'_>>,
    spot: Option<&Spot>,
    collector: &Collector<'_>,
) -> Statuses {
    let granted = |status: &Status| grant.iter().flatten().any(|(_, word)| word == status);
    for (spot, status) in deny.iter().flatten() {
        if granted(status) {
            let message = format!(
                "status {} is in both `grant` and `deny`",
                quote(status.as_str())
            );
            let fault = Fault::new(Code::Conflict, message).help("keep it in one of the two");
            collector.add_at(fault, spot);
        }
    }
    let words = |list: Option<Words<'_>>| -> Option<Vec<Status>> {
        list.map(|list| list.into_iter().map(|(_, status)| status).collect())
    };
    let statuses = Statuses::new(words(grant), words(deny));
    if let (true, Some(spot)) = (statuses.grant.is_empty(), spot) {
        let fault = Fault::invalid("`statuses` should grant at least one status, found none")
            .help("with it nobody could have paid access; write `grant: [active, trialing]`");
        collector.add_at(fault, spot);
    }
    statuses
}

fn grace(written: &WrittenGrace, collector: &Collector<'_>) -> Grace {
    let canceled = match written.canceled.value() {
        Some(Lasting(word)) if word == "until_period_end" => Some(CanceledGrace::UntilPeriodEnd),
        Some(Lasting(word)) if suggestion::nearest(word, ["until_period_end"]).is_some() => {
            let fault = Fault::invalid(format!(
                "`canceled` should be a duration or `until_period_end`, found {}",
                quote(word)
            ));
            if let Some(spot) = written.canceled.spot() {
                collector.add_at(fault.help("did you mean `until_period_end`?"), spot);
            }
            None
        }
        Some(_) | None => {
            in_seconds("canceled", &written.canceled, collector).map(CanceledGrace::For)
        }
    };
    Grace {
        past_due: in_seconds("past_due", &written.past_due, collector),
        canceled,
    }
}

/// Zero is no grace.
fn in_seconds(key: &str, entry: &Entry<Lasting>, collector: &Collector<'_>) -> Option<i64> {
    let seconds = seconds(key, entry, collector)?;
    i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

fn severities(contract: &mut Contract, written: &Written, collector: &Collector<'_>) {
    if let Some(level) = written.severity.value() {
        for (rule, severity) in &mut contract.severities {
            if rule.is_published() {
                *severity = Severity::from(*level);
            }
        }
    }
    let pairs = written.rules.value().map(|rules| rules.0.as_slice());
    let pairs = pairs.unwrap_or_default();
    let names_features = pairs
        .iter()
        .any(|(id, _)| id == Rule::UnmappedFeature.as_str());
    for (id, entry) in pairs {
        let Some(rule) = Rule::parse(id) else {
            unknown_rule(id, entry, collector);
            continue;
        };
        let Some(level) = entry.value() else {
            continue;
        };
        set(contract, rule, *level);
        // The same rule under its other name: see `source_of_truth: stripe_entitlements`.
        if rule == Rule::UnmappedPrice
            && contract.source == Source::StripeEntitlements
            && !names_features
        {
            set(contract, Rule::UnmappedFeature, *level);
        }
    }
}

fn set(contract: &mut Contract, rule: Rule, level: RuleLevel) {
    let severity = match level {
        RuleLevel::High => Severity::High,
        RuleLevel::Medium => Severity::Medium,
        RuleLevel::Low => Severity::Low,
        RuleLevel::Off => {
            contract.severities.remove(&rule);
            return;
        }
    };
    contract.severities.insert(rule, severity);
}

fn unknown_rule(id: &str, entry: &Entry<RuleLevel>, collector: &Collector<'_>) {
    let ids: Vec<_> = Rule::ALL.into_iter().map(Rule::as_str).collect();
    let fault = Fault::new(Code::UnknownKey, format!("unknown rule {}", quote(id)))
        .help(suggestion::help(id, &ids, "rules"));
    if let Some(spot) = entry.spot() {
        collector.add_at(fault, &at_key(spot));
    }
}
