//! Explains findings by the provider's events: a webhook was not delivered, or it was delivered and changed nothing.

mod deliveries;
mod relevance;
mod wording;

pub use deliveries::{
    DeliveryLog, DeliveryState, Notification, add_delivery_causes, explained_by_deliveries,
};

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Contract, Facts, Field, Finding, Rule, Source, Status, Subscription, UnixSeconds,
    rules::HandlerAction,
};

/// An event of the provider about a subscription, or about a customer's entitlements, which stand in for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEvent {
    pub id: String,
    /// Event type, such as `customer.subscription.updated`.
    pub kind: String,
    pub created: UnixSeconds,
    /// Number of endpoints that have not answered it with 2xx.
    pub pending: u64,
    /// Id of the subscription that is its object or that its object belongs to, or of the customer if it is about
    /// entitlements.
    pub about: Option<String>,
    /// Fields of its object that an update changed.
    pub changed: Vec<String>,
}

/// Events that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventLog {
    /// Changes of all subscriptions, newest first and without gaps.
    pub changes: Vec<ProviderEvent>,
    /// True if reading stopped before the end of the provider's log.
    pub is_truncated: bool,
    /// Events of any kind that some endpoint has not accepted.
    pub undelivered: Vec<ProviderEvent>,
}

/// The cause of a difference between the row and the provider, according to the provider's events. The change is the
/// newest event that changed access or plan.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cause<'l> {
    /// An endpoint has not accepted these events; the change itself is first, if it is one of them.
    NotDelivered(Vec<&'l ProviderEvent>),
    /// No delivery of the change is pending, but the row still disagrees.
    Delivered {
        change: &'l ProviderEvent,
        last_write: LastWrite,
    },
    /// The log was read to its end without finding the change, which is older than the log.
    TooOld(Source),
    /// The log was read to its end without finding this change, which should be in it.
    NotInLog(LatestChange),
    /// Reading stopped at this time, before the change was found.
    NotReached(Option<UnixSeconds>),
}

/// Latest change that shows in the subscription itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LatestChange {
    at: UnixSeconds,
    /// Verb phrase that is followed by the time, such as `ended on`.
    what: &'static str,
}

/// The time for which the provider keeps events, in seconds.
const LOG_RETENTION: i64 = 30 * 86_400;

impl LatestChange {
    fn of(subscription: &Subscription, now: UnixSeconds) -> Option<Self> {
        // A subscription becomes overdue after its unpaid period has begun, so the start of that period is the earliest
        // time of the change.
        let is_unpaid = matches!(subscription.status, Status::PastDue | Status::Unpaid);
        let unpaid = subscription.period_start().filter(|_| is_unpaid);
        [
            (Some(subscription.created), "was created on"),
            (unpaid, "has not been paid since"),
            (subscription.ended_at(), "ended on"),
        ]
        .into_iter()
        .filter_map(|(at, what)| Some(Self { at: at?, what }))
        .filter(|change| change.at <= now)
        .max_by_key(|change| change.at)
    }

    fn is_within_the_log(self, now: UnixSeconds) -> bool {
        self.at >= now.plus(-LOG_RETENTION)
    }
}

/// The time of the row's last write, relative to the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastWrite {
    Unknown,
    BeforeChange(UnixSeconds),
    SinceChange(UnixSeconds),
}

impl LastWrite {
    fn new(written_at: Option<UnixSeconds>, changed_at: UnixSeconds) -> Self {
        match written_at {
            None => Self::Unknown,
            Some(at) if at < changed_at => Self::BeforeChange(at),
            Some(at) => Self::SinceChange(at),
        }
    }
}

/// Returns the handler's action that is missing if a subscription breaks the rule.
fn missing_action_of_rule(rule: Rule) -> Option<HandlerAction> {
    rule.definition()?.missing_handler_action
}

/// Returns the handler's action that is missing for the finding, which may be about entitlements.
fn missing_action(contract: &Contract, finding: &Finding) -> Option<HandlerAction> {
    // An ended entitlement is simply gone, so `no-subscription` is the only rule that can notice it.
    if finding.rule == Rule::NoSubscription && !contract.source.has_subscriptions() {
        return Some(HandlerAction::Revoke);
    }
    missing_action_of_rule(finding.rule)
}

/// Returns the id of the object whose events explain the finding: the subscription, or the customer of entitlements.
fn explained_object<'f>(contract: &Contract, finding: &'f Finding) -> Option<&'f str> {
    missing_action(contract, finding)?;
    let subject = &finding.subject;
    if contract.source.has_subscriptions() {
        subject.subscription.as_deref()
    } else {
        subject.customer.as_deref()
    }
}

/// Returns true if events can explain the finding.
pub fn is_explained_by_events(contract: &Contract, finding: &Finding) -> bool {
    explained_object(contract, finding).is_some()
}

/// Returns true if the log contains the last change of each object that findings are about, so that reading can stop.
pub fn contains_last_changes(contract: &Contract, log: &EventLog, findings: &[Finding]) -> bool {
    findings
        .iter()
        .filter_map(|finding| explained_object(contract, finding))
        .all(|object| relevance::last_change(log, object).is_some())
}

/// Adds the cause to each finding that events can explain: to its evidence, its message, and its fix unless the
/// contract sets one.
pub fn add_causes(
    contract: &Contract,
    facts: &Facts,
    log: &EventLog,
    now: UnixSeconds,
    findings: &mut [Finding],
) {
    let last_writes = last_writes(contract, facts, findings);
    let latest_changes = latest_changes(contract, facts, now, findings);
    for finding in findings {
        let account = finding.subject.account.as_deref();
        let written_at = account.and_then(|account| last_writes.get(account));
        let object = explained_object(contract, finding);
        let latest = object
            .and_then(|object| latest_changes.get(object))
            .filter(|change| change.is_within_the_log(now));
        let Some(cause) = cause(contract, finding, log, written_at.copied(), latest.copied())
        else {
            continue;
        };
        for line in cause.evidence(contract.column(Field::UpdatedAt)) {
            finding.evidence.push(&line);
        }
        if let Some(line) = cause.message() {
            finding.message = format!("{}\n{line}", finding.message).into();
        }
        finding.mentions = cause.mentions().map(Box::new);
        if !contract.fix.contains_key(&finding.rule)
            && let Some(line) = cause.fix()
        {
            finding.fix = format!("{}\n{line}", finding.fix).into();
        }
    }
}

/// Returns the times of the last writes to the rows of the findings, by account.
fn last_writes(
    contract: &Contract,
    facts: &Facts,
    findings: &[Finding],
) -> BTreeMap<String, UnixSeconds> {
    let accounts: BTreeSet<_> = findings
        .iter()
        .filter(|finding| is_explained_by_events(contract, finding))
        .filter_map(|finding| finding.subject.account.as_deref())
        .collect();
    facts
        .accounts
        .iter()
        .filter(|account| accounts.contains(account.id.as_str()))
        .filter_map(|account| {
            let written_at = account.columns.as_ref()?.updated_at?;
            Some((account.id.to_string(), written_at))
        })
        .collect()
}

/// Returns the latest changes that show in the subscriptions of the findings, by subscription.
fn latest_changes(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
    findings: &[Finding],
) -> BTreeMap<String, LatestChange> {
    let subscriptions: BTreeSet<_> = findings
        .iter()
        .filter_map(|finding| explained_object(contract, finding))
        .collect();
    facts
        .subscriptions
        .iter()
        .filter(|subscription| subscriptions.contains(subscription.id.as_str()))
        .filter_map(|subscription| {
            Some((
                subscription.id.to_string(),
                LatestChange::of(subscription, now)?,
            ))
        })
        .collect()
}

fn cause<'l>(
    contract: &Contract,
    finding: &Finding,
    log: &'l EventLog,
    written_at: Option<UnixSeconds>,
    latest: Option<LatestChange>,
) -> Option<Cause<'l>> {
    let missing = missing_action(contract, finding)?;
    let object = explained_object(contract, finding)?;
    let change = relevance::last_change(log, object);
    if change.is_none() && finding.rule == Rule::NoSubscription {
        // The customer may never have had entitlements.
        return None;
    }
    if change.is_none() && !log.is_truncated {
        return Some(latest.map_or(Cause::TooOld(contract.source), Cause::NotInLog));
    }
    let undelivered = missing.undelivered(log, object, change);
    if !undelivered.is_empty() {
        return Some(Cause::NotDelivered(undelivered));
    }
    let Some(change) = change else {
        let oldest = log.changes.last().map(|event| event.created);
        return Some(Cause::NotReached(oldest));
    };
    Some(Cause::Delivered {
        change,
        last_write: LastWrite::new(written_at, change.created),
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{
        Account, AccountColumns, Rule,
        testing::{DAY, NOW, account, contract, facts, findings, subscription},
    };

    /// Returns an event about `sub_1`, `ago` seconds ago.
    fn event(id: &str, kind: &str, ago: i64) -> ProviderEvent {
        ProviderEvent {
            id: id.to_owned(),
            kind: kind.to_owned(),
            created: NOW.plus(-ago),
            pending: 0,
            about: Some("sub_1".to_owned()),
            changed: Vec::new(),
        }
    }

    fn created(ago: i64) -> ProviderEvent {
        event("evt_created", "customer.subscription.created", ago)
    }

    fn updated(ago: i64, changed: &str) -> ProviderEvent {
        ProviderEvent {
            changed: vec![changed.to_owned()],
            ..event("evt_updated", "customer.subscription.updated", ago)
        }
    }

    fn pending(event: ProviderEvent) -> ProviderEvent {
        ProviderEvent {
            pending: 1,
            ..event
        }
    }

    fn log(changes: impl IntoIterator<Item = ProviderEvent>) -> EventLog {
        EventLog {
            changes: changes.into_iter().collect(),
            ..EventLog::default()
        }
    }

    /// Returns the leak of `usr_1` with its cause. Its row was written `ago` seconds ago.
    fn leak_written(log: &EventLog, ago: Option<i64>) -> Finding {
        let columns = AccountColumns {
            updated_at: ago.map(|ago| NOW.plus(-ago)),
            ..AccountColumns::default()
        };
        let mut world = facts(
            [account("1").columns(columns)],
            [subscription("1", "active", "price_pro")],
        );
        world.mapped.insert(Field::UpdatedAt);
        with_cause(&contract(), &world, log)
    }

    fn with_cause(contract: &Contract, world: &Facts, log: &EventLog) -> Finding {
        let mut findings = findings(contract, world);
        add_causes(contract, world, log, NOW, &mut findings);
        findings.remove(0)
    }

    fn last(text: &str) -> &str {
        text.lines().last().unwrap_or_default()
    }

    #[test]
    fn an_undelivered_event_has_a_resend_command() {
        let leak = leak_written(&log([pending(created(DAY))]), Some(2 * DAY));
        assert_eq!(
            last(&leak.message),
            "Webhook not delivered — customer.subscription.created of 2026-10-31T00:00:00Z (evt_created) \
             was not accepted by an endpoint."
        );
        assert_eq!(
            last(&leak.fix),
            "Fix the endpoint first, then: stripe events resend evt_created"
        );
        assert_eq!(
            leak.evidence_lines().last().map(String::as_str),
            Some(
                "webhook customer.subscription.created of 2026-10-31T00:00:00Z (evt_created) \
                 is not accepted by an endpoint"
            )
        );
        // The fingerprint is the same with and without a cause.
        assert_eq!(leak.fingerprint, leak_written(&log([]), None).fingerprint);
    }

    #[test]
    fn a_delivered_event_is_compared_with_updated_at() {
        let delivered = log([created(DAY)]);
        for (written, says) in [
            (None, "no delivery pending, and the row still disagrees."),
            (Some(DAY + 1), "and the row was not written since."),
            (Some(DAY), "the row was written since and still disagrees."),
        ] {
            let leak = leak_written(&delivered, written);
            assert!(last(&leak.message).ends_with(says), "{}", leak.message);
            assert!(last(&leak.message).starts_with("Webhook delivered — "));
            assert!(last(&leak.fix).contains("listens for customer.subscription.created"));
        }
        let evidence = leak_written(&delivered, Some(DAY + 1)).evidence_lines();
        assert!(
            evidence.last().is_some_and(
                |line| line.ends_with("; updated_at = 2026-10-30T23:59:59Z is before it")
            ),
            "{evidence:?}"
        );
    }

    #[test]
    fn only_a_complete_log_proves_that_there_was_no_webhook() {
        let other = ProviderEvent {
            about: Some("sub_2".to_owned()),
            ..pending(created(5))
        };
        let mut log = log([other, updated(7, "metadata")]);
        let leak = leak_written(&log, None);
        assert!(last(&leak.message).starts_with("No webhook in 30 days — "));
        assert!(last(&leak.fix).starts_with("The event is too old to be resent"));
        log.is_truncated = true;
        let leak = leak_written(&log, None);
        assert!(last(&leak.message).starts_with("Revenue leak"));
        assert!(last(&leak.fix).starts_with("Set has_paid_access"));
        assert_eq!(
            leak.evidence_lines().last().map(String::as_str),
            Some(
                "the change was not among the webhooks since 2026-10-31T23:59:53Z, and older ones were not read"
            )
        );
    }

    #[test]
    fn an_event_that_the_log_lacks_is_not_called_too_old() {
        let ended = subscription("1", "canceled", "price_pro");
        let mut overdue = subscription("1", "past_due", "price_pro");
        let mut bought = subscription("1", "active", "price_pro");
        bought.created = NOW.plus(-30 * DAY);
        let no_event = |subscription: Subscription, paid: bool| {
            let row = Account {
                paid,
                ..account("1")
            };
            with_cause(&contract(), &facts([row], [subscription]), &log([]))
        };
        for (subscription, paid, says) in [
            (ended, true, "although it ended on 2026-10-31T00:00:00Z."),
            (
                overdue.clone(),
                true,
                "although it has not been paid since 2026-10-31T00:00:00Z.",
            ),
            (
                bought.clone(),
                false,
                "although it was created on 2026-10-02T00:00:00Z.",
            ),
        ] {
            let finding = no_event(subscription, paid);
            assert!(
                last(&finding.message).ends_with(says),
                "{}",
                finding.message
            );
            assert!(!finding.message.contains("older"), "{}", finding.message);
            assert!(last(&finding.fix).starts_with("There is no event to resend"));
            let evidence = finding.evidence_lines().join("\n");
            assert!(
                evidence.contains("has no webhook about the change"),
                "{evidence}"
            );
        }
        bought.created = NOW.plus(-31 * DAY);
        overdue.period = None;
        for (subscription, paid) in [(bought, false), (overdue, true)] {
            let finding = no_event(subscription, paid);
            assert!(last(&finding.message).contains("is older than the provider's event log"));
        }
    }

    #[test]
    fn events_from_before_the_change_do_not_count() {
        let checkout = |ago| pending(event("evt_checkout", "checkout.session.completed", ago));
        let with = |undelivered: ProviderEvent| EventLog {
            undelivered: vec![undelivered],
            ..log([created(DAY)])
        };
        let same_action = leak_written(&with(checkout(DAY + 5)), None);
        assert!(last(&same_action.message).contains("evt_checkout"));
        let long_before = leak_written(&with(checkout(2 * DAY)), None);
        assert!(last(&long_before.message).starts_with("Webhook delivered"));
        let takes = pending(event("evt_failed", "invoice.payment_failed", 5));
        let other_way = leak_written(&with(takes), None);
        assert!(last(&other_way.message).starts_with("Webhook delivered"));
    }

    #[test]
    fn the_newest_change_decides_and_is_listed_first() {
        let mut log = log([pending(updated(5, "status")), pending(created(DAY))]);
        log.undelivered = log.changes.clone();
        log.undelivered
            .insert(0, pending(event("evt_paid", "invoice.paid", 2)));
        let leak = leak_written(&log, None);
        assert_eq!(
            last(&leak.fix),
            "Fix the endpoint first, then: stripe events resend evt_updated; stripe events resend evt_paid"
        );
        // An older change was not accepted, but the newest one was.
        log.undelivered.clear();
        log.changes = vec![updated(5, "items"), pending(created(DAY))];
        assert!(last(&leak_written(&log, None).message).starts_with("Webhook delivered"));
    }

    #[test]
    fn remaining_access_is_explained_by_events_that_remove_it() {
        let world = facts(
            [account("1").paid()],
            [subscription("1", "canceled", "price_pro")],
        );
        let deleted = pending(event("evt_deleted", "customer.subscription.deleted", 5));
        let finding = with_cause(&contract(), &world, &log([deleted, created(DAY)]));
        assert_eq!(finding.rule, Rule::WrongfulAccess);
        assert!(last(&finding.fix).ends_with("resend evt_deleted"));
    }

    #[test]
    fn the_contracts_own_fix_stays_and_other_rules_have_no_cause() {
        let mut contract = contract();
        contract
            .fix
            .insert(Rule::RevenueLeak, "ask billing@".to_owned());
        let world = facts([account("1")], [subscription("1", "active", "price_pro")]);
        let leak = with_cause(&contract, &world, &log([]));
        assert_eq!(leak.fix, "ask billing@");
        assert!(leak.message.contains("No webhook in 30 days"));
        let world = facts([account("2").paid()], []);
        let before = findings(&contract, &world);
        assert!(!is_explained_by_events(&contract, &before[0]));
        assert_eq!(with_cause(&contract, &world, &log([])), before[0]);
    }

    #[test]
    fn entitlements_are_explained_by_the_events_of_their_customer() {
        let contract = Contract {
            source: Source::StripeEntitlements,
            ..contract()
        };
        let summary = |ago| ProviderEvent {
            about: Some("cus_1".to_owned()),
            ..event(
                "evt_summary",
                "entitlements.active_entitlement_summary.updated",
                ago,
            )
        };
        let mut entitled = subscription("1", "active", "price_pro");
        entitled.created = UnixSeconds::default();
        let leak = |log: &EventLog| {
            let world = facts([account("1")], [entitled.clone()]);
            with_cause(&contract, &world, log)
        };
        let lost = leak(&log([pending(summary(DAY))]));
        assert_eq!(lost.rule, Rule::RevenueLeak);
        assert!(last(&lost.fix).ends_with("stripe events resend evt_summary"));
        let old = leak(&log([]));
        assert!(last(&old.message).contains("entitlements last changed before"));
        assert!(last(&old.fix).ends_with("from the entitlements as they are now."));

        // A customer whose entitlements have ended has none, and one who never had any has no event.
        let without =
            |log: &EventLog| with_cause(&contract, &facts([account("1").paid()], []), log);
        let ended = without(&log([summary(DAY)]));
        assert_eq!(ended.rule, Rule::NoSubscription);
        assert!(last(&ended.message).starts_with("Webhook delivered"));
        assert!(!without(&log([])).message.contains("ebhook"));
    }

    #[test]
    fn reading_stops_when_every_change_is_known() {
        let world = facts(
            [account("1"), account("2")],
            ["1", "2"].map(|name| subscription(name, "active", "price_pro")),
        );
        let leaks = findings(&contract(), &world);
        let mut log = log([created(DAY)]);
        assert!(!contains_last_changes(&contract(), &log, &leaks));
        log.changes.push(ProviderEvent {
            about: Some("sub_2".to_owned()),
            ..created(DAY)
        });
        assert!(contains_last_changes(&contract(), &log, &leaks));
    }

    #[test]
    fn three_undelivered_events_are_listed_and_the_others_counted() {
        let evidence = |events: u8| {
            let event = |number| {
                event(
                    &format!("evt_{number}"),
                    "customer.subscription.updated",
                    DAY,
                )
            };
            let lost = (0..events).map(|number| pending(event(number)));
            let log = EventLog {
                undelivered: lost.collect(),
                ..log([created(2 * DAY)])
            };
            leak_written(&log, None).evidence_lines()
        };
        let (three, five) = (evidence(3), evidence(5));
        assert_eq!(five.len(), three.len() + 1);
        assert!(three.iter().all(|line| !line.contains(" more webhooks ")));
        assert_eq!(
            five.last().map(String::as_str),
            Some("2 more webhooks about it are not delivered")
        );
    }
}
