//! Changes of a subscription's items.

use serde_json::Value;

use super::Impossible;
use crate::{objects::Subscription, world::World};

impl World {
    /// Replaces the price of an item; `from` is its price now, or the first item's if `None`.
    pub fn change_price(
        &mut self,
        id: &str,
        from: Option<&str>,
        to: &str,
    ) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        let index = position(&subscription, from);
        let quantity = subscription
            .items
            .get(index)
            .map_or(1, |item| item.quantity);
        let mut changed = self.items(&[(to.to_owned(), quantity)])?;
        let cycle = changed
            .first()
            .and_then(|item| item.price.billing_cycle.clone());
        if let (Some(new), Some(item)) = (changed.pop(), subscription.items.get_mut(index)) {
            let (last, next) = (item.previously_billed_at, item.next_billed_at);
            *item = new;
            (item.previously_billed_at, item.next_billed_at) = (last, next);
        }
        if let Some(cycle) = cycle.filter(|cycle| *cycle != subscription.billing_cycle) {
            subscription.billing_cycle = cycle;
            let now = self.tick();
            subscription.begin_period(now);
        }
        self.bill_change(subscription);
        Ok(())
    }

    pub fn change_quantity(
        &mut self,
        id: &str,
        of: Option<&str>,
        quantity: u32,
    ) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        let index = position(&subscription, of);
        if let Some(item) = subscription.items.get_mut(index) {
            item.quantity = quantity;
        }
        self.bill_change(subscription);
        Ok(())
    }

    pub fn add_item(&mut self, id: &str, price: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        subscription
            .items
            .extend(self.items(&[(price.to_owned(), 1)])?);
        self.bill_change(subscription);
        Ok(())
    }

    pub fn remove_item(&mut self, id: &str, price: &str) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        subscription.items.retain(|item| item.price.id != price);
        self.save(subscription, &["updated"]);
        Ok(())
    }

    /// Replaces all items, as `PATCH` does.
    pub(crate) fn set_items(
        &mut self,
        id: &str,
        items: &[(String, u32)],
    ) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        subscription.items = self.items(items)?;
        self.bill_change(subscription);
        Ok(())
    }

    pub(crate) fn set_custom_data(
        &mut self,
        id: &str,
        data: Option<Value>,
    ) -> Result<(), Impossible> {
        let mut subscription = self.living(id)?;
        subscription.custom_data = data;
        self.save(subscription, &["updated"]);
        Ok(())
    }

    fn bill_change(&mut self, subscription: Subscription) {
        let period = subscription.current_billing_period;
        let subscription = self.save(subscription, &["updated"]);
        let mut transaction = self.bill(&subscription, "subscription_update", period);
        self.pay(&mut transaction);
    }
}

fn position(subscription: &Subscription, price: Option<&str>) -> usize {
    let mut items = subscription.items.iter();
    let found = price.and_then(|price| items.position(|item| item.price.id == price));
    found.unwrap_or_default()
}
