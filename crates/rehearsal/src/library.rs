//! The built-in scenarios, and the parser of scenario files.

use std::collections::BTreeSet;

use super::{
    action::{ProviderAction, YesNo},
    parse_error::ParseError,
    provider::Provider,
    recording,
    scenario::{Answered, EventOrder, Play, Scenario, Step},
    test_prices::PriceRole,
};

/// Returns the name and the content of a scenario file.
macro_rules! scenario {
    ($id:literal) => {
        (
            concat!($id, ".yml"),
            include_str!(concat!("scenarios/", $id, ".yml")),
        )
    };
}

/// Every file of `scenarios/`, in the order of the runs: the most important first.
const FILES: [(&str, &str); 33] = [
    scenario!("first-purchase"),
    scenario!("first-purchase-any-order"),
    scenario!("redelivery"),
    scenario!("failing-write"),
    scenario!("trial"),
    scenario!("renewal"),
    scenario!("dunning"),
    scenario!("cancel-at-period-end"),
    scenario!("cancel-now"),
    scenario!("resubscribe"),
    scenario!("bystanders"),
    scenario!("plan-change"),
    scenario!("feature-added"),
    scenario!("unknown-price"),
    scenario!("multi-item"),
    scenario!("quantity"),
    scenario!("pause"),
    scenario!("not-paid-yet"),
    scenario!("customer-gone"),
    scenario!("dashboard-made"),
    scenario!("api-shapes"),
    scenario!("zero-amount"),
    scenario!("one-off"),
    scenario!("imported"),
    scenario!("guest-email"),
    scenario!("refund"),
    scenario!("charge"),
    scenario!("declined-then-paid"),
    scenario!("invoice"),
    scenario!("not-ours"),
    scenario!("forged"),
    scenario!("second-secret"),
    scenario!("unknown-event"),
];

/// Maximum number of events in a step with `order: every`; more have too many orders.
const MAX_EVENTS_IN_EVERY_ORDER: usize = 5;

/// Maximum size of a scenario file, far above that of any legitimate one.
const MAX_BYTES: usize = 256 * 1024;

/// Returns the built-in scenarios of a provider.
pub fn built_in(provider: Provider) -> Result<Vec<Scenario>, ParseError> {
    let parse_built_in = |(name, text): &(&str, &str)| {
        let scenario = parse(name, text, provider)?;
        Ok(Scenario {
            is_own: false,
            ..scenario
        })
    };
    let mut scenarios = FILES
        .iter()
        .map(parse_built_in)
        .collect::<Result<Vec<_>, ParseError>>()?;
    // A scenario of the other provider alone is not even listed.
    scenarios.retain(|one| !one.plays.is_empty() || !one.not_played.is_empty());
    Ok(scenarios)
}

/// Parses one file, and keeps the events of the provider; errors refer to the file as `name`.
pub fn parse(name: &str, text: &str, provider: Provider) -> Result<Scenario, ParseError> {
    let wrong = |message: String| ParseError::Meaning {
        file: name.to_owned(),
        message,
    };
    if text.len() > MAX_BYTES {
        return Err(wrong(format!("larger than {} KiB", MAX_BYTES / 1024)));
    }
    if recording::is_recorded(text) {
        return recording::parse(name, text).map(|scenario| scenario.recorded_for(provider));
    }
    let mut scenario: Scenario = serde_yaml::from_str(text).map_err(|error| ParseError::Yaml {
        file: name.to_owned(),
        message: error.to_string(),
    })?;
    check_scenario(&scenario).map_err(wrong)?;
    scenario.keep_provider(provider);
    check_steps(&scenario).map_err(wrong)?;
    scenario.is_own = true;
    Ok(scenario)
}

/// Checks what serde does not check of a scenario as a whole.
fn check_scenario(scenario: &Scenario) -> Result<(), String> {
    if !is_id(&scenario.id) {
        return Err(format!(
            "`id` should be lower-case words joined by hyphens, found `{}`",
            scenario.id
        ));
    }
    if scenario.plays.is_empty() {
        return Err("`plays` should hold at least one play".to_owned());
    }
    Ok(())
}

/// Checks what serde does not check of the steps.
fn check_steps(scenario: &Scenario) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for step in scenario.plays.iter().flat_map(|play| &play.steps) {
        if !is_id(&step.id) {
            return Err(format!(
                "the `id` of a step should be lower-case words joined by hyphens, found `{}`",
                step.id
            ));
        }
        if !seen.insert(&step.id) {
            return Err(format!("two steps are called `{}`", step.id));
        }
    }
    scenario.plays.iter().try_for_each(check_play)
}

fn check_play(play: &Play) -> Result<(), String> {
    if play.steps.is_empty() {
        return Err("a play should have at least one step".to_owned());
    }
    let mut earlier: BTreeSet<&str> = BTreeSet::new();
    for step in &play.steps {
        let named = step.send.iter().filter_map(|sending| sending.of.as_deref());
        for of in named.chain(step.again.iter().map(String::as_str)) {
            if !earlier.contains(of) {
                return Err(format!(
                    "step `{}` refers to `{of}`, which is not an earlier step of the same play",
                    step.id
                ));
            }
        }
        if step.order == EventOrder::Every && step.send.len() > MAX_EVENTS_IN_EVERY_ORDER {
            return Err(format!(
                "step `{}` sends {} events in every order; at most {MAX_EVENTS_IN_EVERY_ORDER} are allowed",
                step.id,
                step.send.len()
            ));
        }
        if let Some(message) = ignored_key(step) {
            return Err(format!("step `{}`: {message}", step.id));
        }
        if step.rest == Some(YesNo::Yes) && earlier.is_empty() {
            return Err(format!(
                "step `{}` needs an earlier step in the same play",
                step.id
            ));
        }
        earlier.insert(&step.id);
    }
    let in_every_order = play
        .steps
        .iter()
        .filter(|step| step.order == EventOrder::Every);
    if in_every_order.count() > 1 {
        return Err("one step of a play may be sent in every order".to_owned());
    }
    Ok(())
}

/// Returns the reason why one of the step's keys would be ignored because of another, if there is one.
fn ignored_key(step: &Step) -> Option<&'static str> {
    if step.fails.is_some() && step.order == EventOrder::Every {
        return Some("`fails` cannot be combined with `order: every`");
    }
    if step.fails.is_some() && step.then.answer != Answered::Accepted {
        return Some("`then.answer` has no effect with `fails`, which expects an error response");
    }
    let has_both = |action: &ProviderAction| {
        let is_both = |items: &[PriceRole], price| !items.is_empty() && price != PriceRole::Main;
        matches!(action, ProviderAction::Checkout(bought) if is_both(&bought.items, bought.price))
            || matches!(action, ProviderAction::Subscribe(bought) if is_both(&bought.items, bought.price))
    };
    if step.provider.iter().any(has_both) {
        return Some("`price` and `items` of a purchase cannot be combined");
    }
    None
}

fn is_id(text: &str) -> bool {
    let mut words = text.split('-');
    text.len() <= 60
        && words.all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_file_is_included_and_valid() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scenarios");
        let mut there: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        let mut carried: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        carried.sort();
        assert_eq!(there, carried);
        for (name, text) in FILES {
            for provider in [Provider::Stripe, Provider::Entitlements, Provider::Paddle] {
                let scenario = parse(name, text, provider).expect("a scenario");
                assert_eq!(format!("{}.yml", scenario.id), name);
                assert!(!scenario.title.contains('\n') && !scenario.why.is_empty());
            }
        }
    }

    fn error(text: &str) -> String {
        parse("mine.yml", text, Provider::Stripe)
            .expect_err("no scenario")
            .to_string()
    }

    const HEAD: &str = "id: mine\ntitle: t\nends: e\nwhy: w\nplays:\n  - steps:\n";

    #[test]
    fn meaningless_keys_are_named_with_their_place() {
        let unknown = error(&format!(
            "{HEAD}      - id: a\n        does: d\n        provider: [{{renwe: {{}}}}]\n"
        ));
        assert!(
            unknown.contains("renwe") && unknown.contains("line 9"),
            "{unknown}"
        );
        let later = error(&format!(
            "{HEAD}      - id: a\n        does: d\n        again: [b]\n"
        ));
        assert!(later.contains("`a` refers to `b`"), "{later}");
        let twice = error(&format!(
            "{HEAD}      - id: a\n        does: d\n      - id: a\n        does: d\n"
        ));
        assert!(twice.contains("two steps are called `a`"), "{twice}");
        let both = error(&format!(
            "{HEAD}      - id: a\n        does: d\n        fails: {{ write: 1 }}\n        then: {{ answer: any }}\n"
        ));
        assert!(both.contains("step `a`: `then.answer`"), "{both}");
        assert!(error("id: Not an id\ntitle: t\nends: e\nwhy: w\nplays: []").contains("hyphens"));
    }
}
