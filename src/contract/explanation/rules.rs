//! Lists the outcome of every rule, and the reason if it found nothing.

use super::{ExplainedRule, RuleOutcome, row::exempt};
use crate::contract::{
    Account, Field, Finding, Item, Rule, RuleColumn, Source,
    access::{CustomerAccess, PriceMeaning},
    case::Case,
    customers::{Holder, Link},
    rules::{counts_seats, is_paid_elsewhere, is_plan_alive},
};

/// Result of a rule without a finding: it holds, or it does not apply.
enum Quiet {
    Holds(String),
    DoesNotApply(String),
}

use Quiet::{DoesNotApply, Holds};

pub(super) type Known<'k> = Option<(Holder<'k>, CustomerAccess)>;

/// Returns every rule of the source, in the order of rules.
pub(super) fn all(case: &Case<'_>, known: Known<'_>, findings: &[Finding]) -> Vec<ExplainedRule> {
    let other_source = match case.contract.source {
        Source::StripeEntitlements => Rule::UnmappedPrice,
        Source::Stripe | Source::Paddle => Rule::UnmappedFeature,
    };
    let rules = Rule::ALL.into_iter().filter(|rule| *rule != other_source);
    rules
        .flat_map(|rule| {
            if is_about_accounts(rule) && !case.facts.accounts.is_empty() {
                let accounts = case.facts.accounts.iter();
                accounts
                    .map(|account| of_account(case, known, findings, rule, account))
                    .collect()
            } else {
                vec![of_customer(case, known, findings, rule)]
            }
        })
        .collect()
}

fn is_about_accounts(rule: Rule) -> bool {
    match rule {
        Rule::RevenueLeak
        | Rule::WrongfulAccess
        | Rule::NoSubscription
        | Rule::PlanDrift
        | Rule::StalePlan
        | Rule::UnlinkedAccess
        | Rule::SeatDrift
        | Rule::StatusDrift
        | Rule::StaleSubscriptionId
        | Rule::PeriodDrift
        | Rule::CustomerMismatch
        | Rule::CancelFlagDrift => true,
        Rule::UnmappedPrice
        | Rule::UnmappedFeature
        | Rule::DuplicateCustomer
        | Rule::DuplicateSubscription
        | Rule::OrphanSubscription
        | Rule::UnknownStatus
        | Rule::DoubleSubscription
        | Rule::Handler(_) => false,
    }
}

fn of_account(
    case: &Case<'_>,
    known: Known<'_>,
    findings: &[Finding],
    rule: Rule,
    account: &Account,
) -> ExplainedRule {
    let is_it = |finding: &&Finding| {
        let subject = &finding.subject;
        finding.rule == rule
            && (subject.account.as_deref() == Some(account.id.as_str())
                || subject.named.iter().any(|id| id == account.id.as_str()))
    };
    let quiet = || quiet_of_account(case, known, rule, account);
    line(
        rule,
        Some(account.id.to_string()),
        findings.iter().find(is_it),
        quiet,
    )
}

fn of_customer(
    case: &Case<'_>,
    known: Known<'_>,
    findings: &[Finding],
    rule: Rule,
) -> ExplainedRule {
    let found = findings.iter().find(|finding| finding.rule == rule);
    line(rule, None, found, || quiet_of_customer(case, known, rule))
}

fn line(
    rule: Rule,
    account: Option<String>,
    found: Option<&Finding>,
    quiet: impl FnOnce() -> Quiet,
) -> ExplainedRule {
    let (outcome, because) = match found {
        Some(finding) => (RuleOutcome::Broken(finding.severity), String::new()),
        None => match quiet() {
            Holds(because) => (RuleOutcome::Holds, because),
            DoesNotApply(because) => (RuleOutcome::DoesNotApply, because),
        },
    };
    ExplainedRule {
        rule,
        account,
        outcome,
        because,
    }
}

/// Returns the reason why a rule cannot apply, whatever the facts.
fn switched_off(case: &Case<'_>, rule: Rule) -> Option<String> {
    if !case.wants(rule) {
        return Some("the contract turns it off".to_owned());
    }
    let mut needs = rule.definition()?.needs.iter();
    needs.find_map(|need| need.unmet(case))
}

fn quiet_of_account(case: &Case<'_>, known: Known<'_>, rule: Rule, account: &Account) -> Quiet {
    if let Some(reason) = switched_off(case, rule) {
        return DoesNotApply(reason);
    }
    let entity = &case.contract.entity;
    if let Some(reason) = exempt(case, account) {
        return DoesNotApply(format!("the {entity} is exempt: {reason}"));
    }
    let is_about_links = rule == Rule::UnlinkedAccess;
    // Another account of the same customer can be linked to more of them.
    let own = case
        .customers
        .accounts()
        .find(|(one, _)| one.id == account.id);
    let own = own.and_then(|(_, link)| own_state(case, &link?));
    let Some((holder, state)) = own.or(known) else {
        return if is_about_links {
            Holds(flag(case, account))
        } else {
            DoesNotApply(format!("the {entity} is not linked to a customer"))
        };
    };
    if is_about_links {
        return Holds(format!("the {entity} is linked to a customer"));
    }
    if state == CustomerAccess::Unjudged {
        return DoesNotApply("the customer is unjudged".to_owned());
    }
    let is_judged_in_grace = rule == Rule::StatusDrift
        || (account.paid && matches!(rule, Rule::PlanDrift | Rule::SeatDrift));
    if state == CustomerAccess::InGrace && !is_judged_in_grace {
        return DoesNotApply("the customer is in grace, with or without access".to_owned());
    }
    if rule == Rule::CustomerMismatch {
        return Holds("nobody else who pays names it".to_owned());
    }
    if let Rule::RevenueLeak | Rule::WrongfulAccess | Rule::NoSubscription = rule {
        quiet_of_flag(case, state, rule, account)
    } else {
        quiet_of_column(case, &holder, state, rule, account)
    }
}

fn own_state<'k>(case: &Case<'_>, link: &Link<'k, '_>) -> Known<'k> {
    let state = case.state(&link.holder).ok()?;
    Some((link.holder, state))
}

fn flag(case: &Case<'_>, account: &Account) -> String {
    let column = case.column(Field::HasPaidAccess);
    format!("`{column}` is {}", account.paid)
}

/// Explains the rules that compare the flag with the customer's state.
fn quiet_of_flag(case: &Case<'_>, state: CustomerAccess, rule: Rule, account: &Account) -> Quiet {
    let object = case.source_object();
    if account.paid == (rule == Rule::RevenueLeak) {
        Holds(flag(case, account))
    } else if rule != Rule::RevenueLeak && is_paid_elsewhere(account) {
        DoesNotApply("`paid_elsewhere` says that something else pays for it".to_owned())
    } else if rule == Rule::RevenueLeak {
        Holds(format!("no {object} grants access"))
    } else if rule == Rule::NoSubscription {
        Holds(format!("the customer has a {object}"))
    } else if state == CustomerAccess::None {
        DoesNotApply(format!("there is no {object}, which is `no-subscription`"))
    } else {
        Holds(format!("a {object} grants access"))
    }
}

/// Explains the rules that are judged only for an account that has the access it should have.
fn quiet_of_column(
    case: &Case<'_>,
    holder: &Holder<'_>,
    state: CustomerAccess,
    rule: Rule,
    account: &Account,
) -> Quiet {
    let is_granting = state == CustomerAccess::Granting || state == CustomerAccess::InGrace;
    let (is_right, access) = if rule == Rule::StalePlan {
        (
            !account.paid && !is_granting,
            "without access, and rightly so",
        )
    } else if rule == Rule::StatusDrift {
        let is_right = account.paid == is_granting || state == CustomerAccess::InGrace;
        (is_right, "whose access is right")
    } else {
        (account.paid && is_granting, "with access, and rightly so")
    };
    if !is_right {
        return DoesNotApply(format!("it is about {}s {access}", case.contract.entity));
    }
    let column = match rule.info().column {
        Some(RuleColumn::Field(field)) => case.column(field),
        Some(RuleColumn::Link) | None => "",
    };
    if rule == Rule::StalePlan {
        if is_plan_alive(case, holder) {
            DoesNotApply("a subscription that may come back keeps its plan".to_owned())
        } else {
            Holds(format!("`{column}` is no paid plan"))
        }
    } else if rule == Rule::PlanDrift && !some_item(case, holder, carries_a_plan) {
        DoesNotApply("no price that grants is in `plans`".to_owned())
    } else if rule == Rule::PlanDrift {
        Holds(format!("`{column}` is a plan that is paid for"))
    } else if rule == Rule::SeatDrift
        && case.contract.seats.prices.is_none()
        && !some_item(case, holder, counts_seats)
    {
        DoesNotApply("no price that grants is paid by quantity".to_owned())
    } else if rule == Rule::StatusDrift && case.deciding(holder).is_none() {
        DoesNotApply("there is no subscription to compare with".to_owned())
    } else {
        Holds(format!("`{column}` agrees with the subscription"))
    }
}

/// Returns true if any item of a granting subscription, or else of an overdue one in grace, is of that kind.
fn some_item(case: &Case<'_>, holder: &Holder<'_>, is_it: fn(&Case<'_>, &Item) -> bool) -> bool {
    let mut paying = case.granting(holder);
    if paying.is_empty() {
        paying = case.overdue(holder);
    }
    let mut items = paying.iter().flat_map(|one| one.items.iter());
    items.any(|item| is_it(case, item))
}

fn carries_a_plan(case: &Case<'_>, item: &Item) -> bool {
    matches!(
        case.contract.price_meaning(&item.price),
        PriceMeaning::Plan(_)
    )
}

fn quiet_of_customer(case: &Case<'_>, known: Known<'_>, rule: Rule) -> Quiet {
    if let Some(reason) = switched_off(case, rule) {
        return DoesNotApply(reason);
    }
    let entity = &case.contract.entity;
    let accounts = case.facts.accounts.len();
    let nobody = || DoesNotApply(format!("no {entity} is linked to the customer"));
    if is_about_accounts(rule) {
        return nobody();
    }
    let Some((holder, _)) = known else {
        return DoesNotApply(match accounts {
            0 => format!("the customer has no {}", case.source_object()),
            _ => format!("the {entity} is not linked to a customer"),
        });
    };
    match rule {
        Rule::DuplicateCustomer | Rule::DoubleSubscription if accounts == 0 => nobody(),
        Rule::DuplicateCustomer | Rule::DoubleSubscription
            if !case.has_judged_account(holder.first) =>
        {
            DoesNotApply(format!("every {entity} of the customer is exempt"))
        }
        Rule::DuplicateCustomer if accounts > 1 => {
            DoesNotApply("the provider does not show the customer".to_owned())
        }
        Rule::DuplicateCustomer => Holds(format!("1 {entity} is linked to the customer")),
        Rule::DoubleSubscription => Holds("nothing is paid for twice".to_owned()),
        Rule::OrphanSubscription if accounts > 0 => {
            let are = if accounts == 1 { " is" } else { "s are" };
            Holds(format!("{accounts} {entity}{are} linked to the customer"))
        }
        Rule::OrphanSubscription => Holds("nothing is charged".to_owned()),
        Rule::UnknownStatus => Holds("the contract grants or denies every status".to_owned()),
        Rule::DuplicateSubscription => Holds("no other account stores the subscription".to_owned()),
        Rule::UnmappedPrice
        | Rule::UnmappedFeature
        | Rule::CustomerMismatch
        | Rule::RevenueLeak
        | Rule::WrongfulAccess
        | Rule::NoSubscription
        | Rule::PlanDrift
        | Rule::StalePlan
        | Rule::UnlinkedAccess
        | Rule::SeatDrift
        | Rule::StatusDrift
        | Rule::StaleSubscriptionId
        | Rule::PeriodDrift
        | Rule::CancelFlagDrift
        | Rule::Handler(_) => {
            Holds("every price that grants is in `plans` or in `ignore_prices`".to_owned())
        }
    }
}
