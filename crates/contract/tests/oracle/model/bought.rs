//! Computes what one account has bought, for rows that should hold it.

use contract::{Account, Contract, Facts, Field, Period, UnixSeconds};

use super::{Keys, World, prices::plans_of};

/// The values that a row may hold; `None` if the column is not mapped or the value is unknown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bought {
    pub(crate) seats: Option<i64>,
    pub(crate) period_end: Option<UnixSeconds>,
    /// Plans of everything that is paid for, whatever `plan_order` says.
    pub(crate) plans: Vec<String>,
}

pub(crate) fn bought(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
    account: &Account,
) -> Bought {
    let world = World {
        contract,
        facts,
        now,
        keys: Keys::AS_SPECIFIED,
    };
    let party = world.party(account);
    let mapped = |field| facts.mapped.contains(&field);
    let paying = world.paying_for_seats(account, &party);
    let seats = world.seats_bought(&party, &paying).ok().flatten();
    let plans = World::paying(&party).into_iter();
    let plans = plans.flat_map(|subscription| plans_of(contract, subscription));
    Bought {
        seats: seats
            .and_then(|seats| i64::try_from(seats).ok())
            .filter(|_| mapped(Field::Seats) && !paying.is_empty()),
        period_end: party
            .deciding
            .and_then(|subscription| world.period(subscription))
            .map(Period::end)
            .filter(|_| mapped(Field::PeriodEnd)),
        plans: plans.map(|plan| plan.name().to_owned()).collect(),
    }
}
