//! Texts about the cost of reading a provider, for the announcement before a read and for `--plan`.

use std::time::Duration;

use crate::{
    billing::{Pace, RateLimit, ReadPlan},
    text::counted,
};

/// Returns a line such as `Stripe: about 196 requests, 8s`.
pub(super) fn in_short(provider: &str, plan: &ReadPlan, rate_limit: RateLimit) -> String {
    let requests = plan.requests();
    format!(
        "{provider}: {} {}, {}",
        about(plan),
        counted(requests, "request"),
        format_duration(
            plan.duration(
                plan.remaining_requests()
                    .saturating_add(plan.evidence_requests),
                rate_limit
            )
        ),
    )
}

/// Returns the line that announces lookups of customers or subscriptions.
pub(super) fn lookup_line(provider: &str, requests: u64) -> String {
    format!(
        "{provider}: {} more, for the customers whose accounts disagree with the list",
        counted(requests, "request")
    )
}

fn pace(pace: Pace) -> String {
    match pace {
        Pace::PerSecond { endpoint, .. } => format!("{endpoint} a second"),
        Pace::PerMinute(requests) => format!("{requests} a minute"),
    }
}

fn about(plan: &ReadPlan) -> &'static str {
    if plan.is_lower_bound {
        "at least"
    } else {
        "about"
    }
}

/// Returns the cost of one contract, step by step.
pub(crate) fn in_full(
    contract: &str,
    provider: &str,
    plan: &ReadPlan,
    rate_limit: RateLimit,
) -> String {
    let mut text = format!(
        "contract `{contract}`: {} {} to {}, {} ({}, {} at once)\n",
        about(plan),
        counted(plan.requests(), "request"),
        provider,
        format_duration(
            plan.duration(
                plan.remaining_requests()
                    .saturating_add(plan.evidence_requests),
                rate_limit
            )
        ),
        pace(rate_limit.pace),
        rate_limit.concurrency,
    );
    text += &format!("  {:>8}  sent to make this plan\n", plan.sent);
    for step in &plan.steps {
        text += &format!("  {:>8}  to list {}\n", step.requests, step.description);
    }
    if plan.evidence_requests > 0 {
        text += &format!(
            "  {:>8}  at most, for the webhooks behind findings\n",
            plan.evidence_requests
        );
    }
    if let Some(reason) = plan.unread_events {
        text += &format!("  no evidence from webhooks: {reason}\n");
    }
    if !plan.is_everything {
        text += &match plan.customers_at_once {
            1 => "  one more  for each customer who is not listed and whose account says paid\n"
                .to_owned(),
            several => format!(
                "  one more  for every {several} customers who are not listed and whose accounts say paid\n"
            ),
        };
    }
    text
}

/// Formats a time in whole seconds, at least one.
fn format_duration(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    humantime::format_duration(Duration::from_secs(seconds.max(1))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_gives_the_reason_why_events_are_not_read() {
        let rate_limit = RateLimit::per_minute(240, 1);
        for unread_events in [Some("the log is not read yet"), None] {
            let plan = ReadPlan {
                unread_events,
                ..ReadPlan::new(true)
            };
            let text = in_full("access", "Acme", &plan, rate_limit);
            assert_eq!(
                text.contains("no evidence from webhooks: the log is not read yet"),
                unread_events.is_some(),
                "{text}"
            );
        }
    }
}
