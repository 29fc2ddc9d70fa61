//! The products and prices of a rehearsal.

use compact_str::CompactString;
use fake_paddle::{Price, Stage, World};

use crate::rehearsal::{PaidPrice, PriceRole, TestPrices};

/// Adds a price for every role, unless the fixtures contain it. Returns the ids of the events about the new objects.
pub(super) fn add_prices(world: &mut World, prices: &TestPrices) -> Vec<CompactString> {
    let stage = Stage {
        clock: world.clock,
        namespace: "catalog".into(),
    };
    let ((), events) = world.on_stage(&stage, |world| add_price_of_each_role(world, prices));
    events
}

fn add_price_of_each_role(world: &mut World, prices: &TestPrices) {
    let yearly = prices.price(PriceRole::Yearly, None);
    let mut amount = 2_000;
    for PaidPrice {
        price: paid, plan, ..
    } in &prices.paid
    {
        let product = paid.product.as_deref().unwrap_or_default();
        let price = if yearly.as_ref() == Some(&paid.id) {
            Price::yearly(paid.id.as_str(), product, amount * 10)
        } else {
            Price::monthly(paid.id.as_str(), product, amount)
        };
        // Applications that store the product's name as the plan get the word of the contract.
        world.offer(price, plan);
        amount += 3_000;
    }
    for role in [PriceRole::Unknown, PriceRole::Addon, PriceRole::Metered] {
        if let Some(id) = prices.price(role, None) {
            world.offer(Price::monthly(id.as_str(), "", 500), id.as_str());
        }
    }
    if let Some(id) = prices.price(PriceRole::Once, None) {
        world.offer(Price::one_time(id.as_str(), "", 500), id.as_str());
    }
}
