//! The access contract: the meaning of each billing state for an account, as configured and validated.

use std::collections::{BTreeMap, BTreeSet};

use super::{Field, Pause, PlanKey, PlanKeyKind, Plans, PriceId, Rule, Severity, Status, Statuses};

/// Objects that decide who has paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Stripe,
    Paddle,
    StripeEntitlements,
}

impl Source {
    const ALL: [Self; 3] = [Self::Stripe, Self::Paddle, Self::StripeEntitlements];

    /// Returns the source that this word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }

    /// Returns the provider's display name.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Stripe | Self::StripeEntitlements => "Stripe",
            Self::Paddle => "Paddle",
        }
    }

    /// Returns the provider's name for the keys and values that an application stores on its objects.
    pub fn metadata_name(self) -> &'static str {
        match self {
            Self::Stripe | Self::StripeEntitlements => "metadata",
            Self::Paddle => "custom_data",
        }
    }

    /// Returns the word used in `source_of_truth:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Paddle => "paddle",
            Self::StripeEntitlements => "stripe_entitlements",
        }
    }
}

/// Mode of the provider that the objects must come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Live,
    Test,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// Id that an account stores to find its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchOn {
    #[default]
    CustomerId,
    /// The account stores one subscription and is judged by it, whoever pays for it.
    SubscriptionId,
}

impl MatchOn {
    /// Returns the field that links an account.
    pub fn link(self) -> Field {
        match self {
            Self::CustomerId => Field::CustomerId,
            Self::SubscriptionId => Field::SubscriptionId,
        }
    }
}

/// An entry of `ignore_prices`: an exact id, or a prefix (written with a trailing `*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PricePattern {
    Exact(String),
    Prefix(String),
}

impl PricePattern {
    pub fn parse(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None => Self::Exact(text.to_owned()),
        }
    }

    /// Returns true if an entry of `plans` that maps the same price is less specific.
    pub(crate) fn is_more_specific_than(&self, key: &PlanKey) -> bool {
        match self {
            Self::Exact(_) => key.is_prefix || key.kind != PlanKeyKind::Price,
            Self::Prefix(prefix) => key.is_prefix && prefix.len() > key.text.len(),
        }
    }

    pub fn matches(&self, price: &PriceId) -> bool {
        match self {
            Self::Exact(id) => price.as_str() == id,
            Self::Prefix(prefix) => price.as_str().starts_with(prefix.as_str()),
        }
    }
}

impl std::fmt::Display for PricePattern {
    /// Writes the pattern as in the configuration.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(id) => f.write_str(id),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// The time for which access may continue without payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grace {
    /// Seconds after payment became overdue.
    pub past_due: Option<i64>,
    pub canceled: Option<CanceledGrace>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanceledGrace {
    /// Seconds after the subscription ended.
    For(i64),
    UntilPeriodEnd,
}

/// Meaning of paused collection for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseMeaning {
    /// It changes nothing: the status decides.
    Grant,
    Deny,
    Unjudged,
}

/// `pause_collection`: the meaning of each behavior. A behavior that it does not name has its default meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PausePolicy {
    /// `pause_collection: deny` and similar.
    pub all: Option<PauseMeaning>,
    /// `pause_collection: { void: deny }` and similar.
    pub by_behavior: BTreeMap<Pause, PauseMeaning>,
}

impl PausePolicy {
    pub fn meaning(&self, pause: &Pause) -> PauseMeaning {
        let written = self.by_behavior.get(pause).copied().or(self.all);
        written.unwrap_or(match pause {
            Pause::Void => PauseMeaning::Unjudged,
            Pause::KeepAsDraft | Pause::MarkUncollectible | Pause::Other(_) => PauseMeaning::Grant,
        })
    }
}

/// Rules for turning bought quantities into seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seats {
    /// `per_unit`: seats for each bought unit.
    pub per_unit: u64,
    pub included: Included,
    /// `prices`: the prices that count as seats. If `None`, the prices that `plans` maps.
    pub prices: Option<Vec<PricePattern>>,
    /// `unlimited`: stored values that mean no limit; `None` means NULL.
    pub unlimited: Vec<Option<i64>>,
    /// `unlimited_prices`: the prices that buy unlimited seats. If `None`, any price does.
    pub unlimited_prices: Option<Vec<PricePattern>>,
}

/// The seats included in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Included {
    Number(u64),
    /// Number of seats by plan word.
    ByPlan(BTreeMap<String, u64>),
}

impl Default for Seats {
    fn default() -> Self {
        Self {
            per_unit: 1,
            included: Included::Number(0),
            prices: None,
            unlimited: Vec::new(),
            unlimited_prices: None,
        }
    }
}

/// The source of a mapped column as the configuration writes it. Messages use the same notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnName {
    /// A plain column.
    Column(String),
    /// `{column: c, in: […]}`.
    In { column: String, values: Vec<String> },
    /// `{sql: …}`, or a column of `query:`: only the canonical name is meaningful.
    Computed,
}

impl ColumnName {
    /// Returns the name of the column in the table; `None` if it is computed.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Column(name) | Self::In { column: name, .. } => Some(name),
            Self::Computed => None,
        }
    }
}

/// The settings by which the evaluator judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub source: Source,
    /// Word for an account in findings: `user`, `team`, …
    pub entity: String,
    /// Names of the mapped columns in the configuration.
    pub columns: BTreeMap<Field, ColumnName>,
    pub plans: Plans,
    /// `plan_order`, the lowest first. If empty, any plan that is paid for is right.
    pub plan_order: Vec<String>,
    pub free_plans: BTreeSet<String>,
    pub ignore_prices: Vec<PricePattern>,
    pub statuses: Statuses,
    pub pause: PausePolicy,
    pub grace: Grace,
    pub seats: Seats,
    /// `status.words`: the application's words for a status. A status without an entry is spelled as the provider does.
    pub status_words: BTreeMap<Status, Vec<String>>,
    /// `metadata_account`: metadata keys that hold the id of an account.
    pub metadata_account: Vec<String>,
    /// Severity of each rule; a rule that is off has no entry.
    pub severities: BTreeMap<Rule, Severity>,
    /// Ids of accounts that are never judged.
    pub exempt: BTreeSet<String>,
    pub match_on: MatchOn,
    pub allow_empty: bool,
    pub mode: Option<Mode>,
    /// Lowest severity that fails the check; `None` if no finding fails it.
    pub fail_on: Option<Severity>,
    /// Replacements for the fixes of rules.
    pub fix: BTreeMap<Rule, String>,
    /// Maximum difference of a stored period end, in seconds.
    pub period_tolerance: u64,
    /// Seconds after a renewal during which a row may still hold the end of the previous period.
    pub renewal_delay: u64,
}

/// Providers bill a renewal after the period begins: Stripe keeps its invoice as a draft for about an hour. A handler of the
/// payment writes only then, so this adds an hour.
const RENEWAL_DELAY: u64 = 2 * 60 * 60;

impl Contract {
    /// Returns the name of a mapped column for messages.
    pub fn column(&self, field: Field) -> &str {
        let column = self.columns.get(&field).and_then(ColumnName::name);
        column.unwrap_or(field.as_str())
    }

    /// Returns the contract of a file without optional settings.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            entity: "user".to_owned(),
            columns: BTreeMap::new(),
            plans: Plans::default(),
            plan_order: Vec::new(),
            free_plans: BTreeSet::from(["free".to_owned()]),
            ignore_prices: Vec::new(),
            statuses: Statuses::default(),
            pause: PausePolicy::default(),
            grace: Grace::default(),
            seats: Seats::default(),
            status_words: BTreeMap::new(),
            metadata_account: Vec::new(),
            severities: Rule::all_with_handler_rules()
                .filter(|rule| !rule.is_off_by_default())
                .map(|rule| (rule, rule.info().severity))
                .collect(),
            exempt: BTreeSet::new(),
            match_on: MatchOn::default(),
            allow_empty: false,
            mode: None,
            fail_on: Some(Severity::High),
            fix: BTreeMap::new(),
            period_tolerance: 24 * 60 * 60,
            renewal_delay: RENEWAL_DELAY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_have_the_providers_names() {
        assert_eq!([Mode::Live, Mode::Test].map(Mode::as_str), ["live", "test"]);
    }
}
