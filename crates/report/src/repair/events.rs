//! Commands that resend the provider's events named in the evidence.

use std::collections::BTreeSet;

use crate::Outcome;
use contract::Source;

/// Introduction to the commands. `stripe events resend` sends only to the given endpoint, and resends test data by
/// default (<https://docs.stripe.com/cli/events/resend>).
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
        // The id is the only untrusted text on these lines, which are made to be pasted.
        out.push_str(&format!(
            "-- stripe events resend {event} --webhook-endpoint=\"$endpoint\" --live\n"
        ));
    }
}

/// Lists the ids of the events that findings mention, without duplicates and in order.
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

/// Returns true if the id can be pasted into a shell without quoting.
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
