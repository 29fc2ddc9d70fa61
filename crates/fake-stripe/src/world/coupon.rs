//! Coupons and discounts.

use compact_str::CompactString;

use super::{Metadata, collection::objects};

/// A coupon: a percentage or an amount off.
#[derive(Debug, Clone)]
pub struct Coupon {
    /// Id. If empty, eight letters and digits are generated, as Stripe does.
    pub id: CompactString,
    pub created: i64,
    pub name: Option<CompactString>,
    pub off: Off,
    /// `forever`, `once` or `repeating`.
    pub duration: CompactString,
    pub duration_in_months: Option<u32>,
    pub times_redeemed: u32,
    pub valid: bool,
    pub metadata: Metadata,
}

/// The reduction by a coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Off {
    /// Hundredths of a percent: 2550 is 25.5 %.
    BasisPoints(u32),
    Amount {
        amount: i64,
        currency: CompactString,
    },
}

impl Coupon {
    /// Returns a coupon with a percentage off, forever.
    pub fn percent(id: &str, percent: u32) -> Self {
        Self {
            id: id.into(),
            created: 0,
            name: None,
            off: Off::BasisPoints(percent.saturating_mul(100)),
            duration: "forever".into(),
            duration_in_months: None,
            times_redeemed: 0,
            valid: true,
            metadata: Metadata::new(),
        }
    }

    /// Returns the reduction of an amount.
    pub(crate) fn taken_off(&self, amount: i64) -> i64 {
        const WHOLE: i64 = 10_000;
        let off = match &self.off {
            Off::BasisPoints(points) => amount.saturating_mul(i64::from(*points)) / WHOLE,
            Off::Amount { amount, .. } => *amount,
        };
        off.clamp(0, amount.max(0))
    }
}

/// A coupon applied to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    pub id: CompactString,
    pub coupon: CompactString,
    pub start: i64,
    pub checkout_session: Option<CompactString>,
}

objects!(Coupon);
