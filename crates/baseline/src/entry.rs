//! A finding that the team has accepted, with a reason and a last day.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use contract::{Entity, UnixSeconds};
use problem::Place;

/// An entry of the committed baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineEntry {
    /// Fingerprint of the finding: 16 hexadecimal digits in lower case.
    pub fingerprint: String,
    /// Reason given in the file.
    pub reason: String,
    /// Last day on which the acceptance holds, in UTC.
    pub until: Date,
    /// Entity named in the file; for readers only, never compared.
    pub entity: Option<String>,
    /// Position of the entry in the file.
    pub place: Place,
}

impl BaselineEntry {
    pub fn holds_on(&self, today: Date) -> bool {
        today <= self.until
    }

    /// Returns true if the entry is about a rehearsal step, as far as its `entity` shows.
    pub fn is_of_rehearsal(&self) -> bool {
        let entity = self.entity.as_deref().unwrap_or_default();
        entity.starts_with(Entity::STEP_PREFIX)
    }
}

/// Returns the day in UTC. A moment outside the calendar's range becomes `Date::MAX`, when no acceptance holds.
pub fn day_of(moment: UnixSeconds) -> Date {
    Timestamp::from_second(moment.0)
        .map_or(Date::MAX, |moment| moment.to_zoned(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_last_day_is_the_last_one_in_utc() {
        // 2026-12-31T23:59:59Z
        let last_second = UnixSeconds(1_798_761_599);
        assert_eq!(day_of(last_second), date(2026, 12, 31));
        assert_eq!(day_of(last_second.plus(1)), date(2027, 1, 1));
        let acceptance = BaselineEntry {
            fingerprint: "69149926077885fa".to_owned(),
            reason: "migrated by hand".to_owned(),
            until: date(2026, 12, 31),
            entity: None,
            place: Place {
                path: "prodverdict-baseline.yml".to_owned(),
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 1,
            },
        };
        assert!(acceptance.holds_on(day_of(last_second)));
        assert!(!acceptance.holds_on(day_of(last_second.plus(1))));
        assert!(!acceptance.holds_on(day_of(UnixSeconds(i64::MAX))));
        assert!(!acceptance.holds_on(day_of(UnixSeconds(i64::MIN))));
    }
}
