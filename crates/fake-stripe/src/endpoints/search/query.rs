//! The search query language: `status:"active" AND metadata["plan"]:"pro"`.

use serde_json::Value;

use crate::error::ApiError;

/// Conditions joined by `AND` alone or by `OR` alone.
#[derive(Debug)]
pub(super) struct Query {
    conditions: Vec<Condition>,
    any_suffices: bool,
}

/// A comparison of a field with a value.
#[derive(Debug)]
struct Condition {
    negated: bool,
    /// Field names from the outside in: `metadata`, `plan`.
    path: Vec<String>,
    operator: Operator,
    /// The text to compare with, or `None` for `null`.
    value: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    Contains,
    Above,
    AtLeast,
    Below,
    AtMost,
}

const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (":", Operator::Is),
    ("~", Operator::Contains),
    (">", Operator::Above),
    ("<", Operator::Below),
];

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let invalid = || {
            ApiError::invalid(format!(
                "We were unable to parse your search query: {text}. See https://docs.stripe.com/search#search-query-language."
            ))
            .param("query")
        };
        let mut rest = text.trim();
        let mut query = Self {
            conditions: Vec::new(),
            any_suffices: false,
        };
        loop {
            let (condition, after) = Condition::parse(rest).ok_or_else(invalid)?;
            query.conditions.push(condition);
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(query);
            }
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let is_or = word.eq_ignore_ascii_case("or");
            let is_joined = is_or || word.eq_ignore_ascii_case("and");
            if query.conditions.len() > 1 && is_or != query.any_suffices {
                return Err(invalid());
            }
            query.any_suffices = is_or;
            // Conditions without an operator between them are joined by AND.
            rest = if is_joined { after.trim_start() } else { rest };
        }
    }

    /// Returns true if the object is a result of the search.
    pub(super) fn finds(&self, object: &Value) -> bool {
        let mut conditions = self.conditions.iter();
        if self.any_suffices {
            conditions.any(|condition| condition.holds(object))
        } else {
            conditions.all(|condition| condition.holds(object))
        }
    }
}

impl Condition {
    /// Parses the first condition of a text. Returns the rest too.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let negated = text.starts_with('-');
        let text = text.strip_prefix('-').unwrap_or(text);
        let end = text.find([':', '~', '<', '>'])?;
        let (name, rest) = text.split_at_checked(end)?;
        let (operator, rest) = OPERATORS.iter().find_map(|(sign, operator)| {
            let rest = rest.strip_prefix(*sign)?;
            Some((*operator, rest))
        })?;
        let (value, rest) = parse_value(rest.trim_start())?;
        let condition = Self {
            negated,
            path: parse_path(name.trim())?,
            operator,
            value,
        };
        Some((condition, rest))
    }

    fn holds(&self, object: &Value) -> bool {
        let found = self.value_in(object);
        let holds = match (&self.value, found) {
            (None, found) => found.is_none(),
            (Some(_), None) => false,
            (Some(value), Some(found)) => self.compare(&found, value),
        };
        holds != self.negated
    }

    /// Returns the object's value at `path` as text.
    fn value_in(&self, object: &Value) -> Option<String> {
        let mut path = self.path.iter();
        let found = path.try_fold(object, |inner, name| inner.get(name));
        // Searches for invoices still name the field `subscription`, which the object has elsewhere.
        let is_subscription = self.path == ["subscription"];
        let found = found.or_else(|| {
            let moved = object.pointer("/parent/subscription_details/subscription");
            moved.filter(|_| is_subscription)
        })?;
        match found {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Returns true if the object's value is as the operator demands. Only whole numbers can be above or below others.
    fn compare(&self, found: &str, value: &str) -> bool {
        let numbers = || Some((found.parse::<i64>().ok()?, value.parse::<i64>().ok()?));
        let compare_numbers = |holds: fn(i64, i64) -> bool| {
            numbers().is_some_and(|(found, value)| holds(found, value))
        };
        match self.operator {
            Operator::Is => found.eq_ignore_ascii_case(value),
            Operator::Contains => found
                .to_ascii_lowercase()
                .contains(&value.to_ascii_lowercase()),
            Operator::Above => compare_numbers(|found, value| found > value),
            Operator::AtLeast => compare_numbers(|found, value| found >= value),
            Operator::Below => compare_numbers(|found, value| found < value),
            Operator::AtMost => compare_numbers(|found, value| found <= value),
        }
    }
}

/// Splits `metadata["plan"]` into `metadata`, `plan`.
fn parse_path(name: &str) -> Option<Vec<String>> {
    let (first, key) = match name.split_once('[') {
        None => (name, None),
        Some((first, key)) => {
            let key = key.strip_suffix(']')?.trim_matches(['"', '\'']);
            (first, Some(key))
        }
    };
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
    if first.is_empty() || !first.chars().all(is_name) {
        return None;
    }
    let names = first.split('.').chain(key);
    Some(names.map(ToOwned::to_owned).collect())
}

/// Parses the value at the start of a text: a quoted text with `\` escapes, a number, or `null`. Returns the rest too.
fn parse_value(text: &str) -> Option<(Option<String>, &str)> {
    let quote = text.chars().next().filter(|first| "\"'".contains(*first));
    let Some(quote) = quote else {
        let end = text.find(' ').unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        let value = (!word.eq_ignore_ascii_case("null")).then(|| word.to_owned());
        return (!word.is_empty()).then_some((value, rest));
    };
    let mut found = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => found.extend(letters.next().map(|(_, letter)| letter)),
            end if end == quote => {
                return Some((Some(found), text.get(at.saturating_add(1)..)?));
            }
            other => found.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn finds(query: &str) -> bool {
        let object = json!({
            "email": "Ann@example.com", "created": 50, "active": true, "name": null,
            "metadata": {"user id": "7"}, "parent": {"subscription_details": {"subscription": "sub_a"}},
        });
        Query::parse(query).expect(query).finds(&object)
    }

    #[test]
    fn conditions_are_joined_and_negated() {
        for found in [
            "email:'ann@example.com'",
            "email~\"example\" AND created>=50",
            "created>49 created<51",
            "active:'true'",
            "metadata['user id']:'7'",
            "metadata[\"user id\"]:\"7\" AND -email:'bob@example.com'",
            "email:'bob@example.com' OR created:50",
            "name:null AND -email:null",
            "subscription:'sub_a'",
        ] {
            assert!(finds(found), "{found}");
        }
        for missed in [
            "email:'ann'",
            "created>50",
            "-active:'true'",
            "metadata['none']:'7'",
            "email:'bob@example.com' AND created:50",
        ] {
            assert!(!finds(missed), "{missed}");
        }
    }

    #[test]
    fn an_invalid_query_is_refused() {
        for wrong in [
            "",
            "email",
            "email:",
            "email:'ann",
            ":'a'",
            "a:1 AND b:1 OR c:1",
        ] {
            assert!(Query::parse(wrong).is_err(), "{wrong}");
        }
    }
}
