//! Tests of the page, parsed as a browser parses it.
#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeSet;

use html5gum::{Token, Tokenizer};
use proptest::prelude::*;

use super::*;
use crate::{
    neutral::visible,
    sample,
    sample::{rehearsal, rehearsal_full_of},
};
use baseline::FindingStatus;

/// A page as a browser sees it: its elements with their attributes, and all its text.
struct ParsedPage {
    elements: Vec<(String, Vec<(String, String)>)>,
    text: String,
}

fn parse(page: &str) -> ParsedPage {
    let mut parsed = ParsedPage {
        elements: Vec::new(),
        text: String::new(),
    };
    // A tokenizer would need to treat style and script as raw text, so remove them first.
    let page = page.replace(STYLE, "").replace(SCRIPT, "");
    for Ok(token) in Tokenizer::new(&page) {
        match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.into_iter();
                let attributes = attributes.map(|(name, value)| {
                    (
                        String::from_utf8(name.0).unwrap(),
                        String::from_utf8(value.value.0).unwrap(),
                    )
                });
                let name = String::from_utf8(tag.name.0).unwrap();
                parsed.elements.push((name, attributes.collect()));
            }
            Token::String(text) => parsed.text += &String::from_utf8(text.value.0).unwrap(),
            Token::Comment(comment) => panic!("{comment:?}"),
            Token::Error(error) => panic!("{error:?} in {page}"),
            Token::EndTag(_) | Token::Doctype(_) => {}
        }
    }
    parsed
}

/// Lists elements, attributes and addresses in the page of `outcome` that we never write.
fn foreign_markup(outcome: &Outcome) -> Vec<String> {
    const ELEMENTS: &str = "html head meta title link style body a header strong span main section div h1 h2 h3 p dl dt \
        dd b table thead tbody tr th td svg rect ol ul li details summary code em br label input fieldset legend select \
        option button kbd footer script";
    const ATTRIBUTES: &str = "lang charset http-equiv content name rel href class id aria-label aria-hidden aria-live \
        aria-labelledby aria-keyshortcuts role tabindex scope data-only-rule viewbox preserveaspectratio height width \
        hidden type autocomplete spellcheck placeholder value checked open data-severity data-rule data-contract \
        data-standing data-amount";
    let elements: BTreeSet<_> = ELEMENTS.split_whitespace().collect();
    let attributes: BTreeSet<_> = ATTRIBUTES.split_whitespace().collect();
    let mut found = Vec::new();
    for (element, attributes_of_element) in parse(&html(outcome)).elements {
        if !elements.contains(element.as_str()) {
            found.push(element.clone());
        }
        for (name, value) in attributes_of_element {
            let is_address =
                name == "href" && !value.starts_with('#') && !value.starts_with("data:");
            if !attributes.contains(name.as_str()) || is_address {
                found.push(format!("{element} {name}={value}"));
            }
        }
    }
    found
}

#[test]
fn the_page_of_the_known_case() {
    let page = html(&sample::failing());
    let page = page.replace(STYLE, "…").replace(SCRIPT, "…");
    let page = page.replace(&hash(STYLE), "…").replace(&hash(SCRIPT), "…");
    insta::assert_snapshot!(page.replace('>', ">\n"));
}

#[test]
fn equal_outcomes_make_equal_pages_without_foreign_markup() {
    for outcome in sample::every_kind() {
        assert_eq!(html(&outcome), html(&outcome.clone()));
        assert_eq!(foreign_markup(&outcome), Vec::<String>::new());
    }
}

#[test]
fn only_our_own_style_and_script_may_run() {
    let page = html(&sample::failing());
    for (element, hash) in [("style", hash(STYLE)), ("script", hash(SCRIPT))] {
        let (_, rest) = page.split_once(&format!("<{element}>")).unwrap();
        let (inside, _) = rest.split_once(&format!("</{element}>")).unwrap();
        assert_eq!(super::hash(inside), hash);
        assert!(page.contains(&format!("{element}-src 'sha256-{hash}';")));
    }
    assert!(page.contains("content=\"default-src 'none';"));
    let elements = parse(&page).elements;
    let inline = elements
        .iter()
        .flat_map(|(_, attributes)| attributes)
        .filter(|(name, _)| name == "style" || name.starts_with("on"));
    assert_eq!(inline.count(), 0);
    assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
    assert!(!SCRIPT.contains("innerHTML") && !STYLE.contains("url("));
}

#[test]
fn a_missing_verdict_never_looks_like_a_pass() {
    for outcome in sample::every_kind() {
        let page = html(&outcome);
        let passes = outcome.verdict == Verdict::Pass;
        assert_eq!(page.contains("<h1>Pass</h1>"), passes);
        assert_eq!(
            page.contains("section class=\"verdict verdict-pass\""),
            passes
        );
        assert_eq!(page.contains("✓"), passes);
        assert_eq!(
            page.contains("<h1>No verdict</h1>"),
            outcome.verdict == Verdict::Error
        );
        if outcome.verdict == Verdict::Error {
            assert!(page.contains("nothing is known about"));
            assert!(!page.contains("<p>None.</p>"));
        }
    }
}

#[test]
fn every_fact_of_a_finding_is_on_the_page() {
    let text = parse(&html(&sample::pull_request_outcome())).text;
    for fact in [
        ", 1 new, 3 known, 1 accepted, 2 fixed – ProdVerdictSkip to the findings",
        "Compared with the check run of 1a2b3c4 on main. Known findings do not fail the check.",
        "Paid for, not served900 JPY, 1,234.00 USD a month",
        "1 item without a fixed amount",
        "User has an active/trialing Stripe subscription but has_paid_access is false.",
        "Fix: Set has_paid_access=true in your webhook handler",
        "src/app/api/webhooks/stripe/route.ts:42 removes the only line that mentions has_paid_access",
        "Stripe: subscription sub_alice_1 of customer cus_alice is active",
        "Subscriptionsub_alice_1",
        "Stored planfree",
        "Configured atprodverdict.yml:12",
        "Accepted becausea founder's account, paid by invoiceAccepted until2026-12-31",
        "Fingerprint69149926077885fa",
        "the key in STRIPE_SECRET_KEY is not restricted",
        "Read 1,214 accounts",
    ] {
        assert!(text.contains(fact), "{fact} in {text}");
    }
    let text = parse(&html(&rehearsal())).text;
    for fact in [
        "Played 2 scenarios with 16 events: 1 held, 1 broken, 1 left out.",
        "cancel-nowdeleted while the period runs onbroken28no access",
        "left out: the contract maps no seats",
        "called    GET /v1/customers/cus_RehearsalCancelNow1: 200",
    ] {
        assert!(text.contains(fact), "{fact} in {text}");
    }
}

#[test]
fn contracts_of_one_name_are_distinguished() {
    let users = || sample::contract("users", contract::Source::Stripe, vec![sample::alice()]);
    let page = html(&sample::outcome(vec![users(), users()]));
    assert!(page.contains("data-contract=\"0\"") && page.contains("data-contract=\"1\""));
}

#[test]
fn a_page_counts_the_findings_that_it_leaves_out() {
    let page = html(&sample::many(5_000));
    assert_eq!(page.matches("<li data-severity").count(), 5_000);
    assert!(page.len() < 8_000_000, "{}", page.len());
    let page = html(&sample::many(20_002));
    assert_eq!(page.matches("<li data-severity").count(), 20_000);
    assert!(page.contains("2 more findings"));
}

#[test]
fn a_text_of_seventy_thousand_characters_is_shortened() {
    let page = html(&sample::full_of(&"<".repeat(70_000)));
    assert!(page.len() < 200_000, "{}", page.len());
}

proptest! {
    // Each case parses a whole page.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_text_stays_text(text in sample::hostile(), other in "\\PC{0,20}") {
        let mut outcome = sample::full_of(&text);
        outcome.contracts[1] = sample::contract(&other, contract::Source::Paddle, vec![sample::about(&other)]);
        outcome.contracts[1].findings[0].status = Some(FindingStatus::New);
        let stake = sample::money(&[(&text, 5), (&other, 6)]);
        outcome.contracts[0].summary.paid_not_served = stake.clone();
        outcome.contracts[0].findings[0].finding.amount = stake;
        prop_assert_eq!(foreign_markup(&outcome), Vec::<String>::new());
        prop_assert_eq!(foreign_markup(&rehearsal_full_of(&text)), Vec::<String>::new());
    }

    #[test]
    fn names_are_read_back_as_they_are_seen(text in sample::hostile()) {
        let text = visible(text.trim()).trim().to_owned();
        let page = html(&sample::full_of(&text));
        let read = parse(&page).text;
        prop_assert!(read.contains(&format!("Customer{}", if text.is_empty() { "(empty)" } else { &text })), "{} in {}", text, read);
    }
}
