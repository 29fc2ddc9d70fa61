//! The prices that a rehearsal uses for each role.

use serde::{Deserialize, Serialize};

use super::provider::Provider;
use contract::{Contract, PlanKey, PlanKeyKind, PlanWords, Price, PriceId, Source};

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
    /// A price of main's plan whose product only this customer buys. Only with entitlements.
    Own,
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
    /// The feature of the other product, taken from `ignore_prices`, with entitlements.
    pub addon_feature: Option<String>,
    /// The beginning of the keys of features that no plan needs.
    added_feature: String,
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
    /// The key of the feature that its product has, with entitlements.
    pub feature: Option<String>,
}

/// Returns the id of a made-up price, in the provider's form: applications may check that.
fn made_up(contract: &Contract, name: &str) -> String {
    match Provider::for_source(contract.source) {
        Provider::Stripe | Provider::Entitlements => format!("price_prodverdict_{name}"),
        Provider::Paddle => format!("pri_01prodverdict{name:0>13}"),
    }
}

impl TestPrices {
    /// Assigns the prices of a contract to roles. A contract without plans gets two made-up prices, since it does not
    /// check plans. Returns `None` if no mapped price is paid.
    pub fn from_contract(contract: &Contract) -> Option<Self> {
        let paid = paid_prices(contract);
        let main = paid.first()?;
        let find = |wanted: &dyn Fn(&PaidPrice) -> bool| {
            let found = paid.iter().find(|one| wanted(one));
            found.map(|one| one.price.id.clone())
        };
        let second = paid.iter().find(|one| one.plan != main.plan);
        let is_third = |one: &PaidPrice| {
            second.is_some_and(|second| one.plan != main.plan && one.plan != second.plan)
        };
        Some(Self {
            main: main.price.id.clone(),
            other: second.map(|one| one.price.id.clone()),
            third: find(&is_third),
            yearly: find(&|one| one.price.id != main.price.id && one.plan == main.plan),
            addon: if has_features(contract) {
                unmapped_price_id(contract, "addon")
            } else {
                ignored(contract).unwrap_or_else(|| unmapped_price_id(contract, "addon"))
            },
            addon_feature: ignored(contract)
                .filter(|_| has_features(contract))
                .map(|key| key.to_string()),
            unknown: unmapped_price_id(contract, "unknown"),
            metered: unmapped_price_id(contract, "metered"),
            once: unmapped_price_id(contract, "once"),
            added_feature: unmapped(contract, "prodverdict_added").to_string(),
            paid,
        })
    }

    /// Returns the key of a feature that no plan needs.
    pub fn added_feature(&self, number: u8) -> String {
        format!("{}_{number}", self.added_feature)
    }

    /// Returns the feature of main's product, with entitlements.
    pub fn main_feature(&self) -> Option<&str> {
        self.paid.first()?.feature.as_deref()
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
            PriceRole::Own => None,
        }
    }

    /// Describes what the contract lacks for a role.
    pub(crate) fn missing_price(&self, role: PriceRole) -> Option<&'static str> {
        match role {
            PriceRole::Other if self.other.is_none() => Some("`plans` maps no second paid plan"),
            PriceRole::Third if self.third.is_none() => Some("`plans` maps no third paid plan"),
            PriceRole::Yearly if self.yearly.is_none() => Some(match self.main_feature() {
                Some(_) => "`plans` maps no second feature to the same plan",
                None => "`plans` maps no second price of the same plan",
            }),
            PriceRole::Own if self.main_feature().is_none() => {
                Some("`own` is a price for contracts about entitlements")
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
            | PriceRole::Addon
            | PriceRole::Own => None,
        }
    }
}

/// Lists a price for every entry of `plans` that buys a paid plan. Without plans, two made-up ones.
fn paid_prices(contract: &Contract) -> Vec<PaidPrice> {
    if contract.plans.is_empty() {
        let bare = |name: &str| Price::bare(&made_up(contract, name));
        let paid = |name: &str| PaidPrice {
            feature: has_features(contract).then(|| format!("prodverdict_{name}")),
            price: bare(name),
            plan: name.to_owned(),
        };
        return ["main", "other"].map(paid).into();
    }
    let entries = contract.plans.iter().enumerate();
    let prices =
        entries.map(|(number, (key, plan))| (number, price_of(contract, key, number), plan));
    let is_paid = |(_, price, plan): &(usize, Price, &PlanWords)| {
        // A more specific entry of `plans` can map the price to another plan.
        contract.plan_of(price) == Some(*plan)
            && !plan.words().any(|word| contract.free_plans.contains(word))
    };
    let paid = |(number, price, plan): (usize, Price, &PlanWords)| {
        let plan = plan.name().to_owned();
        if !has_features(contract) {
            let feature = None;
            return PaidPrice {
                price,
                plan,
                feature,
            };
        }
        PaidPrice {
            // An entitlement has a feature where a subscription has a price.
            feature: Some(price.id.to_string()),
            price: Price::bare(&made_up(contract, &number.to_string())),
            plan,
        }
    };
    prices.filter(is_paid).map(paid).collect()
}

fn has_features(contract: &Contract) -> bool {
    contract.source == Source::StripeEntitlements
}

/// Returns a price, or the feature in its place, that `ignore_prices` matches, so that the contract treats it as another
/// product.
fn ignored(contract: &Contract) -> Option<PriceId> {
    use contract::PricePattern;
    Some(match contract.ignore_prices.first()? {
        PricePattern::Exact(id) => PriceId::from(id.as_str()),
        PricePattern::Prefix(prefix) => PriceId::from(format!("{prefix}prodverdict").as_str()),
    })
}

/// Returns a price, or the feature in its place, that matches the key; the key's position makes its id unique.
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
    unmapped(contract, &made_up(contract, name))
}

/// Returns an id without its beginning if a prefix in `plans` matches it.
fn unmapped(contract: &Contract, id: &str) -> PriceId {
    let is_mapped = contract.plans.plan(&Price::bare(id)).is_some();
    let rest = id.split_once('_').map(|(_, rest)| rest);
    PriceId::from(rest.filter(|_| is_mapped).unwrap_or(id))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_plans_of_entitlements_are_features_of_made_up_prices() {
        let mut contract = Contract::new(Source::StripeEntitlements);
        contract.plans = contract::Plans::by_price([("pro", "Pro"), ("team", "Team")]);
        let prices = TestPrices::from_contract(&contract).expect("paid plans");
        let paid: Vec<_> = prices
            .paid
            .iter()
            .map(|paid| (paid.price.id.as_str(), paid.feature.as_deref()))
            .collect();
        assert_eq!(
            paid,
            [
                ("price_prodverdict_0", Some("pro")),
                ("price_prodverdict_1", Some("team"))
            ]
        );
        assert_eq!(prices.main_feature(), Some("pro"));
        assert_eq!(prices.missing_price(PriceRole::Own), None);
        assert_eq!(prices.added_feature(2), "prodverdict_added_2");
    }
}
