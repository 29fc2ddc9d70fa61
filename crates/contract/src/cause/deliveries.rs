//! Explains findings by the deliveries that a provider records for each subscription.

use std::collections::BTreeMap;

use super::{LastWrite, LatestChange, last_writes, latest_changes, missing_action_of_rule};
use crate::{
    Contract, EventMention, Facts, Field, Finding, Mentions, SubscriptionId, UnixSeconds,
    rules::HandlerAction,
};

/// A delivery of an event to one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub id: String,
    /// The event, which a repeated delivery shares.
    pub event: String,
    /// Event type, such as `subscription.canceled`.
    pub kind: String,
    pub occurred: UnixSeconds,
    pub destination: String,
    pub state: DeliveryState,
    pub tries: u64,
    /// True if somebody asked for this delivery of an earlier event. Only the first one can be repeated.
    pub is_replay: bool,
    /// Status of the destination's last answer, if it was read.
    pub last_answer: Option<u16>,
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    NotTried,
    /// The next try is at this time, if it is known.
    Retrying(Option<UnixSeconds>),
    Delivered(Option<UnixSeconds>),
    GivenUp,
}

/// The deliveries about some subscriptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryLog {
    /// Newest first, for each subscription that was looked up.
    pub about: BTreeMap<SubscriptionId, Vec<Notification>>,
    /// Subscriptions with more notifications than were read.
    pub truncated: Vec<SubscriptionId>,
    /// Time for which the provider keeps notifications, in seconds.
    pub retention: i64,
    /// Base URL of the API that repeats deliveries.
    pub base: String,
}

/// The cause of a difference between the row and the provider, according to the deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DeliveryCause<'l> {
    /// A destination has not accepted these, the newest first.
    Undelivered(Vec<&'l Notification>),
    Delivered {
        newest: &'l Notification,
        last_write: LastWrite,
    },
    /// The subscription's last change is older than the notifications that are kept.
    TooOld,
    /// There are no notifications about this change, which should have some.
    NoneSent(LatestChange),
}

/// Maximum number of seconds between the events of one action, whose order is undefined.
const ONE_ACTION: i64 = 60;

/// Maximum number of notifications named in a finding.
const MAX_SHOWN: usize = 3;

impl HandlerAction {
    /// Returns true if handlers of this kind of event take the action.
    fn fits_notification(self, kind: &str) -> bool {
        let words: &[&str] = match self {
            Self::Grant => &[
                "subscription.activated",
                "subscription.created",
                "subscription.imported",
                "subscription.resumed",
                "subscription.trialing",
                "subscription.updated",
                "transaction.completed",
                "transaction.paid",
            ],
            Self::Revoke => &[
                "subscription.canceled",
                "subscription.past_due",
                "subscription.paused",
                "subscription.updated",
            ],
        };
        words.contains(&kind)
    }
}

/// Returns the subscriptions of the first `max` findings that deliveries can explain, without duplicates.
pub fn explained_by_deliveries(findings: &[Finding], max: usize) -> Vec<SubscriptionId> {
    let mut subscriptions = Vec::new();
    let explained = findings
        .iter()
        .filter(|finding| missing_action_of_rule(finding.rule).is_some());
    for id in explained.filter_map(|finding| finding.subject.subscription.as_deref()) {
        let id = SubscriptionId::from(id);
        if subscriptions.len() < max && !subscriptions.contains(&id) {
            subscriptions.push(id);
        }
    }
    subscriptions
}

/// Adds the cause to each finding whose deliveries were read: to its evidence, its message, and its fix unless the
/// contract sets one.
pub fn add_delivery_causes(
    contract: &Contract,
    facts: &Facts,
    log: &DeliveryLog,
    now: UnixSeconds,
    findings: &mut [Finding],
) {
    let last_writes = last_writes(contract, facts, findings);
    let latest_changes = latest_changes(contract, facts, now, findings);
    let updated_at = contract.column(Field::UpdatedAt);
    for finding in findings {
        let account = finding.subject.account.as_deref();
        let written_at = account.and_then(|account| last_writes.get(account));
        let subscription = finding.subject.subscription.as_deref();
        let latest = subscription
            .and_then(|subscription| latest_changes.get(subscription))
            .filter(|change| change.at >= now.plus(-log.retention));
        let Some(cause) = cause(finding, log, written_at.copied(), latest.copied()) else {
            continue;
        };
        for line in cause.evidence(updated_at) {
            finding.evidence.push(&line);
        }
        finding.message = format!("{}\n{}", finding.message, cause.message()).into();
        finding.mentions = cause.mentions().map(Box::new);
        if !contract.fix.contains_key(&finding.rule) {
            finding.fix = format!("{}\n{}", finding.fix, cause.fix(&log.base)).into();
        }
    }
}

fn cause<'l>(
    finding: &Finding,
    log: &'l DeliveryLog,
    written_at: Option<UnixSeconds>,
    latest: Option<LatestChange>,
) -> Option<DeliveryCause<'l>> {
    let missing = missing_action_of_rule(finding.rule)?;
    let subscription = SubscriptionId::from(finding.subject.subscription.as_deref()?);
    let notifications = log.about.get(&subscription)?;
    let fits = |notification: &&Notification| missing.fits_notification(&notification.kind);
    let Some(newest) = notifications.iter().find(fits) else {
        if log.truncated.contains(&subscription) {
            return None;
        }
        return Some(latest.map_or(DeliveryCause::TooOld, DeliveryCause::NoneSent));
    };
    let since = newest.occurred.plus(-ONE_ACTION);
    let of_the_change = notifications
        .iter()
        .filter(fits)
        .filter(|notification| notification.occurred >= since);
    let undelivered: Vec<_> = of_the_change
        .filter(|notification| !matches!(notification.state, DeliveryState::Delivered(_)))
        .filter(|notification| !is_delivered_later(notification, notifications))
        .collect();
    if !undelivered.is_empty() {
        return Some(DeliveryCause::Undelivered(undelivered));
    }
    Some(DeliveryCause::Delivered {
        newest,
        last_write: LastWrite::new(written_at, newest.occurred),
    })
}

/// Returns true if the same event reached the same destination in another delivery.
fn is_delivered_later(notification: &Notification, all: &[Notification]) -> bool {
    all.iter().any(|other| {
        other.event == notification.event
            && other.destination == notification.destination
            && matches!(other.state, DeliveryState::Delivered(_))
    })
}

impl DeliveryCause<'_> {
    fn evidence(&self, updated_at: &str) -> Vec<String> {
        match self {
            Self::Undelivered(lost) => {
                let shown = lost.iter().take(MAX_SHOWN);
                let mut lines: Vec<_> = shown
                    .map(|notification| {
                        format!(
                            "notification {} {}",
                            named(notification),
                            notification.outcome()
                        )
                    })
                    .collect();
                let more = lost.len().saturating_sub(MAX_SHOWN);
                if more > 0 {
                    lines.push(format!(
                        "{more} more notifications about it are not delivered"
                    ));
                }
                lines
            }
            Self::Delivered { newest, last_write } => {
                let row = match last_write {
                    LastWrite::Unknown => String::new(),
                    LastWrite::BeforeChange(at) => format!("; {updated_at} = {at} is before it"),
                    LastWrite::SinceChange(at) => format!("; {updated_at} = {at} is not before it"),
                };
                vec![format!(
                    "notification {} {}{row}",
                    named(newest),
                    newest.outcome()
                )]
            }
            Self::TooOld => vec!["no notification about the subscription is kept".to_owned()],
            Self::NoneSent(change) => vec![format!(
                "there is no notification about the change: the subscription {} {}",
                change.what, change.at
            )],
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Undelivered(lost) => {
                let first = lost.first();
                let first = first.map(|notification| format!("{} {}", named(notification), notification.outcome()));
                format!("Notification not delivered — {}.", first.unwrap_or_default())
            }
            Self::Delivered { newest, last_write } => {
                let row = match last_write {
                    LastWrite::Unknown => "the row still disagrees",
                    LastWrite::BeforeChange(_) => "the row was not written since",
                    LastWrite::SinceChange(_) => "the row was written since and still disagrees",
                };
                format!(
                    "Notification delivered — {} {}, and {row}.",
                    named(newest),
                    newest.outcome()
                )
            }
            Self::TooOld => {
                "No notification — the subscription's last change is older than the provider's notifications."
                    .to_owned()
            }
            Self::NoneSent(change) => format!(
                "No notification — the provider sent none about the subscription, although it {} {}.",
                change.what, change.at
            ),
        }
    }

    fn fix(&self, base: &str) -> String {
        match self {
            Self::Undelivered(lost) => {
                let replays: Vec<_> = lost
                    .iter()
                    .filter(|notification| notification.state == DeliveryState::GivenUp && !notification.is_replay)
                    .take(MAX_SHOWN)
                    .map(|notification| replay(base, &notification.id))
                    .collect();
                if replays.is_empty() {
                    return "Fix the endpoint: the provider tries again by itself.".to_owned();
                }
                format!(
                    "Fix the endpoint first, then replay in the dashboard under Developer tools > Notifications, or with a \
                     key that has `notification.write`: {}",
                    replays.join("; ")
                )
            }
            Self::Delivered { newest, .. } => format!(
                "Check what the handler of {} does with {}.",
                newest.kind, newest.event
            ),
            Self::TooOld => {
                "The event is too old to be replayed: correct the row from the subscription as it is now."
                    .to_owned()
            }
            Self::NoneSent(_) => {
                "Check that a destination under Developer tools > Notifications has the events of subscriptions, and \
                 correct the row from the subscription as it is now."
                    .to_owned()
            }
        }
    }

    /// Returns the events in these texts.
    fn mentions(&self) -> Option<Mentions> {
        let shown: Vec<&Notification> = match self {
            Self::Undelivered(lost) => lost.iter().take(MAX_SHOWN).copied().collect(),
            Self::Delivered { newest, .. } => vec![newest],
            Self::TooOld | Self::NoneSent(_) => return None,
        };
        let mention = |notification: &Notification| EventMention {
            kind: notification.kind.clone(),
            id: Some(notification.event.clone()),
            is_earlier: false,
        };
        Some(Mentions {
            fields: Vec::new(),
            events: shown.into_iter().map(mention).collect(),
        })
    }
}

/// Returns the command that delivers an event again. The ids were checked when they were read.
fn replay(base: &str, id: &str) -> String {
    format!(
        "curl -X POST {base}/notifications/{id}/replay -H \"Authorization: Bearer $PADDLE_API_KEY\""
    )
}

fn named(notification: &Notification) -> String {
    format!(
        "{} of {} ({})",
        notification.kind, notification.occurred, notification.id
    )
}

impl Notification {
    /// Returns what happened, as the end of a sentence about the notification.
    fn outcome(&self) -> String {
        let tries = match self.tries {
            1 => "after 1 try".to_owned(),
            several => format!("after {several} tries"),
        };
        let answer = self.last_answer;
        let answer =
            answer.map_or_else(String::new, |code| format!("; its last answer was {code}"));
        let to = &self.destination;
        match self.state {
            DeliveryState::NotTried => format!("has not been sent to {to} yet"),
            DeliveryState::Retrying(None) => {
                format!("is not accepted by {to} {tries}, and is tried again{answer}")
            }
            DeliveryState::Retrying(Some(at)) => {
                format!("is not accepted by {to} {tries}, and is tried again at {at}{answer}")
            }
            DeliveryState::Delivered(None) => format!("was accepted by {to} {tries}"),
            DeliveryState::Delivered(Some(at)) => format!("was accepted by {to} at {at} {tries}"),
            DeliveryState::GivenUp => format!("was given up {tries} at {to}{answer}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Account, AccountColumns, Rule, Source,
        testing::{DAY, NOW, account, contract, facts, findings, subscription},
    };

    fn notification(kind: &str, ago: i64, state: DeliveryState) -> Notification {
        Notification {
            id: format!("ntf_{ago}"),
            event: format!("evt_{ago}"),
            kind: kind.to_owned(),
            occurred: NOW.plus(-ago),
            destination: "ntfset_1".to_owned(),
            state,
            tries: 3,
            is_replay: false,
            last_answer: None,
        }
    }

    fn delivered() -> DeliveryState {
        DeliveryState::Delivered(Some(NOW.plus(-5)))
    }

    /// Returns the wrongful access of an account whose subscription ended yesterday, with its cause.
    fn kept_access(notifications: &[Notification]) -> Finding {
        let mut contract = contract();
        contract.source = Source::Paddle;
        let mut world = facts(
            [Account {
                paid: true,
                ..account("1").columns(AccountColumns {
                    updated_at: Some(NOW.plus(-2 * DAY)),
                    ..AccountColumns::default()
                })
            }],
            [subscription("1", "canceled", "price_pro")],
        );
        world.mapped.insert(Field::UpdatedAt);
        let mut found = findings(&contract, &world);
        let log = DeliveryLog {
            about: [(SubscriptionId::from("sub_1"), notifications.to_vec())].into(),
            retention: 90 * DAY,
            base: "https://api.paddle.com".to_owned(),
            ..DeliveryLog::default()
        };
        add_delivery_causes(&contract, &world, &log, NOW, &mut found);
        assert_eq!(
            found.first().map(|notification| notification.rule),
            Some(Rule::WrongfulAccess)
        );
        found.remove(0)
    }

    fn last(text: &str) -> &str {
        text.lines().last().unwrap_or_default()
    }

    #[test]
    fn a_delivery_given_up_has_a_replay_command() {
        let lost = Notification {
            last_answer: Some(503),
            ..notification("subscription.canceled", DAY, DeliveryState::GivenUp)
        };
        let accepted = notification("subscription.updated", DAY + 1, delivered());
        let finding = kept_access(&[lost, accepted]);
        assert_eq!(
            last(&finding.message),
            "Notification not delivered — subscription.canceled of 2026-10-31T00:00:00Z (ntf_86400) was given up after 3 \
             tries at ntfset_1; its last answer was 503."
        );
        assert!(last(&finding.fix).ends_with(
            "curl -X POST https://api.paddle.com/notifications/ntf_86400/replay -H \"Authorization: Bearer $PADDLE_API_KEY\""
        ));
        let evidence = finding.evidence_lines();
        assert!(
            evidence
                .last()
                .is_some_and(|line| line.starts_with("notification subscription.canceled"))
        );
    }

    #[test]
    fn a_delivery_under_way_cannot_be_replayed() {
        let retried = DeliveryState::Retrying(Some(NOW.plus(60)));
        let finding = kept_access(&[notification("subscription.updated", DAY, retried)]);
        assert!(last(&finding.message).contains("is tried again at 2026-11-01T00:01:00Z"));
        assert!(!finding.fix.contains("curl"), "{}", finding.fix);
    }

    #[test]
    fn an_event_that_a_replay_delivered_is_delivered() {
        let replay = Notification {
            id: "ntf_replay".to_owned(),
            is_replay: true,
            ..notification("subscription.canceled", DAY, delivered())
        };
        let lost = notification("subscription.canceled", DAY, DeliveryState::GivenUp);
        let finding = kept_access(&[replay, lost.clone()]);
        assert!(last(&finding.message).starts_with("Notification delivered — "));
        assert!(last(&finding.message).ends_with("and the row was not written since."));
        let elsewhere = Notification {
            destination: "ntfset_2".to_owned(),
            ..lost
        };
        let finding = kept_access(&[
            notification("subscription.canceled", DAY, delivered()),
            elsewhere,
        ]);
        assert!(last(&finding.message).contains("given up after 3 tries at ntfset_2"));
    }

    #[test]
    fn only_events_that_take_access_explain_access_that_stayed() {
        let paid = notification("transaction.completed", 5, DeliveryState::GivenUp);
        let taken = notification("subscription.canceled", DAY, delivered());
        let finding = kept_access(&[paid, taken]);
        assert!(last(&finding.message).starts_with("Notification delivered — "));
    }

    #[test]
    fn a_change_without_notification_is_named() {
        let finding = kept_access(&[]);
        assert_eq!(
            last(&finding.message),
            "No notification — the provider sent none about the subscription, although it ended on 2026-10-31T00:00:00Z."
        );
        assert!(last(&finding.fix).starts_with("Check that a destination"));
    }

    #[test]
    fn the_first_findings_are_looked_up_once_each() {
        let world = facts(
            ["1", "2", "3"].map(account),
            ["1", "2", "3"].map(|name| subscription(name, "active", "price_pro")),
        );
        let found = findings(&contract(), &world);
        let ids = explained_by_deliveries(&found, 2);
        assert_eq!(ids, ["sub_1", "sub_2"].map(SubscriptionId::from));
    }
}
