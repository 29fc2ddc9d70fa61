//! A value of the file with its place, which may be missing or unreadable.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

/// Place of an entry in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceSpan {
    /// Bytes of its key, if it has one.
    pub(super) key: Option<Range<usize>>,
    pub(super) value: Range<usize>,
    /// True if the value is a mapping or list on separate lines, so that messages point to its key.
    pub(super) is_block: bool,
}

impl SourceSpan {
    /// Returns the place of the key, for a problem with the key.
    pub(super) fn key_span(&self) -> Self {
        Self {
            key: None,
            value: self.key.clone().unwrap_or_else(|| self.value.clone()),
            is_block: false,
        }
    }
}

/// A value that may be absent or broken. A broken value has already been reported; the rest of the file is still
/// checked.
#[derive(Debug, Default)]
pub(super) enum Entry<T> {
    #[default]
    Absent,
    Broken(SourceSpan),
    Written(SourceSpan, T),
}

impl<T> Entry<T> {
    pub(super) fn value(&self) -> Option<&T> {
        self.written().map(|(_, value)| value)
    }

    pub(super) fn written(&self) -> Option<(&SourceSpan, &T)> {
        match self {
            Self::Written(span, value) => Some((span, value)),
            Self::Absent | Self::Broken(_) => None,
        }
    }

    pub(super) fn span(&self) -> Option<&SourceSpan> {
        match self {
            Self::Written(span, _) | Self::Broken(span) => Some(span),
            Self::Absent => None,
        }
    }

    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Entry<U> {
        match self {
            Self::Absent => Entry::Absent,
            Self::Broken(span) => Entry::Broken(span),
            Self::Written(span, value) => Entry::Written(span, change(value)),
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// A mapping with keys that the user chooses, in the order of the file.
#[derive(Debug)]
pub(super) struct Pairs<V>(pub(super) Vec<(String, Entry<V>)>);

/// Requests an option from the deserializer. Ours returns a sequence of two: six numbers (whether there is a key, its
/// range, the range of the value, whether it is a block), and the value, which is missing if it is broken. Serde has no
/// other way to pass places.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(EntryVisitor(PhantomData))
    }
}

struct EntryVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntryVisitor<T> {
    type Value = Entry<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value and its place")
    }

    /// The key is missing.
    fn visit_none<E>(self) -> Result<Entry<T>, E> {
        Ok(Entry::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Entry<T>, A::Error> {
        let place: Option<[usize; 6]> = parts.next_element()?;
        let [has_key, key_start, key_end, start, end, is_block] =
            place.ok_or_else(|| A::Error::custom("an entry has a place"))?;
        let span = SourceSpan {
            key: (has_key == 1).then_some(key_start..key_end),
            value: start..end,
            is_block: is_block == 1,
        };
        Ok(match parts.next_element()? {
            Some(value) => Entry::Written(span, value),
            None => Entry::Broken(span),
        })
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
    type Value = Pairs<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<T: JsonSchema> JsonSchema for Entry<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<V: JsonSchema> JsonSchema for Pairs<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<V>();
        json_schema!({"type": "object", "additionalProperties": value})
    }
}
