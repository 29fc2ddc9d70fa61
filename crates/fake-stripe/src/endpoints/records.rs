//! Objects stored as requested: promotion codes, tax rates, tax ids, setup intents, credit notes, payment links and
//! configurations of the billing portal.

use serde_json::Value;

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    form::TimeRange,
    keys::Permission,
    world::{Record, RecordKind, World},
};

/// The endpoints of one kind of object.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) kind: RecordKind,
    /// Path segment of the kind.
    pub(super) part: &'static str,
    /// Name of the kind in error messages.
    pub(super) word: &'static str,
    /// True if the list can be filtered by `created`.
    has_created: bool,
    /// Filters of the list. A name is also that of the object's field.
    filters: &'static [(&'static str, Filter)],
}

/// The format of a filter's value.
#[derive(Debug, Clone, Copy)]
enum Filter {
    Text,
    Flag,
}

use Filter::{Flag, Text};

const SPECS: [Spec; 7] = [
    Spec {
        kind: RecordKind::PromotionCode,
        part: "/promotion_codes",
        word: "promotion code",
        has_created: true,
        filters: &[
            ("active", Flag),
            ("code", Text),
            ("coupon", Text),
            ("customer", Text),
        ],
    },
    Spec {
        kind: RecordKind::TaxRate,
        part: "/tax_rates",
        word: "tax rate",
        has_created: true,
        filters: &[("active", Flag), ("inclusive", Flag)],
    },
    Spec {
        kind: RecordKind::TaxId,
        part: "/tax_ids",
        word: "tax_id",
        has_created: false,
        filters: &[],
    },
    Spec {
        kind: RecordKind::SetupIntent,
        part: "/setup_intents",
        word: "setupintent",
        has_created: true,
        filters: &[("customer", Text), ("payment_method", Text)],
    },
    Spec {
        kind: RecordKind::CreditNote,
        part: "/credit_notes",
        word: "credit note",
        has_created: true,
        filters: &[("customer", Text), ("invoice", Text)],
    },
    Spec {
        kind: RecordKind::PaymentLink,
        part: "/payment_links",
        word: "payment_link",
        has_created: false,
        filters: &[("active", Flag)],
    },
    Spec {
        kind: RecordKind::PortalConfiguration,
        part: "/billing_portal/configurations",
        word: "configuration",
        has_created: false,
        filters: &[("active", Flag), ("is_default", Flag)],
    },
];

impl Spec {
    pub(super) fn for_path(path: &str) -> Option<&'static Self> {
        SPECS.iter().find(|spec| path.contains(spec.part))
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::PromotionCodes,
        "/v1/promotion_codes",
        Permission::PromotionCodeRead,
        list,
    ),
    Route::retrieve(
        Endpoint::PromotionCodes,
        "/v1/promotion_codes/{id}",
        Permission::PromotionCodeRead,
        retrieve,
    ),
    Route::list(
        Endpoint::TaxRates,
        "/v1/tax_rates",
        Permission::TaxRateRead,
        list,
    ),
    Route::retrieve(
        Endpoint::TaxRates,
        "/v1/tax_rates/{id}",
        Permission::TaxRateRead,
        retrieve,
    ),
    Route::list(
        Endpoint::TaxIds,
        "/v1/tax_ids",
        Permission::CustomerRead,
        list,
    ),
    Route::retrieve(
        Endpoint::TaxIds,
        "/v1/tax_ids/{id}",
        Permission::CustomerRead,
        retrieve,
    ),
    Route::list(
        Endpoint::TaxIds,
        "/v1/customers/{id}/tax_ids",
        Permission::CustomerRead,
        list,
    ),
    Route::list(
        Endpoint::SetupIntents,
        "/v1/setup_intents",
        Permission::SetupIntentRead,
        list,
    ),
    Route::retrieve(
        Endpoint::SetupIntents,
        "/v1/setup_intents/{id}",
        Permission::SetupIntentRead,
        retrieve,
    ),
    Route::list(
        Endpoint::CreditNotes,
        "/v1/credit_notes",
        Permission::InvoiceRead,
        list,
    ),
    Route::retrieve(
        Endpoint::CreditNotes,
        "/v1/credit_notes/{id}",
        Permission::InvoiceRead,
        retrieve,
    ),
    Route::list(
        Endpoint::PaymentLinks,
        "/v1/payment_links",
        Permission::PaymentLinkRead,
        list,
    ),
    Route::retrieve(
        Endpoint::PaymentLinks,
        "/v1/payment_links/{id}",
        Permission::PaymentLinkRead,
        retrieve,
    ),
    Route::list(
        Endpoint::PortalConfigurations,
        "/v1/billing_portal/configurations",
        Permission::PortalRead,
        list,
    ),
    Route::retrieve(
        Endpoint::PortalConfigurations,
        "/v1/billing_portal/configurations/{id}",
        Permission::PortalRead,
        retrieve,
    ),
];

/// Finds the object named by the path.
pub(super) fn find<'w>(
    call: &Call<'_>,
    world: &'w World,
    spec: &Spec,
) -> Result<&'w Record, ApiError> {
    let record = call.find((world, &world.objects.records), spec.word, call.id)?;
    if record.kind == spec.kind {
        Ok(record)
    } else {
        Err(ApiError::missing(spec.word, call.id, "id"))
    }
}

pub(super) fn no_kind(path: &str) -> ApiError {
    ApiError::invalid(format!("Unrecognized request URL ({path})."))
}

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let spec = Spec::for_path(call.path).ok_or_else(|| no_kind(call.path))?;
    let record = find(call, world, spec)?;
    call.body(world, &record.object)
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let spec = Spec::for_path(call.path).ok_or_else(|| no_kind(call.path))?;
    let form = &mut call.form;
    let created = if spec.has_created {
        form.times("created")?
    } else {
        TimeRange::ALL
    };
    let mut filters: Vec<(&str, Value)> = Vec::new();
    for (name, format) in spec.filters {
        let value = match format {
            Text => form.optional_text(name)?.map(|text| text.as_str().into()),
            Flag => form.boolean(name)?.map(Value::Bool),
        };
        filters.extend(value.map(|value| (*name, value)));
    }
    let owner = if spec.kind != RecordKind::TaxId {
        None
    } else if call.id.is_empty() {
        form.field("owner", "type")?;
        form.field("owner", "customer")?
    } else {
        Some(call.id.into())
    };
    let window = call.window()?;
    let wanted = |record: &Record| {
        record.kind == spec.kind
            && matches_filter(owner.as_ref(), record.customer.as_deref())
            && filters
                .iter()
                .all(|(name, value)| field(&record.object, name) == Some(value))
    };
    let listing = Listing::new(&world.objects.records, spec.word, window).created(created);
    call.list(world, &listing, wanted, |record| &record.object)
}

/// Returns the field that a filter compares.
fn field<'o>(object: &'o Value, name: &str) -> Option<&'o Value> {
    match name {
        "coupon" => object.pointer("/promotion/coupon"),
        _ => object.get(name),
    }
}
