//! Parses Markdown like GitHub, for the tests of the renderers.

use comrak::{
    Arena, Options,
    nodes::{AstNode, NodeValue},
    parse_document,
};

use super::links;

/// The HTML that our renderers write.
const OWN_HTML: [&str; 6] = [
    "<details>",
    "</details>",
    "<sub>",
    "</sub>",
    "<!-- prodverdict:sticky v1 key=0 -->",
    "<!-- state -->",
];

/// Lists everything in `markdown` except text, code and the report's own markup: links, images, HTML, mentions, ….
pub(super) fn foreign_markup(markdown: &str) -> Vec<String> {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    let mut found = Vec::new();
    for node in root.descendants() {
        let value = &node.data().value;
        if !is_allowed(value) {
            found.push(format!("{value:?}"));
        }
        if value.contains_inlines() {
            found.extend(references(&inline_text(node)));
        }
        if let NodeValue::Table(table) = value {
            let rows = node
                .children()
                .filter(|row| row.children().count() != table.num_columns);
            found.extend(rows.map(|_| "a row of another length".to_owned()));
        }
    }
    found
}

/// Returns the text of `markdown`, including code.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these two hold text")]
pub(super) fn text(markdown: &str) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    root.descendants()
        .map(|node| match &node.data().value {
            NodeValue::Text(text) => text.to_string(),
            NodeValue::Code(code) => code.literal.clone(),
            _ => String::new(),
        })
        .collect()
}

pub(super) fn headings(markdown: &str) -> usize {
    count(markdown, |value| matches!(value, NodeValue::Heading(_)))
}

pub(super) fn cells(markdown: &str) -> usize {
    count(markdown, |value| matches!(value, NodeValue::TableCell))
}

pub(super) fn code_blocks(markdown: &str) -> usize {
    count(markdown, |value| matches!(value, NodeValue::CodeBlock(_)))
}

fn count(markdown: &str, is_counted: impl Fn(&NodeValue) -> bool) -> usize {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    root.descendants()
        .filter(|node| is_counted(&node.data().value))
        .count()
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.alerts = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.shortcodes = true;
    options
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other node is refused"
)]
fn is_allowed(value: &NodeValue) -> bool {
    match value {
        NodeValue::Document
        | NodeValue::Paragraph
        | NodeValue::Heading(_)
        | NodeValue::List(_)
        | NodeValue::Item(_)
        | NodeValue::Text(_)
        | NodeValue::Strong
        | NodeValue::SoftBreak
        | NodeValue::LineBreak
        | NodeValue::Code(_)
        | NodeValue::Table(_)
        | NodeValue::TableRow(_)
        | NodeValue::TableCell => true,
        NodeValue::CodeBlock(block) => block.fenced && block.closed,
        NodeValue::HtmlInline(html) => OWN_HTML.contains(&html.as_str()),
        NodeValue::HtmlBlock(block) => block.literal.lines().all(|line| {
            let line = line.trim();
            OWN_HTML.contains(&line) || is_own_summary(line)
        }),
        NodeValue::Link(link) => is_own_link(&link.url) && link.title.is_empty(),
        _ => false,
    }
}

/// Returns true if the address is the check run, a line of the diff, a page of a dashboard or that of an account.
fn is_own_link(url: &str) -> bool {
    let starts = [
        "https://github.com/o/r/pull/7/files#diff-",
        "https://dashboard.stripe.com/",
        "https://admin.example.com/",
    ];
    let mut starts = starts.iter();
    url == "https://github.com/o/r/runs/1"
        || (links::is_plain(url) && starts.any(|start| url.starts_with(start)))
}

/// Returns true if the summary has only fixed words and numbers, and code without tags.
fn is_own_summary(line: &str) -> bool {
    let Some(text) = line.strip_prefix("<summary>") else {
        return false;
    };
    let Some(text) = text.strip_suffix("</summary>") else {
        return false;
    };
    let text = &*without_code(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ,.:".contains(c);
    let nouns = [
        "finding",
        "cause",
        "account",
        "customer",
        "subscription",
        "price",
        "feature",
    ];
    let singular = text.strip_suffix('s').unwrap_or(text);
    let mut nouns = nouns.iter();
    let is_ours = nouns.any(|noun| singular.ends_with(&format!(" more {noun}")))
        || text.starts_with("Played ")
        || text == "Reproduce it locally"
        || text.ends_with(" warning")
        || text.ends_with(" warnings")
        || text == "Earlier on this pull request";
    text.chars().all(is_plain) && is_ours
}

/// Removes the code of an HTML line, if nothing in it is a tag.
fn without_code(text: &str) -> String {
    let mut pieces = text.split("<code>");
    let mut rest = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once("</code>") {
            Some((code, after)) if !code.contains(['<', '>']) => rest.push_str(after),
            _ => rest.push_str("<code>"),
        }
    }
    rest
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other node separates words"
)]
fn inline_text<'a>(node: &'a AstNode<'a>) -> String {
    let inline = |child: &'a AstNode<'a>| match &child.data().value {
        NodeValue::Text(text) => text.to_string(),
        NodeValue::Strong | NodeValue::Link(_) => String::new(),
        _ => "\u{fffc}".to_owned(),
    };
    node.descendants().skip(1).map(inline).collect()
}

/// Lists the parts of rendered text that GitHub would link or replace: mentions, issues, commits, emoji.
fn references(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    for (index, window) in characters.windows(2).enumerate() {
        if let [character @ ('@' | '#'), next] = window
            && next.is_ascii_alphanumeric()
        {
            found.push(format!("{character}{next} at {index} in {text}"));
        }
    }
    let is_commit = |word: &&str| {
        (7..=40).contains(&word.len())
            && word.chars().all(|c| c.is_ascii_hexdigit())
            && word.contains(|c: char| c.is_ascii_digit())
            && word.contains(|c: char| c.is_ascii_alphabetic())
    };
    let words = text.split(|c: char| !c.is_alphanumeric());
    found.extend(words.filter(is_commit).map(str::to_owned));
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let word = word.to_ascii_lowercase();
        if ["gh-1", "gh-7", "cve-2", "ghsa-"]
            .iter()
            .any(|prefix| word.starts_with(prefix))
        {
            found.push(word);
        }
    }
    found.extend(text.contains(":tada:").then(|| ":tada:".to_owned()));
    found
}
