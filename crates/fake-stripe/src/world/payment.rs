//! Payment methods, payment intents, charges, refunds and disputes.

use compact_str::CompactString;

use super::{Metadata, collection::implement_object};

/// A card of a customer.
#[derive(Debug, Clone, Default)]
pub struct PaymentMethod {
    pub id: CompactString,
    pub created: i64,
    pub customer: Option<CompactString>,
    pub email: Option<CompactString>,
    pub metadata: Metadata,
}

/// The status of a payment intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntentStatus {
    #[default]
    RequiresPaymentMethod,
    RequiresAction,
    Processing,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct PaymentIntent {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub currency: CompactString,
    pub amount: i64,
    pub status: IntentStatus,
    /// Invoice that it pays; in responses only before API version basil.
    pub invoice: Option<CompactString>,
    pub payment_method: Option<CompactString>,
    pub latest_charge: Option<CompactString>,
    pub declined: bool,
    pub canceled_at: Option<i64>,
    pub description: CompactString,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Default)]
pub struct Charge {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub currency: CompactString,
    pub amount: i64,
    pub amount_refunded: i64,
    pub declined: bool,
    pub disputed: bool,
    pub payment_intent: CompactString,
    /// Invoice; in responses only before API version basil.
    pub invoice: Option<CompactString>,
    pub payment_method: Option<CompactString>,
    pub email: Option<CompactString>,
    pub description: CompactString,
}

#[derive(Debug, Clone, Default)]
pub struct Refund {
    pub id: CompactString,
    pub created: i64,
    pub charge: CompactString,
    pub payment_intent: CompactString,
    pub currency: CompactString,
    pub amount: i64,
    pub reason: Option<CompactString>,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Default)]
pub struct Dispute {
    pub id: CompactString,
    pub created: i64,
    pub charge: CompactString,
    pub payment_intent: CompactString,
    pub currency: CompactString,
    pub amount: i64,
    /// `needs_response`, `won` or `lost`.
    pub status: CompactString,
    pub metadata: Metadata,
}

implement_object!(PaymentMethod, PaymentIntent, Charge, Refund, Dispute);
