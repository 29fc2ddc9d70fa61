//! `/prices`, `/products` and `/discounts`.

use serde_json::{Value, json};

use super::{
    Call, ResponseData, Route,
    lists::{ListOrder, matches},
};
use crate::{
    endpoint::Endpoint,
    error::ApiError,
    objects::{Price, Product},
    world::World,
};

pub(super) const ROUTES: &[Route] = &[
    Route::get(Endpoint::ListPrices, "/prices", list_prices),
    Route::get(Endpoint::RetrievePrice, "/prices/{id}", retrieve_price),
    Route::get(Endpoint::ListProducts, "/products", list_products),
    Route::get(
        Endpoint::RetrieveProduct,
        "/products/{id}",
        retrieve_product,
    ),
    Route::get(Endpoint::ListDiscounts, "/discounts", list_discounts),
];

fn list_prices(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let products = call.take("product_id");
    let recurring = call.take("recurring").pop();
    let kinds = call.take("type");
    let parts = call.take_includes(&["product"])?;
    let found = world.prices.values().filter(|price| {
        let is_recurring = price.billing_cycle.is_some().to_string();
        matches(&products, &price.product_id)
            && matches(&kinds, &price.kind)
            && recurring
                .as_ref()
                .is_none_or(|wanted| *wanted == is_recurring)
    });
    let world = &*world;
    call.page(found, ListOrder::NewestFirst, |price| {
        with_product(price, &parts, world)
    })
}

fn retrieve_price(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let parts = call.take_includes(&["product"])?;
    call.finish()?;
    let found = world.prices.get(call.id);
    let found = found.ok_or_else(|| ApiError::not_found(call.id))?;
    Ok(ResponseData::one(&with_product(found, &parts, world)))
}

fn with_product(price: &Price, parts: &[String], world: &World) -> Value {
    let mut shown = json!(price);
    if let (Some(fields), false) = (shown.as_object_mut(), parts.is_empty()) {
        let product = json!(world.products.get(&price.product_id));
        fields.insert("product".to_owned(), product);
    }
    shown
}

fn list_products(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let kinds = call.take("type");
    let parts = call.take_includes(&["prices"])?;
    let found = world.products.values();
    let found = found.filter(|product| matches(&kinds, &product.kind));
    let world = &*world;
    call.page(found, ListOrder::NewestFirst, |product| {
        with_prices(product, &parts, world)
    })
}

fn retrieve_product(call: &mut Call<'_>, world: &mut World) -> Result<ResponseData, ApiError> {
    let parts = call.take_includes(&["prices"])?;
    call.finish()?;
    let found = world.products.get(call.id);
    let found = found.ok_or_else(|| ApiError::not_found(call.id))?;
    Ok(ResponseData::one(&with_prices(found, &parts, world)))
}

fn with_prices(product: &Product, parts: &[String], world: &World) -> Value {
    let mut shown = json!(product);
    if let (Some(fields), false) = (shown.as_object_mut(), parts.is_empty()) {
        let prices = world.prices.values();
        let its: Vec<_> = prices
            .filter(|price| price.product_id == product.id)
            .collect();
        fields.insert("prices".to_owned(), json!(its));
    }
    shown
}

fn list_discounts(call: &mut Call<'_>, _: &mut World) -> Result<ResponseData, ApiError> {
    call.page(
        std::iter::empty::<&Price>(),
        ListOrder::NewestFirst,
        |discount| json!(discount),
    )
}
