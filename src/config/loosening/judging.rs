//! What is judged: thresholds, severities, and everything that lets an account or a price go.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{AccessContract, collector::quote},
    ContractPlaces, Notes, counted, goes, listed,
    wording::{duration, lasting},
};
use crate::contract::{
    CanceledGrace, Contract, Mode, PriceId, PricePattern, Rule, Severity, Source, Status, Statuses,
};

pub(super) fn compare(
    base: &AccessContract,
    head: &AccessContract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let (before, now) = (&base.contract, &head.contract);
    threshold(before, now, places, notes);
    severities(before, now, places, notes);
    exempt(before, now, places, notes);
    prices(before, now, places, notes);
    plans(before, now, places, notes);
    statuses(&before.statuses, &now.statuses, places, notes);
    grace(before, now, places, notes);
    if before.mode.is_some() && now.mode != before.mode {
        let word =
            |mode: Option<Mode>| mode.map_or("either".to_owned(), |mode| quote(mode.as_str()));
        let change = goes("mode", &word(before.mode), &word(now.mode));
        let effect = "accepts objects of the provider's other mode";
        notes.note(effect, change, places.of_key("mode", None));
    }
    if now.allow_empty && !before.allow_empty {
        let change = goes("allow_empty", "`false`", "`true`");
        let effect = "accepts that there are no accounts";
        notes.note(effect, change, places.of_key("allow_empty", None));
    }
    if now.period_tolerance > before.period_tolerance {
        let change = goes(
            "period_tolerance",
            &lasting(before.period_tolerance),
            &lasting(now.period_tolerance),
        );
        let effect = "lets stored period ends be further off";
        notes.note(effect, change, places.of_key("period_tolerance", None));
    }
    if head.confirm_after > base.confirm_after {
        let shown = |wait: Option<_>| wait.map_or("`0`".to_owned(), duration);
        let change = goes(
            "confirm_after",
            &shown(base.confirm_after),
            &shown(head.confirm_after),
        );
        let effect = "lets go of findings that are repaired within a longer time";
        notes.note(effect, change, places.of_key("confirm_after", None));
    }
    if base.evidence && !head.evidence {
        let change = goes("evidence", "`on`", "`off`");
        let effect = "no longer asks what went wrong behind a finding";
        notes.note(effect, change, places.of_key("evidence", None));
    }
}

fn threshold(before: &Contract, now: &Contract, places: &ContractPlaces, notes: &mut Notes<'_>) {
    let fails = |severity: Severity, contract: &Contract| {
        contract
            .fail_on
            .is_some_and(|threshold| severity.reaches(threshold))
    };
    let passing: Vec<_> = Severity::ALL
        .into_iter()
        .filter(|severity| fails(*severity, before) && !fails(*severity, now))
        .map(Severity::as_str)
        .collect();
    if passing.is_empty() {
        return;
    }
    let word = |contract: &Contract| quote(contract.fail_on.map_or("never", Severity::as_str));
    let change = goes("fail_on", &word(before), &word(now));
    let effect = format!("lets findings of severity {} pass", passing.join(" and "));
    notes.note(effect, change, places.of_key("fail_on", None));
}

fn severities(before: &Contract, now: &Contract, places: &ContractPlaces, notes: &mut Notes<'_>) {
    let mut lowered: BTreeMap<_, Vec<&'static str>> = BTreeMap::new();
    for rule in Rule::ALL {
        let (was, is) = (before.severities.get(&rule), now.severities.get(&rule));
        let Some(was) = was.filter(|was| is.is_none_or(|is| is > *was)) else {
            continue;
        };
        // Two names of one rule, of which each source knows one.
        let other = match now.source {
            Source::StripeEntitlements => Rule::UnmappedPrice,
            Source::Stripe | Source::Paddle => Rule::UnmappedFeature,
        };
        if rule != other {
            lowered.entry((*was, is)).or_default().push(rule.as_str());
        }
    }
    for ((was, is), rules) in lowered {
        let first = rules.first().copied();
        let rules = listed(rules);
        let (effect, word) = match is {
            None => (format!("turns off {rules}"), "off"),
            Some(severity) => (format!("takes {rules} less seriously"), severity.as_str()),
        };
        let change = format!("the severity goes from `{was}` to `{word}`");
        let of_rules = places.of_entry("rules", first.unwrap_or_default());
        let place = of_rules.unwrap_or_else(|| places.of_key("severity", None));
        notes.note(effect, change, place);
    }
}

fn exempt(before: &Contract, now: &Contract, places: &ContractPlaces, notes: &mut Notes<'_>) {
    let added: Vec<_> = now.exempt.difference(&before.exempt).collect();
    let Some(first) = added.first() else {
        return;
    };
    // The line shows which; ids of accounts are not repeated where many can read.
    let effect = format!(
        "exempts {} from every rule",
        counted(added.len(), "further account", "further accounts")
    );
    let count = |exempt: &BTreeSet<String>| exempt.len().to_string();
    let change = goes("exempt", &count(&before.exempt), &count(&now.exempt));
    notes.note(effect, change, places.of_key("exempt", Some(first)));
}

fn prices(before: &Contract, now: &Contract, places: &ContractPlaces, notes: &mut Notes<'_>) {
    let covered = |pattern: &&PricePattern| {
        before
            .ignore_prices
            .iter()
            .any(|known| match (known, pattern) {
                (known, PricePattern::Exact(id)) => known.matches(&PriceId::from(id.as_str())),
                (PricePattern::Prefix(known), PricePattern::Prefix(prefix)) => {
                    prefix.starts_with(known.as_str())
                }
                (PricePattern::Exact(_), PricePattern::Prefix(_)) => false,
            })
    };
    let written = |patterns: &mut dyn Iterator<Item = &PricePattern>| -> BTreeSet<String> {
        patterns
            .map(|pattern| match pattern {
                PricePattern::Exact(id) => id.clone(),
                PricePattern::Prefix(prefix) => format!("{prefix}*"),
            })
            .collect()
    };
    let added = written(&mut now.ignore_prices.iter().filter(|pattern| !covered(pattern)));
    let Some(first) = added.first() else {
        return;
    };
    let effect = format!(
        "never judges subscriptions to {}",
        listed(added.iter().map(String::as_str))
    );
    let shown = |contract: &Contract| {
        let all = written(&mut contract.ignore_prices.iter());
        listed(all.iter().map(String::as_str))
    };
    let change = goes("ignore_prices", &shown(before), &shown(now));
    notes.note(effect, change, places.of_key("ignore_prices", Some(first)));
}

fn plans(before: &Contract, now: &Contract, places: &ContractPlaces, notes: &mut Notes<'_>) {
    if now.plans.is_empty() && !before.plans.is_empty() {
        let prices = counted(before.plans.len(), "price", "prices");
        let change = goes("plans", &prices, "none");
        notes.note(
            "no longer checks plans",
            change,
            places.of_key("plans", None),
        );
        return;
    }
    let mut others = before.plans.iter().filter_map(|(price, was)| {
        let is = now.plans.get(price)?;
        (is != was).then_some((price, was, is))
    });
    if let Some((price, was, is)) = others.next() {
        let count = others.count().saturating_add(1);
        let effect = format!(
            "expects another plan for {}",
            counted(count, "price", "prices")
        );
        let change = format!(
            "the plan of {} goes from {} to {}",
            quote(&price.to_string()),
            quote(&words(was)),
            quote(&words(is))
        );
        notes.note(
            effect,
            change,
            places.of_key("plans", Some(&price.to_string())),
        );
    }
    free_plans(before, now, places, notes);
}

fn words(plan: &crate::contract::PlanWords) -> String {
    plan.words().collect::<Vec<_>>().join(" or ")
}

fn free_plans(before: &Contract, now: &Contract, places: &ContractPlaces, notes: &mut Notes<'_>) {
    let shown = |contract: &Contract| listed(contract.free_plans.iter().map(String::as_str));
    let change = || goes("free_plans", &shown(before), &shown(now));
    let added: Vec<_> = now.free_plans.difference(&before.free_plans).collect();
    if let Some(first) = added.first() {
        let names = listed(added.iter().map(|plan| plan.as_str()));
        let effect = format!("lets accounts on {names} be without access");
        notes.note(effect, change(), places.of_key("free_plans", Some(first)));
    }
    // A plan that no price leads to grants nothing.
    let granting: BTreeSet<_> = now
        .plans
        .iter()
        .flat_map(|(_, plan)| plan.words())
        .collect();
    let removed: Vec<_> = before
        .free_plans
        .difference(&now.free_plans)
        .filter(|plan| granting.contains(plan.as_str()))
        .collect();
    if !removed.is_empty() {
        let names = listed(removed.iter().map(|plan| plan.as_str()));
        let effect = format!("lets accounts on {names} have access");
        notes.note(effect, change(), places.of_key("free_plans", None));
    }
}

/// What a status means for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Grants,
    Denies,
    Nothing,
}

impl Meaning {
    fn of(status: &Status, statuses: &Statuses) -> Self {
        if statuses.grant.contains(status) {
            Self::Grants
        } else if statuses.deny.contains(status) {
            Self::Denies
        } else {
            Self::Nothing
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Grants => "`grant`",
            Self::Denies => "`deny`",
            Self::Nothing => "neither list",
        }
    }
}

fn statuses(before: &Statuses, now: &Statuses, places: &ContractPlaces, notes: &mut Notes<'_>) {
    let listed_before: BTreeSet<_> = before.grant.iter().chain(&before.deny).collect();
    let mut moved: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for status in listed_before {
        let from = Meaning::of(status, before);
        let to = Meaning::of(status, now);
        if from != to {
            moved.entry((from, to)).or_default().push(status.as_str());
        }
    }
    for ((from, to), words) in moved {
        let names = listed(words);
        let effect = match to {
            Meaning::Grants => {
                format!("lets accounts have access while their subscription is {names}")
            }
            Meaning::Denies => {
                format!("lets accounts be without access while their subscription is {names}")
            }
            Meaning::Nothing => format!("judges nobody whose subscription is {names}"),
        };
        let change = format!("{names} goes from {} to {}", from.place(), to.place());
        notes.note(effect, change, places.of_key("statuses", None));
    }
}

fn grace(before: &Contract, now: &Contract, places: &ContractPlaces, notes: &mut Notes<'_>) {
    let (was, is) = (before.grace.past_due, now.grace.past_due);
    let shown =
        |grace: Option<i64>| grace.map_or("none".to_owned(), |grace| lasting(grace.unsigned_abs()));
    if is > was {
        let effect = "lets access outlive a payment that is due for longer";
        let change = goes("past_due", &shown(was), &shown(is));
        notes.note(effect, change, places.of_key("past_due", None));
    }
    let (was, is) = (before.grace.canceled, now.grace.canceled);
    let is_looser = match (was, is) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(CanceledGrace::For(was)), Some(CanceledGrace::For(is))) => is > was,
        // Which of the two is longer depends on the subscription.
        (Some(was), Some(is)) => was != is,
    };
    if is_looser {
        let shown = |grace: Option<CanceledGrace>| match grace {
            None => shown(None),
            Some(CanceledGrace::For(seconds)) => shown(Some(seconds)),
            Some(CanceledGrace::UntilPeriodEnd) => "`until_period_end`".to_owned(),
        };
        let effect = "lets access outlive a subscription for longer";
        let change = goes("canceled", &shown(was), &shown(is));
        notes.note(effect, change, places.of_key("canceled", None));
    }
}
