//! Validates the keys that decide the verdict: plans, statuses, grace, pauses, severities and fixes.

use super::{
    super::{
        diagnostics::{DiagnosticDraft, Diagnostics, quote},
        document::{RawContract, RawGrace as WrittenGrace, RuleLevel},
        entry::{Entry, Pairs, SourceSpan},
        forms::{PauseCollection, PauseWord, RawFix},
        scalars::DurationText,
        suggestion,
    },
    plans, prices, statuses,
    values::{not_blank, seconds, unique_texts},
};
use contract::{
    CanceledGrace, Contract, Grace, Pause, PauseMeaning, PausePolicy, Rule, Severity, Source,
};
use problem::ErrorCode;

pub(super) fn fill(contract: &mut Contract, written: &RawContract, diagnostics: &Diagnostics<'_>) {
    plans::fill(contract, written, diagnostics);
    contract.ignore_prices = prices::ignored(contract, written, diagnostics);
    if let Some((span, lists)) = written.statuses.written() {
        contract.statuses = statuses::lists(lists, span, diagnostics);
    }
    if let Some(written) = written.grace.value() {
        contract.grace = grace(written, contract.source, diagnostics);
    }
    contract.pause = pause(&written.pause_collection, contract.source, diagnostics);
    contract.metadata_account = unique_texts(
        "metadata_account",
        &written.metadata_account,
        |text| text,
        diagnostics,
    );
    severities(contract, written, diagnostics);
    fixes(contract, &written.fix, diagnostics);
}

fn pause(
    entry: &Entry<PauseCollection>,
    source: Source,
    diagnostics: &Diagnostics<'_>,
) -> PausePolicy {
    let Some((span, written)) = entry.written() else {
        return PausePolicy::default();
    };
    let (message, help) = match source {
        Source::Stripe => return stripe_pause(written),
        Source::Paddle => (
            "`pause_collection` applies only to Stripe: in Paddle a pause is the status `paused`",
            "remove it; `statuses` says what `paused` means",
        ),
        Source::StripeEntitlements => (
            "`pause_collection` applies to subscriptions, but entitlements are the source of truth",
            "remove it",
        ),
    };
    diagnostics.add_at(
        DiagnosticDraft::new(ErrorCode::Conflict, message).help(help),
        span,
    );
    PausePolicy::default()
}

fn stripe_pause(written: &PauseCollection) -> PausePolicy {
    match written {
        PauseCollection::All(word) => PausePolicy {
            all: Some(meaning(*word)),
            ..PausePolicy::default()
        },
        PauseCollection::ByBehavior(by_behavior) => {
            let behaviors = [
                (Pause::Void, &by_behavior.void),
                (Pause::KeepAsDraft, &by_behavior.keep_as_draft),
                (Pause::MarkUncollectible, &by_behavior.mark_uncollectible),
            ];
            let written = behaviors
                .into_iter()
                .filter_map(|(pause, entry)| Some((pause, meaning(*entry.value()?))));
            PausePolicy {
                all: None,
                by_behavior: written.collect(),
            }
        }
    }
}

fn meaning(word: PauseWord) -> PauseMeaning {
    match word {
        PauseWord::Grant => PauseMeaning::Grant,
        PauseWord::Deny => PauseMeaning::Deny,
        PauseWord::Unjudged => PauseMeaning::Unjudged,
    }
}

fn grace(written: &WrittenGrace, source: Source, diagnostics: &Diagnostics<'_>) -> Grace {
    let canceled = match written.canceled.value() {
        Some(DurationText(word)) if word == "until_period_end" => {
            if let (Source::Paddle, Some(span)) = (source, written.canceled.span()) {
                let message = "Paddle does not use `until_period_end`: a subscription canceled at period end stays \
                               `active` until then";
                let help = "use a duration such as `canceled: 3d`, or leave it out";
                diagnostics.add_at(
                    DiagnosticDraft::new(ErrorCode::Conflict, message).help(help),
                    span,
                );
            }
            Some(CanceledGrace::UntilPeriodEnd)
        }
        Some(DurationText(word)) if suggestion::nearest(word, ["until_period_end"]).is_some() => {
            let draft = DiagnosticDraft::invalid(format!(
                "`canceled` should be a duration or `until_period_end`, found {}",
                quote(word)
            ));
            if let Some(span) = written.canceled.span() {
                diagnostics.add_at(draft.help("did you mean `until_period_end`?"), span);
            }
            None
        }
        Some(_) | None => {
            in_seconds("canceled", &written.canceled, diagnostics).map(CanceledGrace::For)
        }
    };
    Grace {
        past_due: in_seconds("past_due", &written.past_due, diagnostics),
        canceled,
    }
}

/// Reads a grace in seconds; `None` if it is zero.
fn in_seconds(
    key: &str,
    entry: &Entry<DurationText>,
    diagnostics: &Diagnostics<'_>,
) -> Option<i64> {
    let seconds = seconds(key, entry, diagnostics)?;
    i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

fn severities(contract: &mut Contract, written: &RawContract, diagnostics: &Diagnostics<'_>) {
    if let Some(level) = written.severity.value() {
        for (rule, severity) in &mut contract.severities {
            if rule.info().uses_contract_severity {
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
            unknown_rule(id, entry, diagnostics);
            continue;
        };
        let Some(level) = entry.value() else {
            continue;
        };
        set_severity(contract, rule, *level);
        if rule.is_off_by_default() && !rule.is_used_by(contract.source) {
            unusable_rule(contract.source, rule, *level, entry, diagnostics);
        }
        // With entitlements as the source, the same rule is called `unmapped-feature`.
        if rule == Rule::UnmappedPrice
            && contract.source == Source::StripeEntitlements
            && !names_features
        {
            set_severity(contract, Rule::UnmappedFeature, *level);
        }
    }
}

fn fixes(contract: &mut Contract, entry: &Entry<RawFix>, diagnostics: &Diagnostics<'_>) {
    match entry.written() {
        Some((span, RawFix::Text(text))) => shared_fix(contract, text, span, diagnostics),
        None => {}
        Some((_, RawFix::ByRule(Pairs(pairs)))) => {
            for (id, entry) in pairs {
                let Some(rule) = Rule::parse(id) else {
                    unknown_rule(id, entry, diagnostics);
                    continue;
                };
                if let Some((span, text)) = entry.written()
                    && not_blank(&quote(id), text, span, diagnostics)
                {
                    contract.fix.insert(rule, text.clone());
                }
            }
            // With entitlements as the source, the same rule is called `unmapped-feature`.
            if let Some(text) = contract.fix.get(&Rule::UnmappedPrice).cloned() {
                contract.fix.entry(Rule::UnmappedFeature).or_insert(text);
            }
        }
    }
}

/// Sets the fix of all rules that share the contract's severity.
fn shared_fix(
    contract: &mut Contract,
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) {
    if !not_blank("`fix`", text, span, diagnostics) {
        return;
    }
    let rules = Rule::all_with_handler_rules().filter(|rule| rule.info().uses_contract_severity);
    contract.fix = rules.map(|rule| (rule, text.to_owned())).collect();
}

fn set_severity(contract: &mut Contract, rule: Rule, level: RuleLevel) {
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

/// Refuses a rule that a user turns on although the provider's facts are not read. Silently accepted, the rule would never find anything.
fn unusable_rule(
    source: Source,
    rule: Rule,
    level: RuleLevel,
    entry: &Entry<RuleLevel>,
    diagnostics: &Diagnostics<'_>,
) {
    if !matches!(level, RuleLevel::Off)
        && let Some(span) = entry.span()
    {
        let message = format!(
            "{} is not a rule for {}",
            quote(rule.as_str()),
            source.provider()
        );
        let help = "remove it; a contract with `source_of_truth: paddle` can have it";
        diagnostics.add_at(
            DiagnosticDraft::new(ErrorCode::Conflict, message).help(help),
            span,
        );
    }
}

fn unknown_rule<T>(id: &str, entry: &Entry<T>, diagnostics: &Diagnostics<'_>) {
    let ids: Vec<_> = Rule::all_with_handler_rules().map(Rule::as_str).collect();
    let draft = DiagnosticDraft::new(ErrorCode::UnknownKey, format!("unknown rule {}", quote(id)))
        .help(suggestion::help(id, &ids, "rules"));
    if let Some(span) = entry.span() {
        diagnostics.add_at(draft, &span.key_span());
    }
}
