//! Purchases: of subscriptions, and of things that are paid once.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Impossible, records::transaction_item};
use crate::{
    objects::{Address, Customer, Item, Period, Price, Product, Subscription, Transaction},
    world::World,
};

/// A purchase.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkout {
    /// An existing customer.
    pub customer: String,
    /// Ids of prices, with quantities.
    pub items: Vec<(String, u32)>,
    pub trial_days: Option<u32>,
    /// With a discount of 100 percent.
    pub is_free: bool,
    pub custom_data: Option<Value>,
    /// Made through the API or the dashboard, not by Paddle's own checkout.
    pub by_api: bool,
    /// Billed by invoice: active before it is paid.
    pub is_invoiced: bool,
}

/// The objects created by a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub transaction: String,
    pub subscription: String,
}

impl World {
    /// Creates a customer without an event: its first purchase announces it.
    pub fn create_customer(&mut self, email: &str) -> String {
        let id = self.id("ctm_");
        let now = self.tick();
        self.customers.insert(
            id.clone(),
            Customer {
                id: id.clone(),
                // Paddle stores addresses in lower case.
                email: email.to_lowercase(),
                status: "active".to_owned(),
                locale: "en".to_owned(),
                created_at: now,
                updated_at: now,
                ..Customer::default()
            },
        );
        id
    }

    /// Buys a subscription, with all events of a checkout.
    pub fn buy(&mut self, checkout: &Checkout) -> Result<Purchase, Impossible> {
        let customer = self.customers.get(&checkout.customer);
        let customer =
            customer.ok_or_else(|| Impossible::unknown("customer", &checkout.customer))?;
        let customer_id = customer.id.clone();
        let items = self.items(&checkout.items)?;
        let origin = if checkout.by_api { "api" } else { "web" };
        let cycle = items
            .iter()
            .find_map(|item| item.price.billing_cycle.clone());
        let cycle = cycle.ok_or(Impossible::NotPaddle("a subscription to one-time prices"))?;
        let mut subscription = Subscription {
            customer_id: customer_id.clone(),
            custom_data: checkout.custom_data.clone(),
            billing_cycle: cycle,
            items,
            discount: checkout.is_free.then(
                || json!({"id": "dsc_01k0prodverdictdiscount000", "starts_at": null, "ends_at": null}),
            ),
            ..Subscription::default()
        };
        if checkout.is_invoiced {
            "manual".clone_into(&mut subscription.collection_mode);
            subscription.billing_details = Some(json!({
                "enable_checkout": false, "purchase_order_number": "", "additional_information": null,
                "payment_terms": {"interval": "day", "frequency": 14},
            }));
        }
        let lines = subscription.items.iter().map(transaction_item).collect();
        let mut transaction = self.draft(&subscription, origin, lines);
        if checkout.trial_days.is_some() {
            transaction.write_details(true);
        }
        (transaction.customer_id, transaction.address_id) = (None, None);
        self.advance(&mut transaction, "draft", &["created"]);
        subscription.address_id = self.announce(&customer_id);
        transaction.customer_id = Some(customer_id);
        transaction.address_id = Some(subscription.address_id.clone());
        self.advance(&mut transaction, "ready", &["updated", "ready"]);
        if checkout.is_invoiced {
            self.advance(&mut transaction, "billed", &["updated", "billed"]);
        } else {
            self.capture(&mut transaction);
        }
        subscription.id = self.id("sub_");
        self.start(&mut subscription, checkout.trial_days);
        let mut created = serde_json::to_value(&subscription).unwrap_or_default();
        if let Some(fields) = created.as_object_mut() {
            fields.insert("transaction_id".to_owned(), json!(transaction.id));
        }
        self.record("subscription.created", &created);
        transaction.subscription_id = Some(subscription.id.clone());
        transaction.billing_period = subscription.current_billing_period;
        let status = transaction.status.clone();
        self.advance(&mut transaction, &status, &["updated"]);
        let begun = if checkout.trial_days.is_some() {
            "trialing"
        } else {
            "activated"
        };
        let subscription = self.save(subscription, &[begun]);
        if !checkout.is_invoiced {
            self.advance(&mut transaction, "completed", &["updated", "completed"]);
        }
        Ok(Purchase {
            transaction: transaction.id,
            subscription: subscription.id,
        })
    }

    /// Sets the times of a new subscription.
    fn start(&mut self, subscription: &mut Subscription, trial_days: Option<u32>) {
        let now = self.tick();
        (subscription.created_at, subscription.updated_at) = (now, now);
        subscription.started_at = Some(now);
        let Some(days) = trial_days else {
            subscription.begin_period(now);
            return;
        };
        let length = SignedDuration::from_hours(i64::from(days).saturating_mul(24));
        let trial = Period {
            starts_at: now,
            ends_at: now.checked_add(length).unwrap_or(now),
        };
        "trialing".clone_into(&mut subscription.status);
        subscription.current_billing_period = Some(trial);
        subscription.next_billed_at = Some(trial.ends_at);
        for item in &mut subscription.items {
            "trialing".clone_into(&mut item.status);
            item.trial_dates = Some(trial);
            item.next_billed_at = Some(trial.ends_at);
        }
    }

    /// Returns the items of a purchase.
    pub(super) fn items(&mut self, wanted: &[(String, u32)]) -> Result<Vec<Item>, Impossible> {
        let now = self.tick();
        let item = |(id, quantity): &(String, u32)| {
            let price = self.prices.get(id).cloned();
            let price = price.ok_or_else(|| Impossible::unknown("price", id))?;
            let product = self.products.get(&price.product_id).cloned();
            Ok(Item {
                quantity: *quantity,
                recurring: price.billing_cycle.is_some(),
                created_at: now,
                updated_at: now,
                product: product.unwrap_or_else(|| Product::new(&price.product_id, &price.id)),
                price,
                ..Item::default()
            })
        };
        wanted.iter().map(item).collect()
    }

    /// Records the creation of a customer, if it is new, and of an address. Returns the address.
    pub(super) fn announce(&mut self, customer: &str) -> String {
        if self.announced.insert(customer.to_owned())
            && let Some(customer) = self.customers.get(customer).cloned()
        {
            self.record("customer.created", &customer);
        }
        let id = self.id("add_");
        let now = self.tick();
        let address = Address {
            id: id.clone(),
            customer_id: customer.to_owned(),
            country_code: "US".to_owned(),
            postal_code: Some("10001".to_owned()),
            status: "active".to_owned(),
            created_at: now,
            updated_at: now,
            ..Address::default()
        };
        self.record("address.created", &address);
        self.addresses.insert(id.clone(), address);
        id
    }

    /// Adds a subscription that was migrated from elsewhere.
    pub fn import(&mut self, checkout: &Checkout) -> Result<String, Impossible> {
        let items = self.items(&checkout.items)?;
        let imported = json!({"external_id": "legacy-1", "imported_from": "elsewhere"});
        let customer = self.customers.get_mut(&checkout.customer);
        let customer =
            customer.ok_or_else(|| Impossible::unknown("customer", &checkout.customer))?;
        customer.import_meta = Some(imported.clone());
        let customer = customer.clone();
        self.announced.insert(customer.id.clone());
        self.record("customer.imported", &customer);
        let address_id = self.announce(&customer.id);
        let mut subscription = Subscription {
            id: self.id("sub_"),
            customer_id: customer.id,
            address_id,
            custom_data: checkout.custom_data.clone(),
            import_meta: Some(imported),
            items,
            ..Subscription::default()
        };
        self.start(&mut subscription, None);
        Ok(self.save(subscription, &["imported"]).id)
    }

    /// Buys something that is paid once; `None` is a guest, who becomes a new customer.
    pub fn pay_once(
        &mut self,
        customer: Option<&str>,
        price: &str,
        custom_data: Option<Value>,
    ) -> Result<String, Impossible> {
        let customer = match customer {
            Some(customer) => customer.to_owned(),
            None => self.create_customer("guest@rehearsal.prodverdict.invalid"),
        };
        let mut transaction = self.one_off(&customer, price, custom_data)?;
        self.advance(&mut transaction, "ready", &["created", "ready"]);
        self.pay(&mut transaction);
        Ok(transaction.id)
    }

    /// Bills something without a subscription by invoice, which is paid or becomes overdue.
    pub fn invoice_once(
        &mut self,
        customer: &str,
        price: &str,
        is_paid: bool,
    ) -> Result<(), Impossible> {
        let mut transaction = self.one_off(customer, price, None)?;
        "manual".clone_into(&mut transaction.collection_mode);
        "api".clone_into(&mut transaction.origin);
        self.advance(&mut transaction, "billed", &["created", "billed"]);
        if is_paid {
            self.pay(&mut transaction);
        } else {
            self.advance(&mut transaction, "past_due", &["updated", "past_due"]);
        }
        Ok(())
    }

    /// Returns a new transaction without a subscription, before any event.
    fn one_off(
        &mut self,
        customer: &str,
        price: &str,
        custom_data: Option<Value>,
    ) -> Result<Transaction, Impossible> {
        let items = self.items(&[(price.to_owned(), 1)])?;
        let buyer = Subscription {
            address_id: self.announce(customer),
            customer_id: customer.to_owned(),
            custom_data,
            ..Subscription::default()
        };
        let lines = items.iter().map(transaction_item).collect();
        Ok(self.draft(&buyer, "web", lines))
    }

    /// Opens a checkout through the API.
    pub(crate) fn open_checkout(
        &mut self,
        items: &[(String, u32)],
        customer: Option<String>,
        custom_data: Option<Value>,
    ) -> Result<Transaction, Impossible> {
        let items = self.items(items)?;
        let status = if customer.is_some() { "ready" } else { "draft" };
        let buyer = Subscription {
            customer_id: customer.clone().unwrap_or_default(),
            custom_data,
            ..Subscription::default()
        };
        let lines = items.iter().map(transaction_item).collect();
        let mut transaction = self.draft(&buyer, "api", lines);
        transaction.customer_id = customer;
        transaction.address_id = None;
        self.advance(&mut transaction, status, &["created"]);
        Ok(transaction)
    }

    /// A card is declined in a checkout, which stays open.
    pub fn decline(
        &mut self,
        customer: &str,
        price: &str,
        custom_data: Option<Value>,
    ) -> Result<(), Impossible> {
        let mut transaction = self.one_off(customer, price, custom_data)?;
        self.advance(&mut transaction, "ready", &["created", "ready"]);
        self.attempt(&mut transaction, Some("declined"));
        self.advance(&mut transaction, "ready", &["payment_failed", "updated"]);
        Ok(())
    }

    /// Creates a product and a price unless they exist, and records their events.
    pub fn offer(&mut self, mut price: Price, product_name: &str) {
        if self.prices.contains_key(&price.id) {
            return;
        }
        let now = self.tick();
        if price.product_id.is_empty() {
            price.product_id = self.id("pro_");
        }
        if !self.products.contains_key(&price.product_id) {
            let mut product = Product::new(&price.product_id, product_name);
            (product.created_at, product.updated_at) = (now, now);
            self.record("product.created", &product);
            self.product(product);
        }
        (price.created_at, price.updated_at) = (now, now);
        self.record("price.created", &price);
        self.price(price);
    }
}
