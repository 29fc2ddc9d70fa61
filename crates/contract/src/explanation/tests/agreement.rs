//! Agreement of explanations with the evaluator.

use proptest::prelude::*;

use super::*;
use crate::{
    Account, EntityKind,
    testing::{DAY, findings, item},
};

fn any_account() -> impl Strategy<Value = Account> {
    let plan = proptest::option::of(prop_oneof![Just("pro"), Just("free"), Just("other")]);
    (
        0..3_u8,
        any::<bool>(),
        proptest::bool::weighted(0.1),
        plan,
        proptest::option::of(0..3_u8),
    )
        .prop_map(|(name, paid, exempt, plan, customer)| {
            let customer = customer.map(|name| format!("cus_{name}"));
            let columns = AccountColumns {
                seats: Some(1),
                status: Some("active".into()),
                ..AccountColumns::default()
            };
            let mut account = account(&name.to_string())
                .customer(customer.as_deref())
                .columns(columns);
            account.paid = paid;
            account.exempt = exempt;
            account.plan = plan.map(Into::into);
            account
        })
}

fn any_subscription() -> impl Strategy<Value = Subscription> {
    let status = prop_oneof![
        Just("active"),
        Just("past_due"),
        Just("canceled"),
        Just("halted")
    ];
    let price = prop_oneof![
        Just("price_pro"),
        Just("price_free"),
        Just("price_new"),
        Just("addon_1")
    ];
    (0..3_u8, 0..100_u8, status, price, any::<bool>()).prop_map(
        |(name, id, status, price, void)| {
            let mut bought = subscription(&name.to_string(), status, "")
                .id(&format!("sub_{id}"))
                .items([item(price, 1)]);
            bought.pause = void.then_some(crate::Pause::Void);
            bought
        },
    )
}

proptest! {
    /// Alone, every customer has the same findings as among all others, and the rules agree with them.
    #[test]
    fn explanations_agree_with_the_evaluator(
        accounts in proptest::collection::vec(any_account(), 0..4),
        subscriptions in proptest::collection::vec(any_subscription(), 0..5),
    ) {
        let mut contract = contract();
        contract.grace.past_due = Some(7 * DAY);
        contract.ignore_prices = vec![crate::PricePattern::parse("addon_*")];
        contract.allow_empty = true;
        let mut accounts = accounts;
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        accounts.dedup_by(|a, b| a.id == b.id);
        let mut subscriptions = subscriptions;
        subscriptions.sort_by(|a, b| a.id.cmp(&b.id));
        subscriptions.dedup_by(|a, b| a.id == b.id);
        let mut world = facts(accounts, subscriptions);
        world.mapped.extend([Field::Seats, Field::Status]);
        let names = |findings: &[Finding]| {
            // A problem counted over everybody is one finding there, and one for each customer here.
            let is_about_account = |finding: &&Finding| {
                matches!(finding.entity.kind(), EntityKind::Account | EntityKind::Customer)
            };
            findings
                .iter()
                .filter(is_about_account)
                .map(|finding| (finding.rule, finding.entity.clone(), finding.message.clone()))
                .collect::<Vec<_>>()
        };
        let explanation = explain(&contract, &world, &[], NOW);
        prop_assert_eq!(names(&explanation.findings), names(&findings(&contract, &world)));
        let broken = explanation
            .customers
            .iter()
            .flat_map(|customer| &customer.judgement.as_ref().expect("a judgement").rules)
            .filter(|rule| matches!(rule.outcome, RuleOutcome::Broken(_)))
            .count();
        prop_assert!(broken >= names(&explanation.findings).len());
        for rule in explanation.customers.iter().flat_map(|customer| &customer.judgement.as_ref().expect("a judgement").rules) {
            let is_broken = matches!(rule.outcome, RuleOutcome::Broken(_));
            prop_assert_eq!(rule.reason.is_empty(), is_broken, "{:?}", rule);
        }
    }
}
