//! `expand[]`: replaces ids by the objects that they refer to.

mod included;
mod referenced;

use serde::Serialize;
use serde_json::{Map, Value};

use self::{included::add_requested_field, referenced::object_of};
use fake_http::Unsupported;

use super::{
    error::ApiError,
    keys::Permission,
    shapes::{self, View},
};

/// Maximum depth of a path.
const MAX_DEPTH: usize = 4;

/// Keys that hold an id, a list of ids or null, and may hold the objects instead.
const EXPANDABLE: [&str; 57] = [
    "account",
    "account_tax_ids",
    "application",
    "application_fee",
    "balance_transaction",
    "charge",
    "configuration",
    "coupon",
    "credit_balance_transaction",
    "customer",
    "customer_balance_transaction",
    "default_payment_method",
    "default_price",
    "default_source",
    "default_tax_rates",
    "destination",
    "discount",
    "discounts",
    "failure_balance_transaction",
    "feature",
    "feedback_option",
    "generated_sepa_debit",
    "invoice",
    "latest_attempt",
    "latest_charge",
    "latest_invoice",
    "latest_revision",
    "mandate",
    "on_behalf_of",
    "payment_intent",
    "payment_link",
    "payment_method",
    "payment_record",
    "pending_setup_intent",
    "plan",
    "price",
    "product",
    "promotion_code",
    "quote",
    "review",
    "rule",
    "schedule",
    "setup_attempt",
    "setup_intent",
    "shipping_rate",
    "single_use_mandate",
    "source",
    "source_transfer",
    "source_transfer_reversal",
    "subscription",
    "subscription_schedule",
    "tax_code",
    "tax_rates",
    "test_clock",
    "transfer",
    "transfer_data",
    "transfer_reversal",
];

/// Fields that newer versions no longer have, so that Stripe refuses to expand them too.
const REMOVED_EXPANSIONS: [(&str, &str); 10] = [
    ("charge", "invoice"),
    ("discount", "coupon"),
    ("invoice", "charge"),
    ("invoice", "discount"),
    ("invoice", "payment_intent"),
    ("invoice", "quote"),
    ("invoice", "subscription"),
    ("payment_intent", "charges"),
    ("payment_intent", "invoice"),
    ("subscription", "discount"),
];

/// Returns the permissions that a restricted key needs for the objects on these paths.
pub(crate) fn permissions(paths: &[impl AsRef<str>]) -> impl Iterator<Item = Permission> {
    let keys = paths.iter().flat_map(|path| path.as_ref().split('.'));
    keys.filter_map(|key| match key {
        "charge" | "latest_charge" => Some(Permission::ChargeRead),
        "customer" => Some(Permission::CustomerRead),
        "invoice" | "latest_invoice" => Some(Permission::InvoiceRead),
        "payment_intent" => Some(Permission::PaymentIntentRead),
        "product" => Some(Permission::ProductRead),
        "subscription" => Some(Permission::SubscriptionRead),
        _ => None,
    })
}

/// Expands every path in an object or a list.
pub(crate) fn expand(
    value: &mut Value,
    paths: &[impl AsRef<str>],
    view: View<'_>,
) -> Result<(), ApiError> {
    for path in paths {
        let path = path.as_ref();
        let keys: Vec<&str> = path.split('.').collect();
        if keys.len() > MAX_DEPTH {
            return Err(refused(format!(
                "You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}"
            )));
        }
        let expansion = ExpansionPath { path, view };
        expansion.expand_in(value, &keys, "")?;
    }
    Ok(())
}

/// One path to expand.
#[derive(Debug, Clone, Copy)]
struct ExpansionPath<'w> {
    path: &'w str,
    view: View<'w>,
}

impl ExpansionPath<'_> {
    /// Expands the path in a value. `discounted` is the subscription that its discounts belong to.
    fn expand_in(self, value: &mut Value, keys: &[&str], discounted: &str) -> Result<(), ApiError> {
        let Some((key, rest)) = keys.split_first() else {
            return Ok(());
        };
        match value {
            Value::Array(values) => values
                .iter_mut()
                .try_for_each(|value| self.expand_in(value, keys, discounted)),
            Value::Object(object) => self.expand_field(object, (key, rest), discounted),
            Value::Null => Ok(()),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(self.refusal()),
        }
    }

    fn expand_field(
        self,
        object: &mut Map<String, Value>,
        (key, rest): (&str, &[&str]),
        discounted: &str,
    ) -> Result<(), ApiError> {
        let owner = subscription_of(object).map(ToOwned::to_owned);
        let discounted = owner.as_deref().unwrap_or(discounted);
        let is_included = add_requested_field(object, (key, rest), self.view)?;
        let kind = object.get("object").and_then(Value::as_str);
        let kind = kind.unwrap_or_default().to_owned();
        let is_expandable = EXPANDABLE.contains(&key);
        let Some(inner) = object.get_mut(key) else {
            // Only some objects have the field: the tiers of a price, or the account of an issuer other than itself.
            if is_included || (kind.is_empty() && is_expandable) {
                return Ok(());
            }
            let is_removed = REMOVED_EXPANSIONS.contains(&(&kind, key));
            let error = if is_removed {
                self.refusal()
            } else {
                self.gap()
            };
            return Err(error);
        };
        match inner {
            Value::String(_) if !is_expandable => return Err(self.gap()),
            Value::String(_) => self.replace_id(inner, key, discounted)?,
            Value::Array(ids) if is_expandable => {
                for id in ids.iter_mut().filter(|id| id.is_string()) {
                    self.replace_id(id, key, discounted)?;
                }
            }
            Value::Bool(_) | Value::Number(_) => return Err(self.refusal()),
            Value::Null if !is_expandable && !is_included && rest.is_empty() => {
                return Err(self.gap());
            }
            Value::Null | Value::Array(_) | Value::Object(_) => {}
        }
        self.expand_in(inner, rest, discounted)
    }

    /// Replaces an id by its object.
    fn replace_id(self, id: &mut Value, key: &str, discounted: &str) -> Result<(), ApiError> {
        let name = id.as_str().unwrap_or_default();
        let found = match key {
            "discount" | "discounts" => discount(name, discounted, self.view),
            _ => object_of(key, name, self.view)?,
        };
        *id = found.ok_or_else(|| self.gap())?;
        Ok(())
    }

    /// Returns the error that Stripe returns too.
    fn refusal(self) -> ApiError {
        let path = self.path;
        refused(format!("This property cannot be expanded ({path})."))
    }

    /// Returns the error for what Stripe would expand: it is marked as a gap of the fake.
    fn gap(self) -> ApiError {
        let unsupported = Unsupported::Expansion(self.path.to_owned());
        self.refusal().unsupported(unsupported)
    }
}

/// Returns the subscription that the discounts of an object belong to: itself, or the one that an invoice is for.
fn subscription_of(object: &Map<String, Value>) -> Option<&str> {
    let kind = object.get("object").and_then(Value::as_str);
    let place = match kind {
        Some("subscription") => object.get("id"),
        Some("invoice") => object
            .get("parent")
            .and_then(|parent| parent.pointer("/subscription_details/subscription"))
            .or_else(|| object.get("subscription")),
        Some(_) | None => None,
    };
    place.and_then(Value::as_str)
}

fn discount(id: &str, subscription: &str, view: View<'_>) -> Option<Value> {
    let subscription = view.world.find_subscription(subscription)?;
    let discount = subscription.details.discount.as_ref()?;
    (discount.id == id).then(|| shapes::discount(subscription, discount, view))
}

fn shape<T: Serialize>(object: &T) -> Result<Value, ApiError> {
    serde_json::to_value(object).map_err(|error| refused(error.to_string()))
}

fn refused(message: String) -> ApiError {
    ApiError::invalid(message).param("expand")
}
