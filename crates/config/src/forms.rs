//! Values that can be written in more than one form: a word or a list, a number or a mapping.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use serde_json::json;

use super::{
    entry::{Entry, Pairs, SourceSpan},
    scalars::{Literal, WholeNumber},
    schema_transforms,
};

/// Name by which the reader recognizes [`WordOrList`].
pub(super) const WORDS: &str = "Words";
/// Name by which the reader recognizes [`RawFix`].
pub(super) const FIX: &str = "Fix";
/// The forms of [`RawFix`], for messages.
pub(super) const FIX_FORMS: &str = "text, or one for each rule such as `{plan-drift: …}`";
/// Name by which the reader recognizes [`RawIncludedSeats`].
pub(super) const INCLUDED: &str = "Included";

/// A word, or a list of words that mean the same.
#[derive(Debug)]
pub(super) enum WordOrList {
    One(String),
    Several(Vec<Entry<Literal>>),
}

impl WordOrList {
    /// Returns the words with their places; `span` is the place of the whole value.
    pub(super) fn written<'e>(&'e self, span: &'e SourceSpan) -> Vec<(&'e SourceSpan, &'e str)> {
        match self {
            Self::One(word) => vec![(span, word)],
            Self::Several(words) => {
                let words = words.iter().filter_map(Entry::written);
                words.map(|(span, word)| (span, word.0.as_str())).collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for WordOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(WORDS, WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = WordOrList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or a list of them")
    }

    fn visit_str<E>(self, word: &str) -> Result<WordOrList, E> {
        Ok(WordOrList::One(word.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<WordOrList, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        Ok(WordOrList::Several(words))
    }
}

impl JsonSchema for WordOrList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Words".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<Literal>();
        json_schema!({
            "anyOf": [word, {"type": "array", "items": word, "minItems": 1}]
        })
    }
}

/// The team's own hint: one text for the rules listed under `severity`, or one for each rule.
#[derive(Debug)]
pub(super) enum RawFix {
    Text(String),
    ByRule(Pairs<String>),
}

impl<'de> Deserialize<'de> for RawFix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(FIX, FixVisitor)
    }
}

struct FixVisitor;

impl<'de> Visitor<'de> for FixVisitor {
    type Value = RawFix;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FIX_FORMS)
    }

    fn visit_str<E>(self, text: &str) -> Result<RawFix, E> {
        Ok(RawFix::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawFix, A::Error> {
        Pairs::deserialize(MapAccessDeserializer::new(map)).map(RawFix::ByRule)
    }
}

impl JsonSchema for RawFix {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Fix".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = json!({"type": "string", "minLength": 1});
        let mut by_rule = json_schema!({
            "type": "object", "additionalProperties": text, "minProperties": 1
        });
        schema_transforms::only_rule_ids(&mut by_rule);
        json_schema!({ "anyOf": [text, by_rule] })
    }
}

/// Seats included in the plan: one number, or one for each plan.
#[derive(Debug)]
pub(super) enum RawIncludedSeats {
    Number(String),
    ByPlan(Pairs<WholeNumber>),
}

impl<'de> Deserialize<'de> for RawIncludedSeats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(INCLUDED, IncludedVisitor)
    }
}

struct IncludedVisitor;

impl<'de> Visitor<'de> for IncludedVisitor {
    type Value = RawIncludedSeats;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or one for each plan such as `{pro: 3}`")
    }

    fn visit_str<E>(self, number: &str) -> Result<RawIncludedSeats, E> {
        Ok(RawIncludedSeats::Number(number.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawIncludedSeats, A::Error> {
        Pairs::deserialize(MapAccessDeserializer::new(map)).map(RawIncludedSeats::ByPlan)
    }
}

impl JsonSchema for RawIncludedSeats {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Included".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = generator.subschema_for::<WholeNumber>();
        json_schema!({
            "anyOf": [number, {"type": "object", "additionalProperties": number, "minProperties": 1}]
        })
    }
}

/// Effect of a pause of collection: one word for all, or one for each behavior.
#[derive(Debug)]
pub(super) enum PauseCollection {
    All(PauseWord),
    ByBehavior(ByBehavior),
}

/// Effect of a pause of collection on access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum PauseWord {
    Grant,
    Deny,
    Unjudged,
}

const PAUSE_WORDS: &[&str] = &["grant", "deny", "unjudged"];

/// The behaviors that Stripe documents.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct ByBehavior {
    /// Invoices are voided: the service is not provided. Default: `unjudged`.
    #[serde(default)]
    pub(super) void: Entry<PauseWord>,
    /// Invoices are kept as drafts. Default: `grant`.
    #[serde(default)]
    pub(super) keep_as_draft: Entry<PauseWord>,
    /// Invoices are written off. Default: `grant`.
    #[serde(default)]
    pub(super) mark_uncollectible: Entry<PauseWord>,
}

const BEHAVIORS: &[&str] = &["void", "keep_as_draft", "mark_uncollectible"];

impl<'de> Deserialize<'de> for PauseCollection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("PauseCollection", BEHAVIORS, PauseVisitor)
    }
}

struct PauseVisitor;

impl<'de> Visitor<'de> for PauseVisitor {
    type Value = PauseCollection;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "one of `grant`, `deny`, `unjudged`, or one for each behavior such as `{void: deny}`",
        )
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<PauseCollection, E> {
        let word = match word {
            "grant" => PauseWord::Grant,
            "deny" => PauseWord::Deny,
            "unjudged" => PauseWord::Unjudged,
            other => return Err(E::unknown_variant(other, PAUSE_WORDS)),
        };
        Ok(PauseCollection::All(word))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PauseCollection, A::Error> {
        let by_behavior = ByBehavior::deserialize(MapAccessDeserializer::new(map))?;
        Ok(PauseCollection::ByBehavior(by_behavior))
    }
}

impl JsonSchema for PauseCollection {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PauseCollection".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<PauseWord>();
        let by_behavior = generator.subschema_for::<ByBehavior>();
        json_schema!({ "anyOf": [word, by_behavior] })
    }
}
