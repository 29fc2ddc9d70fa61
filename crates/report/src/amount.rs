//! Formats money for people: minor units with the number of decimals that the provider uses for the currency.

use contract::Money;

use super::{
    count::grouped,
    neutral::{LINE_CHARACTERS, shortened},
    shown::displayed_name,
};

/// Zero-decimal currencies at Stripe (<https://docs.stripe.com/currencies#zero-decimal>) and at Paddle. Stripe sends
/// ISK and UGX in hundredths although neither is charged in fractions, so they are not listed.
const WITHOUT_DECIMALS: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];

/// Currencies with a thousand minor units to the unit.
const WITH_THREE_DECIMALS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// Formats all amounts of `money`, such as `1,200.00 USD, 30 JPY`.
pub fn amounts(money: &Money) -> String {
    let amounts: Vec<_> = money
        .iter()
        .map(|(currency, minor_units)| amount(currency, minor_units))
        .collect();
    shortened(&amounts.join(", "), LINE_CHARACTERS)
}

/// Returns the largest amount in thousandths of its unit. This is only for sorting and ignores exchange rates.
pub(super) fn largest(money: &Money) -> i128 {
    let thousandths = money.iter().map(|(currency, minor_units)| {
        let (divisor, _) = decimals(&currency.to_uppercase());
        i128::from(minor_units) * 1000 / i128::from(divisor)
    });
    thousandths.max().unwrap_or_default()
}

/// Returns the number of minor units in a unit, and the number of decimals.
fn decimals(code: &str) -> (u64, usize) {
    if WITHOUT_DECIMALS.contains(&code) {
        (1, 0)
    } else if WITH_THREE_DECIMALS.contains(&code) {
        (1000, 3)
    } else {
        (100, 2)
    }
}

fn amount(currency: &str, minor_units: i64) -> String {
    let code = displayed_name(&currency.to_uppercase());
    let (divisor, decimals) = decimals(&code);
    let sign = if minor_units < 0 { "-" } else { "" };
    let units = minor_units.unsigned_abs();
    let whole = grouped(units / divisor);
    if decimals == 0 {
        return format!("{sign}{whole} {code}");
    }
    format!("{sign}{whole}.{:0decimals$} {code}", units % divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_has_its_own_decimals() {
        assert_eq!(amount("usd", 123_456), "1,234.56 USD");
        assert_eq!(amount("usd", 5), "0.05 USD");
        assert_eq!(amount("USD", -150), "-1.50 USD");
        assert_eq!(amount("jpy", 12_345), "12,345 JPY");
        assert_eq!(amount("kwd", 5_120), "5.120 KWD");
        assert_eq!(amount("isk", 500), "5.00 ISK");
        assert_eq!(amount("usd", i64::MIN), "-92,233,720,368,547,758.08 USD");
    }

    #[test]
    fn amounts_are_sorted_by_units_and_not_by_minor_units() {
        let money = |currency: &str, minor_units| {
            let mut money = Money::default();
            money.add(currency, minor_units);
            largest(&money)
        };
        assert_eq!(money("usd", 1_999), 19_990);
        assert_eq!(money("jpy", 900), 900_000);
        assert_eq!(money("kwd", 5_120), 5_120);
        assert_eq!(money("usd", i64::MIN), i128::from(i64::MIN) * 10);
        assert_eq!(largest(&Money::default()), 0);
    }

    #[test]
    fn currencies_are_named_one_after_the_other() {
        let mut money = Money::default();
        money.add("usd", 2000);
        money.add("jpy", 900);
        assert_eq!(amounts(&money), "900 JPY, 20.00 USD");
    }
}
