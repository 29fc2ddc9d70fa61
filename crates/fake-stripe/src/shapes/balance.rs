//! Balance transactions of payments and refunds.

use serde_json::{Value, json};

use crate::world::{Charge, Refund};

/// Returns the id of the balance transaction of a charge or refund.
pub(crate) fn balance_transaction_id(source: &str) -> String {
    let tail = source.split_once('_').map_or(source, |(_, tail)| tail);
    format!("txn_{tail}")
}

/// Renders the balance transaction of a charge or refund.
pub(crate) fn balance_transaction(movement: &Movement<'_>) -> Value {
    /// Time until the money can be paid out.
    const TWO_DAYS: i64 = 2 * 86_400;
    // 2.9 % plus 30 cents; a refund does not return the fee.
    let fee = if movement.amount > 0 {
        movement.amount.saturating_mul(29) / 1_000 + 30
    } else {
        0
    };
    let details = json!({
        "amount": fee,
        "application": null,
        "currency": movement.currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    });
    json!({
        "id": balance_transaction_id(movement.source),
        "object": "balance_transaction",
        "amount": movement.amount,
        "available_on": movement.created.saturating_add(TWO_DAYS),
        "balance_type": "payments",
        "created": movement.created,
        "currency": movement.currency,
        "description": movement.description,
        "exchange_rate": null,
        "fee": fee,
        "fee_details": (fee > 0).then_some(details).into_iter().collect::<Vec<_>>(),
        "net": movement.amount.saturating_sub(fee),
        "reporting_category": if movement.amount > 0 { "charge" } else { "refund" },
        "source": movement.source,
        "status": "pending",
        "type": if movement.amount > 0 { "charge" } else { "refund" },
    })
}

/// A balance transaction; the amount is positive for incoming money.
#[derive(Debug)]
pub(crate) struct Movement<'w> {
    pub(crate) source: &'w str,
    pub(crate) created: i64,
    pub(crate) amount: i64,
    pub(crate) currency: &'w str,
    pub(crate) description: Option<&'w str>,
}

impl<'w> Movement<'w> {
    pub(crate) fn of_charge(charge: &'w Charge) -> Self {
        Self {
            source: &charge.id,
            created: charge.created,
            amount: charge.amount,
            currency: &charge.currency,
            description: Some(&charge.description),
        }
    }

    pub(crate) fn of_refund(refund: &'w Refund) -> Self {
        Self {
            source: &refund.id,
            created: refund.created,
            amount: refund.amount.saturating_neg(),
            currency: &refund.currency,
            description: None,
        }
    }
}
