//! Products: create, update, delete and attach features.

use super::{Writing, customers::new_metadata, prices::PriceData};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Given, merge},
    keys::Permission,
    shapes::{ProductFeatureShape, ProductShape},
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

fn create(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut writing.call.form;
    let id = form.plain("id")?.unwrap_or_default();
    let mut product = Product::new(&id, &form.required("name")?);
    product.active = form.boolean("active")?.unwrap_or(true);
    product.description = form.text("description")?.set();
    product.metadata = new_metadata(form)?;
    let price = match form.hash("default_price_data")? {
        Given::Set(mut data) => {
            let price = PriceData::read(&mut data, false)?;
            data.finish()?;
            Some(price)
        }
        Given::Absent | Given::Unset => None,
    };
    ignore(form);
    writing.finish()?;
    if !id.is_empty() && world.products.get(&id).is_some() {
        return Err(ApiError::invalid(format!("Product already exists: {id}"))
            .code("resource_already_exists"));
    }
    let id = writing.act(world, None, |world| {
        let id = world.create_product(product);
        if let Some(data) = price {
            let price = world.create_price(data.into_price(&id));
            world
                .update_product(&id, |product| product.default_price = Some(price))
                .ok();
        }
        id
    });
    answer(writing, world, &id)
}

fn update(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    writing
        .call
        .find((world, &world.products), "product", (id, "id"))?;
    let form = &mut writing.call.form;
    let name = form.plain("name")?;
    let active = form.boolean("active")?;
    let description = form.text("description")?;
    let default_price = form.plain("default_price")?;
    let metadata = form.metadata()?;
    ignore(form);
    writing.finish()?;
    if let Some(price) = &default_price {
        writing
            .call
            .find((world, &world.prices), "price", (price, "default_price"))?;
    }
    writing.act(world, None, |world| {
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
    answer(writing, world, id)
}

fn delete(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    writing.finish()?;
    writing
        .call
        .find((world, &world.products), "product", (id, "id"))?;
    if world.prices.iter().any(|price| price.product == id) {
        return Err(ApiError::invalid(
            "This product cannot be deleted because it has one or more user-created prices.",
        ));
    }
    writing.act(world, None, |world| world.delete_product(id))?;
    writing.deleted(world, "product")
}

fn attach_feature(writing: &mut Writing<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = writing.call.id;
    let feature = writing.call.form.required("entitlement_feature")?;
    writing.finish()?;
    let call = &writing.call;
    call.find((world, &world.products), "product", (id, "id"))?;
    let features = (&*world, &world.features);
    call.find(features, "feature", (&feature, "entitlement_feature"))?;
    writing.act(world, None, |world| {
        world.update_product(id, |product| {
            if !product.features.contains(&feature) {
                product.features.push(feature.clone());
            }
        })
    })?;
    let call = &writing.call;
    let product = call.find((world, &world.products), "product", (id, "id"))?;
    let features = (&*world, &world.features);
    let feature = call.find(features, "feature", (&feature, "entitlement_feature"))?;
    writing.body(
        world,
        &ProductFeatureShape::new(product, feature, call.view(world)),
    )
}

fn answer(writing: &Writing<'_>, world: &World, id: &str) -> Result<Vec<u8>, ApiError> {
    let product = writing
        .call
        .find((world, &world.products), "product", (id, "id"))?;
    writing.body(world, &ProductShape::new(product, writing.call.view(world)))
}
