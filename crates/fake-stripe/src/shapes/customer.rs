//! Customers, active or deleted.

use serde::Serialize;

use super::{EmptyList, Null, View};
use crate::world::{Customer, Metadata};

/// A customer as Stripe returns it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum CustomerShape<'w> {
    Active(Box<ActiveCustomer<'w>>),
    Deleted(DeletedCustomer<'w>),
}

#[derive(Debug, Serialize)]
pub(crate) struct ActiveCustomer<'w> {
    id: &'w str,
    object: &'static str,
    address: Null,
    balance: i64,
    created: i64,
    currency: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_account: Option<&'w str>,
    default_source: Null,
    delinquent: bool,
    description: Option<&'w str>,
    discount: Null,
    email: Option<&'w str>,
    invoice_prefix: String,
    invoice_settings: CustomerInvoiceSettings<'w>,
    livemode: bool,
    metadata: &'w Metadata,
    name: Option<&'w str>,
    next_invoice_sequence: u32,
    phone: Option<&'w str>,
    preferred_locales: EmptyList,
    shipping: Null,
    tax_exempt: &'static str,
    test_clock: Option<&'w str>,
}

/// The stub that remains of a deleted customer.
#[derive(Debug, Serialize)]
pub(crate) struct DeletedCustomer<'w> {
    id: &'w str,
    object: &'static str,
    deleted: bool,
}

#[derive(Debug, Default, Serialize)]
struct CustomerInvoiceSettings<'w> {
    custom_fields: Null,
    default_payment_method: Option<&'w str>,
    footer: Null,
    rendering_options: Null,
}

impl<'w> CustomerShape<'w> {
    pub(crate) fn new(customer: &'w Customer, view: View<'w>) -> Self {
        if customer.deleted {
            return Self::Deleted(DeletedCustomer {
                id: &customer.id,
                object: "customer",
                deleted: true,
            });
        }
        let details = &*customer.details;
        Self::Active(Box::new(ActiveCustomer {
            id: &customer.id,
            object: "customer",
            address: Null,
            balance: 0,
            created: customer.created,
            currency: details.currency.as_deref(),
            customer_account: details.customer_account.as_deref(),
            default_source: Null,
            delinquent: details.delinquent,
            description: details.description.as_deref(),
            discount: Null,
            email: customer.email.as_deref(),
            invoice_prefix: invoice_prefix(&customer.id),
            invoice_settings: CustomerInvoiceSettings {
                default_payment_method: details.default_payment_method.as_deref(),
                ..CustomerInvoiceSettings::default()
            },
            livemode: view.world.livemode,
            metadata: &details.metadata,
            name: details.name.as_deref(),
            next_invoice_sequence: details.invoices.saturating_add(1),
            phone: details.phone.as_deref(),
            preferred_locales: EmptyList,
            shipping: Null,
            tax_exempt: "none",
            test_clock: details.test_clock.as_deref(),
        }))
    }
}

/// Derives the invoice prefix of a customer from its id: eight capital letters and digits, as at Stripe.
pub(crate) fn invoice_prefix(id: &str) -> String {
    let tail = id
        .trim_start_matches("cus_")
        .chars()
        .filter(char::is_ascii_alphanumeric);
    tail.take(8)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}
