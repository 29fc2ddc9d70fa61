//! Coupons and discounts.

use compact_str::CompactString;

use super::{Metadata, collection::implement_object};

/// A coupon: a percentage or an amount off.
#[derive(Debug, Clone)]
pub struct Coupon {
    /// Id. If empty, eight letters and digits are generated, as Stripe does.
    pub id: CompactString,
    pub created: i64,
    pub name: Option<CompactString>,
    pub value: CouponValue,
    /// `forever`, `once` or `repeating`.
    pub duration: CompactString,
    pub duration_in_months: Option<u32>,
    pub times_redeemed: u32,
    pub valid: bool,
    pub metadata: Metadata,
}

/// The reduction that a coupon gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CouponValue {
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
            value: CouponValue::BasisPoints(percent.saturating_mul(100)),
            ..Self::default()
        }
    }

    /// Returns the reduction of an amount.
    pub(crate) fn taken_off(&self, amount: i64) -> i64 {
        const WHOLE: i64 = 10_000;
        let off = match &self.value {
            CouponValue::BasisPoints(points) => amount.saturating_mul(i64::from(*points)) / WHOLE,
            CouponValue::Amount { amount, .. } => *amount,
        };
        off.clamp(0, amount.max(0))
    }
}

impl Default for Coupon {
    /// Returns a coupon without an id and without a reduction, forever.
    fn default() -> Self {
        Self {
            id: CompactString::default(),
            created: 0,
            name: None,
            value: CouponValue::BasisPoints(0),
            duration: "forever".into(),
            duration_in_months: None,
            times_redeemed: 0,
            valid: true,
            metadata: Metadata::new(),
        }
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

implement_object!(Coupon);
