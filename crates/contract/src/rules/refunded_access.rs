//! `refunded-access`: the current period was refunded in full, and the account still has access.

use super::{
    definition::{
        InGrace, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    judged_account::JudgedAccount,
    no_finding::NoFinding,
};
use crate::{
    Field, Refund, Rule, Severity, Subscription, access::CustomerAccess, case::FindingDraft,
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "refunded-access",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "the current period was refunded in full, and the account still has access",
        help: "Decide what a refund means: cancel the subscription at the provider, or leave the access until the end of \
               the period and turn the rule off.",
        column: Some(RuleColumn::Field(Field::HasPaidAccess)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::HasPaidAccess)],
        events: RuleEvents {
            stripe: &[],
            paddle: &["adjustment.updated"],
            entitlements: &[],
        },
        row_fault: None,
    },
    needs: &[RuleNeed::Refunds],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Column(Field::HasPaidAccess),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Account(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::ByHand(
        "whether a refund ends access is for you to decide: cancel the subscription at the provider, or take the access away",
    ),
};

fn refund(subscription: &Subscription) -> Option<&Refund> {
    subscription.details.as_deref()?.refund.as_ref()
}

/// Returns true if every subscription that grants access was refunded.
fn is_refunded(one: &JudgedAccount<'_, '_>) -> bool {
    one.access == CustomerAccess::Granting
        && !one.paying.is_empty()
        && one.paying.iter().all(|paying| refund(paying).is_some())
}

fn check(one: &JudgedAccount<'_, '_>) {
    let JudgedAccount {
        case, link, paying, ..
    } = one;
    if !link.account.paid || one.is_paid_elsewhere() || !is_refunded(one) {
        return;
    }
    let Some(deciding) = case.deciding(&link.holder) else {
        return;
    };
    let refunds = paying.iter().filter_map(|one| Some((one, refund(one)?)));
    let refunds = refunds.map(|(one, refund)| {
        format!(
            "refund {} of {} covers the current period of {}",
            refund.id, refund.at, one.id
        )
    });
    let mut evidence = case.both_sides(link, paying.iter().copied());
    evidence.extend(refunds);
    case.report(
        Rule::RefundedAccess,
        case.account_entity(link.account),
        FindingDraft {
            message: format!(
                "{} was refunded in full for the current period but {}.\nRefunded access — {} keeps paid features \
                 without having paid for them.",
                case.entity_capital(),
                case.explain_flag(true),
                case.contract.entity,
            ),
            fix: "Cancel the subscription when you refund it, or take the access away when the refund is approved."
                .to_owned(),
            subject: case.subject(link, Some(deciding)),
            evidence,
            ..FindingDraft::default()
        },
    );
}

fn explain(one: &JudgedAccount<'_, '_>) -> NoFinding {
    if one.link.account.paid && one.access == CustomerAccess::Granting {
        return NoFinding::Holds("the current period was not refunded in full".to_owned());
    }
    one.explain_other_accounts("whose subscription grants access")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Account, Contract, Details, Source,
        testing::{NOW, account, contract, facts, findings, subscription},
    };

    fn of_paddle() -> Contract {
        let mut contract = contract();
        contract.source = Source::Paddle;
        contract
            .severities
            .insert(Rule::RefundedAccess, Severity::Medium);
        contract
    }

    fn refunded(name: &str) -> Subscription {
        let mut one = subscription(name, "active", "price_pro");
        one.details = Some(Box::new(Details {
            refund: Some(Refund {
                id: "adj_1".into(),
                at: NOW.plus(-5),
            }),
            ..Details::default()
        }));
        one
    }

    fn found(contract: &Contract, account: Account, bought: Vec<Subscription>) -> Vec<String> {
        let found = findings(contract, &facts([account], bought));
        found.iter().map(|one| one.rule.to_string()).collect()
    }

    #[test]
    fn a_refunded_period_with_access_is_a_finding() {
        let world = facts([account("1").paid().plan("pro")], [refunded("1")]);
        let found = findings(&of_paddle(), &world);
        let [finding] = &*found else {
            panic!("{found:?}");
        };
        assert_eq!(
            (finding.rule, finding.severity),
            (Rule::RefundedAccess, Severity::Medium)
        );
        let evidence = finding.evidence_lines();
        assert!(
            evidence
                .iter()
                .any(|line| line.starts_with("refund adj_1 of 2026-10-31T23:59:55Z")),
            "{evidence:?}"
        );
    }

    #[test]
    fn another_paid_subscription_keeps_the_access() {
        let mut other = subscription("1", "active", "price_pro");
        other.id = "sub_other".into();
        let account = account("1").paid().plan("pro");
        assert!(
            !found(&of_paddle(), account, vec![refunded("1"), other])
                .contains(&"refunded-access".to_owned())
        );
    }

    #[test]
    fn nobody_without_access_is_accused_of_a_refund() {
        let leak = found(&of_paddle(), account("1"), vec![refunded("1")]);
        assert_eq!(leak, ["revenue-leak"]);
    }

    #[test]
    fn the_rule_is_off_unless_it_is_set() {
        let mut by_default = contract();
        by_default.source = Source::Paddle;
        let account = account("1").paid().plan("pro");
        assert_eq!(found(&by_default, account, vec![refunded("1")]), [""; 0]);
        assert!(
            !Contract::new(Source::Paddle)
                .severities
                .contains_key(&Rule::RefundedAccess)
        );
    }
}
