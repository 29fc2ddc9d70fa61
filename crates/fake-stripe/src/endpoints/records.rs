//! Objects stored as requested: promotion codes, tax rates, tax ids, setup intents, credit notes, payment links and
//! configurations of the billing portal.

use serde_json::Value;

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, Known, LIST, RETRIEVE, known},
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
    /// Filters of the list, with the place of the value in the objects.
    filters: &'static [(&'static str, &'static str)],
}

const SPECS: [Spec; 7] = [
    Spec {
        kind: RecordKind::PromotionCode,
        part: "/promotion_codes",
        word: "promotion code",
        filters: &[
            ("active", "/active"),
            ("code", "/code"),
            ("coupon", "/promotion/coupon"),
            ("customer", "/customer"),
        ],
    },
    Spec {
        kind: RecordKind::TaxRate,
        part: "/tax_rates",
        word: "tax rate",
        filters: &[("active", "/active"), ("inclusive", "/inclusive")],
    },
    Spec {
        kind: RecordKind::TaxId,
        part: "/tax_ids",
        word: "tax_id",
        filters: &[],
    },
    Spec {
        kind: RecordKind::SetupIntent,
        part: "/setup_intents",
        word: "setupintent",
        filters: &[
            ("customer", "/customer"),
            ("payment_method", "/payment_method"),
        ],
    },
    Spec {
        kind: RecordKind::CreditNote,
        part: "/credit_notes",
        word: "credit note",
        filters: &[("customer", "/customer"), ("invoice", "/invoice")],
    },
    Spec {
        kind: RecordKind::PaymentLink,
        part: "/payment_links",
        word: "payment_link",
        filters: &[("active", "/active")],
    },
    Spec {
        kind: RecordKind::PortalConfiguration,
        part: "/billing_portal/configurations",
        word: "configuration",
        filters: &[("active", "/active"), ("is_default", "/is_default")],
    },
];

impl Spec {
    pub(super) fn for_path(path: &str) -> Option<&'static Self> {
        SPECS.iter().find(|spec| path.contains(spec.part))
    }
}

const fn list_of(
    endpoint: Endpoint,
    path: &'static str,
    permission: Permission,
    parameters: &'static [&'static [Known]],
) -> Route {
    Route {
        endpoint,
        path,
        permission,
        parameters,
        answer: list,
    }
}

const fn one_of(endpoint: Endpoint, path: &'static str, permission: Permission) -> Route {
    Route {
        endpoint,
        path,
        permission,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    }
}

pub(super) const ROUTES: &[Route] = &[
    list_of(
        Endpoint::PromotionCodes,
        "/v1/promotion_codes",
        Permission::PromotionCodeRead,
        &[
            &LIST,
            &[
                known("active", Kind::Boolean),
                known("code", Kind::Text),
                known("coupon", Kind::Text),
                known("created", Kind::Times),
                known("customer", Kind::Text),
            ],
        ],
    ),
    one_of(
        Endpoint::PromotionCodes,
        "/v1/promotion_codes/{id}",
        Permission::PromotionCodeRead,
    ),
    list_of(
        Endpoint::TaxRates,
        "/v1/tax_rates",
        Permission::TaxRateRead,
        &[
            &LIST,
            &[
                known("active", Kind::Boolean),
                known("created", Kind::Times),
                known("inclusive", Kind::Boolean),
            ],
        ],
    ),
    one_of(
        Endpoint::TaxRates,
        "/v1/tax_rates/{id}",
        Permission::TaxRateRead,
    ),
    list_of(
        Endpoint::TaxIds,
        "/v1/tax_ids",
        Permission::CustomerRead,
        &[
            &LIST,
            &[known("owner", Kind::Fields(&["customer", "type"]))],
        ],
    ),
    one_of(
        Endpoint::TaxIds,
        "/v1/tax_ids/{id}",
        Permission::CustomerRead,
    ),
    list_of(
        Endpoint::TaxIds,
        "/v1/customers/{id}/tax_ids",
        Permission::CustomerRead,
        &[&LIST],
    ),
    list_of(
        Endpoint::SetupIntents,
        "/v1/setup_intents",
        Permission::SetupIntentRead,
        &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("payment_method", Kind::Text),
            ],
        ],
    ),
    one_of(
        Endpoint::SetupIntents,
        "/v1/setup_intents/{id}",
        Permission::SetupIntentRead,
    ),
    list_of(
        Endpoint::CreditNotes,
        "/v1/credit_notes",
        Permission::InvoiceRead,
        &[
            &LIST,
            &[
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("invoice", Kind::Text),
            ],
        ],
    ),
    one_of(
        Endpoint::CreditNotes,
        "/v1/credit_notes/{id}",
        Permission::InvoiceRead,
    ),
    list_of(
        Endpoint::PaymentLinks,
        "/v1/payment_links",
        Permission::PaymentLinkRead,
        &[&LIST, &[known("active", Kind::Boolean)]],
    ),
    one_of(
        Endpoint::PaymentLinks,
        "/v1/payment_links/{id}",
        Permission::PaymentLinkRead,
    ),
    list_of(
        Endpoint::PortalConfigurations,
        "/v1/billing_portal/configurations",
        Permission::PortalRead,
        &[
            &LIST,
            &[
                known("active", Kind::Boolean),
                known("is_default", Kind::Boolean),
            ],
        ],
    ),
    one_of(
        Endpoint::PortalConfigurations,
        "/v1/billing_portal/configurations/{id}",
        Permission::PortalRead,
    ),
];

/// Finds the object named by the path.
pub(super) fn find<'w>(
    call: &Call<'_>,
    world: &'w World,
    spec: &Spec,
) -> Result<&'w Record, ApiError> {
    let record = call.find((world, &world.objects.records), spec.word, (call.id, "id"))?;
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

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let spec = Spec::for_path(call.path).ok_or_else(|| no_kind(call.path))?;
    let owner = call.parameters.field("owner", "customer");
    let owner = owner.or((!call.id.is_empty()).then_some(call.id));
    let filters: Vec<(&str, &str)> = spec
        .filters
        .iter()
        .filter_map(|(name, place)| Some((*place, call.parameters.text(name)?)))
        .collect();
    let wanted = |record: &Record| {
        record.kind == spec.kind
            && owner.is_none_or(|owner| record.customer.as_deref() == Some(owner))
            && filters
                .iter()
                .all(|(place, asked)| is_at(&record.object, place, asked))
    };
    let listing = Listing::new(&world.objects.records, spec.word, call);
    call.list(world, &listing, wanted, |record| &record.object)
}

fn is_at(object: &Value, place: &str, asked: &str) -> bool {
    match object.pointer(place) {
        Some(Value::String(text)) => text == asked,
        Some(Value::Bool(flag)) => flag.to_string() == asked,
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => false,
    }
}
