//! The seats that an account may hold.

use contract::{Account, Field, Included, Item, Rule, Subscription};

use super::{
    Collected, World,
    party::Party,
    prices::{any_matches, ignored, is_mapped},
};

/// A quantity that the source does not state.
#[derive(Debug)]
pub(super) struct Unsaid;

impl<'w> World<'w> {
    pub(crate) fn seat_drift(
        &self,
        account: &'w Account,
        party: &Party<'w>,
        collected: &mut Collected,
    ) {
        let Some(columns) = self.columns(account, Field::Seats) else {
            return;
        };
        let paying = self.paying_for_seats(account, party);
        if self.on(Rule::SeatDrift).is_none()
            || paying.is_empty()
            || self.is_rightly_unlimited(columns.seats, &paying)
        {
            return;
        }
        match self.seats_bought(party, &paying) {
            Err(Unsaid) => collected.missing = true,
            Ok(None) => {}
            Ok(Some(bought)) => {
                let null_is_none = self.contract.seats.prices.is_some().then_some(0);
                if columns.seats.or(null_is_none).map(i128::from) != Some(bought) {
                    let fixed = self.about_paying(account, party);
                    self.accuse(collected, Rule::SeatDrift, account, fixed);
                }
            }
        }
    }

    /// "A row holding one of `unlimited` is right where a price of `unlimited_prices` is bought, else always."
    fn is_rightly_unlimited(&self, stored: Option<i64>, paying: &[&Subscription]) -> bool {
        let seats = &self.contract.seats;
        let mut items = paying
            .iter()
            .flat_map(|subscription| subscription.items.iter());
        let buys_it = match &seats.unlimited_prices {
            None => true,
            Some(prices) => items.any(|item| any_matches(prices, &item.price)),
        };
        seats.unlimited.contains(&stored) && buys_it
    }

    /// "The summed quantity × `per_unit` + `included`"; `None` if nothing is sold by the seat.
    pub(super) fn seats_bought(
        &self,
        party: &Party<'w>,
        paying: &[&Subscription],
    ) -> Result<Option<i128>, Unsaid> {
        let items = paying
            .iter()
            .flat_map(|subscription| subscription.items.iter());
        let counted: Vec<_> = items.filter(|item| self.is_seat(item)).collect();
        if counted.is_empty() && self.contract.seats.prices.is_none() {
            return Ok(None);
        }
        let mut units = 0;
        for item in counted {
            units += i128::from(item.quantity.ok_or(Unsaid)?);
        }
        let per_unit = i128::from(self.contract.seats.per_unit);
        Ok(Some(units * per_unit + self.included(party)))
    }

    /// Returns true for a licensed price that is in `seats.prices`; if that is not set, one that is mapped, or at least
    /// not ignored.
    fn is_seat(&self, item: &Item) -> bool {
        let price = &item.price;
        let counts = if let Some(listed) = &self.contract.seats.prices {
            any_matches(listed, price)
        } else if self.contract.plans.is_empty() {
            !ignored(self.contract, price)
        } else {
            is_mapped(self.contract, price)
        };
        counts && !price.metered
    }

    /// "A number, or one per plan."
    fn included(&self, party: &Party<'w>) -> i128 {
        let by_plan = match &self.contract.seats.included {
            Included::Number(number) => return i128::from(*number),
            Included::ByPlan(by_plan) => by_plan,
        };
        let plans = self.plans_paid_for(party);
        let words = plans.iter().flat_map(|plan| plan.words());
        let numbers = words.filter_map(|word| by_plan.get(word));
        numbers.copied().max().unwrap_or_default().into()
    }
}
