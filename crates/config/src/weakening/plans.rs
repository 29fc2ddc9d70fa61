//! Finds changes of the plans that a payment entitles to: other plans, other words for them, or another order.

use std::collections::BTreeSet;

use super::{super::diagnostics::quote, ContractPlaces, Notes, describe_change, listed};
use contract::text::counted;
use contract::{Contract, PlanKey, PlanKeyKind, PlanWords, Price};

pub(super) fn compare(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    if now.plans.is_empty() && !before.plans.is_empty() {
        let prices = counted(before.plans.len(), "price");
        let change = describe_change("plans", &prices, "none");
        let place = places.of_key("plans", None);
        notes.note("no longer checks plans", change, place);
        return;
    }
    compare_prices(before, now, places, notes);
    compare_order(before, now, places, notes);
    compare_free_plans(before, now, places, notes);
}

fn compare_prices(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let keys = before.plans.iter().chain(now.plans.iter());
    let keys: BTreeSet<&PlanKey> = keys.map(|(key, _)| key).collect();
    let mut changes = keys.into_iter().filter_map(|key| {
        let (was, is) = (plan_of(before, key)?, plan_of(now, key)?);
        is_weaker(was, is, before, now).then_some((key, was, is))
    });
    if let Some((key, was, is)) = changes.next() {
        let count = changes.count().saturating_add(1);
        let effect = format!("expects a different plan for {}", counted(count, "price"));
        let key = key.to_string();
        let change = format!(
            "the plan of {} changes from {} to {}",
            quote(&key),
            quote(&words(was)),
            quote(&words(is))
        );
        notes.note(effect, change, places.of_key("plans", Some(&key)));
    }
}

/// Returns the plan of the prices that the key matches: that of the key itself, or else of another key that matches
/// them too.
fn plan_of<'c>(contract: &'c Contract, key: &PlanKey) -> Option<&'c PlanWords> {
    contract.plans.get(key).or_else(|| {
        let text = key.text.as_str();
        let found = match key.kind {
            PlanKeyKind::Price => Price::bare(text),
            PlanKeyKind::LookupKey => Price {
                lookup_key: Some(text.into()),
                ..Price::bare("")
            },
            PlanKeyKind::Product => Price {
                product: Some(text.into()),
                ..Price::bare("")
            },
        };
        // Another key may match the same prices by another of their names.
        let by_another_name = || {
            let mut entries = contract.plans.iter();
            let other = entries.find(|(other, _)| other.is_prefix && other.kind != key.kind);
            other.map(|(_, plan)| plan)
        };
        contract.plans.plan(&found).or_else(by_another_name)
    })
}

/// Returns true if a row that the contract rejected before can pass now, or if the plan became free or stopped being free.
fn is_weaker(was: &PlanWords, is: &PlanWords, before: &Contract, now: &Contract) -> bool {
    let is_free = |plan: &PlanWords, contract: &Contract| {
        plan.words().any(|word| contract.free_plans.contains(word))
    };
    is.words().any(|word| !was.is(word))
        || is_free(was, before) != is_free(is, before)
        || is_free(was, now) != is_free(is, now)
}

fn words(plan: &PlanWords) -> String {
    plan.words().collect::<Vec<_>>().join(" or ")
}

fn compare_order(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    if before.plan_order.is_empty() || before.plan_order == now.plan_order {
        return;
    }
    let effect = if now.plan_order.is_empty() {
        "accepts any of the plans that are paid for"
    } else {
        "ranks the plans differently"
    };
    let shown = |contract: &Contract| listed(contract.plan_order.iter().map(String::as_str));
    let change = describe_change("plan_order", &shown(before), &shown(now));
    notes.note(effect, change, places.of_key("plan_order", None));
}

fn compare_free_plans(
    before: &Contract,
    now: &Contract,
    places: &ContractPlaces,
    notes: &mut Notes<'_>,
) {
    let shown = |contract: &Contract| listed(contract.free_plans.iter().map(String::as_str));
    let change = || describe_change("free_plans", &shown(before), &shown(now));
    let added: Vec<_> = now.free_plans.difference(&before.free_plans).collect();
    if let Some(first) = added.first() {
        let names = listed(added.iter().map(|plan| plan.as_str()));
        let effect = format!("accepts accounts on {names} without access");
        notes.note(effect, change(), places.of_key("free_plans", Some(first)));
    }
    // A plan that no price has grants nothing.
    let plans = now.plans.iter().flat_map(|(_, plan)| plan.words());
    let granting: BTreeSet<_> = plans.collect();
    let removed: Vec<_> = before
        .free_plans
        .difference(&now.free_plans)
        .filter(|plan| granting.contains(plan.as_str()))
        .collect();
    if !removed.is_empty() {
        let names = listed(removed.iter().map(|plan| plan.as_str()));
        let effect = format!("allows access for accounts on {names}");
        notes.note(effect, change(), places.of_key("free_plans", None));
    }
}
