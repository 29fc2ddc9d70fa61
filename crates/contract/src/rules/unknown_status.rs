//! `unknown-status`: a subscription has a status that the contract neither grants nor denies.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    definition::{
        RuleCheck, RuleCorrection, RuleDefinition, RuleEvents, RuleExplanation, RuleInfo, RuleKey,
        RuleListing, RuleNeed,
    },
    mismatches::Mismatches,
    no_finding::NoFinding,
};
use crate::{
    Entity, Rule, Severity, Subject, SubscriptionId,
    case::{Case, FindingDraft},
    text::counted,
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "unknown-status",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "a subscription has a status that the contract neither grants nor denies",
        help: "Add the status to statuses.grant or statuses.deny in prodverdict.yml.",
        column: None,
        compares_plans: false,
        keys: &[RuleKey::Statuses, RuleKey::Source],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[RuleNeed::Subscriptions],
    listing: RuleListing::UnknownStatuses,
    suspect_key: RuleKey::Contract,
    money: None,
    missing_handler_action: None,
    check: RuleCheck::All(check),
    explain: RuleExplanation::Customer(|_, _| {
        NoFinding::Holds("the contract grants or denies every status".to_owned())
    }),
    correct: RuleCorrection::ByHand("no row is wrong: complete prodverdict.yml"),
};

/// Maximum number of a status's subscriptions in a finding.
const MAX_NAMED: usize = 3;

/// Reports one finding per status word.
fn check(case: &Case<'_>, _: &Mismatches<'_>) {
    let statuses = &case.contract.statuses;
    let mut by_word: BTreeMap<&str, (u64, BTreeSet<&SubscriptionId>)> = BTreeMap::new();
    let customers = case.customers.all();
    for subscription in customers.flat_map(|customer| case.subscriptions(customer)) {
        let known = statuses.grant.contains(&subscription.status)
            || statuses.deny.contains(&subscription.status);
        if known {
            continue;
        }
        let (number, named) = by_word.entry(subscription.status.as_str()).or_default();
        *number += 1;
        named.insert(&subscription.id);
        if named.len() > MAX_NAMED {
            named.pop_last();
        }
    }
    for (word, (number, named)) in by_word {
        let named: Vec<_> = named.into_iter().map(ToString::to_string).collect();
        let subscriptions = counted(number, "subscription");
        case.report(Rule::UnknownStatus, Entity::status(word), FindingDraft {
                message: format!(
                    "Status \"{word}\" of {subscriptions} is neither granted nor denied by the contract.\n\
                     Unknown status — customers who have nothing else are not judged."
                ),
                fix: format!("Add `{word}` to `statuses.grant` or `statuses.deny` in prodverdict.yml."),
                subject: Subject {
                    status: Some(word.into()),
                    subscription: named.first().map(Into::into),
                    named: named.clone().into(),
                    ..Subject::default()
                },
                evidence: vec![format!("carried by {subscriptions}, among them {}", named.join(", "))],
                ..FindingDraft::default()
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        PricePattern, Rule,
        testing::{account, contract, facts, found, only, subscription},
    };

    #[test]
    fn an_unknown_status_is_one_finding_per_word() {
        let mut contract = contract();
        contract.ignore_prices = vec![PricePattern::parse("price_other")];
        let world = facts(
            [account("1").paid(), account("2"), account("3")],
            [
                subscription("1", "Halted", "price_pro"),
                subscription("2", "halted", "price_pro"),
                subscription("3", "frozen", "price_pro"),
                subscription("3", "melted", "price_other").id("sub_other"),
            ],
        );
        assert_eq!(
            found(&contract, &world),
            [
                "unknown-status status:frozen",
                "unknown-status status:halted"
            ]
        );
        contract
            .statuses
            .deny
            .insert(crate::Status::parse("frozen"));
        let finding = only(Rule::UnknownStatus, &contract, &world);
        assert_eq!(*finding.subject.named, ["sub_1", "sub_2"]);
    }
}
