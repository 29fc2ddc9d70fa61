//! The JSON format of an explanation. Its structs are separate from the domain types and frozen as version 1.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExplainedContract, ExplainedEntity};
use crate::{
    contract::{
        ColumnName, ExplainedAccount, ExplainedField, ExplainedPrice, ExplainedRule,
        ExplainedSubscription, Explanation, FieldValue, Pause, PriceUse, RuleOutcome, UnixSeconds,
    },
    report::{
        harmless_json::printed,
        json::{
            ReportAmount, ReportFinding, ReportProblem, ReportSeverity, ReportVerdict, amounts,
            schema_of,
        },
    },
};

/// Bump when a field is removed, renamed, or changes type or meaning. Adding a field does not require it.
const SCHEMA_VERSION: u32 = 1;

/// Renders the explanation as JSON that is safe to print, like a report.
pub fn json(explained: &ExplainedEntity) -> String {
    printed(&Document::new(explained))
}

/// Returns the JSON Schema of [`json`].
pub fn schema() -> String {
    schema_of::<Document<'_>>()
}

/// What `prodverdict explain --format json` prints. Times are RFC 3339 in UTC.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "ProdVerdict explanation")]
struct Document<'a> {
    /// 1. A later version may add fields to this one.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// What was asked for.
    entity: &'a str,
    verdict: ReportVerdict,
    /// Those that know it, in the order of the configuration, and those that could not be asked.
    contracts: Vec<Contract<'a>>,
    /// Why no contract says anything.
    problems: Vec<ReportProblem<'a>>,
    /// Things to better that change no verdict.
    warnings: Vec<ReportProblem<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Contract<'a> {
    name: &'a str,
    /// `stripe`, `paddle` or `stripe_entitlements`.
    source: &'a str,
    verdict: ReportVerdict,
    /// Each customer with what it has, then accounts without one.
    customers: Vec<Customer<'a>>,
    /// The worst first.
    findings: Vec<ReportFinding<'a>>,
    /// Why there is no verdict; set when it is `error`.
    problem: Option<ReportProblem<'a>>,
    provider_requests: u64,
}

#[derive(Serialize, JsonSchema)]
struct Customer<'a> {
    /// Null for an account that is linked to none, or to what the provider does not know.
    id: Option<&'a str>,
    /// All of them, where an account has several; `id` is the first.
    ids: &'a [String],
    accounts: Vec<Account<'a>>,
    /// The one that decides first, then from the newest on.
    subscriptions: Vec<Subscription<'a>>,
    /// Null without a customer, and where nobody can tell.
    state: Option<State<'a>>,
    /// Empty where nobody can tell.
    rules: Vec<RuleLine<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Account<'a> {
    id: &'a str,
    /// As findings name it.
    entity: &'a str,
    /// What is mapped.
    fields: Vec<Cell<'a>>,
    /// Why it is never judged; null when it is.
    exempt: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Cell<'a> {
    /// In `columns:` of the configuration.
    key: &'a str,
    /// The column in the database; null where it is computed.
    column: Option<&'a str>,
    value: Value<'a>,
}

/// What the column holds, or, where it is compared with a list, whether it is in it.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Value<'a> {
    Null(()),
    Boolean(bool),
    Number(i64),
    Text(&'a str),
    List(&'a [String]),
    Time(String),
}

#[derive(Serialize, JsonSchema)]
struct Subscription<'a> {
    id: &'a str,
    customer: &'a str,
    status: &'a str,
    created: Option<String>,
    period_start: Option<String>,
    period_end: Option<String>,
    ended_at: Option<String>,
    /// Null where the source does not say.
    cancel_scheduled: Option<bool>,
    /// Its collection is paused, and invoices are voided.
    paused_void: bool,
    /// The provider's word for what happens to invoices while collection is paused; null where it is not.
    pause: Option<&'a str>,
    prices: Vec<Price<'a>>,
    /// `grants`, `in grace`, `unjudged`, `does not grant`, `left out` or `undecided`.
    standing: &'a str,
    because: &'a str,
    /// Findings about the account name this one.
    decides: bool,
}

#[derive(Serialize, JsonSchema)]
struct Price<'a> {
    /// A feature's key where entitlements are the source.
    id: &'a str,
    meaning: Meaning,
    /// The plan that it is mapped to.
    plan: Option<&'a str>,
    quantity: Option<u64>,
    /// What it comes to in a month; empty where it does not tell.
    monthly: Vec<ReportAmount<'a>>,
}

/// `not_checked`: the contract maps no prices.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Meaning {
    PaidPlan,
    FreePlan,
    Ignored,
    Seats,
    Unmapped,
    NotChecked,
}

#[derive(Serialize, JsonSchema)]
struct State<'a> {
    /// `granting`, `in grace`, `unjudged`, `not granting` or `none`.
    state: &'a str,
    because: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
struct RuleLine<'a> {
    rule: &'a str,
    /// Null where the rule is about the customer.
    account: Option<&'a str>,
    outcome: Outcome,
    /// Set where it is broken.
    severity: Option<ReportSeverity>,
    /// Empty where a finding says it.
    because: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Holds,
    DoesNotApply,
    Broken,
}

impl<'a> Document<'a> {
    fn new(explained: &'a ExplainedEntity) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            entity: &explained.asked,
            verdict: ReportVerdict::of(explained.verdict),
            contracts: explained.contracts.iter().map(Contract::new).collect(),
            problems: explained.problems.iter().map(ReportProblem::of).collect(),
            warnings: explained.warnings.iter().map(ReportProblem::of).collect(),
        }
    }
}

impl<'a> Contract<'a> {
    fn new(contract: &'a ExplainedContract) -> Self {
        let findings = contract.findings.iter();
        Self {
            name: &contract.name,
            source: contract.source.as_str(),
            verdict: ReportVerdict::of(contract.verdict),
            customers: contract.customers.iter().map(Customer::new).collect(),
            findings: findings
                .map(|found| ReportFinding::of(&contract.name, found))
                .collect(),
            problem: contract.problem.as_ref().map(ReportProblem::of),
            provider_requests: contract.provider_requests,
        }
    }
}

impl<'a> Customer<'a> {
    fn new(customer: &'a Explanation) -> Self {
        let judgement = customer.judgement.as_ref().ok();
        let state = judgement.and_then(|judgement| judgement.state.as_ref());
        let rules = judgement.map_or(&[][..], |judgement| &judgement.rules);
        Self {
            id: customer.customers.first().map(String::as_str),
            ids: &customer.customers,
            accounts: customer.accounts.iter().map(Account::new).collect(),
            subscriptions: customer
                .subscriptions
                .iter()
                .map(Subscription::new)
                .collect(),
            state: state.map(|state| State {
                state: state.access.as_str(),
                because: &state.because,
            }),
            rules: rules.iter().map(RuleLine::new).collect(),
        }
    }
}

impl<'a> Account<'a> {
    fn new(account: &'a ExplainedAccount) -> Self {
        Self {
            id: &account.id,
            entity: &account.entity,
            fields: account.fields.iter().map(Cell::new).collect(),
            exempt: account.exempt,
        }
    }
}

impl<'a> Cell<'a> {
    fn new(field: &'a ExplainedField) -> Self {
        Self {
            key: field.field.as_str(),
            column: match &field.column {
                ColumnName::Column(column) | ColumnName::In { column, .. } => Some(column),
                ColumnName::Computed => None,
            },
            value: match &field.value {
                FieldValue::Null => Value::Null(()),
                FieldValue::Text(text) => Value::Text(text),
                FieldValue::List(texts) => Value::List(texts),
                FieldValue::Boolean(yes) => Value::Boolean(*yes),
                FieldValue::Number(number) => Value::Number(*number),
                FieldValue::Time(time) => Value::Time(time.to_string()),
            },
        }
    }
}

impl<'a> Subscription<'a> {
    fn new(one: &'a ExplainedSubscription) -> Self {
        let time = |time: Option<UnixSeconds>| time.map(|time| time.to_string());
        Self {
            id: &one.id,
            customer: &one.customer,
            status: &one.status,
            created: time(one.created),
            period_start: time(one.period_start),
            period_end: time(one.period_end),
            ended_at: time(one.ended_at),
            cancel_scheduled: one.cancel_scheduled,
            paused_void: one.pause == Some(Pause::Void),
            pause: one.pause.as_ref().map(Pause::as_str),
            prices: one.prices.iter().map(Price::new).collect(),
            standing: one.access.as_str(),
            because: &one.because,
            decides: one.decides,
        }
    }
}

impl<'a> Price<'a> {
    fn new(price: &'a ExplainedPrice) -> Self {
        let (meaning, plan) = match &price.meaning {
            PriceUse::Plan {
                plan,
                is_free: true,
            } => (Meaning::FreePlan, Some(plan.as_str())),
            PriceUse::Plan {
                plan,
                is_free: false,
            } => (Meaning::PaidPlan, Some(plan.as_str())),
            PriceUse::Ignored => (Meaning::Ignored, None),
            PriceUse::Seats => (Meaning::Seats, None),
            PriceUse::Unmapped => (Meaning::Unmapped, None),
            PriceUse::NotChecked => (Meaning::NotChecked, None),
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
            RuleOutcome::Holds => (Outcome::Holds, None),
            RuleOutcome::DoesNotApply => (Outcome::DoesNotApply, None),
            RuleOutcome::Broken(severity) => (Outcome::Broken, Some(ReportSeverity::of(severity))),
        };
        Self {
            rule: rule.rule.as_str(),
            account: rule.account.as_deref(),
            outcome,
            severity,
            because: &rule.because,
        }
    }
}
