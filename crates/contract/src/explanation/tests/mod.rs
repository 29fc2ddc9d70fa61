//! Explanations of customers and their rows.

use super::*;
use crate::{
    AccountColumns, Field, Source, Subscription, SubscriptionId,
    testing::{DAY, NOW, account, contract, facts, subscription},
};

mod agreement;
mod rule_reasons;
mod subscription_access;

fn explained(contract: &Contract, facts: &Facts) -> Explanation {
    let mut explained = explain(contract, facts, &[], NOW);
    assert_eq!(explained.customers.len(), 1, "{explained:#?}");
    explained.customers.remove(0)
}

fn state(explanation: &Explanation) -> String {
    let judgement = explanation.judgement.as_ref().expect("a judgement");
    let state = judgement.state.as_ref().expect("a state");
    format!("{}: {}", state.access.as_str(), state.reason)
}

/// Returns `outcome: reason` of the rule.
fn rule(explanation: &Explanation, rule: Rule) -> String {
    let judgement = explanation.judgement.as_ref().expect("a judgement");
    let mut lines = judgement.rules.iter().filter(|line| line.rule == rule);
    let line = lines.next().expect("every rule has a line");
    assert_eq!(lines.next(), None);
    format!("{:?}: {}", line.outcome, line.reason)
}

#[test]
fn the_result_of_a_customer_names_the_deciding_subscription() {
    let state_of = |subscriptions: Vec<Subscription>| {
        state(&explained(
            &contract(),
            &facts([account("1")], subscriptions),
        ))
    };
    let sub = |id, status| subscription("1", status, "price_pro").id(id);
    assert_eq!(
        state_of(vec![sub("sub_a", "active"), sub("sub_b", "canceled")]),
        "granting: `sub_a` grants, and one is enough"
    );
    assert_eq!(
        state_of(vec![sub("sub_b", "halted"), sub("sub_c", "canceled")]),
        "unjudged: nothing grants, and `sub_b` cannot be judged"
    );
    assert_eq!(
        state_of(vec![sub("sub_c", "canceled")]),
        "not granting: `sub_c` does not grant, and there is no other"
    );
    assert_eq!(
        state_of(vec![]),
        "none: Stripe shows no subscription of it, nor that there is such a customer"
    );
    let existing = [CustomerId::from("cus_1"), CustomerId::from("cus_2")];
    let both = explain(&contract(), &facts([account("1")], []), &existing, NOW);
    assert_eq!(both.customers.len(), 2);
    for (customer, id) in both.customers.iter().zip(["cus_1", "cus_2"]) {
        assert_eq!(customer.customers, [id]);
        assert_eq!(
            state(customer),
            "none: Stripe knows the customer, and it has no subscription at all"
        );
    }
}

#[test]
fn the_row_is_shown_as_it_was_mapped() {
    let columns = AccountColumns {
        seats: Some(5),
        subscription_id: Some(SubscriptionId::from("sub_1")),
        updated_at: Some(NOW),
        ..AccountColumns::default()
    };
    let mut world = facts([account("1").columns(columns)], []);
    world.mapped.extend([Field::Seats, Field::UpdatedAt]);
    let [row] = &explained(&contract(), &world).accounts[..] else {
        panic!("one account");
    };
    let shown: Vec<_> = row
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.value.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            ("id", FieldValue::Text("usr_1".to_owned())),
            ("customer_id", FieldValue::Text("cus_1".to_owned())),
            ("has_paid_access", FieldValue::Boolean(false)),
            ("plan", FieldValue::Null),
            ("seats", FieldValue::Number(5)),
            ("updated_at", FieldValue::Time(NOW)),
        ]
    );
}

#[test]
fn an_account_on_two_rows_is_not_judged() {
    let world = facts(
        [
            account("1").paid(),
            account("1").customer(Some("cus_2")).paid(),
        ],
        [subscription("1", "active", "price_pro")],
    );
    let both = explain(&contract(), &world, &[], NOW);
    assert_eq!(both.customers.len(), 2);
    for customer in &both.customers {
        let twice = Unanswerable::AccountOnTwoRows {
            id: "usr_1".to_owned(),
        };
        assert_eq!(customer.judgement, Err(twice));
    }
    assert_eq!(both.findings, []);
}

#[test]
fn many_unknown_customers_do_not_indicate_a_wrong_key_here() {
    let world = facts(
        (0..6).map(|n| account(&n.to_string()).customer(Some("cus_1")).paid()),
        [],
    );
    let all = explain(&contract(), &world, &[], NOW);
    // Each of them, and the customer that they share.
    assert_eq!(all.findings.len(), 7);
}

#[test]
fn explanations_of_entitlements_do_not_mention_subscriptions() {
    let contract = Contract {
        source: Source::StripeEntitlements,
        ..contract()
    };
    let world = facts(
        [account("1").paid().plan("pro")],
        [subscription("1", "active", "price_pro")],
    );
    let explanation = explained(&contract, &world);
    assert_eq!(
        state(&explanation),
        "granting: it has an active entitlement, and one is enough"
    );
    assert_eq!(
        rule(&explanation, Rule::WrongfulAccess),
        "Holds: a Stripe entitlement grants access"
    );
    assert!(rule(&explanation, Rule::StatusDrift).contains("entitlements are the source"));
    let with = |price: &str| {
        let bought = subscription("1", "active", price);
        state(&explained(&contract, &facts([account("1")], [bought])))
    };
    assert_eq!(
        with("feature_new"),
        "unjudged: entitlements that the contract does not map are not judged"
    );
    assert_eq!(
        with("price_free"),
        "not granting: none of its entitlements is to a paid plan"
    );
    let judgement = explanation.judgement.expect("a judgement");
    assert!(
        judgement
            .rules
            .iter()
            .all(|line| line.rule != Rule::UnmappedPrice)
    );
}
