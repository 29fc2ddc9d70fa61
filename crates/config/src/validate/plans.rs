//! `plans:` and `plan_order:`: the plan of each price, and the order of the plans.

use std::collections::BTreeMap;

use super::{
    super::{
        diagnostics::{DiagnosticDraft, Diagnostics, quote},
        document::RawContract,
        entry::{Entry, SourceSpan},
        forms::WordOrList,
        preset_placeholders, suggestion,
    },
    prices::check_id,
    values::{not_blank, unique_texts},
};
use contract::{Contract, PlanKey, PlanKeyKind, PlanWords, Source};
use problem::ErrorCode;

const LOOKUP_KEY: &str = "lookup_key:";

pub(super) fn fill(contract: &mut Contract, written: &RawContract, diagnostics: &Diagnostics<'_>) {
    let pairs = written.plans.value().map(|plans| plans.0.as_slice());
    for (key, entry) in pairs.unwrap_or_default() {
        let key_is_valid = entry
            .span()
            .is_some_and(|span| check_key(key, contract.source, &span.key_span(), diagnostics));
        let Some((span, words)) = entry.written() else {
            continue;
        };
        let Some(plan) = plan(key, span, words, diagnostics) else {
            continue;
        };
        if key_is_valid {
            let key = PlanKey::parse(key, contract.source);
            contract.plans.insert(key, plan);
        }
    }
    let order = unique_texts(
        "plan_order",
        &written.plan_order,
        |plan| &plan.0,
        diagnostics,
    );
    check_order(contract, written, diagnostics);
    contract.plan_order = order;
}

/// Returns true if the key can match a price of this source.
fn check_key(key: &str, source: Source, span: &SourceSpan, diagnostics: &Diagnostics<'_>) -> bool {
    if !check_id(key, span, diagnostics) {
        return false;
    }
    let parsed = PlanKey::parse(key, source);
    if parsed.text.trim().is_empty() || parsed.text.contains('*') {
        let message = format!(
            "a key of `plans` should be an id, or a prefix with one `*` at its end, found {}",
            quote(key)
        );
        diagnostics.add_at(
            DiagnosticDraft::invalid(message).help(keys_of(source)),
            span,
        );
        return false;
    }
    // A key that is no product and no lookup key of this provider parses as a price, so only those can be foreign. A
    // preset's placeholder is reported elsewhere.
    let may_be_foreign = parsed.kind == PlanKeyKind::Price && !preset_placeholders::is_price(key);
    let foreign = if may_be_foreign {
        describe_foreign_key(&parsed.text, source)
    } else {
        None
    };
    if let Some(description) = foreign {
        let message = format!("{} is {description}", quote(key));
        diagnostics.add_at(
            DiagnosticDraft::invalid(message).help(keys_of(source)),
            span,
        );
    }
    foreign.is_none()
}

/// Describes a key that belongs to another source, such as a Paddle price in a Stripe contract. Returns `None` if it
/// fits.
fn describe_foreign_key(text: &str, source: Source) -> Option<&'static str> {
    match source {
        Source::Stripe if text.starts_with("pri_") => {
            Some("a Paddle price, but Stripe prices begin with `price_`")
        }
        Source::Stripe if is_paddle_product(text) => {
            Some("a Paddle product, but Stripe products begin with `prod_`")
        }
        Source::Paddle if text.starts_with(LOOKUP_KEY) => {
            Some("not a Paddle key: Paddle has no lookup keys")
        }
        Source::Paddle if text.starts_with("price_") => {
            Some("a Stripe price, but Paddle prices begin with `pri_`")
        }
        Source::Paddle if text.starts_with("prod_") => {
            Some("a Stripe product, but Paddle products begin with `pro_`")
        }
        Source::StripeEntitlements if text.starts_with(LOOKUP_KEY) => {
            Some("not the key of a feature: write the feature's lookup key alone")
        }
        Source::Stripe | Source::Paddle | Source::StripeEntitlements => None,
    }
}

/// Returns true for the id of a Paddle product. The prefix is not enough: sellers chose the ids of Stripe's oldest
/// prices, such as `pro_monthly`.
fn is_paddle_product(text: &str) -> bool {
    text.strip_prefix("pro_")
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn keys_of(source: Source) -> &'static str {
    match source {
        Source::Stripe => {
            "with Stripe a key is a price (`price_…`), a product (`prod_…`) or `lookup_key:NAME`, each also with a \
             trailing `*`"
        }
        Source::Paddle => {
            "with Paddle a key is a price (`pri_…`) or a product (`pro_…`), each also with a trailing `*`"
        }
        Source::StripeEntitlements => {
            "with entitlements a key is the lookup key of a feature, or its id where it has none, also with a \
             trailing `*`"
        }
    }
}

/// Reads the plan of a key.
fn plan(
    key: &str,
    span: &SourceSpan,
    words: &WordOrList,
    diagnostics: &Diagnostics<'_>,
) -> Option<PlanWords> {
    let words = words.written(span);
    if words.is_empty() {
        let draft =
            DiagnosticDraft::invalid(format!("{} should have a plan, found none", quote(key)));
        diagnostics.add_at(
            draft.help("write the plan as the application stores it"),
            span,
        );
    }
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    let mut words_are_valid = true;
    for (span, word) in &words {
        let fits = not_blank("the plan of a price", word, span, diagnostics);
        words_are_valid &= fits && check_word(key, word, span, diagnostics);
        let line = diagnostics.lines().number(span.value.start);
        if lines.insert(word.trim(), line).is_some() && fits {
            let message = format!("the plan {} is listed twice", quote(word));
            diagnostics.add_at(
                DiagnosticDraft::new(ErrorCode::Conflict, message).help("keep one of the two"),
                span,
            );
        }
    }
    let plan = PlanWords::new(words.into_iter().map(|(_, word)| word));
    plan.filter(|_| words_are_valid)
}

/// Returns true if the word can be a plan. An application may store the provider's own id, but then the key is the same id.
/// Any other id is reported: it belongs in the key too, or key and value are swapped.
fn check_word(key: &str, word: &str, span: &SourceSpan, diagnostics: &Diagnostics<'_>) -> bool {
    let word = word.trim();
    if word == key && !key.ends_with('*') {
        return true;
    }
    let is_id = ["price_", "pri_", "prod_"]
        .into_iter()
        .any(|prefix| word.starts_with(prefix));
    // `pro_monthly` can be the application's word for a plan.
    let is_product = is_paddle_product(word) || word.starts_with("pro_") && !names_a_price(key);
    if !is_id && !is_product {
        return true;
    }
    let message = format!(
        "a plan should be a word that the application stores, found {}, which is a provider id",
        quote(word)
    );
    let help = if names_a_price(key) {
        format!("if the application stores this id, write it as the key too: `{word}: {word}`")
    } else {
        format!("key and value are swapped: write `{word}: {key}`")
    };
    diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    false
}

fn names_a_price(key: &str) -> bool {
    ["price_", "plan_", "pri_", "prod_", "pro_", LOOKUP_KEY]
        .into_iter()
        .any(|prefix| key.starts_with(prefix))
}

/// Reports words in `plan_order` that are not a plan, because they rank nothing. Without `plans`, nothing is checked.
fn check_order(contract: &Contract, written: &RawContract, diagnostics: &Diagnostics<'_>) {
    if contract.plans.is_empty() {
        return;
    }
    let known = words_of(contract);
    let entries = written.plan_order.value().map(Vec::as_slice);
    let entries = entries.unwrap_or_default().iter();
    for (span, plan) in entries.filter_map(Entry::written) {
        check_known("plan_order", &plan.0, &known, span, diagnostics);
    }
}

/// Returns the words of all plans.
pub(super) fn words_of(contract: &Contract) -> Vec<&str> {
    let mapped = contract.plans.iter().flat_map(|(_, plan)| plan.words());
    let free = contract.free_plans.iter().map(String::as_str);
    mapped.chain(free).collect()
}

/// Reports a word of `key` that is not a plan.
pub(super) fn check_known(
    key: &str,
    word: &str,
    known: &[&str],
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) {
    if word.trim().is_empty() || known.contains(&word.trim()) {
        return;
    }
    let message = format!(
        "{} in `{key}` is not a plan of `plans` or `free_plans`",
        quote(word)
    );
    let near = suggestion::nearest(word, known.iter().copied());
    let help = near.map_or_else(
        || "write it as `plans` does, or remove it".to_owned(),
        |near| format!("did you mean {}?", quote(near)),
    );
    diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
}
