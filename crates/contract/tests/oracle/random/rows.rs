//! Makes random rows match what was bought, so that a single key of the contract decides if they are right.

use proptest::{collection::vec, option, prelude::*};

use super::{NOW_SECONDS, World};
use crate::model::{Bought, bought};

/// The columns of one row that shall match what was bought.
#[derive(Debug, Clone)]
pub(crate) struct Fit {
    seats: FitSeats,
    period_end: bool,
    plan: Option<prop::sample::Index>,
}

#[derive(Debug, Clone, Copy)]
enum FitSeats {
    Unchanged,
    Bought,
    Unlimited,
}

/// Generates the choices for all rows.
pub(crate) fn fits() -> impl Strategy<Value = Vec<Fit>> {
    let seats = prop_oneof![
        1 => Just(FitSeats::Unchanged),
        3 => Just(FitSeats::Bought),
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

/// Changes the rows as chosen.
pub(crate) fn fit_rows(world: &mut World, fits: &[Fit]) {
    let purchases: Vec<_> = world
        .facts
        .accounts
        .iter()
        .map(|account| bought(&world.contract, &world.facts, NOW_SECONDS, account))
        .collect();
    let accounts = world.facts.accounts.iter_mut();
    for ((account, fit), purchase) in accounts.zip(fits).zip(purchases) {
        let Bought {
            seats,
            period_end,
            plans,
        } = purchase;
        if let Some(plan) = fit.plan.filter(|_| !plans.is_empty()) {
            account.plan = Some(plan.get(&plans).as_str().into());
        }
        let Some(columns) = &mut account.columns else {
            continue;
        };
        let unlimited = world.contract.seats.unlimited.first().copied();
        match (fit.seats, seats, unlimited) {
            (FitSeats::Bought, Some(bought), _) => columns.seats = Some(bought),
            (FitSeats::Unlimited, Some(_), Some(unlimited)) => columns.seats = unlimited,
            _ => {}
        }
        if fit.period_end && period_end.is_some() {
            columns.period_end = period_end;
        }
    }
}
