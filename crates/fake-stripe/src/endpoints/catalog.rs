//! `/v1/products` and `/v1/prices`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    paging::Window,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes::{PriceShape, ProductFeatureShape, ProductShape},
    world::{Feature, Price, Product, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListProducts,
        path: "/v1/products",
        permission: Permission::ProductRead,
        parameters: &[
            &LIST,
            &[
                known("active", Kind::Boolean),
                known("created", Kind::Times),
                known("ids", Kind::Texts),
            ],
        ],
        answer: list_products,
    },
    Route {
        endpoint: Endpoint::RetrieveProduct,
        path: "/v1/products/{id}",
        permission: Permission::ProductRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_product,
    },
    Route {
        endpoint: Endpoint::ListProductFeatures,
        path: "/v1/products/{id}/features",
        permission: Permission::ProductRead,
        parameters: &[&LIST],
        answer: list_product_features,
    },
    Route {
        endpoint: Endpoint::ListPrices,
        path: "/v1/prices",
        permission: Permission::PriceRead,
        parameters: &[
            &LIST,
            &[
                known("active", Kind::Boolean),
                known("created", Kind::Times),
                known("currency", Kind::Text),
                known("lookup_keys", Kind::Texts),
                known("product", Kind::Text),
                known("recurring", Kind::Fields(&["interval", "usage_type"])),
                known("type", Kind::Text),
            ],
        ],
        answer: list_prices,
    },
    Route {
        endpoint: Endpoint::RetrievePrice,
        path: "/v1/prices/{id}",
        permission: Permission::PriceRead,
        parameters: &[&RETRIEVE],
        answer: retrieve_price,
    },
];

fn retrieve_product(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let product = call.find((world, &world.products), "product", (call.id, "id"))?;
    call.body(world, &ProductShape::new(product, call.view(world)))
}

fn list_products(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let active = call.parameters.boolean("active");
    let ids = call.parameters.texts("ids");
    let wanted = |product: &Product| {
        active.is_none_or(|active| product.active == active)
            && (ids.is_empty() || ids.iter().any(|id| product.id == id.as_str()))
    };
    let listing = Listing::new(&world.products, "product", call);
    call.list(world, &listing, wanted, |product| {
        ProductShape::new(product, call.view(world))
    })
}

fn list_product_features(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let product = call.find((world, &world.products), "product", (call.id, "id"))?;
    let features: Vec<&Feature> = product
        .features
        .iter()
        .filter_map(|id| world.features.get(id))
        .collect();
    let window = Window::new(call.parameters, call.disorder)?;
    let page = window.page_of(&features, "product_feature", |feature| &feature.id)?;
    call.page(world, page, |feature| {
        ProductFeatureShape::new(product, feature, call.view(world))
    })
}

fn retrieve_price(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let price = call.find((world, &world.prices), "price", (call.id, "id"))?;
    call.body(world, &PriceShape::new(price, call.view(world)))
}

fn list_prices(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let parameters = call.parameters;
    let active = parameters.boolean("active");
    let currency = parameters.text("currency");
    let lookup_keys = parameters.texts("lookup_keys");
    let product = parameters.text("product");
    let interval = parameters.field("recurring", "interval");
    let usage_type = parameters.field("recurring", "usage_type");
    let kind = parameters.text("type");
    let wanted = |price: &Price| {
        let recurring = price.recurring.as_ref();
        let lookup_key = price.lookup_key.as_deref();
        active.is_none_or(|active| price.active == active)
            && currency.is_none_or(|currency| price.currency == currency)
            && (lookup_keys.is_empty() || lookup_keys.iter().any(|key| lookup_key == Some(key)))
            && product.is_none_or(|product| price.product == product)
            && interval.is_none_or(|asked| {
                recurring.is_some_and(|recurring| recurring.interval.as_str() == asked)
            })
            && usage_type.is_none_or(|asked| {
                recurring.is_some_and(|recurring| recurring.usage_type() == asked)
            })
            && kind.is_none_or(|kind| price.kind() == kind)
    };
    let listing = Listing::new(&world.prices, "price", call);
    call.list(world, &listing, wanted, |price| {
        PriceShape::new(price, call.view(world))
    })
}
