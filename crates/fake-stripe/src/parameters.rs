//! The query of a request, checked against the parameters of its endpoint.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::error::{ApiError, Unplayed};

/// A parameter known to an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    /// `name[]=a&name[]=b` or `name[0]=a`.
    Texts,
    Boolean,
    /// An integer, or bounds: `name[gt]`, `[gte]`, `[lt]`, `[lte]`.
    Times,
    /// A number from 1 to 100.
    Limit,
    /// `name[key]`, with these keys.
    Fields(&'static [&'static str]),
}

pub(crate) const fn known(name: &'static str, kind: Kind) -> Known {
    Known { name, kind }
}

/// Parameters of every list.
pub(crate) const LIST: [Known; 4] = [
    known("limit", Kind::Limit),
    known("starting_after", Kind::Text),
    known("ending_before", Kind::Text),
    known("expand", Kind::Texts),
];

/// Parameters of every retrieval.
pub(crate) const RETRIEVE: [Known; 1] = [known("expand", Kind::Texts)];

/// The validated parameters of one request.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    /// Values by name and key, if any: `created[gte]` is `("created", "gte")`.
    values: BTreeMap<(String, String), Vec<String>>,
}

impl Parameters {
    pub(crate) fn read(pairs: &[(String, String)], known: &[&[Known]]) -> Result<Self, ApiError> {
        let mut parameters = Self::default();
        let mut unknown = Vec::new();
        for (written, value) in pairs {
            let (name, key) = split(written);
            match known
                .iter()
                .copied()
                .flatten()
                .find(|known| known.name == name)
            {
                Some(known) if accepts(known.kind, key) => {
                    check(known.kind, written, value)?;
                    let key = match known.kind {
                        Kind::Texts => "",
                        Kind::Text
                        | Kind::Boolean
                        | Kind::Times
                        | Kind::Limit
                        | Kind::Fields(_) => key.unwrap_or(""),
                    };
                    parameters
                        .values
                        .entry((name.to_owned(), key.to_owned()))
                        .or_default()
                        .push(value.clone());
                }
                Some(_) | None if !unknown.contains(written) => unknown.push(written.clone()),
                Some(_) | None => {}
            }
        }
        match unknown.as_slice() {
            [] => Ok(parameters),
            [first, ..] => Err(unknown_parameters(first, &unknown)),
        }
    }

    /// Returns the parameters of a write request for rendering: only `expand`.
    pub(crate) fn of_expansion(paths: &[CompactString]) -> Self {
        let paths: Vec<_> = paths.iter().map(ToString::to_string).collect();
        let name = ("expand".to_owned(), String::new());
        Self {
            values: [(name, paths)].into(),
        }
    }

    /// Returns the last value, which wins at Stripe too.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.field(name, "")
    }

    pub(crate) fn field(&self, name: &str, key: &str) -> Option<&str> {
        let values = self.values.get(&(name.to_owned(), key.to_owned()))?;
        values.last().map(String::as_str)
    }

    pub(crate) fn texts(&self, name: &str) -> &[String] {
        self.values
            .get(&(name.to_owned(), String::new()))
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        self.text(name).map(|value| value == "true")
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| {
            ApiError::invalid(format!("Missing required param: {name}."))
                .code("parameter_missing")
                .param(name)
        })
    }

    /// Returns the range of a time filter.
    pub(crate) fn times(&self, name: &str) -> TimeRange {
        let time = |key: &str| {
            self.field(name, key)
                .and_then(|value| value.parse::<i64>().ok())
        };
        let exact = time("");
        let bound = |including: &str, excluding: &str, step: i64| {
            let excluding = time(excluding).map(|time| time.saturating_add(step));
            [exact, time(including), excluding]
        };
        TimeRange {
            first: bound("gte", "gt", 1)
                .into_iter()
                .flatten()
                .max()
                .unwrap_or(i64::MIN),
            last: bound("lte", "lt", -1)
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(i64::MAX),
        }
    }

    pub(crate) fn limit(&self) -> usize {
        /// Stripe's default limit.
        const DEFAULT: usize = 10;
        self.text("limit")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(DEFAULT)
    }
}

/// A range of seconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl TimeRange {
    pub(crate) fn contains(self, time: i64) -> bool {
        (self.first..=self.last).contains(&time)
    }

    /// Checks a value that an object may lack. An object without it matches only if there is no filter.
    pub(crate) fn admits(self, time: Option<i64>) -> bool {
        time.map_or(self.first == i64::MIN && self.last == i64::MAX, |time| {
            self.contains(time)
        })
    }
}

/// Splits `created[gte]` into `created`, `gte`.
fn split(written: &str) -> (&str, Option<&str>) {
    match written
        .strip_suffix(']')
        .and_then(|open| open.split_once('['))
    {
        Some((name, key)) => (name, Some(key)),
        None => (written, None),
    }
}

fn accepts(kind: Kind, key: Option<&str>) -> bool {
    match (kind, key) {
        (Kind::Text | Kind::Boolean | Kind::Limit | Kind::Times, None) => true,
        (Kind::Texts, Some(key)) => key.bytes().all(|byte| byte.is_ascii_digit()),
        (Kind::Times, Some(key)) => ["gt", "gte", "lt", "lte"].contains(&key),
        (Kind::Fields(keys), Some(key)) => keys.contains(&key),
        (Kind::Text | Kind::Boolean | Kind::Limit, Some(_))
        | (Kind::Texts | Kind::Fields(_), None) => false,
    }
}

fn check(kind: Kind, written: &str, value: &str) -> Result<(), ApiError> {
    if value.is_empty() {
        let message = format!(
            "You passed an empty string for '{written}'. We assume empty values are an attempt to unset a field; however \
             '{written}' cannot be unset. You should remove '{written}' from your request or supply a non-empty value."
        );
        return Err(ApiError::invalid(message)
            .code("parameter_invalid_empty")
            .param(written));
    }
    match kind {
        Kind::Text | Kind::Texts | Kind::Fields(_) => Ok(()),
        Kind::Boolean if ["true", "false"].contains(&value) => Ok(()),
        Kind::Boolean => Err(ApiError::invalid(format!("Invalid boolean: {value}")).param(written)),
        Kind::Times => integer(written, value).map(|_| ()),
        Kind::Limit => {
            let outside = |bound: &str| {
                Err(ApiError::invalid(format!(
                    "This value must be {bound} (it currently is '{value}')."
                ))
                .code("parameter_invalid_integer")
                .param(written))
            };
            match integer(written, value)? {
                ..1 => outside("greater than or equal to 1"),
                1..=100 => Ok(()),
                101.. => outside("less than or equal to 100"),
            }
        }
    }
}

fn integer(written: &str, value: &str) -> Result<i64, ApiError> {
    value.parse().map_err(|_not_a_number| {
        ApiError::invalid(format!("Invalid integer: {value}"))
            .code("parameter_invalid_integer")
            .param(written)
    })
}

/// Returns the error for unknown parameters.
pub(crate) fn unknown_parameters(first: &str, all: &[String]) -> ApiError {
    let word = if all.len() == 1 {
        "parameter"
    } else {
        "parameters"
    };
    ApiError::invalid(format!("Received unknown {word}: {}", all.join(", ")))
        .code("parameter_unknown")
        .param(first)
        .unplayed(Unplayed::Parameter(first.to_owned()))
}

/// Formats `a, b, or c`, as Stripe lists accepted values.
pub(crate) fn one_of(name: &str, values: &[&str]) -> ApiError {
    let listed = match values {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        [firsts @ .., last] => format!("{}, or {last}", firsts.join(", ")),
    };
    ApiError::invalid(format!("Invalid {name}: must be one of {listed}")).param(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Parameters, ApiError> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Parameters::read(
            &pairs,
            &[
                &LIST,
                &[
                    known("created", Kind::Times),
                    known("active", Kind::Boolean),
                ],
            ],
        )
    }

    fn message(pairs: &[(&str, &str)]) -> String {
        read(pairs).unwrap_err().message
    }

    #[test]
    fn what_is_unknown_or_malformed_is_named() {
        assert_eq!(message(&[("foo", "1")]), "Received unknown parameter: foo");
        assert_eq!(
            message(&[("foo", "1"), ("bar", "2")]),
            "Received unknown parameters: foo, bar"
        );
        assert_eq!(
            message(&[("created[than]", "1")]),
            "Received unknown parameter: created[than]"
        );
        assert_eq!(message(&[("limit", "many")]), "Invalid integer: many");
        assert_eq!(message(&[("created[gte]", "now")]), "Invalid integer: now");
        assert_eq!(message(&[("active", "yes")]), "Invalid boolean: yes");
        assert!(
            message(&[("starting_after", "")])
                .starts_with("You passed an empty string for 'starting_after'.")
        );
        assert_eq!(
            message(&[("limit", "0")]),
            "This value must be greater than or equal to 1 (it currently is '0')."
        );
        assert_eq!(
            message(&[("limit", "101")]),
            "This value must be less than or equal to 100 (it currently is '101')."
        );
    }

    #[test]
    fn bounds_meet() {
        let times = read(&[
            ("created[gt]", "10"),
            ("created[lt]", "20"),
            ("created[lte]", "15"),
        ])
        .unwrap()
        .times("created");
        assert_eq!(
            times,
            TimeRange {
                first: 11,
                last: 15
            }
        );
        let times = read(&[("created", "7")]).unwrap().times("created");
        assert_eq!(times, TimeRange { first: 7, last: 7 });
    }

    #[test]
    fn lists_take_both_spellings() {
        let parameters = read(&[
            ("expand[]", "data.customer"),
            ("expand[1]", "data.schedule"),
        ])
        .unwrap();
        assert_eq!(
            parameters.texts("expand"),
            ["data.customer", "data.schedule"]
        );
    }

    #[test]
    fn choices_are_listed_with_commas_and_or() {
        assert_eq!(
            one_of("x", &["a", "b", "c"]).message,
            "Invalid x: must be one of a, b, or c"
        );
        assert_eq!(
            one_of("x", &["a", "b"]).message,
            "Invalid x: must be one of a or b"
        );
    }
}
