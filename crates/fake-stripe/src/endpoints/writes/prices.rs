//! Prices: create and update, also inline through `price_data`.

use compact_str::CompactString;

use super::{WriteRequest, customers::new_metadata};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter, merge},
    keys::Permission,
    shapes::PriceShape,
    world::{Interval, Metadata, Price, Product, Recurring, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreatePrice,
        "/v1/prices",
        Permission::PriceWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdatePrice,
        "/v1/prices/{id}",
        Permission::PriceWrite,
        update,
    ),
];

/// A new price, described by `price_data` and similar parameters.
#[derive(Debug)]
pub(super) struct PriceData {
    price: Price,
    product: PriceProduct,
}

/// The product of a new price.
#[derive(Debug)]
enum PriceProduct {
    /// The product that the same request creates.
    OfRequest,
    Known(CompactString),
    New(Box<Product>),
}

impl PriceData {
    /// Reads a new price and its product, which is named or described.
    pub(super) fn read(form: &mut Form) -> Result<Self, ApiError> {
        let mut data = Self::read_default_price(form)?;
        data.product = read_product(form)?;
        Ok(data)
    }

    /// Reads the default price of a product that the same request creates.
    pub(super) fn read_default_price(form: &mut Form) -> Result<Self, ApiError> {
        let mut price = Price::one_time("", 0);
        price.currency = form.required("currency")?.to_lowercase();
        price.recurring = read_recurring(form)?;
        price.unit_amount = form.integer("unit_amount")?.into_option();
        let decimal = form.optional_text("unit_amount_decimal")?;
        // A whole number is stored as `unit_amount`, whichever parameter has it.
        if price.unit_amount.is_none() {
            price.unit_amount = decimal.as_deref().and_then(|text| text.parse().ok());
            price.unit_amount_decimal = decimal.filter(|_| price.unit_amount.is_none());
        }
        price.metadata = new_metadata(form)?;
        form.ignore(&["tax_behavior", "currency_options", "custom_unit_amount"]);
        Ok(Self {
            price,
            product: PriceProduct::OfRequest,
        })
    }

    /// Checks that the named product exists.
    pub(super) fn check(&self, world: &World, param: &str) -> Result<(), ApiError> {
        match &self.product {
            PriceProduct::Known(id) if world.products.get(id).is_none() => {
                Err(ApiError::missing("product", id, param))
            }
            PriceProduct::Known(_) | PriceProduct::OfRequest | PriceProduct::New(_) => Ok(()),
        }
    }

    pub(super) fn into_price(self, product: &str) -> Price {
        self.price.product(product)
    }

    /// Creates the price, and its product if that is new.
    pub(super) fn make(self, world: &mut World) -> CompactString {
        let product = match self.product {
            PriceProduct::Known(id) => id,
            PriceProduct::New(product) => world.create_product(*product),
            PriceProduct::OfRequest => CompactString::default(),
        };
        world.create_price(self.price.product(&product))
    }
}

fn read_product(form: &mut Form) -> Result<PriceProduct, ApiError> {
    let known = form.optional_text("product")?;
    match (known, form.hash("product_data")?) {
        (Some(id), Parameter::Absent | Parameter::Unset) => Ok(PriceProduct::Known(id)),
        (None, Parameter::Set(mut data)) => {
            let id = data.optional_text("id")?.unwrap_or_default();
            let mut product = Product::new(&id, &data.required("name")?);
            product.description = data.text("description")?.into_option();
            product.active = data.boolean("active")?.unwrap_or(true);
            product.metadata = new_metadata(&mut data)?;
            data.ignore(&["images", "statement_descriptor", "tax_code", "unit_label"]);
            data.reject_unread_parameters()?;
            Ok(PriceProduct::New(Box::new(product)))
        }
        (Some(_), Parameter::Set(_)) => Err(ApiError::invalid(
            "You may only specify one of these parameters: product, product_data.",
        )),
        (None, Parameter::Absent | Parameter::Unset) => Err(form.missing("product")),
    }
}

fn read_recurring(form: &mut Form) -> Result<Option<Recurring>, ApiError> {
    let Parameter::Set(mut form) = form.hash("recurring")? else {
        return Ok(None);
    };
    let interval = match form
        .choice("interval", &["day", "month", "week", "year"])?
        .into_option()
    {
        Some("day") => Interval::Day,
        Some("week") => Interval::Week,
        Some("month") => Interval::Month,
        Some(_) => Interval::Year,
        None => return Err(form.missing("interval")),
    };
    let usage = form
        .choice("usage_type", &["licensed", "metered"])?
        .into_option();
    let recurring = Recurring {
        interval,
        interval_count: form.count("interval_count")?.unwrap_or(1).max(1),
        metered: usage == Some("metered"),
        trial_period_days: form.count("trial_period_days")?,
    };
    form.ignore(&["aggregate_usage", "meter"]);
    form.reject_unread_parameters()?;
    Ok(Some(recurring))
}

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let mut data = PriceData::read(form)?;
    let tiered = form
        .choice("billing_scheme", &["per_unit", "tiered"])?
        .into_option()
        == Some("tiered");
    let transfers_key = form.boolean("transfer_lookup_key")?.unwrap_or(false);
    data.price.tiered = tiered;
    data.price.active = form.boolean("active")?.unwrap_or(true);
    data.price.lookup_key = form.optional_text("lookup_key")?;
    data.price.nickname = form.text("nickname")?.into_option();
    form.ignore(&["tiers", "tiers_mode", "transform_quantity"]);
    if data.price.unit_amount.is_none() && data.price.unit_amount_decimal.is_none() && !tiered {
        return Err(form.missing("unit_amount"));
    }
    request.reject_unread_parameters()?;
    data.check(world, "product")?;
    let holder = holder_of_key(world, data.price.lookup_key.as_deref(), transfers_key)?;
    let id = request.apply(world, None, |world| {
        remove_key(world, holder.as_deref());
        data.make(world)
    });
    price_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    request.call.find((world, &world.prices), "price", id)?;
    let form = &mut request.call.form;
    let active = form.boolean("active")?;
    let lookup_key = form.text("lookup_key")?;
    let transfers_key = form.boolean("transfer_lookup_key")?.unwrap_or(false);
    let nickname = form.text("nickname")?;
    let metadata = form.metadata()?;
    form.ignore(&["currency_options", "tax_behavior"]);
    request.reject_unread_parameters()?;
    let new_key = match &lookup_key {
        Parameter::Set(key) => Some(key.as_str()),
        Parameter::Absent | Parameter::Unset => None,
    };
    let holder = holder_of_key(world, new_key, transfers_key)?.filter(|holder| holder != id);
    request.apply(world, None, |world| {
        remove_key(world, holder.as_deref());
        world.update_price(id, |price| {
            price.active = active.unwrap_or(price.active);
            lookup_key.put_in(&mut price.lookup_key);
            nickname.put_in(&mut price.nickname);
            merge(&mut price.metadata, metadata);
        })
    })?;
    price_response(request, world, id)
}

/// Returns the price that has the lookup key now. Fails if there is one and the key is not to be transferred.
fn holder_of_key(
    world: &World,
    key: Option<&str>,
    transfers_key: bool,
) -> Result<Option<CompactString>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    let mut prices = world.prices.iter();
    match prices.find(|price| price.lookup_key.as_deref() == Some(key)) {
        Some(price) if !transfers_key => Err(ApiError::invalid(format!(
            "A price (`{}`) already uses that lookup key.",
            price.id
        ))
        .param("lookup_key")),
        found => Ok(found.map(|price| price.id.clone())),
    }
}

fn remove_key(world: &mut World, holder: Option<&str>) {
    if let Some(holder) = holder {
        world
            .update_price(holder, |price| price.lookup_key = None)
            .ok();
    }
}

fn price_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let price = request.call.find((world, &world.prices), "price", id)?;
    request.body(world, &PriceShape::new(price, request.call.view(world)))
}

/// Boxes the metadata of an item, unless it is empty.
pub(super) fn boxed(metadata: Metadata) -> Option<Box<Metadata>> {
    (!metadata.is_empty()).then(|| Box::new(metadata))
}
