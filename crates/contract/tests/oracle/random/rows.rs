//! Makes rows hold what was bought, so that one key of the contract decides between right and wrong.

use proptest::{collection::vec, option, prelude::*};

use super::{NOW_SECONDS, World};
use crate::model::{Bought, bought};

/// The columns of one row that hold what was bought, and which of the plans.
#[derive(Debug, Clone)]
pub(crate) struct Fit {
    seats: FitSeats,
    period_end: bool,
    plan: Option<prop::sample::Index>,
}

#[derive(Debug, Clone, Copy)]
enum FitSeats {
    AsDrawn,
    AsBought,
    Unlimited,
}

pub(crate) fn fits() -> impl Strategy<Value = Vec<Fit>> {
    let seats = prop_oneof![
        1 => Just(FitSeats::AsDrawn),
        3 => Just(FitSeats::AsBought),
        2 => Just(FitSeats::Unlimited),
    ];
    let fit = (
        seats,
        prop::bool::weighted(0.7),
        option::weighted(0.7, any::<prop::sample::Index>()),
    );
    let fit = fit.prop_map(|(seats, period_end, plan)| Fit {
        seats,
        period_end,
        plan,
    });
    vec(fit, 10)
}

pub(crate) fn fit_rows(world: &mut World, fits: &[Fit]) {
    let told: Vec<_> = world
        .facts
        .accounts
        .iter()
        .map(|account| bought(&world.contract, &world.facts, NOW_SECONDS, account))
        .collect();
    let accounts = world.facts.accounts.iter_mut();
    for ((account, fit), told) in accounts.zip(fits).zip(told) {
        let Bought {
            seats,
            period_end,
            plans,
        } = told;
        if let Some(plan) = fit.plan.filter(|_| !plans.is_empty()) {
            account.plan = Some(plan.get(&plans).as_str().into());
        }
        let Some(columns) = &mut account.columns else {
            continue;
        };
        let unlimited = world.contract.seats.unlimited.first().copied();
        match (fit.seats, seats, unlimited) {
            (FitSeats::AsBought, Some(bought), _) => columns.seats = Some(bought),
            (FitSeats::Unlimited, Some(_), Some(unlimited)) => columns.seats = unlimited,
            _ => {}
        }
        if fit.period_end && period_end.is_some() {
            columns.period_end = period_end;
        }
    }
}
