//! `customer-mismatch`: the person pays as one customer and the account stores another.

use super::{
    definition::{
        InGrace, RuleCheck, RuleColumn, RuleCorrection, RuleDefinition, RuleEvents,
        RuleExplanation, RuleInfo, RuleKey, RuleListing, RuleNeed,
    },
    judged_account::JudgedAccount,
    mismatches::{Mismatches, NamedAccount, is_mismatch_candidate},
    no_finding::NoFinding,
};
use crate::{
    CustomerId, Field, Rule, Severity, Subject,
    case::{Case, FindingDraft},
};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "customer-mismatch",
        severity: Severity::High,
        uses_contract_severity: true,
        description: "the person pays as one customer and the account stores another",
        help: "Store the customer that pays on the account. Then look at how the webhook handler links a customer that is \
             made a second time.",
        column: Some(RuleColumn::Link),
        compares_plans: false,
        keys: &[
            RuleKey::Column(Field::CustomerId),
            RuleKey::Column(Field::SubscriptionId),
        ],
        events: RuleEvents::NONE,
        row_fault: None,
    },
    needs: &[RuleNeed::Metadata, RuleNeed::MatchByCustomer],
    listing: RuleListing::OfPaidAccountsWithUnlinkedPayers,
    suspect_key: RuleKey::Column(Field::CustomerId),
    money: None,
    missing_handler_action: None,
    check: RuleCheck::All(check),
    explain: RuleExplanation::Account(InGrace::Unjudged, explain),
    correct: RuleCorrection::ByHand("store the customer that pays: the finding names it"),
};

/// Maximum number of subscriptions in the evidence.
const MAX_SHOWN: usize = 5;

fn check<'f>(case: &Case<'f>, mismatches: &Mismatches<'f>) {
    for (paying_id, account) in mismatches.found() {
        report(case, paying_id, account);
    }
}

fn report(case: &Case<'_>, paying_id: &str, named: NamedAccount<'_>) {
    let NamedAccount {
        customer,
        account,
        key,
    } = named;
    let (entity, capital) = (&case.contract.entity, case.entity_capital());
    let column = case.column(Field::CustomerId);
    let stored = account.customer.as_ref().map(CustomerId::as_str);
    let stored = stored.filter(|stored| !stored.trim().is_empty());
    let linked = stored.map_or_else(
        || format!("{capital} {} is linked to no customer", account.id),
        |stored| format!("{capital} {} is linked to {stored}", account.id),
    );
    let consequence = if account.paid {
        format!("the {entity} pays, and changes to that subscription will not find the row.")
    } else {
        format!("the {entity} pays and cannot access paid features.")
    };
    let metadata = case.contract.source.metadata_name();
    let granting = case.granting(&customer.into());
    let (amount, items_without_amount) = case.monthly(granting.iter().copied());
    let evidence = granting
        .iter()
        .take(MAX_SHOWN)
        .map(|subscription| case.describe_subscription(subscription));
    let mut evidence: Vec<_> = evidence.collect();
    evidence.push(format!(
        "customer {paying_id} names {entity} {} ({metadata}.{})",
        account.id, &**key
    ));
    evidence.push(case.describe_row(account));
    let newest = granting.first();
    case.report(Rule::CustomerMismatch, case.account_entity(account), FindingDraft {
            message: format!("{linked}, and pays as {paying_id} ({metadata}.{}).\nCustomer mismatch — {consequence}", &**key),
            fix: format!(
                "Store {column}={paying_id} on the {entity}, and let your webhook handler link a customer that is made later."
            ),
            subject: Subject {
                account: Some(account.id.as_str().into()),
                customer: Some(paying_id.into()),
                subscription: newest.map(|subscription| subscription.id.as_str().into()),
                status: newest.map(|subscription| subscription.status.as_str().into()),
                plan_found: account.plan.clone(),
                named: stored.map(str::to_owned).into_iter().collect(),
                ..Subject::default()
            },
            evidence,
            amount,
            items_without_amount,
            ..FindingDraft::default()
        },
    );
}

fn explain(judged: &JudgedAccount<'_, '_>) -> NoFinding {
    let entity = &judged.case.contract.entity;
    // The metadata of any customer may name the account, and only a check reads all customers.
    if is_mismatch_candidate(judged.link.account, judged.access) {
        NoFinding::DoesNotApply(format!(
            "only a check reads the customers that may pay for the {entity}"
        ))
    } else if judged.gives_access() {
        NoFinding::Holds(format!("the {entity} pays as the customer that it stores"))
    } else {
        NoFinding::Holds(format!("the {entity} is paid for elsewhere"))
    }
}
