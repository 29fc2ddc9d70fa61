//! Parameters accepted for each kind of stored object.

use compact_str::CompactString;
use serde_json::{Map, Number, Value};

use self::FieldFormat::{Boolean, Decimal, Integer, Json, Text};
use crate::{
    error::ApiError,
    form::{Form, Parameter},
    world::RecordKind,
};

/// The format of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldFormat {
    Text,
    Boolean,
    Integer,
    Decimal,
    /// A hash or a list, merged into the existing value.
    Json,
}

/// The name of a parameter, which is also the object's field, and the format of its value.
type Field = (&'static str, FieldFormat);

/// The parameters of a request, under the object's field names.
#[derive(Debug)]
pub(super) struct GivenFields {
    pub(super) fields: Map<String, Value>,
    /// True if the request confirms the setup intent that it creates.
    pub(super) confirmed: bool,
}

impl GivenFields {
    /// Reads the parameters of a new object. Fails if a required one is missing.
    pub(super) fn read_new(kind: RecordKind, form: &mut Form) -> Result<Self, ApiError> {
        let given = Self::read(kind, form)?;
        let mut required = required(kind).iter();
        match required.find(|name| !given.fields.contains_key(**name)) {
            Some(missing) => Err(form.missing(missing)),
            None => Ok(given),
        }
    }

    /// Reads the parameters of a change, all of which are optional.
    pub(super) fn read(kind: RecordKind, form: &mut Form) -> Result<Self, ApiError> {
        let mut given = Map::new();
        for (name, format) in accepted(kind) {
            if let Some(value) = read_field(form, name, *format)? {
                given.insert((*name).to_owned(), value);
            }
        }
        if let Parameter::Set(changes) = form.metadata()? {
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
        Ok(Self {
            fields: given,
            confirmed,
        })
    }

    /// Returns the customer that the object is for, which a tax id names as its owner.
    pub(super) fn customer(&self) -> Option<CompactString> {
        let owner = self
            .fields
            .get("owner")
            .and_then(|owner| owner.get("customer"));
        let named = self.fields.get("customer").or(owner);
        named.and_then(Value::as_str).map(CompactString::from)
    }
}

/// Merges fields into an object. A hash is merged key by key, and a null in `metadata` removes the key.
pub(super) fn merge_fields(object: &mut Value, given: Map<String, Value>) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    for (name, value) in given {
        let is_metadata = name == "metadata";
        match (object.get_mut(&name), value) {
            (Some(before @ Value::Object(_)), Value::Object(fields)) => {
                merge_fields(before, fields);
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
        Boolean => form.boolean(name)?.map(Value::Bool),
        Integer => form.integer(name)?.into_value(Value::from),
        Decimal => read_decimal(form, name)?.map(Value::Number),
        Json => form.json(name),
    };
    Ok(found)
}

fn read_decimal(form: &mut Form, name: &str) -> Result<Option<Number>, ApiError> {
    let Some(text) = form.optional_text(name)? else {
        return Ok(None);
    };
    match text.parse::<f64>().ok().and_then(Number::from_f64) {
        Some(number) => Ok(Some(number)),
        None => Err(ApiError::invalid(format!("Invalid decimal: {text}")).param(name)),
    }
}

/// Returns the parameters that are stored.
fn accepted(kind: RecordKind) -> &'static [Field] {
    match kind {
        RecordKind::PromotionCode => &[
            ("active", Boolean),
            ("code", Text),
            ("coupon", Text),
            ("customer", Text),
            ("expires_at", Integer),
            ("max_redemptions", Integer),
            ("promotion", Json),
            ("restrictions", Json),
        ],
        RecordKind::TaxRate => &[
            ("active", Boolean),
            ("country", Text),
            ("description", Text),
            ("display_name", Text),
            ("inclusive", Boolean),
            ("jurisdiction", Text),
            ("percentage", Decimal),
            ("state", Text),
            ("tax_type", Text),
        ],
        RecordKind::TaxId => &[("owner", Json), ("type", Text), ("value", Text)],
        RecordKind::SetupIntent => &[
            ("customer", Text),
            ("description", Text),
            ("payment_method", Text),
            ("payment_method_types", Json),
            ("usage", Text),
        ],
        RecordKind::CreditNote => &[
            ("amount", Integer),
            ("credit_amount", Integer),
            ("invoice", Text),
            ("memo", Text),
            ("out_of_band_amount", Integer),
            ("reason", Text),
            ("refund_amount", Integer),
        ],
        RecordKind::PaymentLink => &[
            ("active", Boolean),
            ("after_completion", Json),
            ("allow_promotion_codes", Boolean),
            ("line_items", Json),
            ("subscription_data", Json),
        ],
        RecordKind::PortalConfiguration => &[
            ("active", Boolean),
            ("business_profile", Json),
            ("default_return_url", Text),
            ("features", Json),
            ("login_page", Json),
            ("name", Text),
        ],
    }
}

/// Returns the parameters without which no object is created.
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

/// Returns the parameters that Stripe accepts but that have no effect here.
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
