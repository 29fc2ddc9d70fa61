//! API versions and the differences between them.

use std::{borrow::Cow, fmt, str::FromStr};

/// A version such as `2026-10-28.endive` or, before releases had names, `2023-10-16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion {
    date: Date,
    /// Name of the release; empty before releases had names.
    name: Cow<'static, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// First version of each named release; a date belongs to the newest one that had begun.
const TRAINS: [(Date, &str); 5] = [
    (date(2026, 9, 30), "endive"),
    (date(2026, 3, 25), "dahlia"),
    (date(2025, 9, 30), "clover"),
    (date(2025, 3, 31), "basil"),
    (date(2024, 9, 30), "acacia"),
];

/// Name of a version with features that are not released yet, of any date since releases have names.
const PREVIEW: &str = "preview";

/// Longest name that a later release may have.
const MAX_NAME: usize = 30;

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
        name: Cow::Borrowed("endive"),
    };

    /// Reads the header `Stripe-Version`, which may name beta features after the version. They are ignored.
    pub(crate) fn from_header(text: &str) -> Result<Self, UnknownVersion> {
        let version = text.split(';').next().unwrap_or_default();
        version.trim().parse()
    }

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

    /// Reads a version. One later than this program is taken as it is written, and has the newest shape.
    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let unknown = || UnknownVersion(text.chars().take(100).collect());
        let (day, name) = match text.split_once('.') {
            Some((day, name)) => (day, Some(name)),
            None => (text, None),
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
        let real = (1..=12).contains(&date.month)
            && (1..=31).contains(&date.day)
            && parts.next().is_none();
        let train = TRAINS.iter().find(|(first, _)| date >= *first);
        let is_named_well = match (train, name) {
            (None, None) => true,
            (Some(_), Some(name)) if date > Self::NEWEST.date => is_name(name),
            (Some((_, train)), Some(name)) => name == *train || name == PREVIEW,
            (None, Some(_)) | (Some(_), None) => false,
        };
        if real && is_named_well && date >= OLDEST {
            Ok(Self {
                date,
                name: Cow::Owned(name.unwrap_or_default().to_owned()),
            })
        } else {
            Err(unknown())
        }
    }
}

/// Returns true if a release may have this name.
fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = self.date;
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        if self.name.is_empty() {
            return Ok(());
        }
        write!(f, ".{}", self.name)
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
            "2026-10-28.preview",
            "2026-11-24.endive",
            "2027-03-31.fennel",
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
            "2027-01-01",
            "2027-01-01.",
            "2027-01-01.Fennel",
            "2027-01-01.fennel; feature=v1",
            "2024-06-20.preview",
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
        assert!(has("2027-03-31.fennel"));
    }
}
