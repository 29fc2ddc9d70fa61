//! Problems of one file, each with a stable code, its place and advice.

use std::{cell::RefCell, ops::Range};

use super::{
    entry::{Entry, SourceSpan},
    lines::LineIndex,
    schema, secrets,
};
use problem::{ErrorCode, Place, Problem};

/// Maximum length of quoted text in messages, because the file may be hostile.
const MAX_QUOTED_LENGTH: usize = 60;

/// A problem in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: ErrorCode,
    /// Message with what was expected and found, in lower case without a full stop. Secrets are masked.
    pub message: String,
    /// Advice; empty if the message is enough.
    pub help: String,
    pub place: Place,
    /// The offending bytes of the text.
    pub span: Range<usize>,
    /// Bytes of the text that must not be shown, because they may be a secret.
    pub(super) hidden: Option<Range<usize>>,
}

impl From<Diagnostic> for Problem {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new(diagnostic.code, diagnostic.message)
            .hint(diagnostic.help)
            .at(diagnostic.place)
    }
}

/// Kind of the file, on which the advice in messages depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    Configuration,
    Baseline,
}

/// The problems found so far. All readers share the collection, so adding to it takes only a shared reference.
#[derive(Debug)]
pub(super) struct Diagnostics<'a> {
    file: FileKind,
    lines: LineIndex<'a>,
    path: &'a str,
    found: RefCell<Vec<Diagnostic>>,
}

/// A problem without its place.
#[derive(Debug, Clone)]
pub(super) struct DiagnosticDraft {
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) help: String,
}

impl DiagnosticDraft {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: String::new(),
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidValue, message)
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// The mapping in which a key is missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parent<'a> {
    pub(super) name: &'a str,
    pub(super) span: &'a SourceSpan,
}

impl<'a> Diagnostics<'a> {
    /// Starts to collect the problems of the configuration.
    pub(super) fn new(text: &'a str, path: &'a str) -> Self {
        Self::for_file(FileKind::Configuration, text, path)
    }

    pub(super) fn for_file(file: FileKind, text: &'a str, path: &'a str) -> Self {
        Self {
            file,
            lines: LineIndex::new(text),
            path: path.strip_prefix("./").unwrap_or(path),
            found: RefCell::default(),
        }
    }

    pub(super) fn lines(&self) -> &LineIndex<'a> {
        &self.lines
    }

    /// Returns the section in which a misplaced key belongs, if the format has the key.
    pub(super) fn expected_parent(&self, key: &str) -> Option<&'static str> {
        match self.file {
            FileKind::Configuration => schema::expected_parent(key),
            FileKind::Baseline => None,
        }
    }

    /// Adds a problem at these bytes.
    pub(super) fn add(&self, draft: DiagnosticDraft, span: Range<usize>) {
        self.push(draft, span, None);
    }

    /// Adds a problem at a value, or at its key if the value spans several lines.
    pub(super) fn add_at(&self, draft: DiagnosticDraft, span: &SourceSpan) {
        self.push(draft, self.focus(span), None);
    }

    /// Adds a problem whose place contains bytes that must not be shown.
    pub(super) fn add_hiding(
        &self,
        draft: DiagnosticDraft,
        span: Range<usize>,
        hidden: Range<usize>,
    ) {
        self.push(draft, span, Some(hidden));
    }

    /// Returns the bytes to mark for a value: the value if it is on one line, or else its key, or else its first line.
    pub(super) fn focus(&self, span: &SourceSpan) -> Range<usize> {
        let first = self.lines.first_line(&span.value);
        let on_one_line = self
            .lines
            .text()
            .get(first.end..span.value.end)
            .is_none_or(|rest| rest.trim().is_empty());
        match &span.key {
            Some(key) if span.is_block || !on_one_line || first.is_empty() => key.clone(),
            _ => first,
        }
    }

    /// Returns the place of an entry for a finding: key and value if they are on one line, or else the key.
    pub(super) fn entry_place(&self, span: &SourceSpan) -> Place {
        let focus = self.focus(span);
        let span = match &span.key {
            Some(key) if self.lines.number(key.start) == self.lines.number(focus.start) => {
                key.start..focus.end
            }
            Some(key) => key.clone(),
            None => focus,
        };
        self.lines.place(&span, self.path)
    }

    /// Returns the entry. If it is missing, adds a problem.
    pub(super) fn require<'e, T>(
        &self,
        entry: &'e Entry<T>,
        key: &str,
        parent: Parent<'_>,
    ) -> Option<(&'e SourceSpan, &'e T)> {
        if entry.is_absent() {
            let message = format!("missing key `{key}` in {}", parent.name);
            let draft =
                DiagnosticDraft::new(ErrorCode::MissingKey, message).help(help_for_missing(key));
            self.add_at(draft, parent.span);
        }
        entry.written()
    }

    /// Returns all problems in the order of the file.
    pub(super) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by(|a, b| {
            (a.span.start, a.code, &a.message).cmp(&(b.span.start, b.code, &b.message))
        });
        found.dedup();
        found
    }

    fn push(&self, draft: DiagnosticDraft, span: Range<usize>, hidden: Option<Range<usize>>) {
        let DiagnosticDraft {
            code,
            message,
            help,
        } = draft;
        self.found.borrow_mut().push(Diagnostic {
            code,
            message: secrets::mask(&message).into_owned(),
            help: secrets::mask(&help).into_owned(),
            place: self.lines.place(&span, self.path),
            span,
            hidden,
        });
    }
}

/// Returns the advice for a missing key.
fn help_for_missing(key: &str) -> &'static str {
    match key {
        "version" => "add `version: 1` as the first line",
        "contracts" => "add `contracts:` with a list of contracts under it",
        "type" => "add `type: access`",
        "database" => {
            "say where the accounts are: `database: {url_env: DATABASE_URL}`, plus `users_table` and `columns` if your \
             names differ from the defaults"
        }
        "column" => "name the column, or use `{sql: …}`",
        "id" | "customer_id" | "has_paid_access" | "subscription_id" => {
            "name the column to read, or give an expression: `{sql: …}`"
        }
        "handler" => {
            "write the URL of the webhook handler, such as `http://localhost:3000/api/stripe/webhook`"
        }
        "account" | "sql" => {
            "say how to create an account: `account: {sql: \"insert into users (id, email) values ({account_id}, \
             {email})\"}`"
        }
        "url" => {
            "write the URL to request, such as `http://localhost:3000/api/me?user={account_id}`"
        }
        "paid" => "say where the answer is in the JSON, such as `$.paid`",
        "in" => "list the values that mean yes, such as `in: [active, trialing]`",
        "fingerprint" => "copy the finding's 16 hexadecimal digits from the JSON report",
        "reason" => "say why the finding is accepted",
        "expires" => "add the last day of the acceptance (UTC), such as `expires: 2026-12-31`",
        _ => "",
    }
}

/// Quotes text of the file in backticks, shortened.
pub(super) fn quote(text: &str) -> String {
    let text = secrets::mask(text);
    if text.chars().count() <= MAX_QUOTED_LENGTH {
        return format!("`{text}`");
    }
    let start: String = text.chars().take(MAX_QUOTED_LENGTH).collect();
    format!("`{start}…`")
}
