//! Customers: create, update and delete.

use super::WriteRequest;
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Given, merge},
    keys::Permission,
    shapes::CustomerShape,
    world::{Customer, Metadata, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateCustomer,
        "/v1/customers",
        Permission::CustomerWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdateCustomer,
        "/v1/customers/{id}",
        Permission::CustomerWrite,
        update,
    ),
    Route::delete(
        Endpoint::DeleteCustomer,
        "/v1/customers/{id}",
        Permission::CustomerWrite,
        delete,
    ),
];

/// Parameters of Stripe that have no effect here.
const IGNORED: [&str; 18] = [
    "address",
    "balance",
    "business_name",
    "cash_balance",
    "customer_account",
    "default_source",
    "individual_name",
    "invoice_prefix",
    "next_invoice_sequence",
    "preferred_locales",
    "promotion_code",
    "shipping",
    "source",
    "tax",
    "tax_exempt",
    "tax_id_data",
    "validate",
    "coupon",
];

/// The customer fields set by a request.
struct CustomerChanges {
    email: Given<compact_str::CompactString>,
    name: Given<compact_str::CompactString>,
    description: Given<compact_str::CompactString>,
    phone: Given<compact_str::CompactString>,
    metadata: Given<Vec<(String, String)>>,
    card: Given<compact_str::CompactString>,
}

impl CustomerChanges {
    fn read(form: &mut Form) -> Result<Self, ApiError> {
        let method = form.text("payment_method")?;
        let mut card = Given::Absent;
        if let Given::Set(mut settings) = form.hash("invoice_settings")? {
            card = settings.text("default_payment_method")?;
            settings.ignore(&["custom_fields", "footer", "rendering_options"]);
            settings.reject_unread_parameters()?;
        }
        if card == Given::Absent {
            card = method;
        }
        let changes = Self {
            email: form.text("email")?,
            name: form.text("name")?,
            description: form.text("description")?,
            phone: form.text("phone")?,
            metadata: form.metadata()?,
            card,
        };
        form.ignore(&IGNORED);
        Ok(changes)
    }

    fn apply(self, customer: &mut Customer) {
        self.email.put_in(&mut customer.email);
        let has_details = self.name != Given::Absent
            || self.description != Given::Absent
            || self.phone != Given::Absent
            || self.metadata != Given::Absent
            || self.card != Given::Absent;
        if has_details {
            let details = &mut customer.details;
            self.name.put_in(&mut details.name);
            self.description.put_in(&mut details.description);
            self.phone.put_in(&mut details.phone);
            merge(&mut details.metadata, self.metadata);
            self.card.put_in(&mut details.default_payment_method);
        }
    }
}

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let mut changes = CustomerChanges::read(&mut request.call.form)?;
    let clock = request.call.form.plain("test_clock")?;
    request.reject_unread_parameters()?;
    if let Given::Set(card) = &changes.card {
        known_card(world, card)?;
    }
    let card = std::mem::replace(&mut changes.card, Given::Absent);
    let mut customer = Customer::default();
    changes.apply(&mut customer);
    if clock.is_some() {
        customer.details.test_clock = clock;
    }
    let id = request.apply(world, None, |world| {
        let id = world.create_customer(customer);
        give(world, &id, card);
        id
    });
    customer_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customer = (&*world, &world.customers);
    let customer = request.call.find(customer, "customer", id)?;
    if customer.deleted {
        return Err(ApiError::missing("customer", id, "id"));
    }
    let mut changes = CustomerChanges::read(&mut request.call.form)?;
    request.reject_unread_parameters()?;
    if let Given::Set(card) = &changes.card {
        known_card(world, card)?;
    }
    let card = match &changes.card {
        Given::Set(_) => std::mem::replace(&mut changes.card, Given::Absent),
        Given::Absent | Given::Unset => Given::Absent,
    };
    request.apply(world, Some(id), |world| {
        give(world, id, card);
        world.update_customer(id, |customer| changes.apply(customer))
    })?;
    customer_response(request, world, id)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    request.reject_unread_parameters()?;
    let customer = request
        .call
        .find((world, &world.customers), "customer", id)?;
    if customer.deleted {
        return Err(ApiError::missing("customer", id, "id"));
    }
    request.apply(world, Some(id), |world| world.remove_customer(id))?;
    request.deleted(world, "customer")
}

fn customer_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let customer = request
        .call
        .find((world, &world.customers), "customer", id)?;
    request.body(
        world,
        &CustomerShape::new(customer, request.call.view(world)),
    )
}

/// Returns true for Stripe's test cards, such as `pm_card_visa`; each use of one creates a new card.
pub(super) fn is_test_card(id: &str) -> bool {
    id.starts_with("pm_card_")
}

pub(super) fn known_card(world: &World, id: &str) -> Result<(), ApiError> {
    if is_test_card(id) || world.objects.payment_methods.get(id).is_some() {
        Ok(())
    } else {
        Err(ApiError::missing("PaymentMethod", id, "payment_method"))
    }
}

/// Makes a card the customer's default.
fn give(world: &mut World, customer: &str, card: Given<compact_str::CompactString>) {
    let Given::Set(card) = card else { return };
    let known = (!is_test_card(&card)).then_some(card.as_str());
    let given = world.attach_card(customer, known);
    world
        .update_customer(customer, |customer| {
            customer.details.default_payment_method = given;
        })
        .ok();
}

/// Reads the metadata of a new object.
pub(super) fn new_metadata(form: &mut Form) -> Result<Metadata, ApiError> {
    let mut metadata = Metadata::new();
    merge(&mut metadata, form.metadata()?);
    Ok(metadata)
}
