//! Products, prices and coupons.

use compact_str::CompactString;

use super::{Impossible, events::EventObject};
use crate::world::{Coupon, Price, Product, World};

impl World {
    pub fn create_product(&mut self, product: Product) -> CompactString {
        self.begin_user_operation();
        let id = self.product(product);
        self.record_event("product.created", EventObject::Product(&id));
        id
    }

    /// Updates a product and records the event, unless nothing changed.
    pub fn update_product(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Product),
    ) -> Result<(), Impossible> {
        let known = self.products.get(id).cloned();
        let mut product = known.ok_or_else(|| Impossible::unknown("product", id))?;
        self.begin_user_operation();
        self.record_change("product.updated", EventObject::Product(id), |world| {
            change(&mut product);
            product.id = id.into();
            world.products.put(product);
        });
        Ok(())
    }

    /// Deletes a product. Only one that has never had a price can be deleted.
    pub fn delete_product(&mut self, id: &str) -> Result<(), Impossible> {
        if self.products.get(id).is_none() {
            return Err(Impossible::unknown("product", id));
        }
        if self.prices.iter().any(|price| price.product == id) {
            return Err(Impossible::NotNow {
                kind: "product",
                id: id.into(),
                state: "for sale at a price".into(),
                action: "deleting it",
            });
        }
        self.begin_user_operation();
        self.record_event("product.deleted", EventObject::Product(id));
        self.products.remove(id);
        Ok(())
    }

    pub fn create_price(&mut self, price: Price) -> CompactString {
        self.begin_user_operation();
        let id = self.price(price);
        self.record_event("price.created", EventObject::Price(&id));
        id
    }

    /// Updates a price and records the event, unless nothing changed.
    pub fn update_price(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Price),
    ) -> Result<(), Impossible> {
        let known = self.prices.get(id).cloned();
        let mut price = known.ok_or_else(|| Impossible::unknown("price", id))?;
        self.begin_user_operation();
        self.record_change("price.updated", EventObject::Price(id), |world| {
            change(&mut price);
            price.id = id.into();
            world.prices.put(price);
        });
        Ok(())
    }

    /// Replaces a price by a new one, which takes over its lookup key; the old one is archived, and these subscriptions
    /// move to the new one.
    pub fn migrate_price(
        &mut self,
        old: &str,
        new: Price,
        subscriptions: &[CompactString],
    ) -> Result<CompactString, Impossible> {
        let known = self.prices.get(old).cloned();
        let mut archived = known.ok_or_else(|| Impossible::unknown("price", old))?;
        for subscription in subscriptions {
            self.find_active(subscription, "moving it to another price")?;
        }
        self.begin_user_operation();
        let lookup_key = archived.lookup_key.take();
        let new = self.price(Price {
            lookup_key: new.lookup_key.clone().or(lookup_key),
            product: if new.product.is_empty() {
                archived.product.clone()
            } else {
                new.product.clone()
            },
            ..new
        });
        self.record_event("price.created", EventObject::Price(&new));
        self.record_change("price.updated", EventObject::Price(old), |world| {
            world.prices.put(archived.clone());
        });
        self.record_change("price.updated", EventObject::Price(old), |world| {
            archived.active = false;
            world.prices.put(archived);
        });
        for subscription in subscriptions {
            self.update_subscription_and_record(subscription, |subscription| {
                for item in subscription
                    .items
                    .iter_mut()
                    .filter(|item| item.price == old)
                {
                    item.price.clone_from(&new);
                }
            });
        }
        Ok(new)
    }

    pub fn create_coupon(&mut self, coupon: Coupon) -> CompactString {
        self.begin_user_operation();
        let id = self.put_coupon(coupon);
        self.record_event("coupon.created", EventObject::Coupon(&id));
        id
    }

    pub fn update_coupon(&mut self, id: &str, change: impl FnOnce(&mut Coupon)) {
        let Some(mut coupon) = self.objects.coupons.get(id).cloned() else {
            return;
        };
        self.begin_user_operation();
        self.record_change("coupon.updated", EventObject::Coupon(id), |world| {
            change(&mut coupon);
            world.put_coupon(coupon);
        });
    }

    /// Deletes a coupon. At Stripe existing users keep it; here they keep the discount.
    pub fn delete_coupon(&mut self, id: &str) {
        self.begin_user_operation();
        self.record_event("coupon.deleted", EventObject::Coupon(id));
        self.objects.coupons.remove(id);
    }

    pub(crate) fn new_discount_id(&mut self) -> CompactString {
        self.id_counters.next("di_1", 20)
    }
}
