//! The JSON format of an explanation. Its structs are separate from the domain types and frozen as version 1.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExplainedContract, ExplainedEntity};
use crate::{
    harmless_json::indented,
    json::{
        ReportAmount, ReportFinding, ReportProblem, ReportSeverity, ReportVerdict, ReportWarning,
        amounts, schema_of,
    },
};
use contract::{
    ExplainedAccount, ExplainedField, ExplainedPrice, ExplainedRule, ExplainedSubscription,
    Explanation, FieldValue, Pause, PriceUse, RuleOutcome, ScheduledAction, UnixSeconds,
};

/// Bump when a field is removed, renamed, or changes type or meaning. Adding a field does not require it.
const SCHEMA_VERSION: u32 = 1;

/// Renders the explanation as JSON that is safe to print, like a report.
pub fn json(explained: &ExplainedEntity) -> String {
    indented(&JsonExplanation::new(explained))
}

/// Returns the JSON Schema of [`json`].
pub fn schema() -> String {
    schema_of::<JsonExplanation<'_>>()
}

/// Output of `prodverdict explain --format json`. Times are RFC 3339 in UTC.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "ProdVerdict explanation")]
struct JsonExplanation<'a> {
    /// 1. A later version may add fields to this one.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// Requested entity.
    entity: &'a str,
    verdict: ReportVerdict,
    /// Contracts that contain the entity, in the order of the configuration, and those that could not be checked.
    contracts: Vec<JsonContract<'a>>,
    /// Error that prevented all contracts from running.
    problems: Vec<ReportProblem<'a>>,
    /// Warnings. They do not affect the verdict.
    warnings: Vec<ReportWarning<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Contract")]
struct JsonContract<'a> {
    name: &'a str,
    /// `stripe`, `paddle` or `stripe_entitlements`.
    source: &'a str,
    verdict: ReportVerdict,
    /// Customers with their subscriptions, then accounts without a customer.
    customers: Vec<JsonCustomer<'a>>,
    /// Most severe first.
    findings: Vec<ReportFinding<'a>>,
    /// Reason for no verdict; set if the verdict is `error`.
    problem: Option<ReportProblem<'a>>,
    provider_requests: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Customer")]
struct JsonCustomer<'a> {
    /// Null for an account without a customer that the provider knows.
    id: Option<&'a str>,
    /// All customers of an account with several; `id` is the first.
    ids: &'a [String],
    accounts: Vec<JsonAccount<'a>>,
    /// The deciding subscription first, then newest first.
    subscriptions: Vec<JsonSubscription<'a>>,
    /// Null without a customer, and if it cannot be judged.
    state: Option<JsonState<'a>>,
    /// Empty if it cannot be judged.
    rules: Vec<RuleLine<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Account")]
struct JsonAccount<'a> {
    id: &'a str,
    /// Entity as in findings.
    entity: &'a str,
    /// Mapped columns.
    fields: Vec<JsonCell<'a>>,
    /// Reason why it is never judged; null if it is.
    exempt: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cell")]
struct JsonCell<'a> {
    /// Name in `columns:` of the configuration.
    key: &'a str,
    /// Column in the database; null if it is computed.
    column: Option<&'a str>,
    value: JsonValue<'a>,
}

/// Value of the column, or, if it is compared with a list, whether the list contains it.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Value")]
enum JsonValue<'a> {
    Null(()),
    Boolean(bool),
    Number(i64),
    Text(&'a str),
    List(&'a [String]),
    Time(String),
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Subscription")]
struct JsonSubscription<'a> {
    id: &'a str,
    customer: &'a str,
    status: &'a str,
    created: Option<String>,
    period_start: Option<String>,
    period_end: Option<String>,
    ended_at: Option<String>,
    /// Null if the source does not say.
    cancel_scheduled: Option<bool>,
    /// The change that the provider makes later; null if nothing is scheduled, or if the source does not say.
    scheduled_change: Option<JsonScheduledChange>,
    /// True if collection is paused and invoices are voided.
    paused_void: bool,
    /// The provider's word for the handling of invoices while collection is paused; null if it is not paused.
    pause: Option<&'a str>,
    prices: Vec<JsonPrice<'a>>,
    /// `grants`, `in grace`, `unjudged`, `does not grant`, `left out` or `undecided`.
    standing: &'a str,
    because: &'a str,
    /// True for the subscription that findings about the account name.
    decides: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ScheduledChange")]
struct JsonScheduledChange {
    /// `cancel`, `pause` or `resume`.
    action: &'static str,
    effective_at: String,
    /// End of a pause; null if it has none.
    resume_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Price")]
struct JsonPrice<'a> {
    /// Price id, or feature key with entitlements.
    id: &'a str,
    meaning: JsonPriceMeaning,
    /// Mapped plan.
    plan: Option<&'a str>,
    quantity: Option<u64>,
    /// Monthly amount; empty if unknown.
    monthly: Vec<ReportAmount<'a>>,
}

/// `not_checked`: the contract maps no prices.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Meaning")]
enum JsonPriceMeaning {
    PaidPlan,
    FreePlan,
    Ignored,
    Seats,
    Unmapped,
    NotChecked,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "State")]
struct JsonState<'a> {
    /// `granting`, `in grace`, `unjudged`, `not granting` or `none`.
    state: &'a str,
    because: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
struct RuleLine<'a> {
    rule: &'a str,
    /// Null if the rule is about the customer.
    account: Option<&'a str>,
    outcome: JsonRuleOutcome,
    /// Set if the rule is broken.
    severity: Option<ReportSeverity>,
    /// Empty if a finding says it.
    because: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Outcome")]
enum JsonRuleOutcome {
    Holds,
    DoesNotApply,
    Broken,
}

impl<'a> JsonExplanation<'a> {
    fn new(explained: &'a ExplainedEntity) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            entity: &explained.requested,
            verdict: ReportVerdict::from(explained.verdict),
            contracts: explained.contracts.iter().map(JsonContract::new).collect(),
            problems: explained.problems.iter().map(ReportProblem::from).collect(),
            warnings: explained.warnings.iter().map(ReportWarning::from).collect(),
        }
    }
}

impl<'a> JsonContract<'a> {
    fn new(contract: &'a ExplainedContract) -> Self {
        let findings = contract.findings.iter();
        Self {
            name: &contract.name,
            source: contract.source.as_str(),
            verdict: ReportVerdict::from(contract.verdict),
            customers: contract.customers.iter().map(JsonCustomer::new).collect(),
            findings: findings
                .map(|found| ReportFinding::new(&contract.name, found))
                .collect(),
            problem: contract.problem.as_ref().map(ReportProblem::from),
            provider_requests: contract.provider_requests,
        }
    }
}

impl<'a> JsonCustomer<'a> {
    fn new(customer: &'a Explanation) -> Self {
        let judgement = customer.judgement.as_ref().ok();
        let state = judgement.and_then(|judgement| judgement.state.as_ref());
        let rules = judgement.map_or(&[][..], |judgement| &judgement.rules);
        Self {
            id: customer.customers.first().map(String::as_str),
            ids: &customer.customers,
            accounts: customer.accounts.iter().map(JsonAccount::new).collect(),
            subscriptions: customer
                .subscriptions
                .iter()
                .map(JsonSubscription::new)
                .collect(),
            state: state.map(|state| JsonState {
                state: state.access.as_str(),
                because: &state.reason,
            }),
            rules: rules.iter().map(RuleLine::new).collect(),
        }
    }
}

impl<'a> JsonAccount<'a> {
    fn new(account: &'a ExplainedAccount) -> Self {
        Self {
            id: &account.id,
            entity: &account.entity,
            fields: account.fields.iter().map(JsonCell::new).collect(),
            exempt: account.exempt,
        }
    }
}

impl<'a> JsonCell<'a> {
    fn new(field: &'a ExplainedField) -> Self {
        Self {
            key: field.field.as_str(),
            column: field.column.name(),
            value: match &field.value {
                FieldValue::Null => JsonValue::Null(()),
                FieldValue::Text(text) => JsonValue::Text(text),
                FieldValue::List(texts) => JsonValue::List(texts),
                FieldValue::Boolean(yes) => JsonValue::Boolean(*yes),
                FieldValue::Number(number) => JsonValue::Number(*number),
                FieldValue::Time(time) => JsonValue::Time(time.to_string()),
            },
        }
    }
}

impl<'a> JsonSubscription<'a> {
    fn new(subscription: &'a ExplainedSubscription) -> Self {
        let time = |time: Option<UnixSeconds>| time.map(|time| time.to_string());
        Self {
            id: &subscription.id,
            customer: &subscription.customer,
            status: &subscription.status,
            created: time(subscription.created),
            period_start: time(subscription.period_start),
            period_end: time(subscription.period_end),
            ended_at: time(subscription.ended_at),
            cancel_scheduled: subscription.cancel_scheduled,
            scheduled_change: subscription.scheduled.map(|change| JsonScheduledChange {
                action: match change.action {
                    ScheduledAction::Cancel => "cancel",
                    ScheduledAction::Pause => "pause",
                    ScheduledAction::Resume => "resume",
                },
                effective_at: change.at.to_string(),
                resume_at: time(change.resumes),
            }),
            paused_void: subscription.pause == Some(Pause::Void),
            pause: subscription.pause.as_ref().map(Pause::as_str),
            prices: subscription.prices.iter().map(JsonPrice::new).collect(),
            standing: subscription.access.as_str(),
            because: &subscription.reason,
            decides: subscription.decides,
        }
    }
}

impl<'a> JsonPrice<'a> {
    fn new(price: &'a ExplainedPrice) -> Self {
        let (meaning, plan) = match &price.meaning {
            PriceUse::Plan {
                plan,
                is_free: true,
            } => (JsonPriceMeaning::FreePlan, Some(plan.as_str())),
            PriceUse::Plan {
                plan,
                is_free: false,
            } => (JsonPriceMeaning::PaidPlan, Some(plan.as_str())),
            PriceUse::Ignored => (JsonPriceMeaning::Ignored, None),
            PriceUse::Seats => (JsonPriceMeaning::Seats, None),
            PriceUse::Unmapped => (JsonPriceMeaning::Unmapped, None),
            PriceUse::NotChecked => (JsonPriceMeaning::NotChecked, None),
        };
        Self {
            id: &price.price,
            meaning,
            plan,
            quantity: price.quantity,
            monthly: amounts(&price.monthly),
        }
    }
}

impl<'a> RuleLine<'a> {
    fn new(rule: &'a ExplainedRule) -> Self {
        let (outcome, severity) = match rule.outcome {
            RuleOutcome::Holds => (JsonRuleOutcome::Holds, None),
            RuleOutcome::DoesNotApply => (JsonRuleOutcome::DoesNotApply, None),
            RuleOutcome::Broken(severity) => (
                JsonRuleOutcome::Broken,
                Some(ReportSeverity::from(severity)),
            ),
        };
        Self {
            rule: rule.rule.as_str(),
            account: rule.account.as_deref(),
            outcome,
            severity,
            because: &rule.reason,
        }
    }
}
