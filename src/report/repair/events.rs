//! The commands that send the provider's events again, for the events that the evidence names.

use std::collections::BTreeSet;

use crate::{contract::Source, report::Outcome};

/// `stripe events resend` knows no other destination than the one that it is told, and test data unless it is told
/// otherwise (<https://docs.stripe.com/cli/events/resend>).
const INTRODUCTION: &str = "
-- Instead of repairing rows, or after it: once the webhook handler is right, these commands of the Stripe CLI send the
-- events behind the findings again. In a shell, name the endpoint first (`stripe webhook_endpoints list --live` shows
-- it), and leave out --live for test data.
--
-- endpoint=we_...
";

pub(super) fn write(outcome: &Outcome, out: &mut String) {
    let mut is_introduced = false;
    for event in named(outcome) {
        if !is_introduced {
            out.push_str(INTRODUCTION);
            is_introduced = true;
        }
        // Nothing that others wrote is on these lines but the id: they are made to be pasted.
        out.push_str(&format!(
            "-- stripe events resend {event} --webhook-endpoint=\"$endpoint\" --live\n"
        ));
    }
}

/// The events that lines of evidence about webhooks name, each once, in order.
fn named(outcome: &Outcome) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let is_stripe = |source: Source| source != Source::Paddle;
    outcome
        .findings()
        .into_iter()
        .filter(|(contract, _)| is_stripe(contract.source))
        .flat_map(|(_, found)| found.finding.evidence_lines())
        .filter(|fact| fact.starts_with("webhook "))
        .filter_map(|fact| event(&fact).map(str::to_owned))
        .filter(|event| seen.insert(event.clone()))
        .collect()
}

/// The `evt_1` of `webhook customer.subscription.created of 2026-10-31T00:00:00Z (evt_1) is not …`.
fn event(fact: &str) -> Option<&str> {
    let (_, rest) = fact.split_once(" (")?;
    let (id, _) = rest.split_once(')')?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (id.starts_with("evt_") && id.len() <= 255 && id.chars().all(is_plain)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_id_is_one() {
        let fact = |id: &str| format!("webhook a.b of 2026-10-31T00:00:00Z ({id}) is not accepted");
        assert_eq!(event(&fact("evt_1Abc")), Some("evt_1Abc"));
        for other in ["evt_1;rm", "evt_`x`", "sub_1", "evt_$(x)", "evt_a b", ""] {
            assert_eq!(event(&fact(other)), None, "{other}");
        }
    }
}
