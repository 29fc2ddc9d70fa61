//! `unlinked-access`: an account has access and no customer.

use std::collections::BTreeSet;

use super::{
    definition::{
        RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents, RuleExplanation,
        RuleInfo, RuleKey, RuleListing,
    },
    judged_account::is_paid_elsewhere,
    mismatches::Mismatches,
    no_finding::NoFinding,
};
use crate::{
    Account, Entity, Field, Rule, Severity, Subject,
    case::{Case, FindingDraft},
    text::counted,
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "unlinked-access",
        severity: Severity::Low,
        uses_contract_severity: false,
        description: "an account has access and no customer",
        help: "Link the accounts to their customers, or exempt them if their access is a gift.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Contract,
    money: None,
    missing_handler_action: None,
    check: RuleCheck::All(check),
    explain: RuleExplanation::Link(explain),
    correct: RuleCorrection::ByHand(
        "only you know whose customers these are: link them, or exempt the accounts",
    ),
};

/// Maximum number of ids in the finding.
const MAX_NAMED: usize = 5;

/// Reports all such accounts in one finding.
fn check(case: &Case<'_>, _: &Mismatches<'_>) {
    let (mut number, mut named) = (0_u64, BTreeSet::new());
    for (account, link) in case.customers.accounts() {
        let is_silent = case.is_exempt(account) || is_paid_elsewhere(account);
        if link.is_some() || !account.paid || is_silent {
            continue;
        }
        number += 1;
        named.insert(&account.id);
        if named.len() > MAX_NAMED {
            named.pop_last();
        }
    }
    if number == 0 {
        return;
    }
    let named: Vec<_> = named.into_iter().map(ToString::to_string).collect();
    let link = case.contract.match_on.link();
    let entity = &case.contract.entity;
    let has = if number == 1 { "has" } else { "have" };
    let more = if number > 5 { ", …" } else { "" };
    case.report(Rule::UnlinkedAccess, Entity::unlinked_accounts(), FindingDraft {
            message: format!(
                "{} {has} paid access and no {}: {}{more}.\n\
                 Unlinked access — nobody can tell whether it is paid for.",
                counted(number, entity),
                case.column(link),
                named.join(", "),
            ),
            fix: format!("Link each {entity} to its customer, or list it under `exempt` if the access is a gift."),
            subject: Subject {
                named: named.clone().into(),
                ..Subject::default()
            },
            evidence: vec![format!("{}, among them {}", counted(number, entity), named.join(", "))],
            ..FindingDraft::default()
        },
    );
}

fn explain(case: &Case<'_>, account: &Account, is_linked: bool) -> NoFinding {
    let entity = &case.contract.entity;
    if is_linked {
        return NoFinding::Holds(format!("the {entity} is linked to a customer"));
    }
    let column = case.column(Field::HasPaidAccess);
    NoFinding::Holds(format!("`{column}` is {}", account.paid))
}

#[cfg(test)]
mod tests {
    use crate::{
        Rule,
        testing::{account, contract, facts, found, only},
    };

    #[test]
    fn unlinked_accounts_are_one_finding_with_five_ids() {
        let mut accounts: Vec<_> = (1..=7)
            .map(|n| account(&n.to_string()).paid().customer(None))
            .collect();
        accounts.push(account("8").customer(Some("  ")).paid());
        accounts.push(account("9").customer(None));
        accounts.push(account("10").customer(None).paid().exempt());
        let world = facts(accounts, []);
        assert_eq!(
            found(&contract(), &world),
            ["unlinked-access accounts:unlinked"]
        );
        let finding = only(Rule::UnlinkedAccess, &contract(), &world);
        assert_eq!(
            finding.message,
            "8 users have paid access and no customer_id: usr_1, usr_2, usr_3, usr_4, usr_5, ….\n\
             Unlinked access — nobody can tell whether it is paid for."
        );
    }
}
