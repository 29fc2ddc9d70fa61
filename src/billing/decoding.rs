//! Parses provider JSON into typed objects, with errors that name the object and the path inside it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::{
    contract::{Details, Metadata, Period, Subscription},
    http::scrub::presentable,
};

/// A decoded subscription with its accompanying data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    pub subscription: Subscription,
    /// `None` if the provider does not say (Paddle).
    pub livemode: Option<bool>,
    /// True if the object may hold only some of its items, so that `subscription` is incomplete.
    pub may_have_more_items: bool,
    /// Metadata of the customer, if the object includes it.
    pub customer_metadata: Metadata,
    /// Currency that the subscription is charged in, if known.
    pub(crate) currency: Option<String>,
    /// Period of the whole subscription, for items without their own.
    pub(crate) period: Option<Period>,
}

impl Decoded {
    /// Returns a subscription without accompanying data.
    pub fn whole(subscription: Subscription) -> Self {
        Self {
            subscription,
            livemode: None,
            may_have_more_items: false,
            customer_metadata: Metadata::default(),
            currency: None,
            period: None,
        }
    }
}

/// The origin of an object, which determines the required fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectOrigin {
    /// The provider's API, which sends every field.
    Live,
    /// A file, which needs only the fields that affect a verdict.
    Recorded,
}

/// Boxes `details`. Returns `None` if they are empty.
pub(crate) fn boxed(details: Details) -> Option<Box<Details>> {
    (details != Details::default()).then(|| Box::new(details))
}

/// Returns the periods of the items if they differ, else an empty slice.
pub(crate) fn different(periods: Vec<Option<Period>>) -> Box<[Option<Period>]> {
    let first = periods.first();
    if periods.iter().all(|period| Some(period) == first) {
        return Box::default();
    }
    periods.into()
}

/// The reason why an object cannot be read. Never contains a secret: values are truncated and cleaned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}{} cannot be read{}", named(.id.as_deref()), at(.path))]
pub struct DecodeError {
    /// Kind of the object in the provider's terms.
    pub object: &'static str,
    pub id: Option<String>,
    /// Path such as `items.data[0].price.unit_amount`; `.` is the object itself.
    pub path: String,
    #[source]
    reason: DecodeReason,
}

/// The error at that path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct DecodeReason(String);

impl DecodeError {
    pub(crate) fn new(object: &'static str, id: Option<&str>, path: &str, reason: &str) -> Self {
        Self {
            object,
            id: id.map(presentable),
            path: presentable(path),
            reason: DecodeReason(presentable(reason)),
        }
    }
}

fn named(id: Option<&str>) -> String {
    id.map(|id| format!(" `{id}`")).unwrap_or_default()
}

fn at(path: &str) -> String {
    if path == "." {
        String::new()
    } else {
        format!(" at `{path}`")
    }
}

/// Parses an object from the text of a page.
pub(crate) fn from_text<T: DeserializeOwned>(
    object: &'static str,
    text: &RawValue,
) -> Result<T, DecodeError> {
    // Tracking the path makes parsing about 50 % slower, so only failures are parsed again with it.
    serde_json::from_str(text.get()).or_else(|_| {
        let mut deserializer = serde_json::Deserializer::from_str(text.get());
        let id = || {
            serde_json::from_str::<Identified>(text.get())
                .ok()
                .map(|object| object.id)
        };
        with_path(object, &mut deserializer, id)
    })
}

/// Parses an object from a JSON value.
pub(crate) fn from_value<T: DeserializeOwned>(
    object: &'static str,
    value: &Value,
) -> Result<T, DecodeError> {
    let id = || value.get("id")?.as_str().map(str::to_owned);
    with_path(object, value, id)
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

fn with_path<'de, T, D>(
    object: &'static str,
    deserializer: D,
    id: impl FnOnce() -> Option<String>,
) -> Result<T, DecodeError>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
    D::Error: fmt::Display,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let reason = error.inner().to_string();
        // Line and column are relative to this object; the path is more useful.
        let reason = reason
            .rsplit_once(" at line ")
            .map_or(reason.as_str(), |(reason, _)| reason);
        DecodeError::new(object, id().as_deref(), &error.path().to_string(), reason)
    })
}

/// Rejects an object of another kind, and one without an id.
pub(crate) fn check_kind(
    expected: &'static str,
    found: Option<&str>,
    id: &str,
) -> Result<(), DecodeError> {
    if let Some(found) = found.filter(|found| *found != expected) {
        let reason = format!("expected `{expected}`, found `{found}`");
        return Err(DecodeError::new(expected, Some(id), "object", &reason));
    }
    if id.trim().is_empty() {
        return Err(DecodeError::new(expected, None, "id", "the id is empty"));
    }
    Ok(())
}

/// A reference to another object: its id, or the object expanded in place. A deleted object keeps its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference(pub(crate) String);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReferenceVisitor)
    }
}

struct ReferenceVisitor;

impl<'de> Visitor<'de> for ReferenceVisitor {
    type Value = Reference;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an id or an object with an id")
    }

    fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<Reference, E> {
        if id.trim().is_empty() {
            return Err(E::custom("the id is empty"));
        }
        Ok(Reference(id.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reference, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "id" {
                found = Some(map.next_value::<String>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let id = found.ok_or_else(|| serde::de::Error::missing_field("id"))?;
        self.visit_str(&id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Holder {
        #[expect(dead_code, reason = "the test only checks if it can be read")]
        owner: Reference,
    }

    #[test]
    fn a_reference_is_an_id_or_an_object_and_nothing_else() {
        for (value, expected) in [
            (json!("cus_1"), Some("cus_1")),
            (
                json!({"a": [1], "id": "cus_1", "deleted": true}),
                Some("cus_1"),
            ),
            (json!({"object": "customer"}), None),
            (json!(7), None),
            (json!(null), None),
            (json!(" "), None),
        ] {
            let read = from_value::<Reference>("customer", &value).ok();
            assert_eq!(read.map(|reference| reference.0).as_deref(), expected);
        }
    }

    #[test]
    fn errors_name_the_object_and_the_field() {
        let value = json!({"id": "obj_\u{7}1", "owner": 7});
        let from_value = from_value::<Holder>("holder", &value).unwrap_err();
        let raw = RawValue::from_string(value.to_string()).unwrap();
        assert_eq!(from_text::<Holder>("holder", &raw).unwrap_err(), from_value);
        assert_eq!(
            from_value.to_string(),
            "holder `obj_ 1` cannot be read at `owner`"
        );
        assert_eq!(
            from_value.reason.to_string(),
            "invalid type: integer `7`, expected an id or an object with an id"
        );
    }
}
