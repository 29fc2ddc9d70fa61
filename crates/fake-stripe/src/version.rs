//! API versions and the differences between them.

use std::{fmt, str::FromStr};

/// A version such as `2026-10-28.endive` or, before releases had names, `2023-10-16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion {
    date: Date,
    /// Name of the release with its dot, or nothing.
    name: Name,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    year: u16,
    month: u8,
    day: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    None,
    Acacia,
    Basil,
    Clover,
    Dahlia,
    Endive,
}

/// First version of each named release; a date belongs to the newest one that had begun.
const TRAINS: [(Date, Name, &str); 5] = [
    (date(2026, 9, 30), Name::Endive, ".endive"),
    (date(2026, 3, 25), Name::Dahlia, ".dahlia"),
    (date(2025, 9, 30), Name::Clover, ".clover"),
    (date(2025, 3, 31), Name::Basil, ".basil"),
    (date(2024, 9, 30), Name::Acacia, ".acacia"),
];

/// Oldest date that Stripe ever accepted.
const OLDEST: Date = date(2011, 1, 1);

/// First version in which a list supports the `status` of ended subscriptions (stripe-python #686).
const STATUS_ALL: Date = date(2016, 7, 6);

/// First version with the billing period on the items (changelog of 2025-03-31.basil).
const PERIODS_AT_ITEMS: Date = date(2025, 3, 31);

/// First version in which a discount refers to its coupon in `source` (changelog of 2025-09-30.clover).
const DISCOUNT_SOURCES: Date = date(2025, 9, 30);

/// First version with longer names of Checkout pages (`hosted_page`; changelog of 2026-03-25.dahlia).
const PAGES_BY_NAME_SINCE: Date = date(2026, 3, 25);

impl ApiVersion {
    pub const NEWEST: Self = Self {
        date: date(2026, 10, 28),
        name: Name::Endive,
    };

    /// Returns true if `current_period_*` is on the items, and `discount` is gone.
    pub fn has_periods_at_items(&self) -> bool {
        self.date >= PERIODS_AT_ITEMS
    }

    /// Returns true if a discount refers to its coupon in `source` instead of containing it.
    pub(crate) fn has_discount_sources(&self) -> bool {
        self.date >= DISCOUNT_SOURCES
    }

    /// Returns true if `ui_mode` is `hosted_page`, which was `hosted` before.
    pub(crate) fn has_named_pages(&self) -> bool {
        self.date >= PAGES_BY_NAME_SINCE
    }

    /// Returns true if a list may include ended subscriptions.
    pub fn lists_ended(&self) -> bool {
        self.date >= STATUS_ALL
    }
}

const fn date(year: u16, month: u8, day: u8) -> Date {
    Date { year, month, day }
}

impl FromStr for ApiVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let unknown = || UnknownVersion(text.chars().take(100).collect());
        let (day, name) = match text.find('.') {
            Some(dot) => text.split_at_checked(dot).ok_or_else(unknown)?,
            None => (text, ""),
        };
        let mut parts = day.split('-');
        let mut part = |length: usize| {
            parts
                .next()
                .filter(|part| {
                    part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
                })
                .ok_or_else(unknown)
        };
        let date = Date {
            year: part(4)?.parse().ok().ok_or_else(unknown)?,
            month: part(2)?.parse().ok().ok_or_else(unknown)?,
            day: part(2)?.parse().ok().ok_or_else(unknown)?,
        };
        let train = TRAINS.iter().find(|(first, _, _)| date >= *first);
        let (expected, name_of_date) =
            train.map_or(("", Name::None), |(_, name, text)| (*text, *name));
        let real = (1..=12).contains(&date.month)
            && (1..=31).contains(&date.day)
            && parts.next().is_none();
        if real && name == expected && date >= OLDEST && date <= Self::NEWEST.date {
            Ok(Self {
                date,
                name: name_of_date,
            })
        } else {
            Err(unknown())
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = self.date;
        let train = TRAINS.iter().find(|(_, name, _)| *name == self.name);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}{}",
            train.map_or("", |(_, _, text)| text)
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of the API")]
pub struct UnknownVersion(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_printed_as_they_were_read() {
        for text in [
            "2015-10-16",
            "2024-06-20",
            "2024-09-30.acacia",
            "2025-03-31.basil",
            "2026-10-28.endive",
        ] {
            assert_eq!(text.parse::<ApiVersion>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_invalid_version_is_refused() {
        for text in [
            "",
            "newest",
            "2026-10-28",
            "2026-10-28.basil",
            "2027-01-01.endive",
            "2026-13-01.endive",
            "1-1-1",
        ] {
            assert!(text.parse::<ApiVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn basil_moves_periods_to_the_items() {
        let has = |text: &str| text.parse::<ApiVersion>().unwrap().has_periods_at_items();
        assert!(!has("2025-02-24.acacia"));
        assert!(has("2025-03-31.basil"));
    }
}
