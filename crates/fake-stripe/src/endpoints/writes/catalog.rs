//! Products: create, update, delete, and attach and detach features.

use serde_json::json;

use super::{WriteRequest, customers::new_metadata, prices::PriceData};
use crate::{
    endpoint::Endpoint,
    endpoints::{Route, catalog::product_feature},
    error::ApiError,
    form::{Form, Parameter, merge},
    keys::Permission,
    shapes::{ProductFeatureShape, ProductShape, product_feature_id},
    world::{Product, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateProduct,
        "/v1/products",
        Permission::ProductWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdateProduct,
        "/v1/products/{id}",
        Permission::ProductWrite,
        update,
    ),
    Route::delete(
        Endpoint::DeleteProduct,
        "/v1/products/{id}",
        Permission::ProductWrite,
        delete,
    ),
    Route::post(
        Endpoint::CreateProductFeature,
        "/v1/products/{id}/features",
        Permission::ProductWrite,
        attach_feature,
    ),
    Route::delete(
        Endpoint::DeleteProductFeature,
        "/v1/products/{id}/features/{feature}",
        Permission::ProductWrite,
        detach_feature,
    ),
];

fn ignore(form: &mut Form) {
    form.ignore(&[
        "images",
        "marketing_features",
        "package_dimensions",
        "shippable",
        "statement_descriptor",
        "tax_code",
        "type",
        "unit_label",
        "url",
    ]);
}

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let id = form.optional_text("id")?.unwrap_or_default();
    let mut product = Product::new(&id, &form.required("name")?);
    product.active = form.boolean("active")?.unwrap_or(true);
    product.description = form.text("description")?.into_option();
    product.metadata = new_metadata(form)?;
    let price = match form.hash("default_price_data")? {
        Parameter::Set(mut data) => {
            let price = PriceData::read_default_price(&mut data)?;
            data.reject_unread_parameters()?;
            Some(price)
        }
        Parameter::Absent | Parameter::Unset => None,
    };
    ignore(form);
    request.reject_unread_parameters()?;
    if !id.is_empty() && world.products.get(&id).is_some() {
        return Err(ApiError::invalid(format!("Product already exists: {id}"))
            .code("resource_already_exists"));
    }
    let id = request.apply(world, None, |world| {
        let id = world.create_product(product);
        if let Some(data) = price {
            let price = world.create_price(data.into_price(&id));
            world
                .update_product(&id, |product| product.default_price = Some(price))
                .ok();
        }
        id
    });
    product_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    request.call.find((world, &world.products), "product", id)?;
    let form = &mut request.call.form;
    let name = form.optional_text("name")?;
    let active = form.boolean("active")?;
    let description = form.text("description")?;
    let default_price = form.optional_text("default_price")?;
    let metadata = form.metadata()?;
    ignore(form);
    request.reject_unread_parameters()?;
    if let Some(price) = &default_price {
        request
            .call
            .find_by_parameter((world, &world.prices), "price", price, "default_price")?;
    }
    request.apply(world, None, |world| {
        world.update_product(id, |product| {
            product.name = name.unwrap_or_else(|| product.name.clone());
            product.active = active.unwrap_or(product.active);
            description.put_in(&mut product.description);
            if default_price.is_some() {
                product.default_price = default_price;
            }
            merge(&mut product.metadata, metadata);
        })
    })?;
    product_response(request, world, id)
}

fn delete(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    request.reject_unread_parameters()?;
    request.call.find((world, &world.products), "product", id)?;
    if world.prices.iter().any(|price| price.product == id) {
        return Err(ApiError::invalid(
            "This product cannot be deleted because it has one or more user-created prices.",
        ));
    }
    request.apply(world, None, |world| world.delete_product(id))?;
    request.deleted(world, "product")
}

fn attach_feature(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let feature = request.call.form.required("entitlement_feature")?;
    request.reject_unread_parameters()?;
    let call = &request.call;
    call.find((world, &world.products), "product", id)?;
    let features = (&*world, &world.features);
    call.find_by_parameter(features, "feature", &feature, "entitlement_feature")?;
    request.apply(world, None, |world| world.attach_feature(id, &feature))?;
    let call = &request.call;
    let product = call.find((world, &world.products), "product", id)?;
    let features = (&*world, &world.features);
    let feature = call.find_by_parameter(features, "feature", &feature, "entitlement_feature")?;
    request.body(
        world,
        &ProductFeatureShape::new(product, feature, call.view(world)),
    )
}

fn detach_feature(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    request.reject_unread_parameters()?;
    let (product, feature) = product_feature(&request.call, world)?;
    let id = product_feature_id(product, &feature.id);
    let (product, feature) = (product.id.clone(), feature.id.clone());
    request.apply(world, None, |world| {
        world.detach_feature(&product, &feature)
    })?;
    let stub = json!({"id": id, "object": "product_feature", "deleted": true});
    request.body(world, &stub)
}

fn product_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let product = request.call.find((world, &world.products), "product", id)?;
    request.body(world, &ProductShape::new(product, request.call.view(world)))
}
