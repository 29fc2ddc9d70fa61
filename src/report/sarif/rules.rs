//! SARIF metadata of the rules: the rules that a run lists, and the help for each.

use crate::{
    contract::{HandlerRule, Rule},
    report::Outcome,
};

/// Lists every rule that such a run can break, in order.
pub(super) fn descriptors(outcome: &Outcome) -> Vec<Rule> {
    let mut rules = Rule::ALL.to_vec();
    if outcome.rehearsal.is_some() {
        rules.extend(HandlerRule::ALL.map(Rule::from));
    }
    rules
}

/// Converts a rule id to a name: `revenue-leak` becomes `RevenueLeak`.
pub(super) fn name(rule: Rule) -> String {
    rule.as_str().split('-').map(super::capital).collect()
}

/// Returns advice for a finding of the rule.
pub(super) fn help(rule: Rule) -> &'static str {
    match rule {
        Rule::RevenueLeak => {
            "Give the account access. Then find out why the webhook handler did not: whether the events of the \
             subscription arrived, and what the handler does when one becomes active."
        }
        Rule::WrongfulAccess => {
            "Take the access away, or exempt the account if it is a gift. Then look at what the webhook handler does \
             when a subscription ends."
        }
        Rule::NoSubscription => {
            "Take the access away, or list the account under exempt if it is a gift. The stored customer may also be \
             the wrong one."
        }
        Rule::PlanDrift => {
            "Store the plan that is paid for. Then look at what the webhook handler does when the price of a \
             subscription changes."
        }
        Rule::UnmappedPrice => {
            "Add the price to plans in prodverdict.yml, or to ignore_prices if it is of another product."
        }
        Rule::UnmappedFeature => {
            "Add the feature to plans in prodverdict.yml, or to ignore_prices if it is of another product."
        }
        Rule::CustomerMismatch => {
            "Store the customer that pays on the account. Then look at how the webhook handler links a customer that is \
             made a second time."
        }
        Rule::DuplicateSubscription => {
            "Decide which account the subscription belongs to, and clear its id on the others."
        }
        Rule::DuplicateCustomer => {
            "Decide which account the customer belongs to, and unlink the others."
        }
        Rule::OrphanSubscription => {
            "Link the customer to its account, or cancel the subscription if nobody uses it."
        }
        Rule::UnknownStatus => {
            "Add the status to statuses.grant or statuses.deny in prodverdict.yml."
        }
        Rule::DoubleSubscription => {
            "Ask the customer which of the subscriptions is meant, cancel the other one and refund it."
        }
        Rule::StalePlan => {
            "Reset the plan. Then let the webhook handler do so where it takes the access away."
        }
        Rule::UnlinkedAccess => {
            "Link the accounts to their customers, or exempt them if their access is a gift."
        }
        Rule::SeatDrift => {
            "Store the quantity that is paid for. Then let the webhook handler do so whenever the subscription changes."
        }
        Rule::StatusDrift => {
            "Store the status of the subscription. Then let the webhook handler do so whenever it changes."
        }
        Rule::StaleSubscriptionId => {
            "Store the id of the subscription that grants access. Then let the webhook handler do so when a new one \
             begins."
        }
        Rule::PeriodDrift => {
            "Store the end of the current period. Then let the webhook handler do so at each renewal."
        }
        Rule::CancelFlagDrift => {
            "Store whether the subscription is to end. Then let the webhook handler do so whenever that changes."
        }
        Rule::Handler(rule) => handler_help(rule),
    }
}

fn handler_help(rule: HandlerRule) -> &'static str {
    match rule {
        HandlerRule::ForgedAccepted => {
            "Verify the signature of each event over the raw body before anything else, and answer 400 where it is wrong."
        }
        HandlerRule::HandlerAnswer => {
            "Answer 2xx once an event is dealt with, and 5xx where it has to be sent again."
        }
        HandlerRule::SwallowedError => {
            "Answer 5xx when a write or a request fails: the provider sends the event again only then."
        }
        HandlerRule::HalfWritten => "Write everything that one event changes in one transaction.",
        HandlerRule::BystanderChanged => {
            "Find the row by the customer or the subscription of the event, and change no other."
        }
        HandlerRule::RepeatChanged => {
            "Store the state that the event is about instead of adding to what is stored, or remember the ids of events."
        }
        HandlerRule::UnneededWrite => "Leave rows alone that an event says nothing new about.",
        HandlerRule::PlanDropped => {
            "Keep plan and access where a price is not known, and raise an alarm instead."
        }
        HandlerRule::OrderDependent => {
            "Ask the provider for the subscription as it is now, instead of trusting the event that came last."
        }
        HandlerRule::GateDiffers => {
            "Let whatever lets people in read the column that the contract is about."
        }
        HandlerRule::AccountGone => "Keep the row of an account when its subscription ends.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_rules_holds_the_same_help() {
        for rule in Rule::every() {
            assert_eq!(crate::contract::info(rule).help, help(rule));
        }
    }
}
