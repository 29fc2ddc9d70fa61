//! Texts about the access flag, for the rules that compare it with the payment. An account breaks at most one of these
//! rules.

use super::{judged_account::JudgedAccount, no_finding::NoFinding};
use crate::{ColumnName, Field, case::Case};

/// Returns `Set has_paid_access=true`, in the words of the mapping.
pub(super) fn set_flag(case: &Case<'_>, value: bool) -> String {
    match case.contract.columns.get(&Field::HasPaidAccess) {
        Some(ColumnName::In { column, values }) => {
            let quantifier = match (value, values.as_slice()) {
                (true, [_]) => "",
                (true, _) => "one of ",
                (false, _) => "a value other than ",
            };
            format!("Set {column} to {quantifier}{}", values.join(", "))
        }
        Some(ColumnName::Computed) => format!("Make {} {value}", case.column(Field::HasPaidAccess)),
        Some(ColumnName::Column(_)) | None => {
            format!("Set {}={value}", case.column(Field::HasPaidAccess))
        }
    }
}

/// Explains that the rule holds because of the flag alone.
pub(super) fn explain_flag(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let column = judged.case.column(Field::HasPaidAccess);
    NoFinding::Holds(format!("`{column}` is {}", judged.link.account.paid))
}

/// Explains why a rule about access without payment cannot break: the flag is off, or something else pays.
pub(super) fn explain_other_payment(judged: &JudgedAccount<'_, '_>) -> Option<NoFinding> {
    if !judged.link.account.paid {
        return Some(explain_flag(judged));
    }
    judged.is_paid_elsewhere().then(|| {
        NoFinding::DoesNotApply("`paid_elsewhere` says that something else pays for it".to_owned())
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use crate::{
        ColumnName, Field, Rule, Severity, Status,
        testing::{account, contract, facts, found, item, judge, only, subscription},
    };

    #[test]
    fn the_documented_finding_is_worded_exactly() {
        let alice = facts(
            [account("alice")],
            [subscription("alice", "active", "price_pro")],
        );
        let leak = only(Rule::RevenueLeak, &contract(), &alice);
        assert_eq!(
            leak.message,
            "User has an active/trialing Stripe subscription but has_paid_access is false.\n\
             Revenue leak — user cannot access paid features."
        );
        assert_eq!(
            leak.fix,
            "Set has_paid_access=true in your webhook handler on subscription activation."
        );
        assert_eq!(leak.severity, Severity::High);
        assert_eq!(leak.fingerprint, "69149926077885fa");
        assert_eq!(leak.amount.iter().collect::<Vec<_>>(), [("usd", 2000)]);
        assert_eq!(
            leak.evidence_lines(),
            [
                "subscription sub_alice of customer cus_alice is active (price_pro → pro), \
                 period ends 2026-11-30T00:00:00Z",
                "user usr_alice: has_paid_access = false, plan = null",
            ]
        );
    }

    #[test]
    fn the_words_follow_the_mapping_and_the_entity() {
        let mut contract = contract();
        contract.entity = "team".to_owned();
        contract.columns.insert(
            Field::HasPaidAccess,
            ColumnName::In {
                column: "state".to_owned(),
                values: vec!["on".to_owned(), "trial".to_owned()],
            },
        );
        let world = facts([account("1")], [subscription("1", "trialing", "price_pro")]);
        let leak = only(Rule::RevenueLeak, &contract, &world);
        assert_eq!(&*leak.entity, "team:usr_1");
        assert!(leak.message.starts_with(
            "Team has an active/trialing Stripe subscription but state is not one of on, trial.\n"
        ));
        assert!(
            leak.fix
                .starts_with("Set state to one of on, trial in your")
        );
        let evidence = leak.evidence_lines();
        assert!(
            evidence.contains(&"team usr_1: state is not one of on, trial, plan = null".to_owned()),
            "{evidence:?}"
        );
    }

    #[test]
    fn wrongful_access_and_no_subscription_are_two_rules() {
        let world = facts(
            [
                account("1").paid(),
                account("2").paid(),
                account("3").paid(),
            ],
            [
                subscription("1", "canceled", "price_pro"),
                subscription("3", "active", "price_free"),
            ],
        );
        assert_eq!(
            found(&contract(), &world),
            [
                "wrongful-access user:usr_1",
                "wrongful-access user:usr_3",
                "no-subscription user:usr_2",
            ]
        );
        let summary = judge(&contract(), &world).expect("an answer").summary;
        assert_eq!(
            summary.served_not_paid.iter().collect::<Vec<_>>(),
            [("usd", 4000)]
        );
        assert!(summary.paid_not_served.is_empty());
    }

    #[test]
    fn accounts_without_access_that_do_not_pay_are_correct() {
        let world = facts(
            [
                account("1"),
                account("2"),
                account("3").customer(None),
                account("4").customer(Some(" ")),
            ],
            [subscription("1", "canceled", "price_pro")],
        );
        assert_eq!(found(&contract(), &world), [""; 0]);
    }

    #[test]
    fn listed_accounts_are_exempt_and_others_are_not() {
        let mut contract = contract();
        contract.exempt.insert("usr_1".to_owned());
        let world = facts([account("1").paid(), account("2").paid()], []);
        assert_eq!(found(&contract, &world), ["no-subscription user:usr_2"]);
        let summary = judge(&contract, &world).expect("an answer").summary;
        assert_eq!((summary.exempt, summary.linked), (1, 2));
    }

    #[test]
    fn findings_agree_on_one_of_equally_new_subscriptions() {
        let mut contract = contract();
        let mut world = facts(
            [account("1")],
            ["sub_a", "sub_c", "sub_b"].map(|id| subscription("1", "active", "price_pro").id(id)),
        );
        let leak = only(Rule::RevenueLeak, &contract, &world);
        contract.statuses.grant.clear();
        contract.statuses.deny.insert(Status::Active);
        world.accounts[0].paid = true;
        let wrongful = only(Rule::WrongfulAccess, &contract, &world);
        assert_eq!(leak.subject.subscription.as_deref(), Some("sub_c"));
        assert_eq!(wrongful.subject.subscription, leak.subject.subscription);
    }

    #[test]
    fn a_newer_canceled_subscription_does_not_end_access() {
        let world = facts(
            [account("1").paid().plan("pro")],
            [
                subscription("1", "active", "price_pro"),
                subscription("1", "canceled", "price_team")
                    .id("sub_canceled")
                    .newer(),
            ],
        );
        assert_eq!(found(&contract(), &world), [""; 0]);
    }

    #[test]
    fn the_contracts_fix_and_severity_replace_the_defaults() {
        let mut contract = contract();
        contract
            .fix
            .insert(Rule::RevenueLeak, "ask billing@".to_owned());
        contract.severities.insert(Rule::RevenueLeak, Severity::Low);
        let world = facts(
            [account("1")],
            ["1", "9"].map(|name| subscription(name, "active", "price_pro")),
        );
        let orphan = only(Rule::OrphanSubscription, &contract, &world);
        assert!(orphan.fix.starts_with("Store cus_9"), "{}", orphan.fix);
        contract.severities.remove(&Rule::OrphanSubscription);
        let leak = only(Rule::RevenueLeak, &contract, &world);
        assert_eq!((&*leak.fix, leak.severity), ("ask billing@", Severity::Low));
        contract.severities.remove(&Rule::RevenueLeak);
        assert_eq!(found(&contract, &world), [""; 0]);
    }

    #[test]
    fn only_priced_items_are_money_at_stake() {
        let mut contract = contract();
        contract.ignore_prices = vec![crate::PricePattern::parse("price_addon_*")];
        let metered = crate::Item {
            quantity: None,
            ..item("price_pro", 1)
        };
        let world = facts(
            [account("1")],
            [subscription("1", "active", "").items([
                item("price_pro", 3),
                item("price_addon_1", 1),
                metered,
            ])],
        );
        let summary = judge(&contract, &world).expect("an answer").summary;
        assert_eq!(
            summary.paid_not_served.iter().collect::<Vec<_>>(),
            [("usd", 6000)]
        );
        assert_eq!(summary.items_without_amount, 1);
    }
}
