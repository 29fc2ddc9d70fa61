//! `duplicate-customer`: one customer is linked to more than one account.

use super::{
    definition::{
        RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents, RuleExplanation,
        RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    linked_twice::{linked_twice, why_nobody_is_judged},
    mismatches::Mismatches,
    no_finding::NoFinding,
};
use crate::{
    Entity, Field, Rule, Severity, Subject,
    case::{Case, FindingDraft},
    customers::{CustomerNumber, Holder},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "duplicate-customer",
        severity: Severity::Medium,
        uses_contract_severity: false,
        description: "one customer is linked to more than one account",
        help: "Decide which account the customer belongs to, and unlink the others.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[RuleNeed::MatchByCustomer],
    listing: RuleListing::Granting,
    suspect_key: RuleKey::Column(Field::CustomerId),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::Customer(check),
    explain: RuleExplanation::Customer(explain),
    correct: RuleCorrection::ByHand(
        "only you know which of the accounts the customer belongs to: unlink the others",
    ),
};

/// Reports one customer that is linked to several accounts; each of them is still judged separately.
fn check(case: &Case<'_>, _: &Mismatches<'_>, customer: CustomerNumber) {
    let Some(linked) = linked_twice(case, customer) else {
        return;
    };
    let (id, entity) = (linked.key, &case.contract.entity);
    case.report(Rule::DuplicateCustomer, Entity::customer(id), FindingDraft {
            message: format!(
                "Customer {id} is linked to {} {entity}s: {}.\n\
                 One payment gives access more than once, and one cancellation takes it from all of them.",
                linked.count, linked.listed,
            ),
            fix: format!(
                "Keep the customer id on the {entity} that pays and clear it on the others. If each of them buys a \
                 subscription of its own, set `match_on: subscription_id`."
            ),
            subject: Subject {
                customer: Some(id.into()),
                named: linked.named.into(),
                ..Subject::default()
            },
            evidence: linked.rows,
            ..FindingDraft::default()
        },
    );
}

fn explain(case: &Case<'_>, holder: &Holder<'_>) -> NoFinding {
    let entity = &case.contract.entity;
    why_nobody_is_judged(case, holder).unwrap_or_else(|| {
        if case.facts.accounts.len() > 1 {
            NoFinding::DoesNotApply("the provider does not show the customer".to_owned())
        } else {
            NoFinding::Holds(format!("1 {entity} is linked to the customer"))
        }
    })
}
