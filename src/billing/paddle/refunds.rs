//! Marks subscriptions whose current period was refunded in full: everything that was paid for it came back.
//!
//! Paddle's refunds are adjustments of a transaction and leave the subscription as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::ParseIntError,
};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, value::RawValue};

use super::{answers::name_permission, page::PaddlePages};
use crate::{
    billing::{
        BillingFacts, DecodeError, Error,
        decoding::{from_text, from_value},
        pages::{ListElement, ListQuery, Pages},
        source::RecordedRefunds,
        transport::ReadSession,
    },
    contract::{Refund, Subscription, SubscriptionId, UnixSeconds},
};

const ADJUSTMENT: &str = "adjustment";
const TRANSACTION: &str = "transaction";

/// Permissions that the requests need.
pub(super) const ADJUSTMENTS_PERMISSION: &str = "adjustment.read";
pub(super) const TRANSACTIONS_PERMISSION: &str = "transaction.read";

/// Number of subscriptions in one request for transactions.
const AT_ONCE: usize = 50;

/// Statuses of transactions that were paid or have to be.
const CHARGED: [&str; 4] = ["billed", "paid", "completed", "past_due"];

#[derive(Debug, Deserialize)]
#[serde(expecting = "an adjustment")]
struct Adjustment {
    id: String,
    action: String,
    status: String,
    transaction_id: String,
    subscription_id: Option<String>,
    created_at: Timestamp,
    totals: AdjustmentTotals,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "the totals of an adjustment")]
struct AdjustmentTotals {
    #[serde(deserialize_with = "minor_units")]
    total: i64,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a transaction")]
struct Transaction {
    id: String,
    status: String,
    subscription_id: Option<String>,
    billing_period: Option<BilledPeriod>,
    details: TransactionDetails,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a period")]
struct BilledPeriod {
    starts_at: Timestamp,
    ends_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "the details of a transaction")]
struct TransactionDetails {
    totals: TransactionTotals,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "the totals of a transaction")]
struct TransactionTotals {
    #[serde(deserialize_with = "minor_units")]
    grand_total: i64,
}

fn minor_units<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_not_a_number: ParseIntError| {
        D::Error::custom("expected a whole number of minor units")
    })
}

impl ListElement for Adjustment {
    fn id(&self) -> &str {
        &self.id
    }
}

impl ListElement for Transaction {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Adjustment {
    fn is_refund(&self) -> bool {
        self.action == "refund" && self.status == "approved"
    }
}

/// Reads the refunds of the current periods of `facts`, and marks their subscriptions.
pub(super) async fn mark(session: ReadSession<'_>, facts: &mut BillingFacts) -> Result<(), Error> {
    if !session.wants_refunds() {
        return Ok(());
    }
    let starts = facts
        .subscriptions
        .iter()
        .filter_map(Subscription::period_start);
    let Some(earliest) = starts.min() else {
        return Ok(());
    };
    let mut refunds = Vec::new();
    let filter = [
        ("action", "refund"),
        ("status", "approved"),
        ("order_by", "id[DESC]"),
    ];
    let mut pages = Pages::new(session, &list("adjustments", &filter));
    let forbidden = |error| name_permission(error, ADJUSTMENTS_PERMISSION);
    while let Some(page) = pages.next(adjustment).await.map_err(forbidden)? {
        // Nothing that was refunded before can be about a period that is running now.
        let is_before = |one: &Adjustment| UnixSeconds::from(one.created_at) < earliest;
        let are_before = !page.is_empty() && page.iter().all(is_before);
        refunds.extend(page);
        if are_before {
            break;
        }
    }
    let refunded: Vec<_> = refunded(&facts.subscriptions, &refunds)
        .into_iter()
        .collect();
    let mut transactions = Vec::new();
    let forbidden = |error| name_permission(error, TRANSACTIONS_PERMISSION);
    for ids in refunded.chunks(AT_ONCE) {
        let ids: Vec<_> = ids.iter().map(SubscriptionId::as_str).collect();
        let query = list("transactions", &[("subscription_id", &ids.join(","))]);
        let mut pages = Pages::new(session, &query);
        while let Some(page) = pages.next(transaction).await.map_err(forbidden)? {
            transactions.extend(page);
        }
    }
    mark_refunded(&mut facts.subscriptions, &refunds, &transactions);
    Ok(())
}

/// The recorded form of refunds.
pub(super) const RECORDED: RecordedRefunds = RecordedRefunds {
    adjustments: ("paddle/adjustments.json", |value| {
        from_value::<Adjustment>(ADJUSTMENT, value).map(|_| ())
    }),
    transactions: ("paddle/transactions.json", |value| {
        from_value::<Transaction>(TRANSACTION, value).map(|_| ())
    }),
    mark: mark_recorded,
};

/// Marks the subscriptions of recorded facts. The objects were checked one by one.
fn mark_recorded(facts: &mut BillingFacts, adjustments: &[Value], transactions: &[Value]) {
    let refunds = adjustments
        .iter()
        .filter_map(|one| from_value(ADJUSTMENT, one).ok());
    let refunds: Vec<_> = refunds.collect();
    let transactions = transactions
        .iter()
        .filter_map(|one| from_value(TRANSACTION, one).ok());
    let transactions: Vec<_> = transactions.collect();
    mark_refunded(&mut facts.subscriptions, &refunds, &transactions);
}

fn list(path: &'static str, filter: &[(&'static str, &str)]) -> ListQuery {
    let query = filter.iter().chain(&[("per_page", "50")]);
    ListQuery {
        path,
        id: None,
        query: query
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        format: &PaddlePages::Changing,
    }
}

fn adjustment(text: &RawValue) -> Result<Adjustment, DecodeError> {
    from_text(ADJUSTMENT, text)
}

fn transaction(text: &RawValue) -> Result<Transaction, DecodeError> {
    from_text(TRANSACTION, text)
}

/// Returns the subscriptions with a refund since the start of their current period.
fn refunded(subscriptions: &[Subscription], refunds: &[Adjustment]) -> BTreeSet<SubscriptionId> {
    let mut latest = BTreeMap::new();
    for refund in refunds.iter().filter(|one| one.is_refund()) {
        let at = UnixSeconds::from(refund.created_at);
        if let Some(id) = &refund.subscription_id {
            let known = latest.entry(id.as_str()).or_insert(at);
            *known = at.max(*known);
        }
    }
    let is_refunded = |one: &&Subscription| {
        let start = one.period_start().filter(|_| one.ended_at.is_none());
        latest
            .get(one.id.as_str())
            .zip(start)
            .is_some_and(|(at, start)| *at >= start)
    };
    let refunded = subscriptions.iter().filter(is_refunded);
    refunded.map(|one| one.id.clone()).collect()
}

fn mark_refunded(
    subscriptions: &mut [Subscription],
    refunds: &[Adjustment],
    transactions: &[Transaction],
) {
    let candidates = refunded(subscriptions, refunds);
    for one in subscriptions {
        if !candidates.contains(&one.id) {
            continue;
        }
        if let Some(refund) = full_refund(one, refunds, transactions) {
            let mut details = one
                .details
                .take()
                .map(|details| *details)
                .unwrap_or_default();
            details.refund = Some(refund);
            one.details = Some(Box::new(details));
        }
    }
}

/// Returns the last refund if the refunds of the current period's transactions add up to what they cost.
fn full_refund(
    one: &Subscription,
    refunds: &[Adjustment],
    transactions: &[Transaction],
) -> Option<Refund> {
    let period = one.period?;
    let is_of_the_period = |transaction: &&Transaction| {
        transaction.subscription_id.as_deref() == Some(one.id.as_str())
            && CHARGED.contains(&transaction.status.as_str())
            && transaction.billing_period.as_ref().is_some_and(|billed| {
                UnixSeconds::from(billed.starts_at) < period.end()
                    && UnixSeconds::from(billed.ends_at) > period.start()
            })
    };
    let (mut cost, mut back, mut last) = (0_i64, 0_i64, None);
    for transaction in transactions.iter().filter(is_of_the_period) {
        cost = cost.saturating_add(transaction.details.totals.grand_total);
        let of_it =
            |refund: &&Adjustment| refund.is_refund() && refund.transaction_id == transaction.id;
        for refund in refunds.iter().filter(of_it) {
            back = back.saturating_add(refund.totals.total);
            last = last.max(Some((refund.created_at, refund.id.as_str())));
        }
    }
    let (at, id) = last.filter(|_| cost > 0 && back >= cost)?;
    Some(Refund {
        id: id.into(),
        at: at.into(),
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use serde_json::json;
    use testing::paddle_api::paddle_subscription;

    use super::*;
    use crate::billing::{PriceTable, paddle::objects::decode_recorded_value};

    fn adjustment(transaction: &str, total: &str, status: &str) -> Value {
        json!({
            "id": format!("adj_{transaction}_{total}"), "action": "refund", "status": status,
            "transaction_id": transaction, "subscription_id": "sub_01k00000000000000000000001",
            "created_at": "2026-11-05T00:00:00Z", "totals": {"total": total},
        })
    }

    fn transaction(id: &str, grand_total: &str, month: u8) -> Value {
        json!({
            "id": id, "status": "completed", "subscription_id": "sub_01k00000000000000000000001",
            "billing_period": {
                "starts_at": format!("2026-{month:02}-01T00:00:00Z"),
                "ends_at": format!("2026-{:02}-01T00:00:00Z", month + 1),
            },
            "details": {"totals": {"grand_total": grand_total}},
        })
    }

    /// Returns the refund of a subscription whose period is November.
    fn refund(adjustments: &[Value], transactions: &[Value]) -> Option<String> {
        let object = paddle_subscription(1, "ctm_1", "active", "pri_pro");
        let decoded = decode_recorded_value(&object, &mut PriceTable::default()).unwrap();
        let mut facts = BillingFacts {
            subscriptions: vec![decoded.subscription],
            ..BillingFacts::default()
        };
        mark_recorded(&mut facts, adjustments, transactions);
        let details = facts.subscriptions[0].details.as_deref()?;
        details.refund.as_ref().map(|refund| refund.id.to_string())
    }

    #[test]
    fn only_a_full_refund_of_the_running_period_counts() {
        let (november, october) = (
            transaction("txn_11", "2900", 11),
            transaction("txn_10", "2900", 10),
        );
        let both = [november, october];
        let full = |transaction| adjustment(transaction, "2900", "approved");
        assert_eq!(
            refund(&[full("txn_11")], &both).as_deref(),
            Some("adj_txn_11_2900")
        );
        assert_eq!(refund(&[full("txn_10")], &both), None);
        assert_eq!(
            refund(&[adjustment("txn_11", "2899", "approved")], &both),
            None
        );
        for status in ["pending_approval", "rejected", "reversed"] {
            assert_eq!(refund(&[adjustment("txn_11", "2900", status)], &both), None);
        }
        let parts = ["900", "2000"].map(|part| adjustment("txn_11", part, "approved"));
        assert!(refund(&parts, &both).is_some());
    }

    #[test]
    fn another_payment_of_the_period_has_to_come_back_too() {
        let both = [
            transaction("txn_11", "2900", 11),
            transaction("txn_up", "500", 11),
        ];
        let first = adjustment("txn_11", "2900", "approved");
        assert_eq!(refund(std::slice::from_ref(&first), &both), None);
        let second = adjustment("txn_up", "500", "approved");
        assert!(refund(&[first, second], &both).is_some());
    }

    #[test]
    fn a_period_that_cost_nothing_cannot_be_refunded() {
        let free = [transaction("txn_11", "0", 11)];
        assert_eq!(
            refund(&[adjustment("txn_11", "0", "approved")], &free),
            None
        );
        assert_eq!(
            refund(&[adjustment("txn_11", "2900", "approved")], &[]),
            None
        );
    }
}
