//! Recurring prices and money per month, in minor units, with integers only.

use compact_str::CompactString;

use super::PriceId;

/// Billing interval of a recurring price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interval {
    Day,
    Week,
    Month,
    Year,
}

/// A price as the provider describes it. Readers share one `Price` among all the items that carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    pub id: PriceId,
    pub product: Option<String>,
    pub lookup_key: Option<String>,
    /// Lower-case ISO 4217 code.
    pub currency: Option<String>,
    /// Minor units per unit and interval; `None` for tiered prices and amounts below one minor unit.
    pub unit_amount: Option<i64>,
    /// Interval and number of intervals in one period; `None` for a one-off price or if not known.
    pub recurring: Option<(Interval, u32)>,
    /// True if it is charged by usage and therefore has no quantity.
    pub metered: bool,
}

impl Price {
    /// Returns a price of which only the id is known.
    pub fn bare(id: &str) -> Self {
        Self {
            id: PriceId::from(id),
            product: None,
            lookup_key: None,
            currency: None,
            unit_amount: None,
            recurring: None,
            metered: false,
        }
    }

    /// Returns the monthly amount of `quantity` units, rounded half up, or `None` if the price does not determine it.
    pub fn monthly(&self, quantity: u64) -> Option<i64> {
        let (interval, count) = self.recurring?;
        if self.metered || count == 0 {
            return None;
        }
        // Months in one period as a fraction: a week is 12/52 of a month, a day 12/365.
        let (numerator, denominator) = match interval {
            Interval::Year => (1, 12),
            Interval::Month => (1, 1),
            Interval::Week => (52, 12),
            Interval::Day => (365, 12),
        };
        let amount = i128::from(self.unit_amount?) * i128::from(quantity) * numerator;
        let divisor = denominator * i128::from(count);
        let half_up = (2 * amount + divisor).div_euclid(2 * divisor);
        i64::try_from(half_up).ok()
    }
}

/// Amounts in minor units, in the order of their currencies. It is a list, because there is hardly ever more than one
/// currency and every finding holds a value of this type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Money(Vec<(CompactString, i64)>);

impl Money {
    /// Adds `minor_units`; saturates instead of wrapping.
    pub fn add(&mut self, currency: &str, minor_units: i64) {
        let place = self
            .0
            .binary_search_by(|(code, _)| code.as_str().cmp(currency));
        match place {
            Ok(found) => {
                if let Some((_, sum)) = self.0.get_mut(found) {
                    *sum = sum.saturating_add(minor_units);
                }
            }
            Err(missing) => {
                self.0.reserve_exact(1);
                self.0.insert(missing, (currency.into(), minor_units));
            }
        }
    }

    /// Adds every currency of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (currency, minor_units) in other.iter() {
            self.add(currency, minor_units);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `(currency, minor units)` in order of currency.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0
            .iter()
            .map(|(currency, sum)| (currency.as_str(), *sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn monthly(unit_amount: i64, interval: Interval, count: u32, quantity: u64) -> i64 {
        let price = Price {
            unit_amount: Some(unit_amount),
            recurring: Some((interval, count)),
            ..Price::bare("price_1")
        };
        price.monthly(quantity).expect("an amount")
    }

    #[test]
    fn every_interval_is_converted_to_a_month_and_rounded_half_up() {
        assert_eq!(monthly(2000, Interval::Month, 1, 3), 6000);
        assert_eq!(monthly(2000, Interval::Month, 3, 1), 667);
        assert_eq!(monthly(12000, Interval::Year, 1, 1), 1000);
        assert_eq!(monthly(6, Interval::Year, 1, 1), 1); // 0.5
        assert_eq!(monthly(-6, Interval::Year, 1, 1), 0); // -0.5, half up
        assert_eq!(monthly(500, Interval::Week, 1, 1), 2167);
        assert_eq!(monthly(100, Interval::Day, 1, 1), 3042);
    }

    #[test]
    fn a_price_without_a_fixed_amount_has_no_monthly_amount() {
        let metered = Price {
            metered: true,
            unit_amount: Some(5),
            recurring: Some((Interval::Month, 1)),
            ..Price::bare("price_1")
        };
        assert_eq!(metered.monthly(2), None);
        assert_eq!(Price::bare("price_1").monthly(1), None);
    }

    #[test]
    fn money_is_empty_until_something_is_added() {
        let mut money = Money::default();
        assert!(money.is_empty());
        money.add("usd", 1);
        assert!(!money.is_empty());
    }
}
