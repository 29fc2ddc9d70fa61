//! Amounts and billing intervals, whose format all providers share.

use crate::contract::Interval;

/// An amount in minor units of a currency.
pub(crate) struct Amount {
    pub(crate) currency: Option<String>,
    pub(crate) minor_units: Option<i64>,
}

impl Amount {
    pub(crate) fn new(currency: Option<String>, minor_units: Option<i64>) -> Self {
        Self {
            currency: currency.map(|currency| currency.to_lowercase()),
            minor_units,
        }
    }

    /// Returns the amount in the currency that the subscription is charged in, using `in_currency` if that is not the
    /// default.
    pub(crate) fn charged_in(
        self,
        charged: Option<&str>,
        in_currency: impl FnOnce(&str) -> Option<i64>,
    ) -> Self {
        match charged {
            Some(charged) if self.currency.as_deref().is_some_and(|base| base != charged) => Self {
                minor_units: in_currency(charged),
                currency: Some(charged.to_owned()),
            },
            Some(_) | None => self,
        }
    }
}

/// Parses the unit of a period. Returns `None` for an unknown word.
pub(crate) fn interval(word: &str) -> Option<Interval> {
    match word {
        "day" => Some(Interval::Day),
        "week" => Some(Interval::Week),
        "month" => Some(Interval::Month),
        "year" => Some(Interval::Year),
        _ => None,
    }
}
