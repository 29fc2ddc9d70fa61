//! Serde's access to the lists, mappings and entries of the tree.

use serde::de::{
    DeserializeSeed, Error as _, IntoDeserializer as _, MapAccess, SeqAccess,
    value::SeqDeserializer,
};

use super::{
    super::{
        tree::{Node, NodeKey},
        type_error::TypeError,
    },
    NodeName, NodeReader,
};

/// The entries of a list.
pub(super) struct Items<'a> {
    pub(super) reader: NodeReader<'a>,
    pub(super) items: std::slice::Iter<'a, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = TypeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, TypeError> {
        let name = NodeName::EntryOf(self.reader.label());
        self.items
            .next()
            .map(|item| seed.deserialize(self.reader.named(item, name)))
            .transpose()
    }
}

/// The pairs of a mapping. If the keys are known, unknown ones are reported and left out.
pub(super) struct KnownPairs<'a> {
    pub(super) reader: NodeReader<'a>,
    pub(super) known: Option<&'static [&'static str]>,
    pub(super) pairs: std::slice::Iter<'a, (NodeKey, Node)>,
    pub(super) value: Option<NodeReader<'a>>,
}

impl<'de> MapAccess<'de> for KnownPairs<'de> {
    type Error = TypeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, TypeError> {
        for (key, value) in self.pairs.by_ref() {
            match self.known {
                Some(known) if !known.contains(&key.text.as_str()) => {
                    self.reader.unknown_key(key, value, known);
                }
                Some(_) | None => {
                    self.value = Some(self.reader.named(value, NodeName::Value(key)));
                    return seed
                        .deserialize(key.text.as_str().into_deserializer())
                        .map(Some);
                }
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TypeError> {
        let value = self.value.take();
        seed.deserialize(value.ok_or_else(|| TypeError::custom("a value follows its key"))?)
    }
}

/// The place of an entry, then its value if it fits.
pub(super) struct EntryParts<'a> {
    pub(super) reader: NodeReader<'a>,
    pub(super) place_given: bool,
}

impl<'de> SeqAccess<'de> for EntryParts<'de> {
    type Error = TypeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, TypeError> {
        if self.place_given {
            return Ok(match seed.deserialize(self.reader) {
                Ok(value) => Some(value),
                Err(type_error) => {
                    self.reader.report(type_error);
                    None
                }
            });
        }
        self.place_given = true;
        let span = self.reader.span();
        let key = span.key.clone().unwrap_or(0..0);
        let numbers = [
            usize::from(span.key.is_some()),
            key.start,
            key.end,
            span.value.start,
            span.value.end,
            usize::from(span.is_block),
        ];
        let place = SeqDeserializer::<_, TypeError>::new(numbers.into_iter());
        seed.deserialize(place).map(Some)
    }
}
