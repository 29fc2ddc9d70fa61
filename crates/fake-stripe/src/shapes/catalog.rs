//! Prices, plans (their legacy form) and products.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::{EmptyList, FeatureShape, Null, View};
use crate::world::{Feature, Metadata, Price, Product, Recurring};

#[derive(Debug, Serialize)]
pub(crate) struct PriceShape<'w> {
    id: &'w str,
    object: &'static str,
    active: bool,
    billing_scheme: &'static str,
    created: i64,
    currency: &'w str,
    custom_unit_amount: Null,
    livemode: bool,
    lookup_key: Option<&'w str>,
    metadata: &'w Metadata,
    nickname: Option<&'w str>,
    product: &'w str,
    recurring: Option<RecurringShape>,
    tax_behavior: &'static str,
    tiers_mode: Option<&'static str>,
    transform_quantity: Null,
    #[serde(rename = "type")]
    kind: &'static str,
    unit_amount: Option<i64>,
    unit_amount_decimal: Option<Cow<'w, str>>,
}

#[derive(Debug, Serialize)]
struct RecurringShape {
    interval: &'static str,
    interval_count: u32,
    meter: Null,
    trial_period_days: Option<u32>,
    usage_type: &'static str,
}

impl<'w> PriceShape<'w> {
    pub(crate) fn new(price: &'w Price, view: View<'w>) -> Self {
        Self {
            id: &price.id,
            object: "price",
            active: price.active,
            billing_scheme: billing_scheme(price),
            created: price.created,
            currency: &price.currency,
            custom_unit_amount: Null,
            livemode: view.world.livemode,
            lookup_key: price.lookup_key.as_deref(),
            metadata: &price.metadata,
            nickname: price.nickname.as_deref(),
            product: &price.product,
            recurring: price.recurring.as_ref().map(|recurring| RecurringShape {
                interval: recurring.interval.as_str(),
                interval_count: recurring.interval_count,
                meter: Null,
                trial_period_days: recurring.trial_period_days,
                usage_type: recurring.usage_type(),
            }),
            tax_behavior: "unspecified",
            tiers_mode: tiers_mode(price),
            transform_quantity: Null,
            kind: price.kind(),
            unit_amount: price.unit_amount,
            unit_amount_decimal: decimal(price),
        }
    }
}

/// Renders the tiers of a tiered price. The world stores none, so there is one for any quantity.
pub(crate) fn tiers(price: &Price) -> Value {
    json!([{
        "flat_amount": null,
        "flat_amount_decimal": null,
        "unit_amount": price.unit_amount.unwrap_or_default(),
        "unit_amount_decimal": decimal(price).unwrap_or(Cow::Borrowed("0")),
        "up_to": null,
    }])
}

/// Renders the amounts by currency: only the price's own.
pub(crate) fn currency_options(price: &Price) -> Value {
    let mut options = json!({
        "custom_unit_amount": null,
        "tax_behavior": "unspecified",
        "unit_amount": price.unit_amount,
        "unit_amount_decimal": decimal(price),
    });
    if let (Some(options), true) = (options.as_object_mut(), price.tiered) {
        options.insert("tiers".to_owned(), tiers(price));
    }
    json!({ price.currency.as_str(): options })
}

fn billing_scheme(price: &Price) -> &'static str {
    if price.tiered { "tiered" } else { "per_unit" }
}

fn tiers_mode(price: &Price) -> Option<&'static str> {
    price.tiered.then_some("graduated")
}

fn decimal(price: &Price) -> Option<Cow<'_, str>> {
    let written = price.unit_amount_decimal.as_deref().map(Cow::Borrowed);
    written.or_else(|| {
        price
            .unit_amount
            .map(|amount| Cow::Owned(amount.to_string()))
    })
}

/// A plan, the legacy form of a price, which every item still carries.
#[derive(Debug, Serialize)]
pub(crate) struct PlanShape<'w> {
    id: &'w str,
    object: &'static str,
    active: bool,
    amount: Option<i64>,
    amount_decimal: Option<Cow<'w, str>>,
    billing_scheme: &'static str,
    created: i64,
    currency: &'w str,
    interval: &'static str,
    interval_count: u32,
    livemode: bool,
    metadata: &'w Metadata,
    meter: Null,
    nickname: Option<&'w str>,
    product: &'w str,
    tiers_mode: Option<&'static str>,
    transform_usage: Null,
    trial_period_days: Option<u32>,
    usage_type: &'static str,
}

impl<'w> PlanShape<'w> {
    pub(crate) fn new(price: &'w Price, view: View<'w>) -> Self {
        let recurring = price.recurring.as_ref();
        Self {
            id: &price.id,
            object: "plan",
            active: price.active,
            amount: price.unit_amount,
            amount_decimal: decimal(price),
            billing_scheme: billing_scheme(price),
            created: price.created,
            currency: &price.currency,
            interval: recurring.map_or("month", |recurring| recurring.interval.as_str()),
            interval_count: recurring.map_or(1, |recurring| recurring.interval_count),
            livemode: view.world.livemode,
            metadata: &price.metadata,
            meter: Null,
            nickname: price.nickname.as_deref(),
            product: &price.product,
            tiers_mode: tiers_mode(price),
            transform_usage: Null,
            trial_period_days: recurring.and_then(|recurring| recurring.trial_period_days),
            usage_type: recurring.map_or("licensed", Recurring::usage_type),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ProductShape<'w> {
    id: &'w str,
    object: &'static str,
    active: bool,
    created: i64,
    default_price: Option<&'w str>,
    description: Option<&'w str>,
    images: EmptyList,
    livemode: bool,
    marketing_features: EmptyList,
    metadata: &'w Metadata,
    name: &'w str,
    package_dimensions: Null,
    shippable: Null,
    statement_descriptor: Null,
    tax_code: Null,
    tax_details: Null,
    #[serde(rename = "type")]
    kind: &'static str,
    unit_label: Null,
    updated: i64,
    url: Null,
}

impl<'w> ProductShape<'w> {
    pub(crate) fn new(product: &'w Product, view: View<'w>) -> Self {
        Self {
            id: &product.id,
            object: "product",
            active: product.active,
            created: product.created,
            default_price: product.default_price.as_deref(),
            description: product.description.as_deref(),
            images: EmptyList,
            livemode: view.world.livemode,
            marketing_features: EmptyList,
            metadata: &product.metadata,
            name: &product.name,
            package_dimensions: Null,
            shippable: Null,
            statement_descriptor: Null,
            tax_code: Null,
            tax_details: Null,
            kind: "service",
            unit_label: Null,
            updated: product.created,
            url: Null,
        }
    }
}

/// A feature attached to a product.
#[derive(Debug, Serialize)]
pub(crate) struct ProductFeatureShape<'w> {
    id: String,
    object: &'static str,
    entitlement_feature: FeatureShape<'w>,
    livemode: bool,
}

impl<'w> ProductFeatureShape<'w> {
    pub(crate) fn new(product: &Product, feature: &'w Feature, view: View<'w>) -> Self {
        Self {
            id: product_feature_id(product, &feature.id),
            object: "product_feature",
            entitlement_feature: FeatureShape::new(feature, view),
            livemode: view.world.livemode,
        }
    }
}

/// Returns the id of the attachment of a feature to a product.
pub(crate) fn product_feature_id(product: &Product, feature: &str) -> String {
    let product = product.id.trim_start_matches("prod_");
    let tail = feature.trim_start_matches("feat_");
    format!("prodft_{product}{tail}")
}
