//! Which prices of the contract play which part.

use serde::Deserialize;

use crate::contract::{Contract, PriceId};

/// The part that a price plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The first paid price of the contract.
    #[default]
    Main,
    /// The first one of another paid plan.
    Other,
    /// The same where there is one, else `main`.
    OtherIfAny,
    /// Another price of main's plan, which is paid by the year.
    Yearly,
    /// Each paid price in turn.
    Each,
    /// One that the contract neither maps nor ignores.
    Unknown,
    /// One for usage, of no plan.
    Metered,
    /// One of another product: what `ignore_prices` names where it names anything.
    Addon,
}

/// The prices of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    main: PriceId,
    other: Option<PriceId>,
    yearly: Option<PriceId>,
    addon: PriceId,
    /// Every paid price, in order of their ids.
    pub paid: Vec<PriceId>,
}

/// A price of the contract's that is made up needs an id that the contract does not know.
const UNKNOWN: &str = "price_prodverdict_unknown";
const METERED: &str = "price_prodverdict_metered";
const ADDON: &str = "price_prodverdict_addon";

impl Cast {
    /// Gives the parts to the prices of a contract. One that maps none is played with two made-up prices, since it does
    /// not look at plans.
    pub fn of(contract: &Contract) -> Option<Self> {
        let mapped: Vec<(PriceId, &str)> = if contract.plans.is_empty() {
            vec![
                (PriceId::from("price_prodverdict_main"), "main"),
                (PriceId::from("price_prodverdict_other"), "other"),
            ]
        } else {
            let exact = contract.plans.iter().filter(|(key, _)| {
                key.kind == crate::contract::PlanKeyKind::Price && !key.is_prefix
            });
            exact
                .map(|(key, plan)| (PriceId::from(key.text.as_str()), plan.name()))
                .filter(|(price, plan)| {
                    !contract.free_plans.contains(*plan) && !is_ignored(contract, price)
                })
                .collect()
        };
        let (main, plan) = mapped.first()?;
        let find = |wanted: &dyn Fn(&PriceId, &str) -> bool| {
            let found = mapped.iter().find(|(price, plan)| wanted(price, plan));
            found.map(|(price, _)| price.clone())
        };
        Some(Self {
            main: main.clone(),
            other: find(&|_, other| other != *plan),
            yearly: find(&|price, other| price != main && other == *plan),
            addon: addon(contract),
            paid: mapped.iter().map(|(price, _)| price.clone()).collect(),
        })
    }

    /// The price that plays a part; `each` is the one whose turn it is. None where the contract has none for it.
    pub fn price(&self, role: Role, each: Option<&PriceId>) -> Option<PriceId> {
        match role {
            Role::Main => Some(self.main.clone()),
            Role::Other => self.other.clone(),
            Role::OtherIfAny => Some(self.other.clone().unwrap_or_else(|| self.main.clone())),
            Role::Yearly => self.yearly.clone(),
            Role::Each => Some(each.unwrap_or(&self.main).clone()),
            Role::Unknown => Some(PriceId::from(UNKNOWN)),
            Role::Metered => Some(PriceId::from(METERED)),
            Role::Addon => Some(self.addon.clone()),
        }
    }

    /// What the contract lacks for a part, in words.
    pub(crate) fn lacks(&self, role: Role) -> Option<&'static str> {
        match role {
            Role::Other if self.other.is_none() => Some("`plans` maps no second paid plan"),
            Role::Yearly if self.yearly.is_none() => {
                Some("`plans` maps no second price of the same plan")
            }
            Role::Main
            | Role::Other
            | Role::OtherIfAny
            | Role::Yearly
            | Role::Each
            | Role::Unknown
            | Role::Metered
            | Role::Addon => None,
        }
    }
}

fn is_ignored(contract: &Contract, price: &PriceId) -> bool {
    let mut patterns = contract.ignore_prices.iter();
    patterns.any(|pattern| pattern.matches(price))
}

/// One that `ignore_prices` names, so that the contract calls it another product too.
fn addon(contract: &Contract) -> PriceId {
    use crate::contract::PricePattern;
    match contract.ignore_prices.first() {
        Some(PricePattern::Exact(id)) => PriceId::from(id.as_str()),
        Some(PricePattern::Prefix(prefix)) => {
            PriceId::from(format!("{prefix}prodverdict").as_str())
        }
        None => PriceId::from(ADDON),
    }
}
