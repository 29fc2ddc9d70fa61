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

/// The events of the provider's log that findings mention, each once, in order.
fn named(outcome: &Outcome) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let is_stripe = |source: Source| source != Source::Paddle;
    outcome
        .findings()
        .into_iter()
        .filter(|(contract, _)| is_stripe(contract.source))
        .filter_map(|(_, found)| found.finding.mentions.as_deref())
        .flat_map(|mentions| &mentions.events)
        .filter_map(|event| event.id.as_deref())
        .filter(|id| is_plain(id) && seen.insert(*id))
        .map(str::to_owned)
        .collect()
}

/// Whether the id can be pasted into a shell as it is.
fn is_plain(id: &str) -> bool {
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '_';
    id.starts_with("evt_") && id.len() <= 255 && id.chars().all(is_of_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_id_is_pasted() {
        assert!(is_plain("evt_1Abc"));
        for other in ["evt_1;rm", "evt_`x`", "sub_1", "evt_$(x)", "evt_a b", ""] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
