//! `prodverdict.yml` as it is written: the only description of the format, from which the JSON Schema is generated.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    column::{self, Column},
    entry::{Entry, Pairs},
    forms::{PauseCollection, Words},
    rehearsal, schema,
};

/// Names by which the reader recognizes these newtypes.
pub(super) const VERSION: &str = "Version";
pub(super) const LITERAL: &str = "Literal";
pub(super) const LASTING: &str = "Lasting";
pub(super) const CELL: &str = "Cell";
pub(super) const COUNT: &str = "Count";
pub(super) const WHOLE: &str = "Whole";
pub(super) const LIMIT: &str = "Limit";

/// The access contracts of one application.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
#[schemars(title = "prodverdict.yml")]
pub(super) struct Document {
    /// Version of the format.
    pub(super) version: Entry<Version>,
    /// The contracts. All of them are checked.
    #[schemars(schema_with = "schema::contracts")]
    pub(super) contracts: Entry<Vec<Entry<Contract>>>,
    /// Plays billing lifecycles against the application's own webhook handler, beside a scratch database.
    #[serde(default)]
    pub(super) rehearsal: Entry<rehearsal::Written>,
}

/// One access contract: whose billing state must agree with which accounts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct Contract {
    /// Kind of the contract.
    #[serde(rename = "type")]
    pub(super) kind: Entry<ContractType>,
    /// Name of the contract in reports; unique in the file. Default: made from its position.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) name: Entry<String>,
    /// Where the truth about payment comes from. Default: `stripe`.
    #[serde(default)]
    pub(super) source_of_truth: Entry<SourceOfTruth>,
    /// How Stripe is reached.
    #[serde(default)]
    pub(super) stripe: Entry<StripeKey>,
    /// How Paddle is reached. Its environment comes from the environment variable `PADDLE_ENVIRONMENT`.
    #[serde(default)]
    pub(super) paddle: Entry<PaddleKey>,
    /// How Stripe is reached for entitlements.
    #[serde(default)]
    pub(super) entitlements: Entry<StripeKey>,
    /// Refuses a key and objects of the other mode. Default: both are accepted.
    #[serde(default)]
    pub(super) mode: Entry<Mode>,
    /// The word for an account in findings, such as `team`. Default: `user`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z][A-Za-z0-9_-]*$"))]
    pub(super) entity: Entry<String>,
    /// Where the accounts are.
    pub(super) database: Entry<Database>,
    /// Price id, product id, `lookup_key:NAME`, each also with a trailing `*`, or feature key with entitlements, to the plan as the application stores it: one word, or a list of words for the same plan. Empty or left out: plans are not checked.
    #[serde(default)]
    pub(super) plans: Entry<Pairs<Words>>,
    /// Plans from the lowest to the highest: of several that are paid for, only the highest is right. Default: any is right.
    #[serde(default)]
    pub(super) plan_order: Entry<Vec<Entry<Literal>>>,
    /// Metadata keys that hold the id of an account. Default: `<entity>id`, `userid` and `accountid`, in any spelling.
    #[serde(default)]
    pub(super) metadata_account: Entry<Vec<Entry<String>>>,
    /// What `pause_collection` of an active subscription means for access. Default: `{void: unjudged}`; other behaviors change nothing.
    #[serde(default)]
    pub(super) pause_collection: Entry<PauseCollection>,
    /// Plans that give no paid access. Default: `[free]`.
    #[serde(default)]
    pub(super) free_plans: Entry<Vec<Entry<Literal>>>,
    /// Prices of other products: exact ids, or beginnings with a trailing `*`.
    #[serde(default)]
    pub(super) ignore_prices: Entry<Vec<Entry<String>>>,
    /// What each subscription status means.
    #[serde(default)]
    pub(super) statuses: Entry<Statuses>,
    /// How long access may outlive payment. Default: not at all.
    #[serde(default)]
    pub(super) grace: Entry<Grace>,
    /// Severity of each rule; it wins over `severity`.
    #[serde(default)]
    #[schemars(transform = schema::only_rule_ids)]
    pub(super) rules: Entry<Pairs<RuleLevel>>,
    /// Ids of accounts that are never judged.
    #[serde(default)]
    pub(super) exempt: Entry<Vec<Entry<Literal>>>,
    /// Severity of revenue-leak, wrongful-access, no-subscription, plan-drift, unmapped-price and customer-mismatch.
    #[serde(default)]
    pub(super) severity: Entry<Level>,
    /// The severity from which a finding fails the check. Default: `high`.
    #[serde(default)]
    pub(super) fail_on: Entry<FailOn>,
    /// After this time what would be reported is read again, and dropped if it is gone. Default: `10s`; 0 turns it off.
    #[serde(default)]
    pub(super) confirm_after: Entry<Lasting>,
    /// Whether the provider's events are asked what went wrong behind a finding. Default: `on`.
    #[serde(default)]
    pub(super) evidence: Entry<Switch>,
    /// The most requests that may be sent to the provider; a check that takes more is not begun. Default: no limit.
    #[serde(default)]
    pub(super) max_requests: Entry<Count>,
    /// How many requests a second may be sent to one endpoint of the provider. Default: what the provider allows.
    #[serde(default)]
    pub(super) requests_per_second: Entry<Count>,
    /// By how much a stored period end may be off. Default: `24h`.
    #[serde(default)]
    pub(super) period_tolerance: Entry<Lasting>,
    /// Accepts that there are no accounts at all. Default: false.
    #[serde(default)]
    pub(super) allow_empty: Entry<bool>,
    /// What to do, shown instead of the default hint of the rules that `severity` speaks of.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) fix: Entry<String>,
}

/// How Stripe is reached.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{secret_env: STRIPE_SECRET_KEY}`"
)]
pub(super) struct StripeKey {
    /// Name of the environment variable that holds the restricted key. Default: `STRIPE_SECRET_KEY`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) secret_env: Entry<String>,
}

/// How Paddle is reached.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{api_key_env: PADDLE_API_KEY}`"
)]
pub(super) struct PaddleKey {
    /// Name of the environment variable that holds the key. Default: `PADDLE_API_KEY`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) api_key_env: Entry<String>,
}

/// Where the accounts are: a table with its columns, or one query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct Database {
    /// Name of the environment variable that holds the connection URL. Default: `DATABASE_URL`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) url_env: Entry<String>,
    /// The table: `users`, `schema.table` or `"Quoted Name"`; case as written. Default: `users`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) users_table: Entry<String>,
    /// What each canonical column is read from. Default: the columns of the published format.
    #[serde(default)]
    pub(super) columns: Entry<Columns>,
    /// SQL after the table, for billing kept in another table.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) join: Entry<String>,
    /// SQL condition on the rows.
    #[serde(default, rename = "where")]
    #[schemars(length(min = 1))]
    pub(super) filter: Entry<String>,
    /// One SELECT whose output columns carry the canonical names, instead of `users_table`, `columns`, `join` and `where`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) query: Entry<String>,
    /// What the accounts store to find their customer. Default: `customer_id`.
    #[serde(default)]
    pub(super) match_on: Entry<MatchOn>,
    /// How long a statement may run. Default: `5m`.
    #[serde(default)]
    pub(super) statement_timeout: Entry<Lasting>,
    /// Time zone of the session. Default: `UTC`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) timezone: Entry<String>,
}

/// The canonical columns of an account and what they are read from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping from canonical names to columns"
)]
pub(super) struct Columns {
    /// Unique id of the account. Default: `id`.
    #[serde(default)]
    pub(super) id: Entry<Column>,
    /// The provider's customer id.
    #[serde(default)]
    pub(super) customer_id: Entry<Column>,
    /// The published spelling of `customer_id`. Default: `stripe_customer_id`, where accounts are matched by it.
    #[serde(default)]
    pub(super) stripe_customer_id: Entry<Column>,
    /// Whether the account has paid access. Default: `has_paid_access`.
    #[serde(default)]
    pub(super) has_paid_access: Entry<Column>,
    /// The plan, read when `plans` is configured; null: the application stores no plan. Default: `plan`.
    #[serde(default)]
    pub(super) plan: Entry<Column>,
    /// Whether the account is never judged.
    #[serde(default)]
    pub(super) exempt: Entry<Column>,
    /// Seats that the account may use.
    #[serde(default, deserialize_with = "column::seats")]
    #[schemars(with = "Entry<column::Seats>")]
    pub(super) seats: Entry<Column>,
    /// Status of the subscription as stored.
    #[serde(default, deserialize_with = "column::status")]
    #[schemars(with = "Entry<column::Status>")]
    pub(super) status: Entry<Column>,
    /// The provider's subscription id as stored.
    #[serde(default)]
    pub(super) subscription_id: Entry<Column>,
    /// End of the paid period as stored.
    #[serde(default)]
    pub(super) period_end: Entry<Column>,
    /// Whether a cancellation is stored.
    #[serde(default)]
    pub(super) cancel_at_period_end: Entry<Column>,
    /// When the row last changed.
    #[serde(default)]
    pub(super) updated_at: Entry<Column>,
    /// Whether something that the provider does not know pays for the account: another provider, an invoice, a gift card.
    #[serde(default)]
    pub(super) paid_elsewhere: Entry<Column>,
    /// Since when payment is overdue.
    #[serde(default)]
    pub(super) past_due_since: Entry<Column>,
}

/// Which statuses give access and which do not; a word in neither list is not judged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `grant` and `deny`")]
pub(super) struct Statuses {
    /// Statuses that give access. Default: `[active, trialing]`.
    #[serde(default)]
    pub(super) grant: Entry<Vec<Entry<String>>>,
    /// Statuses that do not. Default: every other documented one.
    #[serde(default)]
    pub(super) deny: Entry<Vec<Entry<String>>>,
}

/// How long access may outlive payment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `past_due` and `canceled`"
)]
pub(super) struct Grace {
    /// After payment became overdue, such as `14d`.
    #[serde(default)]
    pub(super) past_due: Entry<Lasting>,
    /// After the subscription ended, such as `3d`, or `until_period_end` (Stripe).
    #[serde(default)]
    pub(super) canceled: Entry<Lasting>,
}

/// Version of the format.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = "integer", "const" = 1))]
pub(super) struct Version(pub(super) String);

/// Text, or a number that is taken as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number"]))]
pub(super) struct Literal(pub(super) String);

/// A duration such as `14d`, `5m` or `10s`, or 0.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["string", "integer"]))]
pub(super) struct Lasting(pub(super) String);

/// A whole number, at least 1.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = "integer", "minimum" = 1, "maximum" = 4_294_967_295_u32))]
pub(super) struct Count(pub(super) String);

/// A whole number.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = "integer", "minimum" = 0, "maximum" = 4_294_967_295_u32))]
pub(super) struct Whole(pub(super) String);

/// A whole number as stored, or null.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["integer", "null"]))]
pub(super) struct Limit(pub(super) String);

/// A value of a column, as text.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number", "boolean"]))]
pub(super) struct Cell(pub(super) String);

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum ContractType {
    Access,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum SourceOfTruth {
    Stripe,
    Paddle,
    StripeEntitlements,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Mode {
    Live,
    Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum MatchOn {
    CustomerId,
    SubscriptionId,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Level {
    High,
    Medium,
    Low,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum FailOn {
    High,
    Medium,
    Low,
    Never,
}

/// Where YAML 1.1 is spoken, the bare words are booleans.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, transform = schema::or_boolean)]
pub(super) enum Switch {
    On,
    Off,
}

/// Where YAML 1.1 is spoken, a bare `off` is `false`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, transform = schema::or_false)]
pub(super) enum RuleLevel {
    High,
    Medium,
    Low,
    Off,
}
