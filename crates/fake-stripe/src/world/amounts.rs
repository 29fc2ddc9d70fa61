//! Amounts and currencies that follow from prices and coupons.

use super::{CheckoutSession, Item, Subscription, World};

impl World {
    /// Returns the cost of an item for one period. Usage is not measured here, so metered items cost nothing.
    pub(crate) fn amount(&self, item: &Item) -> i64 {
        let price = self.prices.get(&item.price);
        let unit = price
            .and_then(|price| price.unit_amount)
            .unwrap_or_default();
        unit.saturating_mul(i64::from(item.quantity.unwrap_or_default()))
    }

    /// Returns the amount due today for a Checkout session, before any discount.
    pub(crate) fn session_subtotal(&self, session: &CheckoutSession) -> i64 {
        if session.trial_days.is_some() {
            return 0;
        }
        let amounts = session.items.iter().map(|item| self.amount(item));
        amounts.fold(0, i64::saturating_add)
    }

    /// Returns the discount by a session's coupon on an amount.
    pub(crate) fn amount_off(&self, session: &CheckoutSession, amount: i64) -> i64 {
        let coupon = session.coupon.as_deref();
        let coupon = coupon.and_then(|id| self.objects.coupons.get(id));
        coupon.map_or(0, |coupon| coupon.taken_off(amount))
    }

    pub(crate) fn currency_of<'w>(&'w self, subscription: &'w Subscription) -> &'w str {
        let first = subscription.items.first();
        let price = first.and_then(|item| self.prices.get(&item.price));
        let implied = price.map_or("usd", |price| price.currency.as_str());
        subscription.details.currency.as_deref().unwrap_or(implied)
    }
}
