//! Pages that the provider shows for the application: Checkout and the billing portal.

use compact_str::CompactString;

use super::{Item, Metadata, collection::Object, invoice::objects};

/// A Checkout session.
#[derive(Debug, Clone, Default)]
pub struct CheckoutSession {
    pub id: CompactString,
    pub created: i64,
    pub expires_at: i64,
    pub status: SessionStatus,
    pub payment_status: PaymentStatus,
    pub mode: SessionMode,
    /// Given by the application, or made when the session completes.
    pub customer: Option<CompactString>,
    /// The e-mail that the page was opened with.
    pub customer_email: Option<CompactString>,
    /// The e-mail that the buyer had in the end.
    pub buyer_email: Option<CompactString>,
    pub client_reference_id: Option<CompactString>,
    pub metadata: Metadata,
    pub subscription_metadata: Metadata,
    pub items: Vec<Item>,
    pub trial_days: Option<u32>,
    /// What becomes of a subscription whose trial ends without a card: `cancel`, `create_invoice` or `pause`.
    pub missing_payment_method: Option<CompactString>,
    pub coupon: Option<CompactString>,
    pub allow_promotion_codes: bool,
    pub subscription: Option<CompactString>,
    pub invoice: Option<CompactString>,
    /// What is paid in `payment` mode.
    pub payment_intent: Option<CompactString>,
    pub success_url: Option<CompactString>,
    pub cancel_url: Option<CompactString>,
}

impl CheckoutSession {
    /// Whose the session is: who bought or, before anybody did, who was announced.
    pub(crate) fn email(&self) -> Option<&str> {
        let bought = self.buyer_email.as_deref();
        bought.or(self.customer_email.as_deref())
    }
}

/// What a session is for.
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

/// A visit to the billing portal.
#[derive(Debug, Clone, Default)]
pub struct PortalSession {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub return_url: Option<CompactString>,
    pub configuration: Option<CompactString>,
}

objects!(CheckoutSession, PortalSession);
