//! `/v1/products` and `/v1/prices`.

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes::{PriceShape, ProductFeatureShape, ProductShape, product_feature_id},
    world::{Feature, Price, Product, Recurring, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListProducts,
        "/v1/products",
        Permission::ProductRead,
        list_products,
    ),
    Route::retrieve(
        Endpoint::RetrieveProduct,
        "/v1/products/{id}",
        Permission::ProductRead,
        retrieve_product,
    ),
    Route::list(
        Endpoint::ListProductFeatures,
        "/v1/products/{id}/features",
        Permission::ProductRead,
        list_product_features,
    ),
    Route::retrieve(
        Endpoint::RetrieveProductFeature,
        "/v1/products/{id}/features/{feature}",
        Permission::ProductRead,
        retrieve_product_feature,
    ),
    Route::list(
        Endpoint::ListPrices,
        "/v1/prices",
        Permission::PriceRead,
        list_prices,
    ),
    Route::retrieve(
        Endpoint::RetrievePrice,
        "/v1/prices/{id}",
        Permission::PriceRead,
        retrieve_price,
    ),
];

fn retrieve_product(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let product = call.find((world, &world.products), "product", call.id)?;
    call.body(world, &ProductShape::new(product, call.view(world)))
}

fn list_products(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let created = call.form.times("created")?;
    let active = call.form.boolean("active")?;
    let ids = call.form.texts("ids")?;
    let window = call.window()?;
    let wanted = |product: &Product| {
        active.is_none_or(|active| product.active == active)
            && (ids.is_empty() || ids.contains(&product.id))
    };
    let listing = Listing::new(&world.products, "product", window).created(created);
    call.list(world, &listing, wanted, |product| {
        ProductShape::new(product, call.view(world))
    })
}

fn list_product_features(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let window = call.window()?;
    let product = call.find((world, &world.products), "product", call.id)?;
    let features: Vec<&Feature> = product
        .features
        .iter()
        .filter_map(|id| world.features.get(id))
        .collect();
    let page = window.page_of(&features, "product_feature", |feature| &feature.id)?;
    call.page(world, page, |feature| {
        ProductFeatureShape::new(product, feature, call.view(world))
    })
}

fn retrieve_product_feature(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let (product, feature) = product_feature(call, world)?;
    call.body(
        world,
        &ProductFeatureShape::new(product, feature, call.view(world)),
    )
}

/// Finds the product and the feature that a path names.
pub(super) fn product_feature<'w>(
    call: &Call<'_>,
    world: &'w World,
) -> Result<(&'w Product, &'w Feature), ApiError> {
    let id = call.path.rsplit('/').next().unwrap_or_default();
    let product = call.find((world, &world.products), "product", call.id)?;
    let mut features = product.features.iter();
    let feature = features
        .find(|feature| product_feature_id(product, feature) == id)
        .and_then(|feature| world.features.get(feature));
    let feature = feature.ok_or_else(|| ApiError::missing("product_feature", id, "id"))?;
    Ok((product, feature))
}

fn retrieve_price(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let price = call.find((world, &world.prices), "price", call.id)?;
    call.body(world, &PriceShape::new(price, call.view(world)))
}

fn list_prices(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let form = &mut call.form;
    let created = form.times("created")?;
    let active = form.boolean("active")?;
    let currency = form.optional_text("currency")?;
    let lookup_keys = form.texts("lookup_keys")?;
    let product = form.optional_text("product")?;
    let interval = form.field("recurring", "interval")?;
    let usage_type = form.field("recurring", "usage_type")?;
    let kind = form.optional_text("type")?;
    let window = call.window()?;
    let wanted = |price: &Price| {
        let recurring = price.recurring.as_ref();
        let lookup_key = price.lookup_key.as_ref();
        active.is_none_or(|active| price.active == active)
            && matches_filter(currency.as_ref(), price.currency.as_str())
            && (lookup_keys.is_empty() || lookup_key.is_some_and(|key| lookup_keys.contains(key)))
            && matches_filter(product.as_ref(), price.product.as_str())
            && matches_filter(
                interval.as_ref(),
                recurring.map(|one| one.interval.as_str()),
            )
            && matches_filter(usage_type.as_ref(), recurring.map(Recurring::usage_type))
            && matches_filter(kind.as_ref(), price.kind())
    };
    let listing = Listing::new(&world.prices, "price", window).created(created);
    call.list(world, &listing, wanted, |price| {
        PriceShape::new(price, call.view(world))
    })
}
