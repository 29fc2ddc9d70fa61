//! Addresses that a rehearsal uses: none of them may be in production.

use std::net::IpAddr;

use url::{Host, Url};

use super::{
    super::super::{
        Visit,
        diagnostics::{DiagnosticDraft, Diagnostics, Parent, quote},
        entry::{Entry, SourceSpan},
        placeholder::Template,
        secrets,
    },
    texts,
};
use crate::host::is_local_or_private;
use problem::ErrorCode;

pub(super) fn handler(
    entry: &Entry<String>,
    allow_remote: bool,
    parent: Parent<'_>,
    diagnostics: &Diagnostics<'_>,
) -> Option<String> {
    let (span, text) = diagnostics.require(entry, "handler", parent)?;
    url("handler", text, span, allow_remote, diagnostics).map(|url| url.to_string())
}

/// Reads an IP address. The outer `None` is an error, the inner one an absent key.
#[expect(
    clippy::option_option,
    reason = "as the other keys that have no default"
)]
pub(super) fn source_ip(
    entry: &Entry<String>,
    diagnostics: &Diagnostics<'_>,
) -> Option<Option<IpAddr>> {
    let Some((span, text)) = entry.written() else {
        return Some(None);
    };
    if let Ok(address) = text.trim().parse() {
        return Some(Some(address));
    }
    let message = format!("`source_ip` should be an IP address, found {}", quote(text));
    let help =
        "write one of the addresses that the provider sends webhooks from, such as `34.232.58.13`";
    diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    None
}

/// Reads a URL with placeholders; they are filled in for the checks.
pub(super) fn gate(
    text: &str,
    span: &SourceSpan,
    allow_remote: bool,
    diagnostics: &Diagnostics<'_>,
) -> Option<Template> {
    let template = texts::template("url", text, span, diagnostics)?;
    let filled = template.fill(|_| "x");
    url("url", &filled, span, allow_remote, diagnostics).map(|_| template)
}

/// Reads a URL that may also contain the placeholder for the Checkout session.
pub(super) fn visit(
    text: &str,
    span: &SourceSpan,
    allow_remote: bool,
    diagnostics: &Diagnostics<'_>,
) -> Option<Visit> {
    // The substitute has the same length, so that other mistakes are shown at their place.
    let session = "-".repeat(Visit::SESSION.len());
    let template = texts::template(
        "visit",
        &text.replace(Visit::SESSION, &session),
        span,
        diagnostics,
    )?;
    url(
        "visit",
        &template.fill(|_| "x"),
        span,
        allow_remote,
        diagnostics,
    )?;
    let parts = text.split(Visit::SESSION).map(Template::parse);
    parts.collect::<Result<_, _>>().ok().map(Visit)
}

pub(super) fn url(
    key: &str,
    text: &str,
    span: &SourceSpan,
    allow_remote: bool,
    diagnostics: &Diagnostics<'_>,
) -> Option<Url> {
    let invalid = |found: &str| {
        let message = format!("`{key}` should be an http or https URL, found {found}");
        let help = "write one such as `http://localhost:3000/api/stripe/webhook`";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        None
    };
    let Ok(url) = Url::parse(text.trim()) else {
        return invalid(&quote(text));
    };
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    if has_credentials || !secrets::secrets_in(text).is_empty() {
        let message = format!("`{key}` should not contain a password or key (not shown)");
        let help = "remove it, and replace it wherever it is in use";
        let draft = DiagnosticDraft::new(ErrorCode::SecretValue, message).help(help);
        diagnostics.add_hiding(draft, diagnostics.focus(span), span.value.clone());
        return None;
    }
    let Some(host) = url
        .host()
        .filter(|_| matches!(url.scheme(), "http" | "https"))
    else {
        return invalid(&quote(text));
    };
    if !allow_remote && !is_local_or_private(&host) {
        let message = format!(
            "`{key}` should point to this machine or its own network, found the host {}",
            quote(&host.to_string())
        );
        let help = "never rehearse against production: write the address of the application that the workflow starts, \
                    or `allow_remote: true` under `rehearsal` if that host may be written to";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
        return None;
    }
    Some(url)
}

/// Reads an IP address and a port.
pub(super) fn listen(
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<String> {
    let parsed = text.trim().rsplit_once(':').and_then(|(host, port)| {
        let port: u16 = port.parse().ok()?;
        match Host::parse(host).ok()? {
            Host::Domain(_) => None,
            address @ (Host::Ipv4(_) | Host::Ipv6(_)) => Some(format!("{address}:{port}")),
        }
    });
    if parsed.is_none() {
        let message = format!(
            "`listen` should be an IP address and a port, found {}",
            quote(text)
        );
        let help = "write one such as `127.0.0.1:12111`, or `0.0.0.0:12111` for an application in a container";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    parsed
}
