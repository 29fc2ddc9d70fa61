//! Derives the changes of a subscription's items between two events.

use super::{
    Unplayable,
    lifecycle_reader::{LifecycleChange, LifecycleReader},
    price_parts::PricePart,
    stripped_event::EventContent,
    subscription_state::{ItemState, SubscriptionState},
};
use crate::{
    action::{Label, ProviderAction},
    test_prices::PriceRole,
};

/// Returns true if the price changed to or from another interval, which starts a new period.
pub(super) fn begins_period(was: &[PricePart], now: &[PricePart]) -> bool {
    let has = |parts: &[PricePart], role| parts.iter().any(|(part_role, _)| *part_role == role);
    has(was, PriceRole::Yearly) != has(now, PriceRole::Yearly)
}

pub(super) fn read(
    reader: &mut LifecycleReader<'_>,
    change: LifecycleChange<'_>,
    (was, label): (&SubscriptionState, &Label),
    is_renewed: bool,
) -> Result<(), Unplayable> {
    let now = change.now;
    if !was.has_schedule && now.has_schedule {
        let price = scheduled(reader, change)?.ok_or(Unplayable::ScheduleOutside)?;
        let subscription = label.clone();
        reader.push(
            change.at,
            ProviderAction::ScheduleChange {
                subscription,
                price,
            },
        );
        return Ok(());
    }
    let mut actions = changes(reader, was, now, label)?;
    if was.has_schedule && !actions.is_empty() {
        if !matches!(actions.as_slice(), [ProviderAction::ChangePrice { .. }]) {
            return Err(Unplayable::ScheduleOutside);
        }
        if is_renewed {
            reader.actions.pop();
        }
        let subscription = label.clone();
        actions = vec![ProviderAction::EnterPhase { subscription }];
    }
    for action in actions {
        reader.push(change.at, action);
    }
    Ok(())
}

/// Finds the price that a schedule later changes the subscription to.
fn scheduled(
    reader: &mut LifecycleReader<'_>,
    change: LifecycleChange<'_>,
) -> Result<Option<PriceRole>, Unplayable> {
    let roles =
        |parts: Vec<PricePart>| -> Vec<PriceRole> { parts.iter().map(|(role, _)| *role).collect() };
    let now = roles(reader.parts.all_parts(change.now)?);
    for event in reader.events.iter().skip(change.index + 1) {
        let EventContent::Subscription { id, now: later, .. } = &event.content else {
            continue;
        };
        if id != change.id {
            continue;
        }
        let later = roles(reader.parts.all_parts(later)?);
        if later != now {
            let mut pairs = later.iter().zip(&now);
            return Ok(pairs
                .find(|(later, now)| later != now)
                .map(|(role, _)| *role));
        }
    }
    Ok(None)
}

fn changes(
    reader: &mut LifecycleReader<'_>,
    was: &SubscriptionState,
    now: &SubscriptionState,
    label: &Label,
) -> Result<Vec<ProviderAction>, Unplayable> {
    let subscription = || label.clone();
    let by_id = |items: &'_ [ItemState], item: &ItemState| {
        items.iter().find(|other| other.id == item.id).cloned()
    };
    let gone = was
        .items
        .iter()
        .filter(|item| by_id(&now.items, item).is_none());
    let new = now
        .items
        .iter()
        .filter(|item| by_id(&was.items, item).is_none());
    let (gone, new): (Vec<_>, Vec<_>) = (gone.cloned().collect(), new.cloned().collect());
    let stayed = was
        .items
        .iter()
        .filter_map(|item| Some((item.clone(), by_id(&now.items, item)?)));
    let mut pairs: Vec<(ItemState, ItemState)> = stayed.collect();
    let mut actions = Vec::new();
    if let ([old], [fresh]) = (gone.as_slice(), new.as_slice()) {
        // An item that replaces another is a change of price.
        pairs.push((old.clone(), fresh.clone()));
    } else {
        for item in &new {
            let (price, quantity) = reader.parts.part(item)?;
            if quantity.is_some_and(|quantity| quantity != 1) {
                return Err(Unplayable::QuantitiesDiffer);
            }
            let subscription = subscription();
            actions.push(ProviderAction::AddItem {
                subscription,
                price,
            });
        }
        for item in &gone {
            let (price, _) = reader.parts.part(item)?;
            let subscription = subscription();
            actions.push(ProviderAction::RemoveItem {
                subscription,
                price,
            });
        }
    }
    for (old, fresh) in &pairs {
        let (old, fresh) = (reader.parts.part(old)?, reader.parts.part(fresh)?);
        if old.0 != fresh.0 {
            let (subscription, price) = (subscription(), fresh.0);
            actions.push(ProviderAction::ChangePrice {
                subscription,
                price,
            });
        }
        if old.1 != fresh.1
            && let Some(quantity) = fresh.1
        {
            let subscription = subscription();
            actions.push(ProviderAction::ChangeQuantity {
                subscription,
                quantity,
            });
        }
    }
    Ok(actions)
}
