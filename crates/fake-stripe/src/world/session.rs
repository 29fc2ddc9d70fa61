//! Hosted pages: Checkout and the billing portal.

use compact_str::CompactString;

use super::{Item, Metadata, collection::implement_object};

/// A Checkout session.
#[derive(Debug, Clone, Default)]
pub struct CheckoutSession {
    pub id: CompactString,
    pub created: i64,
    pub expires_at: i64,
    pub status: SessionStatus,
    pub payment_status: PaymentStatus,
    pub mode: SessionMode,
    /// Customer given by the application, or created on completion.
    pub customer: Option<CompactString>,
    /// E-mail given on creation.
    pub customer_email: Option<CompactString>,
    /// E-mail of the buyer on completion.
    pub buyer_email: Option<CompactString>,
    pub client_reference_id: Option<CompactString>,
    pub metadata: Metadata,
    pub subscription_metadata: Metadata,
    pub items: Vec<Item>,
    pub trial_days: Option<u32>,
    /// Behavior if the trial ends without a card: `cancel`, `create_invoice` or `pause`.
    pub missing_payment_method: Option<CompactString>,
    pub coupon: Option<CompactString>,
    pub allow_promotion_codes: bool,
    pub subscription: Option<CompactString>,
    pub invoice: Option<CompactString>,
    /// Payment intent in `payment` mode.
    pub payment_intent: Option<CompactString>,
    pub success_url: Option<CompactString>,
    pub cancel_url: Option<CompactString>,
}

impl CheckoutSession {
    /// Returns the e-mail of the buyer or, before completion, the one given on creation.
    pub(crate) fn email(&self) -> Option<&str> {
        let bought = self.buyer_email.as_deref();
        bought.or(self.customer_email.as_deref())
    }
}

/// The purpose of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionMode {
    #[default]
    Subscription,
    Payment,
}

impl SessionMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::Payment => "payment",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionStatus {
    #[default]
    Open,
    Complete,
    Expired,
}

impl SessionStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaymentStatus {
    #[default]
    Unpaid,
    Paid,
    NotRequired,
}

impl PaymentStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::NotRequired => "no_payment_required",
        }
    }
}

/// A session of the billing portal.
#[derive(Debug, Clone, Default)]
pub struct PortalSession {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub return_url: Option<CompactString>,
    pub configuration: Option<CompactString>,
}

implement_object!(CheckoutSession, PortalSession);
