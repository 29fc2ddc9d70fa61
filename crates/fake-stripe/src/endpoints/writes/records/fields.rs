//! Parameters accepted for each kind of stored object.

use compact_str::CompactString;
use serde_json::{Map, Value};

use crate::{
    error::ApiError,
    form::{Form, Given},
    world::RecordKind,
};

/// The format of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldFormat {
    Text,
    Flag,
    Number,
    Decimal,
    /// A hash or a list, merged into the existing value.
    Tree,
}

type Field = (&'static str, FieldFormat);

use FieldFormat::{Decimal, Flag, Number, Text, Tree};

/// The parameters of a request, under the object's field names.
#[derive(Debug)]
pub(super) struct GivenFields {
    pub(super) given: Map<String, Value>,
    /// True if a setup intent is confirmed on creation.
    pub(super) confirmed: bool,
}

impl GivenFields {
    pub(super) fn read(kind: RecordKind, form: &mut Form, is_new: bool) -> Result<Self, ApiError> {
        let mut given = Map::new();
        for (name, format) in fields(kind) {
            let value = read_field(form, name, *format)?;
            if let Some(value) = value {
                given.insert((*name).to_owned(), value);
            }
        }
        if let Given::Set(changes) = form.metadata()? {
            let metadata = changes.into_iter().map(|(key, value)| {
                let is_removed = value.is_empty();
                (
                    key,
                    if is_removed {
                        Value::Null
                    } else {
                        value.into()
                    },
                )
            });
            given.insert("metadata".to_owned(), Value::Object(metadata.collect()));
        }
        let confirmed = form.boolean("confirm")?.unwrap_or(false);
        form.ignore(ignored(kind));
        let missing = required(kind)
            .iter()
            .find(|name| !given.contains_key(**name));
        if let Some(name) = missing.filter(|_| is_new) {
            return Err(form.missing(name));
        }
        Ok(Self { given, confirmed })
    }

    /// Returns the customer that the object is for.
    pub(super) fn customer(&self) -> Option<CompactString> {
        let owner = self
            .given
            .get("owner")
            .and_then(|owner| owner.get("customer"));
        let named = self.given.get("customer").or(owner);
        named.and_then(Value::as_str).map(CompactString::from)
    }
}

/// Merges fields into an object: hashes key by key, where null removes a metadata key.
pub(super) fn merged(object: &mut Value, given: Map<String, Value>) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    for (name, value) in given {
        let is_metadata = name == "metadata";
        match (object.get_mut(&name), value) {
            (Some(before @ Value::Object(_)), Value::Object(fields)) => {
                merged(before, fields);
                if let (true, Some(metadata)) = (is_metadata, before.as_object_mut()) {
                    metadata.retain(|_, value| !value.is_null());
                }
            }
            (_, value) => {
                object.insert(name, value);
            }
        }
    }
}

fn read_field(form: &mut Form, name: &str, format: FieldFormat) -> Result<Option<Value>, ApiError> {
    let found = match format {
        Text => form.text(name)?.into_value(|text| text.as_str().into()),
        Flag => form.boolean(name)?.map(Value::Bool),
        Number => form.integer(name)?.into_value(Value::from),
        Decimal => match form.plain(name)? {
            None => None,
            Some(text) => {
                let number = text
                    .parse::<f64>()
                    .ok()
                    .and_then(serde_json::Number::from_f64);
                let wrong = || ApiError::invalid(format!("Invalid decimal: {text}")).param(name);
                Some(Value::Number(number.ok_or_else(wrong)?))
            }
        },
        Tree => form.tree(name),
    };
    Ok(found)
}

fn fields(kind: RecordKind) -> &'static [Field] {
    match kind {
        RecordKind::PromotionCode => &[
            ("active", Flag),
            ("code", Text),
            ("coupon", Text),
            ("customer", Text),
            ("expires_at", Number),
            ("max_redemptions", Number),
            ("promotion", Tree),
            ("restrictions", Tree),
        ],
        RecordKind::TaxRate => &[
            ("active", Flag),
            ("country", Text),
            ("description", Text),
            ("display_name", Text),
            ("inclusive", Flag),
            ("jurisdiction", Text),
            ("percentage", Decimal),
            ("state", Text),
            ("tax_type", Text),
        ],
        RecordKind::TaxId => &[("owner", Tree), ("type", Text), ("value", Text)],
        RecordKind::SetupIntent => &[
            ("customer", Text),
            ("description", Text),
            ("payment_method", Text),
            ("payment_method_types", Tree),
            ("usage", Text),
        ],
        RecordKind::CreditNote => &[
            ("amount", Number),
            ("credit_amount", Number),
            ("invoice", Text),
            ("memo", Text),
            ("out_of_band_amount", Number),
            ("reason", Text),
            ("refund_amount", Number),
        ],
        RecordKind::PaymentLink => &[
            ("active", Flag),
            ("after_completion", Tree),
            ("allow_promotion_codes", Flag),
            ("line_items", Tree),
            ("subscription_data", Tree),
        ],
        RecordKind::PortalConfiguration => &[
            ("active", Flag),
            ("business_profile", Tree),
            ("default_return_url", Text),
            ("features", Tree),
            ("login_page", Tree),
            ("name", Text),
        ],
    }
}

fn required(kind: RecordKind) -> &'static [&'static str] {
    match kind {
        RecordKind::TaxRate => &["display_name", "inclusive", "percentage"],
        RecordKind::TaxId => &["type", "value"],
        RecordKind::CreditNote => &["invoice"],
        RecordKind::PaymentLink => &["line_items"],
        RecordKind::PortalConfiguration => &["features"],
        RecordKind::PromotionCode | RecordKind::SetupIntent => &[],
    }
}

/// Returns parameters of Stripe that have no effect here.
fn ignored(kind: RecordKind) -> &'static [&'static str] {
    match kind {
        RecordKind::PromotionCode => &["customer_account"],
        RecordKind::TaxRate | RecordKind::TaxId | RecordKind::PortalConfiguration => &[],
        RecordKind::SetupIntent => &[
            "attach_to_self",
            "automatic_payment_methods",
            "confirmation_token",
            "excluded_payment_method_types",
            "flow_directions",
            "mandate_data",
            "on_behalf_of",
            "payment_method_configuration",
            "payment_method_data",
            "payment_method_options",
            "return_url",
            "single_use",
            "use_stripe_sdk",
        ],
        RecordKind::CreditNote => &[
            "effective_at",
            "email_type",
            "lines",
            "refunds",
            "shipping_cost",
        ],
        RecordKind::PaymentLink => &[
            "application_fee_amount",
            "application_fee_percent",
            "automatic_tax",
            "billing_address_collection",
            "consent_collection",
            "currency",
            "custom_fields",
            "custom_text",
            "customer_creation",
            "inactive_message",
            "invoice_creation",
            "name_collection",
            "on_behalf_of",
            "optional_items",
            "payment_intent_data",
            "payment_method_collection",
            "payment_method_options",
            "payment_method_types",
            "phone_number_collection",
            "restrictions",
            "shipping_address_collection",
            "shipping_options",
            "submit_type",
            "tax_id_collection",
            "transfer_data",
        ],
    }
}
