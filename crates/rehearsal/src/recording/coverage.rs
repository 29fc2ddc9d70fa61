//! Finds the built-in scenario that already plays a recorded lifecycle.

use serde_json::Value;

use super::{lifecycle_reader::LABELS, price_parts::small_quantities, purchase::TRIAL_DAYS};
use crate::{
    action::ProviderAction,
    scenario::{Play, Scenario},
    sending::{Sending, Signing},
};

/// The actions of the built-in scenarios, normalized so that recorded actions can be compared with them.
#[derive(Debug)]
pub(super) struct Coverage<'s> {
    plays: Vec<CoveredPlay<'s>>,
}

#[derive(Debug)]
struct CoveredPlay<'s> {
    scenario: &'s str,
    actions: Vec<String>,
    is_plain: bool,
}

impl<'s> Coverage<'s> {
    pub(super) fn new(scenarios: &'s [Scenario]) -> Self {
        let plays = scenarios.iter().flat_map(|scenario| {
            scenario.plays.iter().map(|play| {
                let actions = play.steps.iter().flat_map(|step| &step.provider);
                CoveredPlay {
                    scenario: &scenario.id,
                    actions: signature(actions),
                    is_plain: is_plain(play),
                }
            })
        });
        Self {
            plays: plays.collect(),
        }
    }

    /// Finds the shortest scenario that begins with these actions, preferably a plain one.
    pub(super) fn scenario<'a>(
        &self,
        actions: impl Iterator<Item = &'a ProviderAction>,
    ) -> Option<&'s str> {
        let actions = signature(actions);
        let plays = self.plays.iter();
        let covers = plays.filter(|play| play.actions.starts_with(&actions));
        let best = covers.min_by_key(|play| (!play.is_plain, play.actions.len()));
        best.map(|play| play.scenario)
    }
}

/// Returns true if a play sends every event once and injects no failure.
fn is_plain(play: &Play) -> bool {
    play.steps.iter().all(|step| {
        let is_signed = |sending: &Sending| sending.signed == Signing::AsDocumented;
        step.fails.is_none() && step.again.is_empty() && step.send.iter().all(is_signed)
    })
}

/// Normalizes actions: drops waits, and replaces labels, quantities and trial lengths by canonical ones.
fn signature<'a>(actions: impl Iterator<Item = &'a ProviderAction>) -> Vec<String> {
    let actions = actions.filter(|action| !action.is_wait());
    let mut actions: Vec<Value> = actions
        .map(|action| serde_json::to_value(action).unwrap_or_default())
        .collect();
    let quantities = actions
        .iter()
        .filter_map(|action| details(action)?.get("quantity"));
    let quantities = small_quantities(quantities.filter_map(Value::as_u64));
    let mut labels: Vec<Value> = Vec::new();
    for action in &mut actions {
        let is_beside_the_plan = ["add_item", "remove_item"]
            .iter()
            .any(|name| action.get(name).is_some());
        let Some(details) = details_mut(action) else {
            continue;
        };
        if let Some(label) = details.get_mut("subscription") {
            if !labels.contains(label) {
                labels.push(label.clone());
            }
            let position = labels.iter().position(|known| known == label);
            let name = position.and_then(|position| LABELS.get(position + 1));
            *label = name.copied().into();
        }
        if let Some(quantity) = details.get_mut("quantity") {
            let small = quantity
                .as_u64()
                .and_then(|quantity| quantities.get(&quantity));
            *quantity = small.copied().into();
        }
        if let Some(days) = details.get_mut("trial_days") {
            *days = TRIAL_DAYS.into();
        }
        // Events do not show whose address it is.
        details.remove("to");
        match details.get("price").and_then(Value::as_str) {
            Some("each") => drop(details.remove("price")),
            // Without `ignore_prices`, the contract does not distinguish an unknown price from that of another product.
            Some("unknown") if is_beside_the_plan => {
                drop(details.insert("price".to_owned(), "addon".into()));
            }
            Some("other-if-any") => drop(details.insert("price".to_owned(), "other".into())),
            Some(_) | None => {}
        }
    }
    actions.iter().map(Value::to_string).collect()
}

fn details(action: &Value) -> Option<&serde_json::Map<String, Value>> {
    action.as_object()?.values().next()?.as_object()
}

fn details_mut(action: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    action.as_object_mut()?.values_mut().next()?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::built_in;

    fn covering(actions: &str) -> Option<String> {
        let actions: Vec<ProviderAction> = serde_json::from_str(actions).expect("acts");
        let scenarios = built_in(crate::Provider::Stripe).expect("scenarios");
        let covering = Coverage::new(&scenarios).scenario(actions.iter());
        covering.map(ToOwned::to_owned)
    }

    #[test]
    fn the_beginning_of_a_scenario_is_covered() {
        let renewed = r#"[{"checkout": {}}, {"renew": {}}]"#;
        assert_eq!(covering(renewed).as_deref(), Some("renewal"));
    }

    #[test]
    fn labels_waits_and_quantities_are_ignored() {
        let second = r#"[{"checkout": {}}, {"schedule_cancel": {}}, {"checkout": {"subscription": "second", "price": "other"}}]"#;
        assert_eq!(covering(second).as_deref(), Some("resubscribe"));
        let seats = r#"[{"checkout": {"quantity": 2}}, {"change_quantity": {"quantity": 5}}, {"wait": {"days": 3}}, {"change_quantity": {"quantity": 2}}]"#;
        assert_eq!(covering(seats).as_deref(), Some("quantity"));
    }

    #[test]
    fn other_actions_are_not_covered() {
        let upgraded_while_owing = r#"[{"checkout": {}}, {"renew": {"paid": "no"}}, {"payment_failed": {}}, {"change_price": {"price": "other"}}]"#;
        assert_eq!(covering(upgraded_while_owing), None);
    }
}
