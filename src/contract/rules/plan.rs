//! `plan-drift` and `stale-plan`: the stored plan against the prices that are paid for.

use std::collections::BTreeSet;

use crate::contract::{
    Account, Field, PlanWords, Rule,
    case::{Case, Draft},
    customers::CustomerNumber,
};

/// Access is right, and the stored plan is not one that the granting subscriptions pay for. Where those carry no
/// mapped price at all, no plan is expected and nobody is accused.
pub(super) fn plan_drift(case: &Case<'_>, account: &Account, customer: CustomerNumber) {
    if !compares_plans(case) || !case.wants(Rule::PlanDrift) {
        return;
    }
    let found = stored_plan(account);
    let granting = || {
        case.customers
            .subscriptions(customer)
            .filter(|subscription| case.grants(subscription))
    };
    let mut plans = granting()
        .flat_map(|subscription| case.contract.plans_of(&subscription.items))
        .peekable();
    if plans.peek().is_none() || plans.any(|plan| plan.is(found)) {
        return;
    }
    let granting = case.granting(customer);
    let expected: BTreeSet<_> = granting
        .iter()
        .flat_map(|subscription| case.contract.plans_of(&subscription.items))
        .map(PlanWords::name)
        .collect();
    let expected = expected.into_iter().collect::<Vec<_>>().join(" or ");
    let column = case.column(Field::Plan);
    let stored = if found.is_empty() {
        "empty".to_owned()
    } else {
        format!("\"{found}\"")
    };
    let mut subject = case.subject(account, customer, granting.first().copied());
    subject.price = granting
        .iter()
        .flat_map(|subscription| subscription.items.iter())
        .filter(|item| case.contract.plans.plan(&item.price).is_some())
        .map(|item| &item.price.id)
        .min()
        .map(ToString::to_string);
    subject.plan_expected = Some(expected.clone());
    case.report(
        Rule::PlanDrift,
        Draft {
            entity: case.account_entity(account),
            message: format!(
                "{} pays for plan \"{expected}\" but {column} is {stored}.\n\
                 Plan drift — {} gets another plan than the one that is paid for.",
                case.entity_capital(),
                case.contract.entity,
            ),
            fix: format!("Set {column}={expected} in your webhook handler when the subscription's price changes."),
            subject,
            evidence: case.both_sides(account, customer, granting.iter().copied()),
            ..Draft::default()
        },
    );
}

/// Access was taken away, and the paid plan stayed.
pub(super) fn stale_plan(case: &Case<'_>, account: &Account, customer: CustomerNumber) {
    if !case.wants(Rule::StalePlan) || !stores_paid_plan(case, account) {
        return;
    }
    let found = stored_plan(account);
    let column = case.column(Field::Plan);
    let deciding = case.deciding(customer);
    case.report(
        Rule::StalePlan,
        Draft {
            entity: case.account_entity(account),
            message: format!(
                "{} has no access and pays for nothing but {column} is \"{found}\".\n\
                 Stale plan — the access flag went, the plan stayed.",
                case.entity_capital(),
            ),
            fix: format!("Reset {column} in your webhook handler where the access is taken away."),
            subject: case.subject(account, customer, deciding),
            evidence: case.both_sides(account, customer, deciding),
            ..Draft::default()
        },
    );
}

/// Whether the stored plan is compared, and one of those that are paid for.
pub(crate) fn stores_paid_plan(case: &Case<'_>, account: &Account) -> bool {
    let found = stored_plan(account);
    let plans = &case.contract.plans;
    compares_plans(case)
        && plans.iter().any(|(_, plan)| plan.is(found))
        && !case.contract.free_plans.contains(found)
}

/// Whether the contract has plans and the rows have them too.
pub(super) fn compares_plans(case: &Case<'_>) -> bool {
    case.contract.checks_plans() && case.facts.mapped.contains(&Field::Plan)
}

fn stored_plan(account: &Account) -> &str {
    account.plan.as_deref().unwrap_or_default().trim()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::contract::{
        Facts,
        testing::{account, contract, facts, found, item, only, subscription},
    };

    fn world(plan: &str) -> Facts {
        facts(
            [account("1").paid().plan(plan)],
            [subscription("1", "active", "price_pro")],
        )
    }

    #[test]
    fn plans_are_compared_as_trimmed_text_and_exactly() {
        assert_eq!(found(&contract(), &world(" pro ")), [""; 0]);
        for other in ["Pro", "team", "free", "", "  "] {
            assert_eq!(
                found(&contract(), &world(other)),
                ["plan-drift user:usr_1"],
                "{other:?}"
            );
        }
        let mut padded = contract();
        padded.plans = crate::contract::Plans::by_price([("price_pro", " pro ")]);
        assert_eq!(found(&padded, &world("pro")), [""; 0]);
        let mut null = world("");
        null.accounts = vec![account("1").paid()];
        let drift = only(Rule::PlanDrift, &contract(), &null);
        assert_eq!(
            drift.message,
            "User pays for plan \"pro\" but plan is empty.\n\
             Plan drift — user gets another plan than the one that is paid for."
        );
        assert_eq!(drift.subject.plan_expected.as_deref(), Some("pro"));
        assert_eq!(drift.subject.price.as_deref(), Some("price_pro"));
    }

    #[test]
    fn any_plan_of_any_granting_subscription_is_right() {
        let mut world = world("team");
        world
            .subscriptions
            .push(subscription("1", "active", "price_team").id("sub_2"));
        assert_eq!(found(&contract(), &world), [""; 0]);
        world.subscriptions[1].status = crate::contract::Status::Canceled;
        assert_eq!(found(&contract(), &world), ["plan-drift user:usr_1"]);
    }

    #[test]
    fn nothing_is_said_about_plans_that_are_not_read_not_configured_or_not_known() {
        let mut unread = world("free");
        unread.mapped.clear();
        assert_eq!(found(&contract(), &unread), [""; 0]);
        let mut no_plans = contract();
        no_plans.plans.clear();
        assert_eq!(found(&no_plans, &world("free")), [""; 0]);
        let mut no_prices = world("free");
        no_prices.subscriptions[0].items = [].into();
        assert_eq!(found(&contract(), &no_prices), [""; 0]);
    }

    #[test]
    fn a_paid_plan_that_stayed_is_stale_and_a_free_one_is_not() {
        let world = facts(
            [
                account("1").plan("pro"),
                account("2").plan("free"),
                account("3").plan("legacy"),
                account("4").plan("team"),
            ],
            [
                subscription("1", "canceled", "price_pro"),
                subscription("2", "canceled", "price_pro"),
            ],
        );
        assert_eq!(
            found(&contract(), &world),
            ["stale-plan user:usr_1", "stale-plan user:usr_4"]
        );
    }

    #[test]
    fn a_free_item_beside_a_paid_one_allows_both_plans() {
        let mut world = world("free");
        world.subscriptions[0].items = [item("price_free", 1), item("price_team", 1)].into();
        assert_eq!(found(&contract(), &world), [""; 0]);
    }
}
