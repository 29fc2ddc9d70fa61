//! `unlinked-access`: accounts that have access and no customer.

use std::collections::BTreeSet;

use super::{is_paid_elsewhere, price::count};
use crate::contract::{
    Entity, Rule, Subject,
    case::{Case, Draft},
};

/// Maximum number of ids in the finding.
const NAMED: usize = 5;

/// Reports one finding for all of them.
pub(super) fn unlinked_access(case: &Case<'_>) {
    let (mut number, mut named) = (0_u64, BTreeSet::new());
    for (account, link) in case.customers.accounts() {
        let is_silent = case.is_exempt(account) || is_paid_elsewhere(account);
        if link.is_some() || !account.paid || is_silent {
            continue;
        }
        number += 1;
        named.insert(&account.id);
        if named.len() > NAMED {
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
    case.report(Rule::UnlinkedAccess, Entity::unlinked_accounts(), Draft {
            message: format!(
                "{} {has} paid access and no {}: {}{more}.\n\
                 Unlinked access — nobody can tell whether it is paid for.",
                count(number, entity),
                case.column(link),
                named.join(", "),
            ),
            fix: format!("Link each {entity} to its customer, or list it under `exempt` if the access is a gift."),
            subject: Subject {
                named: named.clone().into(),
                ..Subject::default()
            },
            evidence: vec![format!("{}, among them {}", count(number, entity), named.join(", "))],
            ..Draft::default()
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::testing::{account, contract, facts, found, only};

    #[test]
    fn one_finding_for_all_with_five_ids() {
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
