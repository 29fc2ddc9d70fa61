//! Selects the events that matter to a rule.

use super::{EventLog, ProviderEvent};
use crate::{UnixSeconds, rules::HandlerAction};

/// Maximum number of seconds between the events of one action, whose order is undefined.
const ONE_ACTION: i64 = 60;

/// The fields of a subscription that determine access and plan.
const ACCESS_FIELDS: [&str; 4] = ["status", "items", "plan", "pause_collection"];

const UPDATED: &str = "customer.subscription.updated";

/// The event of a customer's entitlements, which has all of them.
const SUMMARY: &str = "entitlements.active_entitlement_summary.updated";

/// Types of other events, each of which reports a change.
const OTHER_CHANGES: [&str; 5] = [
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    SUMMARY,
];

impl HandlerAction {
    /// Returns true if handlers of this kind of event take the action.
    fn fits(self, kind: &str) -> bool {
        match self {
            Self::Grant => [
                "checkout.session.async_payment_succeeded",
                "checkout.session.completed",
                "customer.subscription.created",
                "customer.subscription.resumed",
                UPDATED,
                SUMMARY,
                "invoice.paid",
                "invoice.payment_succeeded",
            ]
            .contains(&kind),
            Self::Revoke => [
                "customer.subscription.deleted",
                "customer.subscription.paused",
                UPDATED,
                SUMMARY,
                "invoice.payment_failed",
            ]
            .contains(&kind),
        }
    }

    /// Returns the events since the change that some endpoint has not accepted: the change itself first, then the
    /// newest. If the change is not known, all such events count.
    pub(super) fn undelivered<'l>(
        self,
        log: &'l EventLog,
        object: &str,
        change: Option<&'l ProviderEvent>,
    ) -> Vec<&'l ProviderEvent> {
        let since = change.map_or(UnixSeconds(i64::MIN), |change| {
            change.created.plus(-ONE_ACTION)
        });
        let pending = log.changes.iter().filter(|event| event.pending > 0);
        let mut events: Vec<_> = log
            .undelivered
            .iter()
            .chain(pending)
            .filter(|event| event.is_about(object))
            .filter(|event| event.created >= since && self.fits(&event.kind))
            .collect();
        let is_change = |event: &ProviderEvent| change.is_some_and(|change| change.id == event.id);
        events.sort_by(|a, b| {
            let key = |event| (is_change(event), event.created, &event.id);
            key(b).cmp(&key(a))
        });
        events.dedup_by(|a, b| a.id == b.id);
        events
    }
}

/// Returns the newest event that changed access or plan in the subscription, or in the customer's entitlements.
pub(super) fn last_change<'l>(log: &'l EventLog, object: &str) -> Option<&'l ProviderEvent> {
    let find = |events: &'l [ProviderEvent]| {
        events
            .iter()
            .find(|event| event.is_about(object) && event.is_change())
    };
    match (find(&log.changes), find(&log.undelivered)) {
        (Some(change), Some(other)) if other.created > change.created => Some(other),
        (change, other) => change.or(other),
    }
}

impl ProviderEvent {
    fn is_about(&self, object: &str) -> bool {
        self.about.as_deref() == Some(object)
    }

    fn is_change(&self) -> bool {
        let decides = |field: &String| ACCESS_FIELDS.contains(&field.as_str());
        OTHER_CHANGES.contains(&self.kind.as_str())
            || (self.kind == UPDATED && self.changed.iter().any(decides))
    }
}
