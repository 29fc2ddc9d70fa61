//! Changes of a subscription: prices, quantities, items and other fields.

use compact_str::{CompactString, format_compact};

use super::{Impossible, events::EventObject, subscription_invoices::line_for};
use crate::world::{
    InvoiceItem, InvoiceLine, Item, Period, Recurring, Status, Subscription, World,
};

impl World {
    /// Updates a subscription and records the event, unless nothing changed. Bills nothing.
    pub fn update_subscription(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Subscription),
    ) -> Result<(), Impossible> {
        self.find_subscription_or_fail(id)?;
        self.begin_user_operation();
        self.update_subscription_and_record(id, change);
        Ok(())
    }

    /// Replaces the price of an item, given by its id or price (default: the first). The rest of the period is prorated
    /// on the next invoice; another interval starts a new period and is billed immediately.
    pub fn change_price(
        &mut self,
        id: &str,
        item: Option<&str>,
        price: &str,
    ) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "changing its price")?;
        let old = find_item(&subscription, item)?.clone();
        if self.prices.get(price).is_none() {
            return Err(Impossible::unknown("price", price));
        }
        self.begin_user_operation();
        let new = Item {
            price: price.into(),
            ..old.clone()
        };
        let restarts = self.interval_of(&old) != self.interval_of(&new)
            && subscription.status != Status::Trialing;
        let before = self.render(EventObject::Subscription(id));
        self.change_subscription_silently(id, |subscription| {
            replace_item(subscription, &old.id, &new);
        });
        if !restarts {
            self.record_difference(
                "customer.subscription.updated",
                EventObject::Subscription(id),
                &before,
            );
            self.prorate_and_record(&subscription, Some(&old), Some(&new));
            return Ok(());
        }
        let clock = self.clock;
        self.prorate_unused(&subscription, &old);
        self.begin_periods(id, clock);
        self.change_subscription_silently(id, |subscription| {
            subscription.details.billing_cycle_anchor = Some(clock);
        });
        let invoice = self.draft_invoice(id, "subscription_update");
        self.record_difference(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            &before,
        );
        self.record_event("invoice.created", EventObject::Invoice(&invoice));
        self.pay_and_record(&invoice);
        Ok(())
    }

    /// Changes the quantity of an item.
    pub fn change_quantity(
        &mut self,
        id: &str,
        item: Option<&str>,
        quantity: u32,
    ) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "changing its quantity")?;
        let old = find_item(&subscription, item)?.clone();
        self.begin_user_operation();
        let new = old.clone().quantity(quantity);
        self.update_subscription_and_record(id, |subscription| {
            replace_item(subscription, &old.id, &new);
        });
        if new.quantity != old.quantity {
            self.prorate_and_record(&subscription, Some(&old), Some(&new));
        }
        Ok(())
    }

    /// Adds an item with the same period as the others.
    pub fn add_item(&mut self, id: &str, item: Item) -> Result<CompactString, Impossible> {
        let subscription = self.find_active(id, "adding an item")?;
        if self.prices.get(&item.price).is_none() {
            return Err(Impossible::unknown("price", &item.price));
        }
        self.begin_user_operation();
        let mut item = item;
        self.fill(&mut item.id, "si_", 14);
        let period = subscription.items.first().and_then(|first| first.period);
        item.period = item.period.or(period);
        let added = item.clone();
        self.update_subscription_and_record(id, |subscription| subscription.items.push(item));
        self.prorate_and_record(&subscription, None, Some(&added));
        Ok(added.id)
    }

    /// Removes an item, given by its id or price. The last one cannot be removed.
    pub fn remove_item(&mut self, id: &str, item: &str) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "removing an item")?;
        let old = find_item(&subscription, Some(item))?.clone();
        if subscription.items.len() == 1 {
            return Err(Impossible::NotNow {
                kind: "subscription item",
                id: old.id,
                state: "the only one".into(),
                action: "removing it",
            });
        }
        self.begin_user_operation();
        self.update_subscription_and_record(id, |subscription| {
            subscription.items.retain(|item| item.id != old.id);
        });
        self.prorate_and_record(&subscription, Some(&old), None);
        Ok(())
    }

    fn interval_of(&self, item: &Item) -> Option<&Recurring> {
        self.prices.get(&item.price)?.recurring.as_ref()
    }

    /// Records the proration of a change for the next invoice: credit for unused time, charge for the remaining time.
    fn prorate_and_record(
        &mut self,
        subscription: &Subscription,
        old: Option<&Item>,
        new: Option<&Item>,
    ) {
        let back = old.and_then(|old| self.prorate_unused(subscription, old));
        let due = new.and_then(|new| self.prorate(subscription, new, true));
        for item in [back, due].into_iter().flatten() {
            self.record_event("invoiceitem.created", EventObject::InvoiceItem(&item));
        }
    }

    fn prorate_unused(&mut self, subscription: &Subscription, old: &Item) -> Option<CompactString> {
        self.prorate(subscription, old, false)
    }

    /// Creates an invoice item for the rest of an item's period. Returns `None` during a trial and for metered usage.
    fn prorate(
        &mut self,
        subscription: &Subscription,
        item: &Item,
        is_due: bool,
    ) -> Option<CompactString> {
        let Period { start, end } = item.period?;
        item.quantity?;
        if subscription.status == Status::Trialing {
            return None;
        }
        let left = end
            .saturating_sub(self.clock)
            .clamp(0, end.saturating_sub(start));
        let share = self
            .amount(item)
            .saturating_mul(left)
            .checked_div(end.saturating_sub(start))?;
        let name = self.product_name(item);
        let (amount, description) = if is_due {
            (share, format_compact!("Remaining time on {name}"))
        } else {
            (
                share.saturating_neg(),
                format_compact!("Unused time on {name}"),
            )
        };
        let line = InvoiceLine {
            amount,
            description,
            period: Some(Period {
                start: self.clock.clamp(start, end),
                end,
            }),
            proration: true,
            ..line_for(item)
        };
        Some(self.put_invoice_item(InvoiceItem {
            customer: subscription.customer.clone(),
            subscription: subscription.id.clone(),
            currency: self.currency_of(subscription).into(),
            line,
            ..InvoiceItem::default()
        }))
    }
}

/// Finds the item with this id or, failing that, this price.
fn find_item<'s>(
    subscription: &'s Subscription,
    item: Option<&str>,
) -> Result<&'s Item, Impossible> {
    let items = &subscription.items;
    let found = match item {
        None => items.first(),
        Some(name) => items
            .iter()
            .find(|item| item.id == name)
            .or_else(|| items.iter().find(|item| item.price == name)),
    };
    found.ok_or_else(|| Impossible::unknown("subscription item", item.unwrap_or_default()))
}

fn replace_item(subscription: &mut Subscription, id: &str, new: &Item) {
    for item in subscription.items.iter_mut().filter(|item| item.id == id) {
        *item = new.clone();
    }
}
