//! The access contract: what each billing state must mean for an account, as configured and valid.

use std::collections::{BTreeMap, BTreeSet};

use super::{Field, Pause, Plans, PriceId, Rule, Severity, Status, Statuses};

/// Whose objects decide who has paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Stripe,
    Paddle,
    StripeEntitlements,
}

impl Source {
    /// The provider's name, for people.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Stripe | Self::StripeEntitlements => "Stripe",
            Self::Paddle => "Paddle",
        }
    }

    /// What it calls the keys and values that an application keeps on its objects.
    pub fn metadata_name(self) -> &'static str {
        match self {
            Self::Stripe | Self::StripeEntitlements => "metadata",
            Self::Paddle => "custom_data",
        }
    }

    /// The word in `source_of_truth:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Paddle => "paddle",
            Self::StripeEntitlements => "stripe_entitlements",
        }
    }
}

/// Which of the provider's two worlds the objects must come from.
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

/// What an account stores to find its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchOn {
    #[default]
    CustomerId,
    /// The account is the subscription whose id it stores, whoever pays for it.
    SubscriptionId,
}

impl MatchOn {
    /// The field that links an account.
    pub fn link(self) -> Field {
        match self {
            Self::CustomerId => Field::CustomerId,
            Self::SubscriptionId => Field::SubscriptionId,
        }
    }
}

/// An entry of `ignore_prices`: an exact id, or a beginning (written with a trailing `*`).
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

    pub fn matches(&self, price: &PriceId) -> bool {
        match self {
            Self::Exact(id) => price.as_str() == id,
            Self::Prefix(prefix) => price.as_str().starts_with(prefix.as_str()),
        }
    }
}

impl std::fmt::Display for PricePattern {
    /// As it is written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(id) => f.write_str(id),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// How long paid access may outlive the payment.
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

/// What a pause of collection means for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseMeaning {
    /// It changes nothing: the status says.
    Grant,
    Deny,
    Unjudged,
}

/// `pause_collection`: what each behavior means. One that is not named has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PausePolicy {
    /// `pause_collection: deny` and its like.
    pub all: Option<PauseMeaning>,
    /// `pause_collection: { void: deny }` and its like.
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

/// How bought quantities become seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seats {
    /// `per_unit`: seats for each unit that is bought.
    pub per_unit: u64,
    pub included: Included,
    /// `prices`: those that count. None: those that `plans` maps.
    pub prices: Option<Vec<PricePattern>>,
    /// `unlimited`: stored values that mean no limit; none in it is null.
    pub unlimited: Vec<Option<i64>>,
    /// `unlimited_prices`: the prices that buy no limit. None: any.
    pub unlimited_prices: Option<Vec<PricePattern>>,
}

/// Seats that come with the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Included {
    Number(u64),
    /// By the word of the plan.
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

/// How a mapped column is written in the configuration, which is how messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnName {
    /// A plain column.
    Column(String),
    /// `{column: c, in: […]}`.
    In { column: String, values: Vec<String> },
    /// `{sql: …}`, or a column of `query:`: only the canonical name says anything.
    Computed,
}

/// Everything the evaluator decides by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub source: Source,
    /// The word for an account in findings: `user`, `team`, …
    pub entity: String,
    /// How the configuration names the columns it maps.
    pub columns: BTreeMap<Field, ColumnName>,
    pub plans: Plans,
    /// `plan_order`, the lowest first. Empty: any plan that is paid for is right.
    pub plan_order: Vec<String>,
    pub free_plans: BTreeSet<String>,
    pub ignore_prices: Vec<PricePattern>,
    pub statuses: Statuses,
    pub pause: PausePolicy,
    pub grace: Grace,
    pub seats: Seats,
    /// `status.words`: how the application spells a status. A status that is not in it is spelled as the provider does.
    pub status_words: BTreeMap<Status, Vec<String>>,
    /// `metadata_account`: metadata keys that hold the id of an account.
    pub metadata_account: Vec<String>,
    /// The severity of each rule; a rule that is off is not in it.
    pub severities: BTreeMap<Rule, Severity>,
    /// Ids of accounts that are never judged.
    pub exempt: BTreeSet<String>,
    pub match_on: MatchOn,
    pub allow_empty: bool,
    pub mode: Option<Mode>,
    /// The severity from which a finding fails the check; none: never.
    pub fail_on: Option<Severity>,
    /// Replaces the default hint of the rules of the published format.
    pub fix: Option<String>,
    /// Seconds by which a stored period end may be off.
    pub period_tolerance: u64,
}

impl Contract {
    /// What messages call a mapped column.
    pub(crate) fn column(&self, field: Field) -> &str {
        match self.columns.get(&field) {
            Some(ColumnName::Column(column) | ColumnName::In { column, .. }) => column,
            Some(ColumnName::Computed) | None => field.as_str(),
        }
    }

    /// The contract of a file that says nothing but where to look.
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
            severities: Rule::every()
                .map(|rule| (rule, rule.default_severity()))
                .collect(),
            exempt: BTreeSet::new(),
            match_on: MatchOn::default(),
            allow_empty: false,
            mode: None,
            fail_on: Some(Severity::High),
            fix: None,
            period_tolerance: 24 * 60 * 60,
        }
    }
}
