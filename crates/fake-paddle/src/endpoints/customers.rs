//! `/customers`.

use serde_json::json;

use super::{
    Call, ResponseData, Route,
    lists::{ListOrder, matches},
};
use crate::{
    endpoint::Endpoint,
    error::ApiError,
    objects::{Address, Customer},
    world::World,
};

pub(super) const ROUTES: &[Route] = &[
    Route::get(Endpoint::ListCustomers, "/customers", list),
    Route::post(Endpoint::CreateCustomer, "/customers", create),
    Route::get(Endpoint::RetrieveCustomer, "/customers/{id}", retrieve),
    Route::patch(Endpoint::UpdateCustomer, "/customers/{id}", update),
    Route::post(
        Endpoint::CreatePortalSession,
        "/customers/{id}/portal-sessions",
        create_portal_session,
    ),
    Route::post(
        Endpoint::CreateAuthToken,
        "/customers/{id}/auth-token",
        create_auth_token,
    ),
    Route::get(
        Endpoint::ListAddresses,
        "/customers/{id}/addresses",
        list_addresses,
    ),
    Route::post(
        Endpoint::CreateAddress,
        "/customers/{id}/addresses",
        create_address,
    ),
];

fn list(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let emails: Vec<String> = call
        .take("email")
        .iter()
        .map(|email| email.to_lowercase())
        .collect();
    let found = world.customers.values();
    let found = found.filter(|customer| matches(&emails, &customer.email));
    call.page(found, ListOrder::NewestFirst, |customer| json!(customer))
}

fn find<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w Customer, ApiError> {
    let found = world.customers.get(call.id);
    found.ok_or_else(|| ApiError::not_found(call.id))
}

fn retrieve(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    find(call, world).map(ResponseData::one)
}

fn create(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let email = call.required("email")?.to_lowercase();
    if let Some(there) = world
        .customers
        .values()
        .find(|customer| customer.email == email)
    {
        return Err(ApiError::conflict(
            "customer_already_exists",
            format!("customer email conflicts with customer of id {}", there.id),
        ));
    }
    let id = world.create_customer(&email);
    let (name, locale) = (call.field("name")?, call.field("locale")?);
    let custom_data = call.field("custom_data")?;
    let Some(customer) = world.customers.get_mut(&id) else {
        return Err(ApiError::not_found(&id));
    };
    customer.name = name;
    customer.custom_data = custom_data;
    customer.locale = locale.unwrap_or_else(|| "en".to_owned());
    let customer = customer.clone();
    world.announced.insert(id);
    world.record("customer.created", &customer);
    Ok(ResponseData::created(&customer))
}

fn update(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    find(call, world)?;
    let now = world.tick();
    let Some(customer) = world.customers.get_mut(call.id) else {
        return Err(ApiError::not_found(call.id));
    };
    if let Some(email) = call.text("email") {
        customer.email = email.to_lowercase();
    }
    if call.body.get("name").is_some() {
        customer.name = call.field("name")?;
    }
    if call.body.get("custom_data").is_some() {
        customer.custom_data = call.field("custom_data")?;
    }
    if let Some(status) = call.text("status") {
        status.clone_into(&mut customer.status);
    }
    customer.updated_at = now;
    let customer = customer.clone();
    world.record("customer.updated", &customer);
    Ok(ResponseData::one(&customer))
}

fn create_portal_session(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let customer = find(call, world)?.id.clone();
    let subscriptions: Vec<String> = call.field("subscription_ids")?.unwrap_or_default();
    let id = world.id("cpls_");
    let now = world.tick();
    let page = format!("https://sandbox-customer-portal.paddle.com/{id}");
    let of_subscription = |subscription: &String| {
        json!({
            "id": subscription,
            "cancel_subscription": format!("{page}/{subscription}/cancel"),
            "update_subscription_payment_method": format!("{page}/{subscription}/card"),
        })
    };
    Ok(ResponseData::created(&json!({
        "id": id,
        "customer_id": customer,
        "urls": {
            "general": {"overview": page},
            "subscriptions": subscriptions.iter().map(of_subscription).collect::<Vec<_>>(),
        },
        "created_at": now,
    })))
}

fn create_auth_token(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    find(call, world)?;
    let token = world.id("pca_");
    let now = world.tick();
    Ok(ResponseData::created(
        &json!({"customer_auth_token": token, "expires_at": now}),
    ))
}

fn list_addresses(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let customer = find(call, world)?.id.clone();
    let found = world.addresses.values();
    let found = found.filter(|address| address.customer_id == customer);
    call.page(found, ListOrder::NewestFirst, |address| json!(address))
}

fn create_address(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    call.finish()?;
    let customer_id = find(call, world)?.id.clone();
    let id = world.id("add_");
    let now = world.tick();
    let address = Address {
        id: id.clone(),
        customer_id,
        country_code: call.required("country_code")?.to_owned(),
        postal_code: call.field("postal_code")?,
        region: call.field("region")?,
        city: call.field("city")?,
        first_line: call.field("first_line")?,
        status: "active".to_owned(),
        created_at: now,
        updated_at: now,
        ..Address::default()
    };
    world.record("address.created", &address);
    world.addresses.insert(id, address.clone());
    Ok(ResponseData::created(&address))
}
