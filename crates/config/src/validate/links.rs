//! Validates `links:`, addresses that reports link to.

use super::{
    super::{
        diagnostics::{DiagnosticDraft, Diagnostics, quote},
        document::RawLinks,
        entry::{Entry, SourceSpan},
    },
    values::filled,
};
use problem::ErrorCode;

/// Placeholder of the account's id.
const ID_PLACEHOLDER: &str = "{id}";

const HELP: &str = "write an address such as `https://admin.example.com/users/{id}`";

/// Returns the address of an account, if it is a valid one.
pub(super) fn account(links: &Entry<RawLinks>, diagnostics: &Diagnostics<'_>) -> Option<String> {
    let entry = &links.value()?.account;
    let text = filled("account", entry, diagnostics)?;
    let (span, _) = entry.written()?;
    if has_credentials(text) {
        refuse_credentials(span, diagnostics);
        return None;
    }
    match mistake(text) {
        None => Some(text.to_owned()),
        Some(wrong) => {
            let message = format!("`account` {wrong}, found {}", quote(text));
            diagnostics.add_at(DiagnosticDraft::invalid(message).help(HELP), span);
            None
        }
    }
}

/// Returns the part between `https://` and the path.
fn authority(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://")?;
    rest.split(['/', '?', '#']).next()
}

/// Returns true if there may be a user name or a password before the host.
fn has_credentials(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next();
    authority.is_some_and(|authority| authority.contains('@'))
}

fn refuse_credentials(span: &SourceSpan, diagnostics: &Diagnostics<'_>) {
    let message = "`account` should have no user name or password (not shown)";
    let help = "remove what is before the `@`, and replace the password if it was in use";
    let draft = DiagnosticDraft::new(ErrorCode::SecretValue, message).help(help);
    diagnostics.add_hiding(draft, diagnostics.focus(span), span.value.clone());
}

/// Returns the reason why the text is not an account's address, or `None` if it is one.
fn mistake(text: &str) -> Option<&'static str> {
    let Some(authority) = authority(text) else {
        return Some("should be an address that begins with `https://`");
    };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'()<>\\^`{|}".contains(&byte);
    let without_id = text.replace(ID_PLACEHOLDER, "");
    if without_id.contains(['{', '}']) {
        Some("should have no placeholder but `{id}`")
    } else if without_id == text {
        Some("should contain `{id}`, the place of the account's id")
    } else if authority.contains('{') || authority.is_empty() {
        Some("should have a host, and `{id}` after it")
    } else if !without_id.bytes().all(is_plain) || url::Url::parse(&without_id).is_err() {
        Some("should be an address with all other characters percent-encoded")
    } else {
        None
    }
}
