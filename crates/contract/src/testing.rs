//! Builders for unit tests, here and in packages that use the contract: a small set of facts in a few lines.

use std::sync::Arc;

use super::{
    Account, AccountColumns, AccountId, Contract, CustomerId, Entity, EntityKind, Evaluation,
    Facts, Field, Finding, Interval, Item, Period, Plans, Price, Rule, Source, Status,
    Subscription, SubscriptionId, Terms, Unanswerable, UnixSeconds, evaluate,
};

pub const DAY: i64 = 86_400;

/// 2026-11-01T00:00:00Z, the time of evaluation.
pub const NOW: UnixSeconds = UnixSeconds(1_793_491_200);

/// Returns a contract with plans `pro`, `team` and `free` for the prices of the same names.
pub fn contract() -> Contract {
    let plans = ["pro", "team", "free"];
    Contract {
        plans: Plans::by_price(plans.map(|plan| (format!("price_{plan}"), plan))),
        ..Contract::new(Source::Stripe)
    }
}

/// Parses an entity as it is displayed. Everything without a colon is an account.
pub fn entity(text: &str) -> Entity {
    let (word, id) = text.split_once(':').unwrap_or(("user", text));
    let kind = match word {
        "accounts" => EntityKind::Accounts,
        "customer" => EntityKind::Customer,
        "subscription" => EntityKind::Subscription,
        "price" => EntityKind::Price,
        "feature" => EntityKind::Feature,
        "status" => EntityKind::Status,
        "scenario" => EntityKind::Step,
        word => return Entity::account(word, id),
    };
    Entity::new(kind, word, id)
}

/// Returns an account `usr_<name>` linked to `cus_<name>`, without access.
pub fn account(name: &str) -> Account {
    Account {
        id: AccountId::from(format!("usr_{name}")),
        customer: Some(CustomerId::from(format!("cus_{name}"))),
        paid: false,
        exempt: false,
        plan: None,
        columns: None,
    }
}

impl Account {
    #[must_use]
    pub fn paid(mut self) -> Self {
        self.paid = true;
        self
    }

    #[must_use]
    pub fn exempt(mut self) -> Self {
        self.exempt = true;
        self
    }

    #[must_use]
    pub fn plan(mut self, plan: &str) -> Self {
        self.plan = Some(plan.into());
        self
    }

    #[must_use]
    pub fn customer(mut self, customer: Option<&str>) -> Self {
        self.customer = customer.map(CustomerId::from);
        self
    }

    #[must_use]
    pub fn columns(mut self, columns: AccountColumns) -> Self {
        self.columns = Some(Box::new(columns));
        self
    }
}

/// Returns a subscription `sub_<name>` of `cus_<name>` to one price, 20.00 usd a month, whose period began a day ago.
pub fn subscription(name: &str, status: &str, price: &str) -> Subscription {
    Subscription {
        id: SubscriptionId::from(format!("sub_{name}")),
        customer: CustomerId::from(format!("cus_{name}")),
        created: NOW.plus(-100 * DAY),
        ended_at: (status == "canceled").then(|| NOW.plus(-DAY).into()),
        period: Some(Period::new(NOW.plus(-DAY), NOW.plus(29 * DAY))),
        details: None,
        terms: Arc::new(Terms {
            status: Status::parse(status),
            cancel_scheduled: Some(false),
            only_cancel_at: false,
            pause: None,
            days_until_due: None,
            on_test_clock: false,
            items: [item(price, 1)].into(),
        }),
    }
}

pub fn item(price: &str, quantity: u64) -> Item {
    let price = Price {
        currency: Some("usd".to_owned()),
        unit_amount: Some(2000),
        recurring: Some((Interval::Month, 1)),
        ..Price::bare(price)
    };
    Item {
        price: Arc::new(price),
        quantity: Some(quantity),
    }
}

impl Subscription {
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = SubscriptionId::from(id);
        self
    }

    #[must_use]
    pub fn newer(mut self) -> Self {
        self.created = self.created.plus(DAY);
        self
    }

    /// Removes its period.
    #[must_use]
    pub fn dateless(mut self) -> Self {
        self.period = None;
        self
    }

    #[must_use]
    pub fn items(mut self, items: impl IntoIterator<Item = Item>) -> Self {
        self.items = items.into_iter().collect();
        self
    }
}

/// Returns facts in which the `plan` of accounts was read.
pub fn facts(
    accounts: impl IntoIterator<Item = Account>,
    subscriptions: impl IntoIterator<Item = Subscription>,
) -> Facts {
    Facts {
        accounts: accounts.into_iter().collect(),
        subscriptions: subscriptions.into_iter().collect(),
        mapped: [Field::Plan].into(),
        ..Facts::default()
    }
}

pub fn judge(contract: &Contract, facts: &Facts) -> Result<Evaluation, Unanswerable> {
    evaluate(contract, facts, NOW)
}

/// Returns the findings of a contract that can be judged.
#[track_caller]
#[expect(clippy::expect_used, reason = "a test may panic")]
pub fn findings(contract: &Contract, facts: &Facts) -> Vec<Finding> {
    judge(contract, facts).expect("an answer").findings
}

/// Returns `rule entity` of every finding.
#[track_caller]
pub fn found(contract: &Contract, facts: &Facts) -> Vec<String> {
    findings(contract, facts)
        .iter()
        .map(|finding| format!("{} {}", finding.rule, finding.entity))
        .collect()
}

/// Returns the only finding of that rule.
#[track_caller]
pub fn only(rule: Rule, contract: &Contract, facts: &Facts) -> Finding {
    let mut all = findings(contract, facts);
    all.retain(|finding| finding.rule == rule);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}
