//! Objects stored as requested, which have no effect on the rest of the world.

use compact_str::CompactString;
use serde_json::Value;

use super::collection::implement_object;

/// A stored object as it is returned.
#[derive(Debug, Clone, Default)]
pub struct Record {
    pub id: CompactString,
    pub created: i64,
    pub kind: RecordKind,
    pub customer: Option<CompactString>,
    pub object: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordKind {
    #[default]
    PromotionCode,
    TaxRate,
    TaxId,
    SetupIntent,
    CreditNote,
    PaymentLink,
    PortalConfiguration,
}

impl RecordKind {
    /// Returns the prefix of the kind's ids, and the number of characters after it.
    pub(crate) fn prefix(self) -> (&'static str, usize) {
        match self {
            Self::PromotionCode => ("promo_1", 19),
            Self::TaxRate => ("txr_1", 19),
            Self::TaxId => ("txi_1", 19),
            Self::SetupIntent => ("seti_1", 19),
            Self::CreditNote => ("cn_1", 19),
            Self::PaymentLink => ("plink_1", 19),
            Self::PortalConfiguration => ("bpc_1", 19),
        }
    }

    /// Returns the prefix of the kind's event types.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::PromotionCode => "promotion_code",
            Self::TaxRate => "tax_rate",
            Self::TaxId => "customer.tax_id",
            Self::SetupIntent => "setup_intent",
            Self::CreditNote => "credit_note",
            Self::PaymentLink => "payment_link",
            Self::PortalConfiguration => "billing_portal.configuration",
        }
    }
}

implement_object!(Record);
