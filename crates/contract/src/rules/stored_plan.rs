//! The plan that an account stores, for the rules that compare it with the prices that are paid for.

use crate::{Account, Field, PauseMeaning, PlanWords, Status, case::Case, customers::Holder};

/// Returns true if two words differ only in case and surrounding blanks.
pub(crate) fn is_same_word(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Returns true if a subscription that does not grant now may grant again, so that keeping its plan is right.
pub(crate) fn is_plan_alive(case: &Case<'_>, holder: &Holder<'_>) -> bool {
    let may_come_back = |status: &Status| {
        matches!(
            status,
            Status::PastDue | Status::Unpaid | Status::Paused | Status::Incomplete
        )
    };
    let mut all = case.subscriptions_of(holder);
    all.any(|subscription| {
        may_come_back(&subscription.status)
            || case.contract.pause_meaning(subscription) == PauseMeaning::Deny
    })
}

/// Returns true if plans are compared and the account stores a paid one.
pub(crate) fn stores_paid_plan(case: &Case<'_>, account: &Account) -> bool {
    let found = stored_plan(account);
    let is_paid_plan = |plan: &PlanWords| plan.is(found) && !case.contract.is_free(plan);
    compares_plans(case)
        && case
            .contract
            .plans
            .iter()
            .any(|(_, plan)| is_paid_plan(plan))
}

/// Returns true if the contract has plans and the rows have them too.
fn compares_plans(case: &Case<'_>) -> bool {
    case.contract.checks_plans() && case.facts.mapped.contains(&Field::Plan)
}

pub(crate) fn stored_plan(account: &Account) -> &str {
    account.plan.as_deref().unwrap_or_default().trim()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use crate::{
        Facts, Rule, Status,
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
        padded.plans = crate::Plans::by_price([("price_pro", " pro ")]);
        assert_eq!(found(&padded, &world("pro")), [""; 0]);
        let mut null = world("");
        null.accounts = vec![account("1").paid()];
        let drift = only(Rule::PlanDrift, &contract(), &null);
        assert_eq!(
            drift.message,
            "User pays for plan \"pro\" but plan is empty.\nPlan drift — user gets a different plan than the one that \
             is paid for."
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
        world.subscriptions[1].status = Status::Canceled;
        assert_eq!(found(&contract(), &world), ["plan-drift user:usr_1"]);
    }

    #[test]
    fn unknown_plans_are_not_judged() {
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
    fn a_free_item_next_to_a_paid_one_allows_both_plans() {
        let mut world = world("free");
        world.subscriptions[0].items = [item("price_free", 1), item("price_team", 1)].into();
        assert_eq!(found(&contract(), &world), [""; 0]);
    }

    #[test]
    fn plans_are_not_compared_unless_both_sides_have_them() {
        let mut unmapped = world("");
        unmapped.mapped.clear();
        assert_eq!(found(&contract(), &unmapped), [""; 0]);
        let mut no_plans = contract();
        no_plans.plans.clear();
        assert_eq!(found(&no_plans, &world("other")), [""; 0]);
    }
}
