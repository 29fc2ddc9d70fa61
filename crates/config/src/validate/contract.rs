//! Validates an entry of `contracts:`: its source, its single values, and its sections.

use std::{collections::BTreeSet, time::Duration};

use super::{
    super::{
        AccessContract,
        diagnostics::{DiagnosticDraft, Diagnostics, Parent, quote},
        document::{self, RawContract, RawFailOn, RawSeverity, SourceOfTruth},
        entry::{Entry, SourceSpan},
        scalars::Literal,
    },
    database, links, policy, seats, statuses,
    values::{duration, not_blank, number, seconds, variable},
};
use contract::{Contract, Mode, Severity, Source};
use problem::ErrorCode;

const DEFAULT_CONFIRM_AFTER: Duration = Duration::from_secs(10);

/// Returns the contract, or `None` if a required part is missing or invalid.
pub(super) fn access_contract(
    name: String,
    written: &RawContract,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<AccessContract> {
    let parent = Parent {
        name: "the contract",
        span,
    };
    diagnostics.require(&written.kind, "type", parent);
    let source = source(written, diagnostics);
    check_pace(written, source, diagnostics);
    let key_env = key_env(written, source, diagnostics);
    let mut contract = Contract::new(source);
    words(&mut contract, written, diagnostics);
    policy::fill(&mut contract, written, diagnostics);
    let confirm_after = match &written.confirm_after {
        Entry::Absent => Some(DEFAULT_CONFIRM_AFTER),
        entry @ (Entry::Broken(_) | Entry::Written(..)) => {
            duration("confirm_after", entry, diagnostics)
        }
    };
    let account_link = links::account(&written.links, diagnostics);
    let (span, database) = diagnostics.require(&written.database, "database", parent)?;
    let plans_configured = written
        .plans
        .value()
        .is_some_and(|plans| !plans.0.is_empty());
    let mapped = database.columns.value();
    if let Some(columns) = mapped {
        contract.seats = seats::seats(&columns.seats, &contract, diagnostics);
        contract.status_words = statuses::words(&columns.status, &contract.statuses, diagnostics);
    }
    let (database, columns) = database::settings(database, span, plans_configured, diagnostics)?;
    contract.columns = columns;
    contract.match_on = database.match_on;
    Some(AccessContract {
        name,
        contract,
        key_env: key_env?.to_owned(),
        database,
        confirm_after: Some(confirm_after?).filter(|wait| !wait.is_zero()),
        evidence: !matches!(written.evidence.value(), Some(document::Switch::Off)),
        max_requests: number("max_requests", &written.max_requests, diagnostics),
        requests_per_second: number(
            "requests_per_second",
            &written.requests_per_second,
            diagnostics,
        ),
        requests_per_minute: number(
            "requests_per_minute",
            &written.requests_per_minute,
            diagnostics,
        ),
        account_link,
    })
}

/// Refuses the limit of requests that the provider does not count by, because it would have no effect.
fn check_pace(written: &RawContract, source: Source, diagnostics: &Diagnostics<'_>) {
    let (second, minute) = ("requests_per_second", "requests_per_minute");
    let (ineffective, span, right) = match source {
        Source::Paddle => (second, written.requests_per_second.span(), minute),
        Source::Stripe | Source::StripeEntitlements => {
            (minute, written.requests_per_minute.span(), second)
        }
    };
    if let Some(span) = span {
        let provider = source.provider();
        let message = format!("`{ineffective}` has no effect on {provider}");
        let help = format!("{provider} limits its requests by another time: use `{right}`");
        let draft = DiagnosticDraft::new(ErrorCode::Conflict, message).help(help);
        diagnostics.add_at(draft, span);
    }
}

fn source(written: &RawContract, diagnostics: &Diagnostics<'_>) -> Source {
    let other_sources = [
        ("paddle", "paddle", written.paddle.span()),
        (
            "entitlements",
            "stripe_entitlements",
            written.entitlements.span(),
        ),
    ];
    if written.source_of_truth.is_absent() && written.stripe.is_absent() {
        for (section, word, span) in other_sources {
            if let Some(span) = span {
                let message = format!(
                    "`{section}` is configured, but without `source_of_truth` the default is `stripe`"
                );
                let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
                    .help(format!("add `source_of_truth: {word}`"));
                diagnostics.add_at(draft, span);
            }
        }
    }
    match written.source_of_truth.value() {
        None | Some(SourceOfTruth::Stripe) => Source::Stripe,
        Some(SourceOfTruth::Paddle) => Source::Paddle,
        Some(SourceOfTruth::StripeEntitlements) => Source::StripeEntitlements,
    }
}

/// Returns the variable that holds the provider's key. Unused sections are checked too, because a secret in one of them
/// is still in the file.
fn key_env<'e>(
    written: &'e RawContract,
    source: Source,
    diagnostics: &Diagnostics<'_>,
) -> Option<&'e str> {
    let secret_env = |section: &'e Entry<document::StripeKey>| match section.value() {
        Some(section) => variable(
            "secret_env",
            &section.secret_env,
            "STRIPE_SECRET_KEY",
            diagnostics,
        ),
        None => Some("STRIPE_SECRET_KEY"),
    };
    let stripe = secret_env(&written.stripe);
    let entitlements = secret_env(&written.entitlements);
    let paddle = match written.paddle.value() {
        Some(section) => variable(
            "api_key_env",
            &section.api_key_env,
            "PADDLE_API_KEY",
            diagnostics,
        ),
        None => Some("PADDLE_API_KEY"),
    };
    match source {
        Source::Stripe => stripe,
        Source::Paddle => paddle,
        // One Stripe key serves both, so `stripe:` is enough.
        Source::StripeEntitlements if written.entitlements.is_absent() => stripe,
        Source::StripeEntitlements => entitlements,
    }
}

/// Reads the keys with a single word or value.
fn words(contract: &mut Contract, written: &RawContract, diagnostics: &Diagnostics<'_>) {
    contract.mode = written.mode.value().map(|mode| match mode {
        document::RawMode::Live => Mode::Live,
        document::RawMode::Test => Mode::Test,
    });
    if let Some((span, entity)) = written.entity.written() {
        check_entity(entity, span, diagnostics);
        contract.entity.clone_from(entity);
    }
    contract.fail_on = match written.fail_on.value() {
        None | Some(RawFailOn::High) => Some(Severity::High),
        Some(RawFailOn::Medium) => Some(Severity::Medium),
        Some(RawFailOn::Low) => Some(Severity::Low),
        Some(RawFailOn::Never) => None,
    };
    contract.allow_empty = written.allow_empty.value().copied().unwrap_or_default();
    if let Some(tolerance) = seconds("period_tolerance", &written.period_tolerance, diagnostics) {
        contract.period_tolerance = tolerance;
    }
    if let Some(exempt) = written.exempt.value() {
        contract.exempt = texts("exempt", exempt, diagnostics);
    }
    if let Some(free_plans) = written.free_plans.value() {
        contract.free_plans = texts("free_plans", free_plans, diagnostics);
    }
}

fn check_entity(entity: &str, span: &SourceSpan, diagnostics: &Diagnostics<'_>) {
    let fits = entity.starts_with(|first: char| first.is_ascii_alphabetic())
        && entity
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "_-".contains(character));
    if !fits {
        let message = format!("`entity` should be one word, found {}", quote(entity));
        let help = "write a word for an account, such as `user`, `team` or `organization`";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
}

fn texts(key: &str, entries: &[Entry<Literal>], diagnostics: &Diagnostics<'_>) -> BTreeSet<String> {
    let entry = format!("an entry of `{key}`");
    entries
        .iter()
        .filter_map(Entry::written)
        .filter(|(span, text)| not_blank(&entry, &text.0, span, diagnostics))
        .map(|(_, text)| text.0.clone())
        .collect()
}

impl From<RawSeverity> for Severity {
    fn from(level: RawSeverity) -> Self {
        match level {
            RawSeverity::High => Self::High,
            RawSeverity::Medium => Self::Medium,
            RawSeverity::Low => Self::Low,
        }
    }
}
