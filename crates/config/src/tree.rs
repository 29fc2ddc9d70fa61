//! The file as a tree of values with their places: the structure of the YAML, before it is interpreted.
//!
//! `saphyr-parser` alone determines the structure, because `yaml_serde` stops at the first mistake and does not report
//! where values end. `yaml_serde` decides the meaning of a plain word (`1` is a number, `off` is text, `~` is null), so
//! the file means the same here as to any other YAML reader in Rust.

use std::{collections::BTreeMap, ops::Range};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::{
    block_text,
    diagnostics::{DiagnosticDraft, Diagnostics, quote},
    entry::SourceSpan,
};
use problem::ErrorCode;

/// Maximum depth; the format needs seven levels.
const MAX_DEPTH: usize = 32;

/// Maximum length of a number or boolean; longer words are text.
const MAX_SPECIAL_LENGTH: usize = 64;

const ALIAS: &str = "YAML aliases (`*name`) are not accepted";

#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: NodeKind,
}

impl Node {
    /// Returns the place of the node in the text, and of its key if it is a value of a mapping.
    pub(super) fn source_span(&self, key: Option<&NodeKey>, text: &str) -> SourceSpan {
        let is_flow = text
            .get(self.span.clone())
            .is_some_and(|value| value.starts_with(['[', '{']));
        let is_block = matches!(self.kind, NodeKind::List(_) | NodeKind::Mapping(_)) && !is_flow;
        SourceSpan {
            key: key.map(|key| key.span.clone()),
            value: self.span.clone(),
            is_block,
        }
    }
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Scalar(Scalar),
    List(Vec<Node>),
    Mapping(Vec<(NodeKey, Node)>),
    /// Already reported.
    Refused,
}

#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// True if it is written without quotes or block markers, so that it may be something other than text.
    plain: bool,
}

#[derive(Debug, Clone)]
pub(super) struct NodeKey {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// Type of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScalarType {
    Nothing,
    Boolean(bool),
    Integer,
    Fraction,
    Text,
}

impl Scalar {
    pub(super) fn meaning(&self) -> ScalarType {
        if !self.plain || self.text.len() > MAX_SPECIAL_LENGTH || self.text.contains('\n') {
            return ScalarType::Text;
        }
        // The word is parsed in a list, because `---` alone would be a document.
        let value: Vec<serde_yaml::Value> =
            serde_yaml::from_str(&format!("- {}", self.text)).unwrap_or_default();
        match value.first() {
            Some(serde_yaml::Value::Null) => ScalarType::Nothing,
            Some(serde_yaml::Value::Bool(value)) => ScalarType::Boolean(*value),
            Some(serde_yaml::Value::Number(number)) if number.is_f64() => ScalarType::Fraction,
            Some(serde_yaml::Value::Number(_)) => ScalarType::Integer,
            _ => ScalarType::Text,
        }
    }
}

/// Reads the text, and reports what is not accepted; `None` if there is nothing to continue with.
pub(super) fn read(diagnostics: &Diagnostics<'_>) -> Option<Node> {
    let text = diagnostics.lines().text();
    let mut builder = Builder {
        diagnostics,
        bytes: ByteOffsets::new(text),
        open: Vec::new(),
        root: None,
    };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                builder.syntax(&error);
                return None;
            }
        };
        let range = builder.bytes.range(span);
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let draft =
                    DiagnosticDraft::new(ErrorCode::Refused, "a second YAML document begins here")
                        .help("keep one document in the file; put all contracts under `contracts`");
                diagnostics.add(draft, diagnostics.lines().first_line(&range));
                break;
            }
        }
        if !builder.take(event, range) {
            return None;
        }
    }
    builder.finish()
}

/// A mapping or list that has not ended yet.
struct Open {
    start: usize,
    refused: bool,
    children: Children,
}

enum Children {
    List(Vec<Node>),
    Mapping {
        pairs: Vec<(NodeKey, Node)>,
        lines: BTreeMap<String, usize>,
        key: Waiting,
    },
}

/// The part of a mapping that comes next.
enum Waiting {
    Key,
    Value(NodeKey),
    /// A value whose key was refused.
    Nothing,
}

struct Builder<'a> {
    diagnostics: &'a Diagnostics<'a>,
    bytes: ByteOffsets,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    /// Processes an event; returns false to stop.
    fn take(&mut self, event: Event<'_>, range: Range<usize>) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.decorations(anchor, tag.as_deref(), &range);
                self.without_nul(&text, &range);
                let scalar = Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                };
                self.insert(Node {
                    span: range,
                    kind: NodeKind::Scalar(scalar),
                });
            }
            Event::Alias(_) => {
                self.refuse(ALIAS, &range);
                self.insert(Node {
                    span: range,
                    kind: NodeKind::Refused,
                });
            }
            Event::SequenceStart(anchor, tag) => {
                let children = Children::List(Vec::new());
                return self.begin((anchor, tag.as_deref()), &range, children);
            }
            Event::MappingStart(anchor, tag) => {
                let children = Children::Mapping {
                    pairs: Vec::new(),
                    lines: BTreeMap::new(),
                    key: Waiting::Key,
                };
                return self.begin((anchor, tag.as_deref()), &range, children);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range.end),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        true
    }

    fn begin(
        &mut self,
        (anchor, tag): (usize, Option<&Tag>),
        range: &Range<usize>,
        children: Children,
    ) -> bool {
        self.decorations(anchor, tag, range);
        if self.open.len() == MAX_DEPTH {
            self.too_deep(range.clone());
            return false;
        }
        self.open.push(Open {
            start: range.start,
            refused: false,
            children,
        });
        true
    }

    fn end(&mut self, end: usize) {
        let Some(closed) = self.open.pop() else {
            return;
        };
        let kind = match closed.children {
            _ if closed.refused => NodeKind::Refused,
            Children::List(items) => NodeKind::List(items),
            Children::Mapping { pairs, .. } => NodeKind::Mapping(pairs),
        };
        self.insert(Node {
            span: closed.start..end.max(closed.start),
            kind,
        });
    }

    /// Adds a finished node to its parent, where it may also be a key.
    fn insert(&mut self, node: Node) {
        let diagnostics = self.diagnostics;
        match self.open.last_mut().map(|open| &mut open.children) {
            None => self.root = Some(node),
            Some(Children::List(items)) => items.push(node),
            Some(Children::Mapping { pairs, lines, key }) => {
                *key = match std::mem::replace(key, Waiting::Key) {
                    Waiting::Key => accept_key(diagnostics, lines, node),
                    Waiting::Value(name) => {
                        pairs.push((name, node));
                        Waiting::Key
                    }
                    Waiting::Nothing => Waiting::Key,
                }
            }
        }
    }

    fn decorations(&self, anchor: usize, tag: Option<&Tag>, range: &Range<usize>) {
        if anchor != 0 {
            self.refuse("YAML anchors (`&name`) are not accepted", range);
        }
        if tag.is_some() {
            self.refuse("YAML tags (`!name`) are not accepted", range);
        }
    }

    /// Reports a NUL, which only an escape in a quoted text can produce: no later reader of the text accepts it.
    fn without_nul(&self, text: &str, range: &Range<usize>) {
        if text.contains('\0') {
            let message =
                "the text contains the control character U+0000, which Postgres does not accept";
            let draft = DiagnosticDraft::new(ErrorCode::Refused, message)
                .help("remove `\\0` from the text");
            let lines = self.diagnostics.lines();
            self.diagnostics.add(draft, lines.first_line(range));
        }
    }

    fn refuse(&self, message: &str, range: &Range<usize>) {
        let draft = DiagnosticDraft::new(ErrorCode::Refused, message)
            .help("write the value out where it is used");
        self.diagnostics
            .add(draft, self.diagnostics.lines().first_line(range));
    }

    fn syntax(&self, error: &ScanError) {
        let text = self.diagnostics.lines().text();
        let marked = self.bytes.byte(error.marker().index());
        let rest = text.get(marked..).unwrap_or_default();
        let start = marked + rest.len() - rest.trim_start_matches(' ').len();
        let found = text.get(start..).and_then(|rest| rest.chars().next());
        let width = found.map_or(0, |found| {
            if found.is_control() {
                0
            } else {
                found.len_utf8()
            }
        });
        // The parser does not know the anchor, and aliases are not accepted anyway.
        if found == Some('*') {
            self.refuse(ALIAS, &(start..start + width));
            return;
        }
        // The parser has its own limit and may reach it first.
        if error.info() == "recursion limit exceeded" {
            self.too_deep(start..start + width);
            return;
        }
        let draft = DiagnosticDraft::new(
            ErrorCode::Syntax,
            format!("this is not YAML: {}", error.info()),
        )
        .help(block_text::advice(self.diagnostics.lines(), start));
        self.diagnostics.add(draft, start..start + width);
    }

    fn too_deep(&self, range: Range<usize>) {
        let message = format!("values are nested more than {MAX_DEPTH} levels deep");
        self.diagnostics
            .add(DiagnosticDraft::new(ErrorCode::Refused, message), range);
    }

    fn finish(self) -> Option<Node> {
        let nothing = match &self.root {
            None => true,
            Some(node) => {
                matches!(&node.kind, NodeKind::Scalar(scalar) if scalar.meaning() == ScalarType::Nothing)
            }
        };
        if nothing {
            let draft = DiagnosticDraft::new(ErrorCode::Empty, "the file is empty")
                .help("begin with `version: 1` and `contracts:`");
            self.diagnostics.add(draft, 0..0);
            return None;
        }
        self.root
    }
}

fn accept_key(
    diagnostics: &Diagnostics<'_>,
    lines: &mut BTreeMap<String, usize>,
    node: Node,
) -> Waiting {
    let NodeKind::Scalar(scalar) = node.kind else {
        let draft = DiagnosticDraft::new(ErrorCode::WrongType, "a key should be text");
        diagnostics.add(draft, diagnostics.lines().first_line(&node.span));
        return Waiting::Nothing;
    };
    if scalar.plain && scalar.text == "<<" {
        let draft = DiagnosticDraft::new(
            ErrorCode::Refused,
            "YAML merge keys (`<<`) are not accepted",
        )
        .help("write the value out where it is used");
        diagnostics.add(draft, node.span);
        return Waiting::Nothing;
    }
    if let Some(first) = lines.get(&scalar.text) {
        let draft = DiagnosticDraft::new(
            ErrorCode::DuplicateKey,
            format!("duplicate key {}", quote(&scalar.text)),
        )
        .help(format!(
            "it is already on line {first}; keep one of the two"
        ));
        diagnostics.add(draft, diagnostics.lines().first_line(&node.span));
        return Waiting::Nothing;
    }
    let line = diagnostics.lines().number(node.span.start);
    lines.insert(scalar.text.clone(), line);
    Waiting::Value(NodeKey {
        text: scalar.text,
        span: diagnostics.lines().first_line(&node.span),
    })
}

/// Converts the parser's character offsets to byte offsets.
struct ByteOffsets(Vec<usize>);

impl ByteOffsets {
    fn new(text: &str) -> Self {
        let characters = text.char_indices().map(|(byte, _)| byte);
        Self(characters.chain([text.len()]).collect())
    }

    fn byte(&self, character: usize) -> usize {
        let last = self.0.last().copied().unwrap_or_default();
        self.0.get(character).copied().unwrap_or(last)
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;
    use serde_yaml::Value;

    use super::*;

    /// Converts the tree to what `yaml_serde` would return.
    fn value(node: &Node) -> Value {
        match &node.kind {
            NodeKind::Scalar(scalar) if scalar.meaning() == ScalarType::Text => {
                Value::String(scalar.text.clone())
            }
            NodeKind::Scalar(scalar) => serde_yaml::from_str(&scalar.text).expect("a plain word"),
            NodeKind::List(items) => Value::Sequence(items.iter().map(value).collect()),
            NodeKind::Mapping(pairs) => {
                let pair =
                    |(key, node): &(NodeKey, Node)| (Value::String(key.text.clone()), value(node));
                Value::Mapping(pairs.iter().map(pair).collect())
            }
            NodeKind::Refused => Value::Null,
        }
    }

    fn accepted(text: &str) -> Option<Value> {
        let diagnostics = Diagnostics::new(text, "p.yml");
        let node = read(&diagnostics);
        let value = node.as_ref().map(value);
        value.filter(|_| diagnostics.into_sorted().is_empty())
    }

    /// Generates texts that end in a line break: without one, the parsers differ in block texts at the end of a file.
    fn pieces() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "a: ",
            "b: ",
            "c:\n",
            "  d: ",
            "    e: ",
            "- ",
            "  - ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "x",
            "1",
            "-0",
            "0x1F",
            "1e3",
            ".5",
            "0o7",
            "007",
            "~",
            "null",
            "true",
            "off",
            "Yes",
            "\"q\\t\\u00e9\"",
            "'it''s'",
            "|\n  l\n\n  m\n",
            ">-\n  l\n  m\n",
            "# c",
            " # c\n",
            "\n",
            "\n",
            "\n  ",
            " ",
            "é",
            "x y",
            "x:y",
            "---\n",
            "...\n",
            "-",
            "2026-01-01",
        ]);
        prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat() + "\n")
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_parsers_read_the_same_from_files_that_both_accept(text in pieces()) {
            if let (Some(ours), Ok(theirs)) = (accepted(&text), serde_yaml::from_str::<Value>(&text))
                && has_only_text_keys(&theirs)
            {
                prop_assert_eq!(theirs, ours);
            }
        }
    }

    /// Returns true if all keys are text: we read any key as text, so others cannot be compared.
    fn has_only_text_keys(value: &Value) -> bool {
        match value {
            Value::Mapping(pairs) => pairs
                .iter()
                .all(|(key, value)| key.is_string() && has_only_text_keys(value)),
            Value::Sequence(items) => items.iter().all(has_only_text_keys),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Tagged(_) => true,
        }
    }

    #[test]
    fn places_cover_exactly_the_written_text() {
        let text = "é: \"x y\"\nb:\n  - [1, 'ü']\n";
        let diagnostics = Diagnostics::new(text, "p.yml");
        let node = read(&diagnostics).expect("a tree");
        let NodeKind::Mapping(pairs) = &node.kind else {
            panic!("{node:?}")
        };
        let at = |span: &Range<usize>| text.get(span.clone()).expect("inside");
        assert_eq!(at(&pairs[0].0.span), "é");
        assert_eq!(at(&pairs[0].1.span), "\"x y\"");
        let NodeKind::List(items) = &pairs[1].1.kind else {
            panic!("{node:?}")
        };
        assert_eq!(at(&items[0].span), "[1, 'ü']");
    }
}
