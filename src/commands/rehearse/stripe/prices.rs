//! The products and prices of a rehearsal.

use compact_str::CompactString;
use fake_stripe::{ApiVersion, Feature, Price, Product, Stage, World};

use crate::{
    contract::PriceId,
    rehearsal::{PaidPrice, PriceRole, TestPrices},
};

/// Returns the first item with a paid plan. With `None`, callers use the first item.
pub(super) fn plan_item(world: &World, prices: &TestPrices, id: &str) -> Option<CompactString> {
    let items = world
        .find_subscription(id)
        .into_iter()
        .flat_map(|one| &one.items);
    let mut items = items.filter(|item| {
        let mut paid = prices.paid.iter();
        paid.any(|paid| paid.price.id.as_str() == item.price)
    });
    items.next().map(|item| item.id.clone())
}

/// Adds a price for every role, unless the fixtures contain it. Returns the ids of the events about the new objects.
pub(super) fn add_prices(
    world: &mut World,
    prices: &TestPrices,
    version: &ApiVersion,
) -> Vec<CompactString> {
    world.default_version = version.clone();
    let stage = Stage {
        clock: world.clock,
        events_version: version.clone(),
        namespace: "catalog".into(),
    };
    let ((), events) = world.on_stage(&stage, |world| add_price_of_each_role(world, prices));
    events
}

fn add_price_of_each_role(world: &mut World, prices: &TestPrices) {
    let yearly = prices.price(PriceRole::Yearly, None);
    let mut amount = 2_000;
    for PaidPrice {
        price: paid,
        plan,
        feature,
    } in &prices.paid
    {
        let id = paid.id.as_str();
        let is_yearly = yearly.as_ref() == Some(&paid.id);
        let mut price = if is_yearly {
            Price::yearly(id, amount * 10)
        } else {
            Price::monthly(id, amount)
        };
        price.product = paid.product.as_deref().unwrap_or_default().into();
        price.lookup_key = paid.lookup_key.as_deref().map(Into::into);
        add_price(world, price, plan);
        if let Some(feature) = feature {
            add_feature(world, id, feature);
        }
        amount += 3_000;
    }
    for role in [
        PriceRole::Unknown,
        PriceRole::Addon,
        PriceRole::Metered,
        PriceRole::Once,
    ] {
        let Some(id) = prices.price(role, None) else {
            continue;
        };
        add_price(
            world,
            match role {
                PriceRole::Metered => Price::monthly(id.as_str(), 500).metered(),
                PriceRole::Once => Price::one_time(id.as_str(), 500),
                PriceRole::Main
                | PriceRole::Other
                | PriceRole::OtherIfAny
                | PriceRole::Third
                | PriceRole::Yearly
                | PriceRole::Each
                | PriceRole::Unknown
                | PriceRole::Addon
                | PriceRole::Own => Price::monthly(id.as_str(), 500),
            },
            id.as_str(),
        );
        if let (PriceRole::Addon, Some(feature)) = (role, &prices.addon_feature) {
            add_feature(world, id.as_str(), feature);
        }
    }
}

/// Attaches a feature to the product of a price.
pub(super) fn add_feature(world: &mut World, price: &str, key: &str) {
    let product = world.find_price(price).map(|price| price.product.clone());
    let feature = feature_with(world, key);
    if let Some(product) = product {
        // Both exist.
        world.attach_feature(&product, &feature).ok();
    }
}

/// Returns the feature with a key, which is its lookup key, or its id if it has none. Creates it if it is missing.
fn feature_with(world: &mut World, key: &str) -> CompactString {
    if let Some(feature) = world.find_feature(key) {
        return feature.id.clone();
    }
    world.feature(if key.starts_with("feat_") {
        Feature::new(key, "")
    } else {
        // Runs share their features, so an id must not depend on the run that creates it.
        Feature::new(&format!("feat_of_{key}"), key)
    })
}

/// Creates a price of main's plan, with a product that no one else buys.
pub(super) fn add_own_price(world: &mut World, prices: &TestPrices) -> Option<PriceId> {
    let main = prices.paid.first()?;
    let product = world.create_product(Product::new("", &main.plan));
    let price = world.create_price(Price::monthly("", 2_000).product(&product));
    add_feature(world, &price, prices.main_feature()?);
    Some(PriceId::from(price.as_str()))
}

/// Creates a price, and its product if it is missing. Applications that store the product's name as the plan get the word
/// of the contract.
fn add_price(world: &mut World, mut price: Price, product_name: &str) {
    if world.find_price(&price.id).is_some() {
        return;
    }
    if world.find_product(&price.product).is_none() {
        price.product = world.create_product(Product::new(&price.product, product_name));
    }
    world.create_price(price);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, PlanKey, PlanWords, Source};

    #[test]
    fn a_made_up_product_is_named_after_the_plan() {
        let mut contract = Contract::new(Source::Stripe);
        contract.plans = [
            ("price_pro", "Pro plan"),
            ("prod_team", "Team"),
            ("lookup_key:gold", "Gold"),
        ]
        .into_iter()
        .filter_map(|(key, plan)| {
            let key = PlanKey::parse(key, Source::Stripe);
            Some((key, PlanWords::new([plan])?))
        })
        .collect();
        let prices = TestPrices::from_contract(&contract).expect("prices");
        let mut world = World::new(0);
        add_prices(
            &mut world,
            &prices,
            &"2024-06-20".parse().expect("a version"),
        );
        for paid in &prices.paid {
            let price = world.find_price(paid.price.id.as_str()).expect("a price");
            let product = world.find_product(&price.product).expect("a product");
            assert_eq!(product.name, paid.plan);
        }
        let team = world.find_product("prod_team").expect("its own id");
        assert_eq!(team.name, "Team");
    }
}
