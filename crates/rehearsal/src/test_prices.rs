//! The prices that a rehearsal uses for each role.

use serde::{Deserialize, Serialize};

use super::provider::Provider;
use contract::{Contract, PlanKey, PlanKeyKind, PlanWords, Price, PriceId};

/// The role of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceRole {
    /// The first paid price of the contract.
    #[default]
    Main,
    /// The first price of another paid plan.
    Other,
    /// Like `other` if there is one, else `main`.
    OtherIfAny,
    /// The first price of a third paid plan.
    Third,
    /// Another price of main's plan, for instance billed yearly.
    Yearly,
    /// Each paid price in turn.
    Each,
    /// A price that the contract neither maps nor ignores.
    Unknown,
    /// A usage-based price without a plan.
    Metered,
    /// A one-time price.
    Once,
    /// A price that belongs to another product, taken from `ignore_prices` if that has an entry.
    Addon,
}

/// The prices of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestPrices {
    main: PriceId,
    other: Option<PriceId>,
    third: Option<PriceId>,
    yearly: Option<PriceId>,
    addon: PriceId,
    unknown: PriceId,
    metered: PriceId,
    once: PriceId,
    /// Every paid price, in the order of `plans`.
    pub paid: Vec<PaidPrice>,
}

/// A price that buys a paid plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidPrice {
    /// The price, with the product and the lookup key that it is mapped by.
    pub price: Price,
    /// The word that the application stores for the plan.
    pub plan: String,
}

/// Returns the id of a made-up price, in the provider's form: applications may check that.
fn made_up(contract: &Contract, name: &str) -> String {
    match Provider::for_source(contract.source) {
        Provider::Stripe => format!("price_prodverdict_{name}"),
        Provider::Paddle => format!("pri_01prodverdict{name:0>13}"),
    }
}

impl TestPrices {
    /// Assigns the prices of a contract to roles. A contract without plans gets two made-up prices, since it does not
    /// check plans. Returns `None` if no mapped price is paid.
    pub fn from_contract(contract: &Contract) -> Option<Self> {
        let mapped: Vec<(Price, &str)> = if contract.plans.is_empty() {
            ["main", "other"]
                .map(|name| (Price::bare(&made_up(contract, name)), name))
                .into()
        } else {
            let entries = contract.plans.iter().enumerate();
            let prices =
                entries.map(|(number, (key, plan))| (price_of(contract, key, number), plan));
            let is_paid = |(price, plan): &(Price, &PlanWords)| {
                // A more specific entry of `plans` can map the price to another plan.
                contract.plans.plan(price) == Some(*plan)
                    && !plan.words().any(|word| contract.free_plans.contains(word))
                    && !is_ignored(contract, &price.id)
            };
            prices
                .filter(is_paid)
                .map(|(price, plan)| (price, plan.name()))
                .collect()
        };
        let (main, plan) = mapped.first()?;
        let find = |wanted: &dyn Fn(&Price, &str) -> bool| {
            let found = mapped.iter().find(|(price, plan)| wanted(price, plan));
            found.map(|(price, _)| price.id.clone())
        };
        let second = mapped.iter().find(|(_, other)| other != plan);
        let third =
            |other: &str| second.is_some_and(|(_, second)| other != *plan && other != *second);
        Some(Self {
            main: main.id.clone(),
            other: second.map(|(price, _)| price.id.clone()),
            third: find(&|_, other| third(other)),
            yearly: find(&|price, other| price.id != main.id && other == *plan),
            addon: addon(contract),
            unknown: unmapped_price_id(contract, "unknown"),
            metered: unmapped_price_id(contract, "metered"),
            once: unmapped_price_id(contract, "once"),
            paid: mapped
                .into_iter()
                .map(|(price, plan)| PaidPrice {
                    price,
                    plan: plan.to_owned(),
                })
                .collect(),
        })
    }

    /// Returns the price of a role, or `None` if the contract has none; `each` is the current price of `PriceRole::Each`.
    pub fn price(&self, role: PriceRole, each: Option<&PriceId>) -> Option<PriceId> {
        match role {
            PriceRole::Main => Some(self.main.clone()),
            PriceRole::Other => self.other.clone(),
            PriceRole::Third => self.third.clone(),
            PriceRole::OtherIfAny => Some(self.other.clone().unwrap_or_else(|| self.main.clone())),
            PriceRole::Yearly => self.yearly.clone(),
            PriceRole::Each => Some(each.unwrap_or(&self.main).clone()),
            PriceRole::Unknown => Some(self.unknown.clone()),
            PriceRole::Metered => Some(self.metered.clone()),
            PriceRole::Once => Some(self.once.clone()),
            PriceRole::Addon => Some(self.addon.clone()),
        }
    }

    /// Describes what the contract lacks for a role.
    pub(crate) fn missing_price(&self, role: PriceRole) -> Option<&'static str> {
        match role {
            PriceRole::Other if self.other.is_none() => Some("`plans` maps no second paid plan"),
            PriceRole::Third if self.third.is_none() => Some("`plans` maps no third paid plan"),
            PriceRole::Yearly if self.yearly.is_none() => {
                Some("`plans` maps no second price of the same plan")
            }
            PriceRole::Main
            | PriceRole::Other
            | PriceRole::OtherIfAny
            | PriceRole::Third
            | PriceRole::Yearly
            | PriceRole::Each
            | PriceRole::Unknown
            | PriceRole::Metered
            | PriceRole::Once
            | PriceRole::Addon => None,
        }
    }
}

fn is_ignored(contract: &Contract, price: &PriceId) -> bool {
    let mut patterns = contract.ignore_prices.iter();
    patterns.any(|pattern| pattern.matches(price))
}

/// Returns the id of a price that `ignore_prices` matches, so that the contract treats it as another product.
fn addon(contract: &Contract) -> PriceId {
    use contract::PricePattern;
    match contract.ignore_prices.first() {
        Some(PricePattern::Exact(id)) => PriceId::from(id.as_str()),
        Some(PricePattern::Prefix(prefix)) => {
            PriceId::from(format!("{prefix}prodverdict").as_str())
        }
        None => unmapped_price_id(contract, "addon"),
    }
}

/// Returns a price that matches the key; the key's position makes its id unique.
fn price_of(contract: &Contract, key: &PlanKey, number: usize) -> Price {
    let text = if key.is_prefix {
        format!("{}prodverdict", key.text)
    } else {
        key.text.clone()
    };
    let made_up = || Price::bare(&made_up(contract, &number.to_string()));
    match key.kind {
        PlanKeyKind::Price => Price::bare(&text),
        PlanKeyKind::LookupKey => Price {
            lookup_key: Some(text),
            ..made_up()
        },
        PlanKeyKind::Product => Price {
            product: Some(text),
            ..made_up()
        },
    }
}

/// Returns the id of a made-up price, changed if a prefix in `plans` matches it.
fn unmapped_price_id(contract: &Contract, name: &str) -> PriceId {
    let id = made_up(contract, name);
    let is_mapped = contract.plans.plan(&Price::bare(&id)).is_some();
    let rest = id.split_once('_').map(|(_, rest)| rest);
    PriceId::from(rest.filter(|_| is_mapped).unwrap_or(&id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Source;

    fn prices(plans: &[(&str, &str)]) -> TestPrices {
        let mut contract = Contract::new(Source::Stripe);
        contract.plans = plans
            .iter()
            .filter_map(|(key, plan)| {
                let key = PlanKey::parse(key, Source::Stripe);
                Some((key, PlanWords::new([*plan])?))
            })
            .collect();
        TestPrices::from_contract(&contract).expect("a paid plan")
    }

    #[test]
    fn plans_by_product_and_lookup_key_are_played_with_such_prices() {
        let prices = prices(&[("prod_gold", "gold"), ("lookup_key:pro", "pro")]);
        let paid: Vec<_> = prices
            .paid
            .iter()
            .map(|paid| {
                (
                    paid.price.lookup_key.as_deref(),
                    paid.price.product.as_deref(),
                )
            })
            .collect();
        assert_eq!(paid, [(Some("pro"), None), (None, Some("prod_gold"))]);
        assert!(prices.price(PriceRole::Other, None).is_some());
    }

    #[test]
    fn an_unknown_price_is_unknown_next_to_a_beginning() {
        let prices = prices(&[("price_*", "pro")]);
        let unknown = prices.price(PriceRole::Unknown, None);
        assert_eq!(unknown, Some(PriceId::from("prodverdict_unknown")));
    }
}
