//! Points in time as the providers send them: whole seconds since 1970-01-01 UTC.

use std::{fmt, num::NonZeroU64};

use jiff::Timestamp;

/// Seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixSeconds(pub i64);

impl UnixSeconds {
    /// Returns the time `seconds` later; saturates at the ends of the range.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Returns the number of seconds between the two, whichever is later.
    #[must_use]
    pub fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

/// Seconds since the Unix epoch, stored so that an `Option` of them takes no extra space: there may be millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(NonZeroU64);

impl From<UnixSeconds> for Moment {
    /// Converts the seconds. `i64::MAX` does not fit and becomes the second before it.
    fn from(seconds: UnixSeconds) -> Self {
        Self(NonZeroU64::MIN.saturating_add(seconds.0.abs_diff(i64::MIN)))
    }
}

impl From<Moment> for UnixSeconds {
    fn from(moment: Moment) -> Self {
        Self(i64::MIN.saturating_add_unsigned(moment.0.get() - 1))
    }
}

impl From<Timestamp> for UnixSeconds {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_second())
    }
}

impl fmt::Display for UnixSeconds {
    /// Writes RFC 3339 in UTC, or the number of seconds for a time outside the calendar's range.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_second_is_representable_and_none_takes_no_space() {
        for seconds in [i64::MIN, -1, 0, 1, 1_793_491_200, i64::MAX - 1] {
            let moment = Moment::from(UnixSeconds(seconds));
            assert_eq!(UnixSeconds::from(moment), UnixSeconds(seconds));
        }
        let last = Moment::from(UnixSeconds(i64::MAX));
        assert_eq!(UnixSeconds::from(last), UnixSeconds(i64::MAX - 1));
        assert_eq!(size_of::<Option<Moment>>(), 8);
    }

    #[test]
    fn a_timestamp_becomes_its_second() {
        let timestamp: Timestamp = "2026-11-01T00:00:00.9Z".parse().unwrap();
        assert_eq!(UnixSeconds::from(timestamp), UnixSeconds(1_793_491_200));
    }
}
