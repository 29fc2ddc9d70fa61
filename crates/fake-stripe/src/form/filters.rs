//! Filters and page lengths of lists.

use std::mem;

use compact_str::CompactString;

use super::{Form, tree::Node};
use crate::error::ApiError;

/// A range of seconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl TimeRange {
    pub(crate) const ALL: Self = Self {
        first: i64::MIN,
        last: i64::MAX,
    };

    pub(crate) fn exactly(time: i64) -> Self {
        Self {
            first: time,
            last: time,
        }
    }

    pub(crate) fn contains(self, time: i64) -> bool {
        (self.first..=self.last).contains(&time)
    }

    /// Returns true if the range contains the time. An object without the time matches only if there is no filter.
    pub(crate) fn admits(self, time: Option<i64>) -> bool {
        time.map_or(self == Self::ALL, |time| self.contains(time))
    }
}

impl Form {
    /// Reads the maximum length of a page: 1 to 100.
    pub(crate) fn limit(&mut self) -> Result<usize, ApiError> {
        const NAME: &str = "limit";
        const DEFAULT: usize = 10;
        let found = self.optional_integer(NAME)?;
        let outside = |bound: &str, found: i64| {
            ApiError::invalid(format!(
                "This value must be {bound} (it currently is '{found}')."
            ))
            .code("parameter_invalid_integer")
            .param(self.full_name(NAME))
        };
        match found {
            None => Ok(DEFAULT),
            Some(number @ ..1) => Err(outside("greater than or equal to 1", number)),
            Some(number @ 101..) => Err(outside("less than or equal to 100", number)),
            Some(number) => Ok(usize::try_from(number).unwrap_or(DEFAULT)),
        }
    }

    /// Reads the filter `name=…`, or bounds: `name[gt]`, `[gte]`, `[lt]` and `[lte]`.
    pub(crate) fn times(&mut self, name: &str) -> Result<TimeRange, ApiError> {
        if self.has_text(name) {
            let exact = self.optional_integer(name)?;
            return Ok(exact.map_or(TimeRange::ALL, TimeRange::exactly));
        }
        self.inside(name, |form| {
            let mut bound = |key: &str, step: i64| {
                let time = form.optional_integer(key)?;
                Ok::<_, ApiError>(time.map(|time| time.saturating_add(step)))
            };
            let firsts = [bound("gte", 0)?, bound("gt", 1)?];
            let lasts = [bound("lte", 0)?, bound("lt", -1)?];
            Ok(TimeRange {
                first: firsts.into_iter().flatten().max().unwrap_or(i64::MIN),
                last: lasts.into_iter().flatten().min().unwrap_or(i64::MAX),
            })
        })
    }

    fn has_text(&self, name: &str) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(field, node)| field == name && matches!(node, Node::Text { .. }))
    }

    /// Reads `name[key]`.
    pub(crate) fn field(
        &mut self,
        name: &str,
        key: &str,
    ) -> Result<Option<CompactString>, ApiError> {
        self.inside(name, |form| form.optional_text(key))
    }

    /// Reads keys of `name[key]=…`, and rejects the keys that were not read.
    fn inside<R>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        let mut inner = Self {
            path: self.full_name(name),
            fields: Vec::new(),
        };
        let mut fields = self.fields.iter_mut();
        let Some((_, Node::Branch(branch))) = fields.find(|(field, _)| field == name) else {
            return read(&mut inner);
        };
        inner.fields = mem::take(branch);
        let result = read(&mut inner);
        *branch = inner.fields;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::form, *};

    #[test]
    fn limits_are_from_1_to_100() {
        let message = |body: &str| form(body).limit().unwrap_err().message;
        assert_eq!(message("limit=many"), "Invalid integer: many");
        assert_eq!(
            message("limit=0"),
            "This value must be greater than or equal to 1 (it currently is '0')."
        );
        assert_eq!(
            message("limit=101"),
            "This value must be less than or equal to 100 (it currently is '101')."
        );
        assert_eq!(form("limit=100").limit(), Ok(100));
        assert_eq!(form("").limit(), Ok(10));
    }

    #[test]
    fn several_bounds_of_a_time_are_combined() {
        let times = |body: &str| form(body).times("created");
        assert_eq!(
            times("created[gt]=10&created[lt]=20&created[lte]=15"),
            Ok(TimeRange {
                first: 11,
                last: 15
            })
        );
        assert_eq!(times("created=7"), Ok(TimeRange { first: 7, last: 7 }));
        assert_eq!(times("created[x]=7"), Ok(TimeRange::ALL));
        let message = |body: &str| times(body).unwrap_err().message;
        assert_eq!(message("created[gte]=now"), "Invalid integer: now");
        assert!(message("created=").starts_with("You passed an empty string for 'created'."));
    }

    #[test]
    fn keys_that_were_not_read_are_unknown() {
        let mut some = form("created[gte]=1&created[than]=2&types[]=a&types[]=b");
        some.times("created").unwrap();
        let error = some.reject_unread_parameters().unwrap_err();
        assert_eq!(
            error.message,
            "Received unknown parameters: created[than], types[]"
        );
    }
}
