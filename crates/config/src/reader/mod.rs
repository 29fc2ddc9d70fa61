//! Deserializes the tree with serde without losing anything: mismatches are reported with their place, and reading goes
//! on.
//!
//! `Document` with its derives remains the only description of the format. Serde by itself stops at the first mistake;
//! here an [`Entry`](super::entry::Entry) catches the mistakes inside it, and unknown keys are reported and left out.

mod access;

use serde::{
    Deserializer,
    de::{Error as _, IntoDeserializer as _, Unexpected, Visitor},
    forward_to_deserialize_any,
};

use self::access::{EntryParts, Items, KnownPairs};
use super::{
    block_text::SQL_AS_BLOCK,
    diagnostics::{DiagnosticDraft, Diagnostics, quote},
    entry::SourceSpan,
    forms::{FIX, FIX_FORMS, INCLUDED, WORDS},
    scalars::{
        COLUMN_VALUE, DURATION_TEXT, LITERAL, NULLABLE_INTEGER, POSITIVE_INTEGER, VERSION,
        WHOLE_NUMBER,
    },
    secrets, suggestion,
    tree::{Node, NodeKey, NodeKind, Scalar, ScalarType},
    type_error::{TypeError, one_of},
};
use problem::ErrorCode;

/// Deserializer of one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeReader<'a> {
    node: &'a Node,
    name: NodeName<'a>,
    diagnostics: &'a Diagnostics<'a>,
}

/// Name of a node in messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum NodeName<'a> {
    File,
    Value(&'a NodeKey),
    EntryOf(&'a str),
}

impl<'a> NodeReader<'a> {
    pub(super) fn new(node: &'a Node, diagnostics: &'a Diagnostics<'a>) -> Self {
        Self {
            node,
            name: NodeName::File,
            diagnostics,
        }
    }

    pub(super) fn named(self, node: &'a Node, name: NodeName<'a>) -> Self {
        Self { node, name, ..self }
    }

    /// Returns the name of this node in messages about its entries.
    pub(super) fn label(self) -> &'a str {
        match self.name {
            NodeName::File => "the file",
            NodeName::Value(key) => &key.text,
            NodeName::EntryOf(list) => list,
        }
    }

    fn scalar(self) -> Option<&'a Scalar> {
        match &self.node.kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            NodeKind::List(_) | NodeKind::Mapping(_) | NodeKind::Refused => None,
        }
    }

    /// Returns the text of a scalar with one of the `accepted` meanings.
    fn literal(self, accepted: &[ScalarType], what: &str) -> Result<&'a str, TypeError> {
        match self.scalar() {
            Some(scalar) if accepted.contains(&scalar.meaning()) => Ok(&scalar.text),
            Some(_) | None => Err(self.expected(what)),
        }
    }

    fn expected(self, what: &str) -> TypeError {
        match self.node.kind {
            NodeKind::Refused => TypeError::Reported,
            NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Mapping(_) => {
                TypeError::Expected(what.to_owned())
            }
        }
    }

    /// Reports that this node does not fit.
    pub(super) fn report(self, type_error: TypeError) {
        let subject = match self.name {
            NodeName::File => "the file".to_owned(),
            NodeName::Value(key) => quote(&key.text),
            NodeName::EntryOf(list) => format!("an entry of {}", quote(list)),
        };
        let found = self.describe_value();
        let draft = match type_error {
            TypeError::Reported => return,
            TypeError::Expected(what) => {
                let message = format!("{subject} should be {what}, found {found}");
                DiagnosticDraft::new(ErrorCode::WrongType, message).help(self.advice(&what))
            }
            TypeError::Unknown(words) => {
                let word = self.scalar().map_or("", |scalar| &scalar.text);
                let expected = one_of(words);
                let near = suggestion::nearest(word, words.iter().copied());
                DiagnosticDraft::invalid(format!("{subject} should be {expected}, found {found}"))
                    .help(near.map_or(String::new(), |near| format!("did you mean `{near}`?")))
            }
        };
        let span = self.span();
        if secrets::suggests_secret(self.label()) {
            let focus = self.diagnostics.focus(&span);
            self.diagnostics.add_hiding(draft, focus, span.value);
        } else {
            self.diagnostics.add_at(draft, &span);
        }
    }

    fn describe_value(self) -> String {
        match &self.node.kind {
            NodeKind::List(_) => "a list".to_owned(),
            NodeKind::Mapping(_) => "a mapping".to_owned(),
            NodeKind::Refused => "something refused".to_owned(),
            NodeKind::Scalar(_) if secrets::suggests_secret(self.label()) => {
                "another value".to_owned()
            }
            NodeKind::Scalar(scalar) => match scalar.meaning() {
                ScalarType::Nothing => "nothing".to_owned(),
                ScalarType::Boolean(_) => format!("the boolean {}", quote(&scalar.text)),
                ScalarType::Integer | ScalarType::Fraction => {
                    format!("the number {}", quote(&scalar.text))
                }
                ScalarType::Text if scalar.text.is_empty() => "an empty text".to_owned(),
                ScalarType::Text => quote(&scalar.text),
            },
        }
    }

    fn advice(self, what: &str) -> String {
        let wants_text = what.contains("text") || what.contains("name");
        match self.scalar().map(Scalar::meaning) {
            Some(ScalarType::Nothing) => "give it a value or remove the key".to_owned(),
            Some(ScalarType::Text) if wants_number(what) && self.is_quoted_number() => {
                "write it without the quotes".to_owned()
            }
            Some(ScalarType::Boolean(_) | ScalarType::Integer | ScalarType::Fraction)
                if wants_text =>
            {
                "put it in quotes if it is meant as text".to_owned()
            }
            Some(_) | None => String::new(),
        }
    }

    fn is_quoted_number(self) -> bool {
        self.scalar()
            .is_some_and(|scalar| scalar.text.parse::<i64>().is_ok())
    }

    pub(super) fn span(self) -> SourceSpan {
        let key = match self.name {
            NodeName::Value(key) => Some(key),
            NodeName::File | NodeName::EntryOf(_) => None,
        };
        self.node.source_span(key, self.diagnostics.lines().text())
    }

    pub(super) fn unknown_key(self, key: &NodeKey, value: &Node, known: &'static [&'static str]) {
        let draft = DiagnosticDraft::new(
            ErrorCode::UnknownKey,
            format!("unknown key {}", quote(&key.text)),
        )
        .help(match self.diagnostics.expected_parent(&key.text) {
            Some(home) => format!("it belongs {home}"),
            None if self.is_cut_sql(value) => SQL_AS_BLOCK.to_owned(),
            None => suggestion::help(&key.text, known, "known keys here"),
        });
        if !secrets::suggests_secret(&key.text) {
            self.diagnostics.add(draft, key.span.clone());
            return;
        }
        let is_name = match &value.kind {
            NodeKind::Scalar(scalar) => secrets::is_variable_name(&scalar.text),
            NodeKind::List(_) | NodeKind::Mapping(_) | NodeKind::Refused => true,
        };
        let draft = if is_name {
            draft
        } else {
            let help = format!(
                "{}; if the file contained a secret, replace it at its provider",
                draft.help
            );
            draft.help(help)
        };
        self.diagnostics
            .add_hiding(draft, key.span.clone(), value.span.clone());
    }

    /// Returns true if the pair results from a comma in `{sql: f(a, b)}`.
    fn is_cut_sql(self, value: &Node) -> bool {
        let is_nothing = matches!(&value.kind, NodeKind::Scalar(scalar) if scalar.meaning() == ScalarType::Nothing);
        let NodeKind::Mapping(pairs) = &self.node.kind else {
            return false;
        };
        is_nothing && pairs.iter().any(|(key, _)| key.text == "sql")
    }
}

fn wants_number(what: &str) -> bool {
    what.contains("number") && !what.contains("text")
}

impl<'de> Deserializer<'de> for NodeReader<'de> {
    type Error = TypeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match &self.node.kind {
            NodeKind::Refused => Err(TypeError::Reported),
            NodeKind::List(items) => visitor.visit_seq(Items {
                reader: self,
                items: items.iter(),
            }),
            NodeKind::Mapping(pairs) => visitor.visit_map(KnownPairs {
                reader: self,
                known: None,
                pairs: pairs.iter(),
                value: None,
            }),
            NodeKind::Scalar(scalar) => match scalar.meaning() {
                ScalarType::Nothing => visitor.visit_unit(),
                ScalarType::Boolean(value) => visitor.visit_bool(value),
                // Numbers of the format are read as they are written, by the named newtypes.
                ScalarType::Integer | ScalarType::Fraction => Err(TypeError::invalid_type(
                    Unexpected::Other("number"),
                    &visitor,
                )),
                ScalarType::Text => visitor.visit_str(&scalar.text),
            },
        }
    }

    /// Reads an entry, by the protocol that is documented there.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_seq(EntryParts {
            reader: self,
            place_given: false,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        match &self.node.kind {
            NodeKind::Mapping(pairs) => visitor.visit_map(KnownPairs {
                reader: self,
                known: Some(fields),
                pairs: pairs.iter(),
                value: None,
            }),
            // A derived struct would accept a list as its fields in order.
            NodeKind::List(_) => Err(TypeError::invalid_type(Unexpected::Seq, &visitor)),
            NodeKind::Scalar(_) | NodeKind::Refused => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        use ScalarType::{Boolean, Fraction, Integer, Text};
        let text = match name {
            VERSION => self.literal(&[Integer], "the number 1")?,
            POSITIVE_INTEGER | WHOLE_NUMBER => self.literal(&[Integer], "a whole number")?,
            NULLABLE_INTEGER => match self.scalar().map(Scalar::meaning) {
                Some(ScalarType::Nothing) => "null",
                _ => self.literal(&[Integer], "a whole number or `null`")?,
            },
            WORDS => {
                if let NodeKind::List(items) = &self.node.kind {
                    let items = items.iter();
                    return visitor.visit_seq(Items {
                        reader: self,
                        items,
                    });
                }
                let what = "text, a number or a list of them";
                return visitor.visit_str(self.literal(&[Text, Integer, Fraction], what)?);
            }
            FIX => {
                if matches!(self.node.kind, NodeKind::Mapping(_)) {
                    return self.deserialize_any(visitor);
                }
                return visitor.visit_str(self.literal(&[Text], FIX_FORMS)?);
            }
            INCLUDED => {
                if matches!(self.node.kind, NodeKind::Mapping(_)) {
                    return self.deserialize_any(visitor);
                }
                let what = "a whole number, or one for each plan such as `{pro: 3}`";
                return visitor.visit_str(self.literal(&[Integer], what)?);
            }
            LITERAL => self.literal(&[Text, Integer, Fraction], "text or a number")?,
            DURATION_TEXT => {
                self.literal(&[Text, Integer], "a duration such as `14d`, `5m` or `10s`")?
            }
            COLUMN_VALUE => match self.scalar().map(Scalar::meaning) {
                // As Postgres spells it: the values are compared with the column's text.
                Some(Boolean(value)) => {
                    if value {
                        "true"
                    } else {
                        "false"
                    }
                }
                _ => self.literal(&[Text, Integer, Fraction], "text, a number or a boolean")?,
            },
            _ => return visitor.visit_newtype_struct(self),
        };
        visitor.visit_newtype_struct(text.into_deserializer())
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        let Some(scalar) = self.scalar() else {
            return Err(self.expected(&one_of(variants)));
        };
        // A YAML 1.1 tool may have changed a bare `off` to `false`, and `on` to `true`.
        let is = |value: bool, word: &str| {
            variants.contains(&word) && scalar.meaning() == ScalarType::Boolean(value)
        };
        let word = if is(false, "off") {
            "off"
        } else if is(true, "on") {
            "on"
        } else {
            &scalar.text
        };
        if variants.contains(&word) {
            visitor.visit_enum(word.into_deserializer())
        } else {
            Err(TypeError::Unknown(variants))
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        let text = self.literal(&[ScalarType::Text], "text")?;
        visitor.visit_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        self.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}
