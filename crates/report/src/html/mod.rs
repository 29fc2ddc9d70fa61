//! The report as a single HTML file. It makes no network requests and is readable without its script.

mod finding;
mod findings;
mod overview;
mod words;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::{Outcome, markdown::headline};
use contract::Verdict;

const STYLE: &str = include_str!("page.css");

const SCRIPT: &str = include_str!("page.js");

/// Renders the page. Equal outcomes give equal pages.
pub fn html(outcome: &Outcome) -> String {
    let title = words::line(&headline(outcome));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) " – ProdVerdict" }
                link rel="icon" href=(icon(outcome.verdict));
                style { (PreEscaped(STYLE)) }
            }
            body {
                a .skip href="#findings" { "Skip to the findings" }
                header .top {
                    strong { "ProdVerdict" }
                    span { (subject(outcome)) }
                }
                main {
                    (overview::sections(outcome))
                    (findings::section(outcome))
                    (overview::footer(outcome))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn subject(outcome: &Outcome) -> &'static str {
    match outcome.rehearsal {
        Some(_) => "Rehearsal of the webhook handler",
        None => "Access contract",
    }
}

/// Content security policy: allows only its own style and script, by hash, and the embedded icon.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// Returns a square in the color of the verdict. Without an icon in the page, a browser would request one.
fn icon(verdict: Verdict) -> String {
    let color = match verdict {
        Verdict::Pass => "1a7f4b",
        Verdict::Warn => "b7791f",
        Verdict::Fail => "c5303f",
        Verdict::Error => "57606a",
    };
    format!(
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E\
         %3Crect width='8' height='8' rx='2' fill='%23{color}'/%3E%3C/svg%3E"
    )
}

#[cfg(test)]
mod tests;
