//! Test support: builds faulty steps and checks their findings.

mod causes;
mod deliveries;
mod rows;

use super::{JudgedFinding, StepContext, endings_differ, fold, judge, one_per_cause};
use crate::{
    library::parse,
    observed::{
        BystanderChange, ColumnChange, Delivery, GateAnswer, HandlerResponse, InjectedFault,
        Observed, ProviderCall, RowState,
    },
    runs::{ScenarioRun, Variant},
    scenario::Scenario,
    sending::Signing,
};
use contract::{
    Account, AccountColumns, Contract, Field, Finding, Severity, Subscription, explain,
    testing::{self, account, contract, facts, item, subscription},
};

const HEAD: &str = "id: mine\ntitle: t\nends: e\nwhy: w\nplays:\n  - steps:\n";

const PURCHASE: &str = "{id: bought, does: somebody buys, send: [checkout.session.completed]}";

/// The last of a few steps, with the variant of its play.
struct StepFixture {
    scenario: Scenario,
    variant: Variant,
    contract: Contract,
}

impl StepFixture {
    fn from_steps(steps: &[&str]) -> Self {
        let lines: Vec<_> = steps
            .iter()
            .map(|step| {
                format!(
                    "      - {step}
"
                )
            })
            .collect();
        let lines = lines.concat();
        Self {
            scenario: parse(
                "mine.yml",
                &format!("{HEAD}{lines}"),
                crate::Provider::Stripe,
            )
            .expect("a scenario"),
            variant: Variant::None,
            contract: contract(),
        }
    }

    fn varied(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }

    fn in_context<T>(&self, judged: impl FnOnce(StepContext<'_>) -> T) -> T {
        let play = self.scenario.plays.first().expect("a play");
        let run = ScenarioRun {
            scenario: &self.scenario,
            play,
            variant: self.variant.clone(),
            key: "mine.1.1".to_owned(),
        };
        judged(StepContext {
            run: &run,
            step: play.steps.last().expect("a step"),
            account: "usr_ann",
            customer: "cus_ann",
            secret_env: "WEBHOOK_SECRET",
            contract: &self.contract,
        })
    }

    fn judged(&self, observed: &Observed) -> Vec<JudgedFinding> {
        self.in_context(|context| judge(context, observed))
    }

    fn judge(&self, observed: &Observed) -> Vec<Finding> {
        let judged = self.judged(observed).into_iter();
        judged.map(|judged| judged.finding).collect()
    }

    /// Checks that the only finding has this rule, and that its message and fix contain each of these parts.
    #[track_caller]
    fn reports(&self, observed: &Observed, rule: &str, parts: &[&str]) {
        let findings = self.judge(observed);
        let [finding] = findings.as_slice() else {
            panic!("{findings:#?}");
        };
        let text = format!("{}\nFix: {}", finding.message, finding.fix);
        assert_eq!(finding.rule.as_str(), rule, "{text}");
        let step = self.in_context(|context| format!("scenario:mine/{}", context.step.id));
        assert_eq!(*finding.entity, *step);
        for part in parts {
            assert!(text.contains(part), "no `{part}` in: {text}");
        }
    }
}

fn delivery(event: &str, id: &str, code: u16) -> Delivery {
    Delivery {
        step: "bought".to_owned(),
        event: event.to_owned(),
        id: id.to_owned(),
        signed: Signing::AsDocumented,
        is_repeat: false,
        answer: HandlerResponse::Status {
            code,
            body: String::new(),
        },
    }
}

fn updated(code: u16) -> Delivery {
    delivery("customer.subscription.updated", "evt_2", code)
}

fn signed(signed: Signing, code: u16) -> Delivery {
    Delivery {
        signed,
        ..updated(code)
    }
}

fn repeated(delivery: Delivery) -> Delivery {
    Delivery {
        is_repeat: true,
        ..delivery
    }
}

fn change(column: &str, before: &str, after: &str) -> ColumnChange {
    ColumnChange {
        table: "users".to_owned(),
        key: "[\"usr_ann\"]".to_owned(),
        column: column.to_owned(),
        before: Some(before.to_owned()),
        after: Some(after.to_owned()),
    }
}

fn ann(paid: bool, plan: &str) -> Account {
    Account {
        paid,
        ..account("ann").plan(plan)
    }
}

fn ann_has(status: &str) -> Subscription {
    subscription("ann", status, "price_pro")
}

fn row(account: &Account) -> RowState {
    RowState {
        exists: true,
        linked: account.customer.is_some(),
        paid: account.paid,
        plan: account.plan.as_deref().map(str::to_owned),
        columns: vec![
            ("id".to_owned(), "usr_ann".to_owned()),
            ("has_paid_access".to_owned(), account.paid.to_string()),
        ],
    }
}

/// Returns the observations of a step with these rows before and after, under a contract.
fn judged_by(
    contract: &Contract,
    (before, after): (&Account, &Account),
    subscriptions: impl IntoIterator<Item = Subscription>,
) -> Observed {
    let mut facts = facts([after.clone()], subscriptions);
    if after.columns.is_some() {
        let mapped = [Field::PeriodEnd, Field::CancelAtPeriodEnd];
        facts.mapped.extend(mapped);
    }
    let customer = "cus_ann".into();
    let explained = explain(
        contract,
        &facts,
        std::slice::from_ref(&customer),
        testing::NOW,
    );
    let mut customers = explained.customers.into_iter();
    Observed {
        deliveries: vec![updated(200)],
        earlier: Vec::new(),
        before: row(before),
        after: row(after),
        explained: customers.find(|customer| customer.customers == ["cus_ann"]),
        findings: explained.findings,
        changes: Vec::new(),
        all_changes: Vec::new(),
        bystanders: Vec::new(),
        calls: Vec::new(),
        printed: Vec::new(),
        fault: None,
        gate: None,
        visited: Vec::new(),
    }
}

fn shown(
    before: &Account,
    after: &Account,
    subscriptions: impl IntoIterator<Item = Subscription>,
) -> Observed {
    judged_by(&contract(), (before, after), subscriptions)
}

/// Returns a purchase that ends correctly.
fn right() -> Observed {
    let account = ann(true, "pro");
    shown(&account, &account, [ann_has("active")])
}

/// Returns a purchase after which everything is wrong.
fn lost() -> Observed {
    let account = ann(false, "free");
    shown(&account, &account, [ann_has("active")])
}

impl Observed {
    fn changed(mut self, changes: &[ColumnChange]) -> Self {
        self.changes = changes.to_vec();
        self.all_changes = changes.to_vec();
        self
    }

    fn delivered(mut self, deliveries: &[Delivery]) -> Self {
        self.deliveries = deliveries.to_vec();
        self
    }

    fn later_than(mut self, earlier: &[Delivery]) -> Self {
        self.earlier = earlier.to_vec();
        self
    }
}
