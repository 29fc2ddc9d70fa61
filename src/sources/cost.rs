//! Texts about the cost of reading a provider, for the announcement before a read and for `--plan`.

use std::time::Duration;

use crate::{
    billing::{Pace, RateLimit, ReadPlan},
    text::counted,
};

/// Returns a line such as `Stripe: about 196 requests, 8s`.
pub(super) fn cost_line(provider: &str, plan: &ReadPlan, rate_limit: RateLimit) -> String {
    let requests = plan.requests();
    let share = plan.percent_of_month().map_or_else(String::new, |percent| {
        format!(", {percent} % of what a small account may read in a month")
    });
    format!(
        "{provider}: {} {}, {}{share}",
        qualifier(plan),
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

fn qualifier(plan: &ReadPlan) -> &'static str {
    if plan.is_lower_bound {
        "at least"
    } else {
        "about"
    }
}

/// Returns the cost of one contract, step by step.
pub(crate) fn describe_cost(
    contract: &str,
    provider: &str,
    plan: &ReadPlan,
    rate_limit: RateLimit,
) -> String {
    let mut text = format!(
        "contract `{contract}`: {} {} to {}, {} ({}, {} at once)\n",
        qualifier(plan),
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
    if let Some((percent, reads)) = plan.percent_of_month().zip(plan.monthly_reads) {
        text += &format!(
            "  {percent:>6} %  of the {} a month that {provider} allows a small account, in every check\n",
            counted(reads.get(), "request")
        );
    }
    if plan.is_derived {
        text += "  one more  for each customer whose account disagrees\n";
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
    use std::num::NonZeroU64;

    use super::*;
    use crate::billing::ReadStep;

    #[test]
    fn a_plan_that_reads_every_customer_names_its_share_of_a_month() {
        let mut plan = ReadPlan::new(true);
        plan.monthly_reads = NonZeroU64::new(10_000);
        plan.steps.push(ReadStep::new("entitlements", 2_000));
        let limit = RateLimit::per_second(25, 100, 8);
        let line = cost_line("Acme", &plan, limit);
        assert!(
            line.ends_with(", 20 % of what a small account may read in a month"),
            "{line}"
        );
        let text = describe_cost("access", "Acme", &plan, limit);
        assert!(
            text.contains("      20 %  of the 10000 requests a month that Acme allows"),
            "{text}"
        );
    }

    #[test]
    fn a_plan_names_the_unit_of_the_rate_and_of_lookups() {
        let plan = ReadPlan {
            customers_at_once: 50,
            ..ReadPlan::new(false)
        };
        let text = describe_cost("access", "Acme", &plan, RateLimit::per_minute(240, 8));
        assert!(text.contains("(240 a minute, 8 at once)"), "{text}");
        assert!(text.contains("for every 50 customers"), "{text}");
        let text = describe_cost(
            "access",
            "Acme",
            &ReadPlan::new(false),
            RateLimit::per_second(25, 100, 8),
        );
        assert!(text.contains("(25 a second, 8 at once)"), "{text}");
        assert!(text.contains("for each customer"), "{text}");
    }
}
