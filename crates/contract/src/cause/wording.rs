//! Words a cause in one line each for the evidence, the message and the fix.

use super::{Cause, LastWrite, ProviderEvent};
use crate::{EventMention, Mentions};

/// Maximum number of events named in a finding; the rest is counted.
const MAX_SHOWN: usize = 3;

impl Cause<'_> {
    /// Returns the facts of the events, one per entry. `updated_at` is the column that holds the row's last write.
    pub(super) fn evidence(&self, updated_at: &str) -> Vec<String> {
        match self {
            Self::NotDelivered(events) => {
                let mut lines: Vec<_> = events
                    .iter()
                    .take(MAX_SHOWN)
                    .map(|event| lost(event))
                    .collect();
                let more = events.len().saturating_sub(MAX_SHOWN);
                if more > 0 {
                    lines.push(format!("{more} more webhooks about it are not delivered"));
                }
                lines
            }
            Self::Delivered { change, last_write } => {
                let row = match last_write {
                    LastWrite::Unknown => String::new(),
                    LastWrite::BeforeChange(at) => format!("; {updated_at} = {at} is before it"),
                    LastWrite::SinceChange(at) => format!("; {updated_at} = {at} is not before it"),
                };
                vec![format!(
                    "webhook {} has no delivery pending{row}",
                    named(change)
                )]
            }
            Self::TooOld(_) => vec!["no webhook about the change in 30 days".to_owned()],
            Self::NotInLog(change) => vec![format!(
                "the event log has no webhook about the change: the subscription {} {}",
                change.what, change.at
            )],
            Self::NotReached(Some(at)) => vec![format!(
                "the change was not among the webhooks since {at}, and older ones were not read"
            )],
            Self::NotReached(None) => Vec::new(),
        }
    }

    /// Returns the events in these texts, or `None` if there are none.
    pub(super) fn mentions(&self) -> Option<Mentions> {
        let events: Vec<&ProviderEvent> = match self {
            Self::NotDelivered(events) => events.iter().take(MAX_SHOWN).copied().collect(),
            Self::Delivered { change, .. } => vec![change],
            Self::TooOld(_) | Self::NotInLog(_) | Self::NotReached(_) => return None,
        };
        let mention = |event: &ProviderEvent| EventMention {
            kind: event.kind.clone(),
            id: Some(event.id.clone()),
            is_earlier: false,
        };
        Some(Mentions {
            fields: Vec::new(),
            events: events.into_iter().map(mention).collect(),
        })
    }

    pub(super) fn message(&self) -> Option<String> {
        match self {
            Self::NotDelivered(events) => events.first().map(|event| {
                format!(
                    "Webhook not delivered — {} was not accepted by {}.",
                    named(event),
                    endpoints(event)
                )
            }),
            Self::Delivered { change, last_write } => {
                let row = match last_write {
                    LastWrite::Unknown => "the row still disagrees",
                    LastWrite::BeforeChange(_) => "the row was not written since",
                    LastWrite::SinceChange(_) => "the row was written since and still disagrees",
                };
                Some(format!(
                    "Webhook delivered — {} has no delivery pending, and {row}.",
                    named(change)
                ))
            }
            Self::TooOld(source) => Some(
                if source.has_subscriptions() {
                    "No webhook in 30 days — the subscription's last change is older than the provider's event log."
                } else {
                    "No webhook in 30 days — the entitlements last changed before the provider's event log begins."
                }
                .to_owned(),
            ),
            Self::NotInLog(change) => Some(format!(
                "No webhook in the log — the provider's event log has none about the subscription, although it {} {}.",
                change.what, change.at
            )),
            Self::NotReached(_) => None,
        }
    }

    pub(super) fn fix(&self) -> Option<String> {
        match self {
            Self::NotDelivered(events) => {
                let resend = events.iter().take(MAX_SHOWN);
                let resend: Vec<_> = resend
                    .map(|event| format!("stripe events resend {}", event.id))
                    .collect();
                Some(format!(
                    "Fix the endpoint first, then: {}",
                    resend.join("; ")
                ))
            }
            Self::Delivered { change, .. } => Some(format!(
                "Check that your endpoint listens for {}, and what its handler does with {}.",
                change.kind, change.id
            )),
            Self::TooOld(source) => Some(
                if source.has_subscriptions() {
                    "The event is too old to be resent: correct the row from the subscription as it is now."
                } else {
                    "The event is too old to be resent: correct the row from the entitlements as they are now."
                }
                .to_owned(),
            ),
            Self::NotInLog(_) => Some(
                "There is no event to resend: correct the row from the subscription as it is now."
                    .to_owned(),
            ),
            Self::NotReached(_) => None,
        }
    }
}

fn lost(event: &ProviderEvent) -> String {
    format!(
        "webhook {} is not accepted by {}",
        named(event),
        endpoints(event)
    )
}

fn named(event: &ProviderEvent) -> String {
    format!("{} of {} ({})", event.kind, event.created, event.id)
}

/// Names the endpoints. An event listed as not delivered may show zero by the time that it is listed.
fn endpoints(event: &ProviderEvent) -> String {
    match event.pending {
        0 | 1 => "an endpoint".to_owned(),
        several => format!("{several} endpoints"),
    }
}
