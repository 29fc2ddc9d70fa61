//! Invoices with their lines, pending invoice items, and payments.

use compact_str::CompactString;

use super::{Metadata, Period, collection::implement_object};

/// The status of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InvoiceStatus {
    #[default]
    Draft,
    Open,
    Paid,
    Uncollectible,
    Void,
}

impl InvoiceStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Uncollectible => "uncollectible",
            Self::Void => "void",
        }
    }
}

/// An invoice as the world stores it. Its total is the sum of its lines less the discount.
#[derive(Debug, Clone, Default)]
pub struct Invoice {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub subscription: Option<CompactString>,
    /// Metadata of the subscription when the invoice was created.
    pub subscription_metadata: Metadata,
    pub status: InvoiceStatus,
    /// `subscription_create`, `subscription_cycle`, `subscription_update`, `manual`.
    pub billing_reason: CompactString,
    pub currency: CompactString,
    pub lines: Vec<InvoiceLine>,
    /// Applied discount and the amount it takes off.
    pub discount: Option<(CompactString, i64)>,
    pub period: Option<Period>,
    /// E-mail of the customer when the invoice was created.
    pub customer_email: Option<CompactString>,
    pub customer_name: Option<CompactString>,
    pub number: Option<CompactString>,
    pub attempt_count: u32,
    pub auto_advance: bool,
    pub next_payment_attempt: Option<i64>,
    pub days_until_due: Option<u32>,
    pub payment_intent: Option<CompactString>,
    pub charge: Option<CompactString>,
    pub finalized_at: Option<i64>,
    pub paid_at: Option<i64>,
    pub voided_at: Option<i64>,
    pub uncollectible_at: Option<i64>,
    pub metadata: Metadata,
}

/// A line of an invoice: a price of the subscription for a period, or a proration.
#[derive(Debug, Clone, Default)]
pub struct InvoiceLine {
    pub id: CompactString,
    pub amount: i64,
    pub description: CompactString,
    pub period: Option<Period>,
    pub price: CompactString,
    pub quantity: Option<u32>,
    pub subscription_item: CompactString,
    /// Source invoice item, if the line has one.
    pub invoice_item: Option<CompactString>,
    pub proration: bool,
    pub metadata: Metadata,
}

impl Invoice {
    pub(crate) fn subtotal(&self) -> i64 {
        self.lines
            .iter()
            .fold(0, |sum, line| line.amount.saturating_add(sum))
    }

    pub(crate) fn total(&self) -> i64 {
        let off = self.discount.as_ref().map_or(0, |(_, amount)| *amount);
        self.subtotal().saturating_sub(off)
    }

    /// Returns the amount due, which is never negative.
    pub(crate) fn amount_due(&self) -> i64 {
        self.total().max(0)
    }

    pub(crate) fn collection_method(&self) -> &'static str {
        match self.days_until_due {
            Some(_) => "send_invoice",
            None => "charge_automatically",
        }
    }

    pub(crate) fn due_date(&self) -> Option<i64> {
        const DAY: i64 = 86_400;
        let days = i64::from(self.days_until_due?);
        Some(self.created.saturating_add(DAY.saturating_mul(days)))
    }

    pub(crate) fn amount_paid(&self) -> i64 {
        match self.status {
            InvoiceStatus::Paid => self.amount_due(),
            InvoiceStatus::Draft
            | InvoiceStatus::Open
            | InvoiceStatus::Uncollectible
            | InvoiceStatus::Void => 0,
        }
    }
}

/// An item added to the next invoice.
#[derive(Debug, Clone, Default)]
pub struct InvoiceItem {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    pub subscription: CompactString,
    pub currency: CompactString,
    /// Invoice that includes it, once there is one.
    pub invoice: Option<CompactString>,
    pub line: InvoiceLine,
}

/// A payment towards an invoice.
#[derive(Debug, Clone, Default)]
pub struct InvoicePayment {
    pub id: CompactString,
    pub created: i64,
    pub invoice: CompactString,
    pub payment_intent: CompactString,
    pub currency: CompactString,
    pub amount: i64,
    pub paid_at: Option<i64>,
    pub canceled_at: Option<i64>,
}

impl InvoicePayment {
    /// Returns `open`, `paid` or `canceled`.
    pub(crate) fn status(&self) -> &'static str {
        match (self.paid_at, self.canceled_at) {
            (Some(_), _) => "paid",
            (None, Some(_)) => "canceled",
            (None, None) => "open",
        }
    }
}

implement_object!(Invoice, InvoiceItem, InvoicePayment);
