//! `prodverdict.yml` as written: the only description of the format, from which the JSON Schema is generated.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{
    column::{self, RawColumn},
    entry::{Entry, Pairs},
    forms::{PauseCollection, RawFix, WordOrList},
    rehearsal,
    scalars::{DurationText, Literal, PositiveInteger, Version},
    schema_transforms,
};

/// Contract types that only other programs run.
pub(super) const OTHER_TYPES: [&str; 6] = [
    "config",
    "migration",
    "boundary",
    "webhook",
    "restore",
    "entitlements-migration",
];

/// The access contracts of one application.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
#[schemars(title = "prodverdict.yml")]
pub(super) struct RawConfig {
    /// Version of the format.
    pub(super) version: Entry<Version>,
    /// Contracts; all are checked.
    #[schemars(schema_with = "contracts_schema")]
    pub(super) contracts: Entry<Vec<Entry<RawContract>>>,
    /// Rehearsal of billing lifecycles against the application's webhook handler, with a scratch database.
    #[serde(default)]
    pub(super) rehearsal: Entry<rehearsal::RawRehearsal>,
}

/// Returns the schema of `contracts`, which also accepts contracts of other types: they are skipped.
fn contracts_schema(generator: &mut SchemaGenerator) -> Schema {
    let access = generator.subschema_for::<RawContract>();
    json_schema!({
        "type": "array",
        "minItems": 1,
        "items": {
            "if": {
                "type": "object",
                "properties": {"type": {"enum": OTHER_TYPES}},
                "required": ["type"]
            },
            "then": {"type": "object", "description": "A contract of another type: it is skipped."},
            "else": access
        }
    })
}

/// Access contract: the billing provider and the accounts that must agree.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
#[schemars(rename = "Contract")]
pub(super) struct RawContract {
    /// Kind of the contract.
    #[serde(rename = "type")]
    pub(super) kind: Entry<RawContractType>,
    /// Name in reports; unique in the file. Default: from the type and position.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) name: Entry<String>,
    /// Source of billing state. Default: `stripe`.
    #[serde(default)]
    pub(super) source_of_truth: Entry<SourceOfTruth>,
    /// Stripe credentials.
    #[serde(default)]
    pub(super) stripe: Entry<StripeKey>,
    /// Paddle credentials. The environment is set by the variable `PADDLE_ENVIRONMENT`.
    #[serde(default)]
    pub(super) paddle: Entry<PaddleKey>,
    /// Stripe credentials for entitlements.
    #[serde(default)]
    pub(super) entitlements: Entry<StripeKey>,
    /// Mode of the key and the objects; keys and objects of the other mode are refused. Default: either.
    #[serde(default)]
    pub(super) mode: Entry<RawMode>,
    /// Word for an account in findings, such as `team` or `workspace`. Default: `user`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z][A-Za-z0-9_-]*$"))]
    pub(super) entity: Entry<String>,
    /// Database with the accounts.
    pub(super) database: Entry<RawDatabase>,
    /// Map from price id, product id or `lookup_key:NAME` (each also as a prefix with `*`), or from feature key with entitlements, to the plan as the rows store it: one name, or a list of names for the same plan. Default: plans are not checked.
    #[serde(default)]
    pub(super) plans: Entry<Pairs<WordOrList>>,
    /// Plans from lowest to highest. If a customer pays for several, only the highest is right. Default: any of them is.
    #[serde(default)]
    pub(super) plan_order: Entry<Vec<Entry<Literal>>>,
    /// More metadata keys that hold an account id. `<entity>id`, `userid` and `accountid` always do, in upper or lower case, with or without `_` and `-`. Default: none.
    #[serde(default)]
    pub(super) metadata_account: Entry<Vec<Entry<String>>>,
    /// Access while `pause_collection` is set on an active subscription. Default: `{void: unjudged}`; other behaviors have no effect.
    #[serde(default)]
    pub(super) pause_collection: Entry<PauseCollection>,
    /// Plans without paid access. Default: `[free]`.
    #[serde(default)]
    pub(super) free_plans: Entry<Vec<Entry<Literal>>>,
    /// Prices that belong to another product in the same provider account: ids, or prefixes with `*`. An id is ignored even if `plans` has its product or a prefix of it. Default: none.
    #[serde(default)]
    pub(super) ignore_prices: Entry<Vec<Entry<String>>>,
    /// Subscription statuses that grant or deny access.
    #[serde(default)]
    pub(super) statuses: Entry<RawStatuses>,
    /// Time for which access may continue without payment. Default: none.
    #[serde(default)]
    pub(super) grace: Entry<RawGrace>,
    /// Severity of each rule, or `off`; overrides `severity`. Default: the rule's own.
    #[serde(default)]
    #[schemars(transform = schema_transforms::only_rule_ids)]
    pub(super) rules: Entry<Pairs<RuleLevel>>,
    /// Account ids that are never judged. Default: none.
    #[serde(default)]
    pub(super) exempt: Entry<Vec<Entry<Literal>>>,
    /// Severity of revenue-leak, wrongful-access, no-subscription, plan-drift, unmapped-price, unmapped-feature and customer-mismatch. Default: `high`.
    #[serde(default)]
    pub(super) severity: Entry<RawSeverity>,
    /// Lowest severity that fails the check. Default: `high`.
    #[serde(default)]
    pub(super) fail_on: Entry<RawFailOn>,
    /// Wait before findings are confirmed by a second read. Default: `10s`; 0 disables it.
    #[serde(default)]
    pub(super) confirm_after: Entry<DurationText>,
    /// Looks up the cause of findings in the provider's events. Default: `on`.
    #[serde(default)]
    pub(super) evidence: Entry<Switch>,
    /// Maximum number of requests to the provider; a check that needs more ends with exit status 2. `--plan` estimates them. Default: no limit.
    #[serde(default)]
    pub(super) max_requests: Entry<PositiveInteger>,
    /// Maximum requests per second to one endpoint of Stripe. Default: Stripe's limit, 25.
    #[serde(default)]
    pub(super) requests_per_second: Entry<PositiveInteger>,
    /// Maximum requests to Paddle in any minute. Default: Paddle's limit for an IP address, 240.
    #[serde(default)]
    pub(super) requests_per_minute: Entry<PositiveInteger>,
    /// Allowed difference of a stored period end. Default: `24h`.
    #[serde(default)]
    pub(super) period_tolerance: Entry<DurationText>,
    /// Accepts an accounts table without rows. Default: false.
    #[serde(default)]
    pub(super) allow_empty: Entry<bool>,
    /// Text shown instead of a rule's hint: one for all rules listed under `severity`, or a map from rule to text, such as `{ plan-drift: "Run Billing.sync" }`. Default: each rule's own hint.
    #[serde(default)]
    pub(super) fix: Entry<RawFix>,
    /// Addresses that reports link to.
    #[serde(default)]
    pub(super) links: Entry<RawLinks>,
}

/// Addresses that reports link to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{account: \"https://admin.example.com/users/{id}\"}`"
)]
#[schemars(rename = "Links")]
pub(super) struct RawLinks {
    /// Address of an account in the application, https only. `{id}` is replaced by its id. Default: accounts are not
    /// linked.
    #[serde(default)]
    #[schemars(regex(pattern = r"^https://[^/?#@{]+[/?#].*\{id\}"))]
    pub(super) account: Entry<String>,
}

/// Stripe credentials.
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

/// Paddle credentials.
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

/// Source of the accounts: a table with its columns, or one query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
#[schemars(rename = "Database")]
pub(super) struct RawDatabase {
    /// Name of the environment variable that holds the connection URL. Default: `DATABASE_URL`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) url_env: Entry<String>,
    /// Table: `users`, `schema.table` or `"Quoted Name"`; case-sensitive. Default: `users`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) users_table: Entry<String>,
    /// Columns that hold the account's values. Default: each column's own default.
    #[serde(default)]
    pub(super) columns: Entry<Columns>,
    /// SQL after the table, for billing data in another table. Default: none.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) join: Entry<String>,
    /// SQL condition for the accounts to check. Default: none.
    #[serde(default, rename = "where")]
    #[schemars(length(min = 1))]
    pub(super) filter: Entry<String>,
    /// One SELECT whose output columns have the names under `columns`, instead of `users_table`, `columns`, `join` and `where`. If an output column is a plain column of a table, such as `u.paid as has_paid_access`, then findings, changed lines and repairs name that column.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) query: Entry<String>,
    /// Stored id that links an account to the provider; `subscription_id` judges each account by the subscription that it stores. Default: `customer_id`.
    #[serde(default)]
    pub(super) match_on: Entry<RawMatchOn>,
    /// Time limit for one statement. Default: `5m`.
    #[serde(default)]
    pub(super) statement_timeout: Entry<DurationText>,
    /// Time zone of the session, used for columns without one; nearly every stack stores UTC. Default: `UTC`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) timezone: Entry<String>,
}

/// The columns that a check reads for each account, and the expression of each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping from canonical names to columns"
)]
pub(super) struct Columns {
    /// Unique id of the account. Default: `id`.
    #[serde(default)]
    pub(super) id: Entry<RawColumn>,
    /// The provider's customer id, or a list of ids if an account has several customers.
    #[serde(default)]
    pub(super) customer_id: Entry<RawColumn>,
    /// Another name of `customer_id`, for any provider. Default: `stripe_customer_id`, unless `match_on` is `subscription_id`.
    #[serde(default)]
    pub(super) stripe_customer_id: Entry<RawColumn>,
    /// Paid access of the account: a boolean, a yes/no word, or 0 and 1. Judged by `revenue-leak`, `wrongful-access` and `no-subscription`. Default: `has_paid_access`.
    #[serde(default)]
    pub(super) has_paid_access: Entry<RawColumn>,
    /// Stored plan, read if `plans` is set; null if the application stores none. Judged by `plan-drift` and `stale-plan`. Default: `plan`.
    #[serde(default)]
    pub(super) plan: Entry<RawColumn>,
    /// Yes for accounts that are never judged.
    #[serde(default)]
    pub(super) exempt: Entry<RawColumn>,
    /// Number of seats of the account. Judged by `seat-drift`.
    #[serde(default, deserialize_with = "column::seats")]
    #[schemars(with = "Entry<column::SeatsColumn>")]
    pub(super) seats: Entry<RawColumn>,
    /// Stored subscription status. Judged by `status-drift`.
    #[serde(default, deserialize_with = "column::status")]
    #[schemars(with = "Entry<column::StatusColumn>")]
    pub(super) status: Entry<RawColumn>,
    /// Stored subscription id. Judged by `stale-subscription-id`.
    #[serde(default)]
    pub(super) subscription_id: Entry<RawColumn>,
    /// Stored end of the paid period: a timestamp, or seconds since 1970. Judged by `period-drift`.
    #[serde(default)]
    pub(super) period_end: Entry<RawColumn>,
    /// Yes if a cancellation is scheduled. Judged by `cancel-flag-drift`.
    #[serde(default)]
    pub(super) cancel_at_period_end: Entry<RawColumn>,
    /// Time of the row's last change, shown as evidence.
    #[serde(default)]
    pub(super) updated_at: Entry<RawColumn>,
    /// Yes for accounts paid for in another way: an app store, an invoice, a gift card.
    #[serde(default)]
    pub(super) paid_elsewhere: Entry<RawColumn>,
    /// Time since which payment is overdue, for `grace`: a timestamp, or seconds since 1970.
    #[serde(default)]
    pub(super) past_due_since: Entry<RawColumn>,
    /// E-mail address by which `explain` finds the account; a check does not read it. Default: the column `email`, if
    /// there is one.
    #[serde(default)]
    pub(super) email: Entry<RawColumn>,
}

/// Statuses that grant or deny access; others are not judged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `grant` and `deny`")]
#[schemars(rename = "Statuses")]
pub(super) struct RawStatuses {
    /// Statuses that grant access. Default: `[active, trialing]`.
    #[serde(default)]
    pub(super) grant: Entry<Vec<Entry<String>>>,
    /// Statuses that deny access. Default: every other documented status.
    #[serde(default)]
    pub(super) deny: Entry<Vec<Entry<String>>>,
}

/// Time for which access may continue without payment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `past_due` and `canceled`"
)]
#[schemars(rename = "Grace")]
pub(super) struct RawGrace {
    /// Time after payment became overdue, such as `14d`.
    #[serde(default)]
    pub(super) past_due: Entry<DurationText>,
    /// Time after the subscription ended, such as `3d`, or `until_period_end` (Stripe).
    #[serde(default)]
    pub(super) canceled: Entry<DurationText>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum RawContractType {
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
pub(super) enum RawMode {
    Live,
    Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum RawMatchOn {
    CustomerId,
    SubscriptionId,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum RawSeverity {
    High,
    Medium,
    Low,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum RawFailOn {
    High,
    Medium,
    Low,
    Never,
}

/// YAML 1.1 parsers read the bare words as booleans.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, transform = schema_transforms::or_boolean)]
pub(super) enum Switch {
    On,
    Off,
}

/// YAML 1.1 parsers read a bare `off` as `false`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, transform = schema_transforms::or_false)]
pub(super) enum RuleLevel {
    High,
    Medium,
    Low,
    Off,
}
