//! The `metadata` or `custom_data` of an object, and the customer it is attached to.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use super::PriceTable;
use crate::contract::Metadata;

/// Keys and values in document order. A value other than an object counts as empty, which cannot make a verdict wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WireMetadata(Vec<(Box<str>, Box<str>)>);

impl WireMetadata {
    /// Returns the pairs sorted by key. For duplicate keys the last value wins.
    pub(crate) fn sorted(mut self, words: &mut PriceTable) -> Metadata {
        self.0.reverse();
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.0.dedup_by(|(later, _), (first, _)| later == first);
        let pairs = self.0.into_iter();
        pairs.map(|(key, text)| (words.word(&key), text)).collect()
    }
}

/// A page of customers.
#[derive(Debug, Deserialize)]
pub(crate) struct WireCustomers {
    pub(crate) data: Vec<WireCustomer>,
}

/// A customer with its metadata.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a customer")]
pub(crate) struct WireCustomer {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) email: Option<String>,
    #[serde(default, alias = "custom_data")]
    pub(crate) metadata: WireMetadata,
}

impl<'de> Deserialize<'de> for WireMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = WireMetadata;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireMetadata, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key::<Box<str>>()? {
            if let MetadataScalar(Some(text)) = map.next_value()? {
                pairs.push((key, text));
            }
        }
        Ok(WireMetadata(pairs))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<WireMetadata, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(WireMetadata::default())
    }

    fn visit_unit<E>(self) -> Result<WireMetadata, E> {
        Ok(WireMetadata::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<WireMetadata, E> {
        Ok(WireMetadata::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<WireMetadata, E> {
        Ok(WireMetadata::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<WireMetadata, E> {
        Ok(WireMetadata::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<WireMetadata, E> {
        Ok(WireMetadata::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<WireMetadata, E> {
        Ok(WireMetadata::default())
    }
}

/// A scalar value as text; `None` for null, lists and objects.
struct MetadataScalar(Option<Box<str>>);

impl<'de> Deserialize<'de> for MetadataScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = MetadataScalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<MetadataScalar, E> {
        Ok(MetadataScalar(Some(text.into())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<MetadataScalar, E> {
        Ok(MetadataScalar(Some(value.to_string().into())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<MetadataScalar, E> {
        Ok(MetadataScalar(Some(number.to_string().into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<MetadataScalar, E> {
        Ok(MetadataScalar(Some(number.to_string().into())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<MetadataScalar, E> {
        let number = Number::from_f64(number).map(|number| number.to_string().into());
        Ok(MetadataScalar(number))
    }

    fn visit_unit<E>(self) -> Result<MetadataScalar, E> {
        Ok(MetadataScalar(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MetadataScalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(MetadataScalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<MetadataScalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(MetadataScalar(None))
    }
}

/// The customer of a subscription: an id, or the object with its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireOwner {
    pub(crate) id: String,
    pub(crate) metadata: WireMetadata,
}

impl<'de> Deserialize<'de> for WireOwner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OwnerVisitor)
    }
}

struct OwnerVisitor;

impl<'de> Visitor<'de> for OwnerVisitor {
    type Value = WireOwner;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an id or an object with an id")
    }

    fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<WireOwner, E> {
        if id.trim().is_empty() {
            return Err(E::custom("the id is empty"));
        }
        Ok(WireOwner {
            id: id.to_owned(),
            metadata: WireMetadata::default(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireOwner, A::Error> {
        let (mut found, mut metadata) = (None, WireMetadata::default());
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "id" => found = Some(map.next_value::<String>()?),
                "metadata" | "custom_data" => metadata = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let id = found.ok_or_else(|| serde::de::Error::missing_field("id"))?;
        let owner = self.visit_str(&id)?;
        Ok(WireOwner { metadata, ..owner })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::RawValue};

    use super::*;
    use crate::billing::decoding::{from_text, from_value};

    /// Returns the pairs as `key=value`, and checks that text and value parse alike.
    fn pairs(object: &Value) -> Vec<String> {
        let of_value: WireMetadata = from_value("metadata", object).unwrap();
        let text = RawValue::from_string(object.to_string()).unwrap();
        let of_text: WireMetadata = from_text("metadata", &text).unwrap();
        assert_eq!(of_value, of_text);
        let sorted = of_value.sorted(&mut PriceTable::default());
        let shown = sorted
            .iter()
            .map(|(key, text)| format!("{}={text}", &**key));
        shown.collect()
    }

    #[test]
    fn metadata_is_read_as_sorted_text() {
        let object = json!({
            "userId": "u1", "a": 42, "b": -1, "c": 1.5, "d": true,
            "null": null, "list": ["u1"], "object": {"id": "u1"},
        });
        assert_eq!(
            pairs(&object),
            ["a=42", "b=-1", "c=1.5", "d=true", "userId=u1"]
        );
    }

    #[test]
    fn a_value_that_is_not_an_object_has_no_metadata() {
        for nothing in [
            json!(null),
            json!([{"userId": "u1"}]),
            json!("userId"),
            json!(7),
            json!(1.5),
            json!(false),
        ] {
            assert!(pairs(&nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn the_later_value_of_a_repeated_key_counts() {
        let text = RawValue::from_string(r#"{"a": "1", "b": "3", "a": "2"}"#.to_owned()).unwrap();
        let read: WireMetadata = from_text("metadata", &text).unwrap();
        let sorted = read.sorted(&mut PriceTable::default());
        let values: Vec<_> = sorted.iter().map(|(_, value)| &**value).collect();
        assert_eq!(values, ["2", "3"]);
    }

    #[test]
    fn keys_of_many_objects_are_shared() {
        let mut words = PriceTable::default();
        let one = |words: &mut PriceTable| {
            let read: WireMetadata = from_value("metadata", &json!({"userId": "u1"})).unwrap();
            read.sorted(words)
        };
        let (first, second) = (one(&mut words), one(&mut words));
        let pointer = |metadata: &Metadata| metadata.first().map(|(key, _)| key.as_ptr());
        assert_eq!(pointer(&first), pointer(&second));
    }
}
