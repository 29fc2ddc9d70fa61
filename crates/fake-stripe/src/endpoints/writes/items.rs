//! Items of subscriptions and line items of Checkout sessions.

use compact_str::CompactString;

use super::{
    WriteRequest,
    prices::{PriceData, boxed},
};
use crate::{
    error::ApiError,
    form::{Form, Parameter, merge},
    world::{Item, Metadata, World},
};

/// An item of a request.
#[derive(Debug)]
pub(super) struct WantedItem {
    /// Id of the existing item, in an update.
    pub(super) id: Option<CompactString>,
    pub(super) price: Option<ItemPrice>,
    pub(super) quantity: Option<u32>,
    pub(super) deleted: bool,
    pub(super) metadata: Parameter<Vec<(String, String)>>,
}

/// The price of an item.
#[derive(Debug)]
pub(super) enum ItemPrice {
    Known(CompactString),
    New(Box<PriceData>),
}

impl WantedItem {
    /// Reads the keys that subscription items and line items have in common.
    pub(super) fn read(form: &mut Form) -> Result<Self, ApiError> {
        let known = form.optional_text("price")?;
        let known = known.or(form.optional_text("plan")?);
        let price = match (known, form.hash("price_data")?) {
            (Some(id), _) => Some(ItemPrice::Known(id)),
            (None, Parameter::Set(mut data)) => {
                let price = PriceData::read(&mut data)?;
                data.reject_unread_parameters()?;
                Some(ItemPrice::New(Box::new(price)))
            }
            (None, Parameter::Absent | Parameter::Unset) => None,
        };
        let item = Self {
            id: form.optional_text("id")?,
            price,
            quantity: form.count("quantity")?,
            deleted: form.boolean("deleted")?.unwrap_or(false),
            metadata: form.metadata()?,
        };
        form.ignore(&[
            "adjustable_quantity",
            "billing_thresholds",
            "clear_usage",
            "discounts",
            "dynamic_tax_rates",
            "tax_rates",
        ]);
        Ok(item)
    }

    /// Reads a list of items.
    pub(super) fn all(form: &mut Form, name: &str) -> Result<Vec<Self>, ApiError> {
        let forms = form.list(name)?;
        let read = |mut form: Form| {
            let item = Self::read(&mut form)?;
            form.reject_unread_parameters()?;
            Ok(item)
        };
        forms.into_iter().map(read).collect()
    }

    /// Checks that the price, or the product of a new one, exists. A known price must also suit subscriptions.
    pub(super) fn check(
        &self,
        request: &WriteRequest<'_>,
        world: &World,
        param: &str,
    ) -> Result<(), ApiError> {
        match &self.price {
            None => Ok(()),
            Some(ItemPrice::New(data)) => data.check(world, param),
            Some(ItemPrice::Known(id)) => {
                let prices = (world, &world.prices);
                let price = request.call.find_by_parameter(prices, "price", id, param)?;
                if price.recurring.is_none() {
                    return Err(ApiError::invalid(
                        "The price specified is set to `type=one_time` but this field only accepts prices with \
                         `type=recurring`.",
                    )
                    .param(param));
                }
                if !price.active {
                    return Err(ApiError::invalid(
                        "The price specified is inactive. This field only accepts active prices.",
                    )
                    .param(param));
                }
                Ok(())
            }
        }
    }

    /// Creates the item, and its price if that is new. Returns `None` without a price.
    pub(super) fn make(self, world: &mut World) -> Option<Item> {
        let price = match self.price? {
            ItemPrice::Known(id) => id,
            ItemPrice::New(data) => data.make(world),
        };
        let recurring = world
            .prices
            .get(&price)
            .and_then(|price| price.recurring.as_ref());
        let is_metered = recurring.is_some_and(|recurring| recurring.metered);
        let mut item = Item::new(&price);
        item.quantity = (!is_metered).then(|| self.quantity.unwrap_or(1));
        let mut metadata = Metadata::new();
        merge(&mut metadata, self.metadata);
        item.metadata = boxed(metadata);
        Some(item)
    }
}

/// Checks new items; each must have a price.
pub(super) fn check_new(
    items: &[WantedItem],
    request: &WriteRequest<'_>,
    world: &World,
    name: &str,
) -> Result<(), ApiError> {
    if items.is_empty() {
        return Err(ApiError::missing_parameter(name));
    }
    for (position, item) in items.iter().enumerate() {
        let param = format!("{name}[{position}][price]");
        if item.price.is_none() {
            return Err(ApiError::missing_parameter(&param));
        }
        item.check(request, world, &param)?;
    }
    Ok(())
}
