//! Decodes the invoice of a subscription's current period, which shows the products that the subscription had when the
//! period began.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    billing::{
        Decoded,
        decoding::{Reference, from_text},
    },
    contract::{Subscription, SubscriptionId},
};

const SUBSCRIPTION: &str = "subscription";

/// `billing_reason` of an invoice that Stripe creates when a period begins.
const RENEWAL: &str = "subscription_cycle";

/// Products at the start of the current period, by subscription. Subscriptions whose latest invoice does not show them are
/// missing.
#[derive(Debug, Default)]
pub(super) struct RenewedProducts(BTreeMap<SubscriptionId, BTreeSet<String>>);

impl RenewedProducts {
    pub(super) fn get(&self, subscription: &SubscriptionId) -> Option<&BTreeSet<String>> {
        self.0.get(subscription)
    }

    /// Replaces what is known about a subscription by what its latest invoice shows. An invoice that cannot be decoded
    /// shows nothing.
    pub(super) fn record(&mut self, text: &RawValue, decoded: &Decoded) {
        let Subscription { id, period, .. } = &decoded.subscription;
        let invoice = match from_text::<WireSubscription>(SUBSCRIPTION, text) {
            Ok(WireSubscription {
                latest_invoice: Some(WireLatest::Expanded(invoice)),
            }) => Some(invoice),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!("{error}");
                None
            }
        };
        let products = invoice
            .zip(*period)
            .and_then(|(invoice, period)| invoice.products_at(period.start().0));
        match products {
            Some(products) => self.0.insert(id.clone(), products),
            None => self.0.remove(id),
        };
    }
}

#[derive(Deserialize)]
#[serde(expecting = "a subscription")]
struct WireSubscription {
    latest_invoice: Option<WireLatest>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "an id or an invoice")]
enum WireLatest {
    Expanded(WireInvoice),
    Id(#[expect(dead_code, reason = "an invoice that was not expanded shows nothing")] String),
}

#[derive(Deserialize)]
#[serde(expecting = "an invoice")]
struct WireInvoice {
    billing_reason: Option<String>,
    lines: WireLines,
}

#[derive(Deserialize)]
#[serde(expecting = "a list of lines")]
struct WireLines {
    data: Vec<WireLine>,
    has_more: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "a line")]
struct WireLine {
    period: WirePeriod,
    parent: Option<WireParent>,
    pricing: Option<WirePricing>,
}

#[derive(Deserialize)]
#[serde(expecting = "a period")]
struct WirePeriod {
    start: i64,
    end: i64,
}

#[derive(Deserialize)]
#[serde(expecting = "the parent of a line")]
struct WireParent {
    subscription_item_details: Option<WireItemDetails>,
}

#[derive(Deserialize)]
#[serde(expecting = "details of an item")]
struct WireItemDetails {
    proration: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "the pricing of a line")]
struct WirePricing {
    price_details: Option<WirePriceDetails>,
}

#[derive(Deserialize)]
#[serde(expecting = "details of a price")]
struct WirePriceDetails {
    product: Reference,
}

impl WireInvoice {
    /// Returns the products of the items of a period that began at this time, or `None` if the invoice does not show all
    /// of them.
    fn products_at(&self, start: i64) -> Option<BTreeSet<String>> {
        if self.billing_reason.as_deref() != Some(RENEWAL) || self.lines.has_more {
            return None;
        }
        let lines = || self.lines.data.iter().filter(|line| line.is_of_item());
        if !lines().any(|line| line.period.start == start) {
            return None;
        }
        let mut products = BTreeSet::new();
        for line in lines() {
            // Metered usage is billed when its period ends, which is when the next one begins.
            if line.period.start != start && line.period.end != start {
                return None;
            }
            products.insert(line.product()?);
        }
        Some(products)
    }
}

impl WireLine {
    /// Returns false for prorations and other additions.
    fn is_of_item(&self) -> bool {
        let parent = self.parent.as_ref();
        let item = parent.and_then(|parent| parent.subscription_item_details.as_ref());
        item.is_some_and(|item| !item.proration)
    }

    fn product(&self) -> Option<String> {
        let details = self.pricing.as_ref()?.price_details.as_ref()?;
        Some(details.product.0.clone())
    }
}

#[cfg(test)]
impl FromIterator<(SubscriptionId, BTreeSet<String>)> for RenewedProducts {
    fn from_iter<I: IntoIterator<Item = (SubscriptionId, BTreeSet<String>)>>(products: I) -> Self {
        Self(products.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::{Metadata, Period, UnixSeconds};

    const START: i64 = 1_000;

    fn line(product: &str, period: (i64, i64), proration: bool) -> Value {
        json!({
            "period": {"start": period.0, "end": period.1},
            "parent": {"subscription_item_details": {"proration": proration}},
            "pricing": {"price_details": {"product": product}},
        })
    }

    fn invoice(lines: &[Value]) -> Value {
        invoice_because(RENEWAL, lines, false)
    }

    fn invoice_because(reason: &str, lines: &[Value], has_more: bool) -> Value {
        json!({"billing_reason": reason, "lines": {"data": lines, "has_more": has_more}})
    }

    fn products(invoice: &Value) -> Option<String> {
        let invoice: WireInvoice = serde_json::from_value(invoice.clone()).expect("an invoice");
        let products = invoice.products_at(START)?.into_iter();
        Some(products.collect::<Vec<_>>().join("+"))
    }

    /// Returns how many products are known after the subscription was read with each of these invoices in turn.
    fn known_after(invoices: &[Value]) -> Option<usize> {
        let mut renewed = RenewedProducts::default();
        let mut subscription = contract::testing::subscription("1", "active", "price");
        subscription.period = Some(Period::new(UnixSeconds(START), UnixSeconds(START + 10)));
        let id = subscription.id.clone();
        let decoded = Decoded {
            subscription,
            livemode: None,
            customer_metadata: Metadata::default(),
            may_have_more_items: false,
            currency: None,
            period: None,
        };
        for invoice in invoices {
            let object = json!({"id": "sub_1", "latest_invoice": invoice});
            let text = RawValue::from_string(object.to_string()).expect("JSON");
            renewed.record(&text, &decoded);
        }
        renewed.get(&id).map(BTreeSet::len)
    }

    #[test]
    fn the_last_read_of_a_subscription_counts() {
        let shown = invoice(&[line("basic", (START, START + 10), false)]);
        assert_eq!(known_after(std::slice::from_ref(&shown)), Some(1));
        for unknown in [json!(null), json!("in_1"), json!({"lines": 7})] {
            assert_eq!(
                known_after(&[shown.clone(), unknown.clone()]),
                None,
                "{unknown}"
            );
        }
    }

    #[test]
    fn a_renewal_shows_the_products_at_its_time() {
        let month = (START, START + 10);
        let basic = line("basic", month, false);
        let metered = line("usage", (START - 10, START), false);
        let proration = line("pro", (START - 5, START - 1), true);
        let addition = json!({
            "period": {"start": 7, "end": 8},
            "parent": {"subscription_item_details": null, "invoice_item_details": {}},
            "pricing": null,
        });
        let all = invoice(&[basic.clone(), metered, proration, addition]);
        assert_eq!(products(&all).as_deref(), Some("basic+usage"));

        let earlier = line("basic", (START - 20, START - 10), false);
        assert_eq!(products(&invoice(&[basic.clone(), earlier])), None);
        // The invoice of the period before.
        let before = line("basic", (START - 10, START), false);
        assert_eq!(products(&invoice(&[before])), None);
        let unpriced = json!({
            "period": {"start": START, "end": START + 10},
            "parent": {"subscription_item_details": {"proration": false}},
            "pricing": null,
        });
        assert_eq!(products(&invoice(&[basic.clone(), unpriced])), None);
        let lines = [basic];
        let update = invoice_because("subscription_update", &lines, false);
        assert_eq!(products(&update), None);
        assert_eq!(products(&invoice_because(RENEWAL, &lines, true)), None);
    }
}
