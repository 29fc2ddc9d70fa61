//! Customers: create, update and delete.

use compact_str::CompactString;

use super::WriteRequest;
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter, merge},
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

/// Parameters that Stripe accepts but that have no effect here.
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
    email: Parameter<CompactString>,
    name: Parameter<CompactString>,
    description: Parameter<CompactString>,
    phone: Parameter<CompactString>,
    metadata: Parameter<Vec<(String, String)>>,
    /// The default payment method.
    card: Parameter<CompactString>,
}

impl CustomerChanges {
    fn read(form: &mut Form) -> Result<Self, ApiError> {
        let method = form.text("payment_method")?;
        let mut card = Parameter::Absent;
        if let Parameter::Set(mut settings) = form.hash("invoice_settings")? {
            card = settings.text("default_payment_method")?;
            settings.ignore(&["custom_fields", "footer", "rendering_options"]);
            settings.reject_unread_parameters()?;
        }
        if card == Parameter::Absent {
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

    /// Takes out the card that becomes the default, and checks that it exists. An unset card is left to `apply`.
    fn take_card(&mut self, world: &World) -> Result<Option<CompactString>, ApiError> {
        let Parameter::Set(card) = &self.card else {
            return Ok(None);
        };
        check_card_exists(world, card)?;
        Ok(std::mem::replace(&mut self.card, Parameter::Absent).into_option())
    }

    fn apply(self, customer: &mut Customer) {
        self.email.put_in(&mut customer.email);
        let has_details = self.name != Parameter::Absent
            || self.description != Parameter::Absent
            || self.phone != Parameter::Absent
            || self.metadata != Parameter::Absent
            || self.card != Parameter::Absent;
        // The first write to `details` allocates them.
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
    let clock = request.call.form.optional_text("test_clock")?;
    request.reject_unread_parameters()?;
    let card = changes.take_card(world)?;
    let mut customer = Customer::default();
    changes.apply(&mut customer);
    if clock.is_some() {
        customer.details.test_clock = clock;
    }
    let id = request.apply(world, None, |world| {
        let id = world.create_customer(customer);
        set_default_card(world, &id, card);
        id
    });
    customer_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let customers = (&*world, &world.customers);
    let customer = request.call.find(customers, "customer", id)?;
    if customer.deleted {
        return Err(ApiError::missing("customer", id, "id"));
    }
    let mut changes = CustomerChanges::read(&mut request.call.form)?;
    request.reject_unread_parameters()?;
    let card = changes.take_card(world)?;
    request.apply(world, Some(id), |world| {
        set_default_card(world, id, card);
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

pub(super) fn check_card_exists(world: &World, id: &str) -> Result<(), ApiError> {
    if is_test_card(id) || world.objects.payment_methods.get(id).is_some() {
        Ok(())
    } else {
        Err(ApiError::missing("PaymentMethod", id, "payment_method"))
    }
}

/// Attaches the card to the customer and makes it the default.
fn set_default_card(world: &mut World, customer: &str, card: Option<CompactString>) {
    let Some(card) = card else { return };
    let known = (!is_test_card(&card)).then_some(card.as_str());
    let attached = world.attach_card(customer, known);
    world
        .update_customer(customer, |customer| {
            customer.details.default_payment_method = attached;
        })
        .ok();
}

/// Reads the metadata of a new object.
pub(super) fn new_metadata(form: &mut Form) -> Result<Metadata, ApiError> {
    let mut metadata = Metadata::new();
    merge(&mut metadata, form.metadata()?);
    Ok(metadata)
}
