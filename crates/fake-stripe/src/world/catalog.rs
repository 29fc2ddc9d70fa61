//! Products and their prices.

use compact_str::CompactString;

use super::{Metadata, collection::implement_object};

/// A product. `features` are the ids of entitlement features that come with it.
#[derive(Debug, Clone)]
pub struct Product {
    pub id: CompactString,
    pub created: i64,
    pub name: CompactString,
    pub active: bool,
    pub description: Option<CompactString>,
    pub default_price: Option<CompactString>,
    pub metadata: Metadata,
    pub features: Vec<CompactString>,
}

impl Product {
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.into(),
            created: 0,
            name: name.into(),
            active: true,
            description: None,
            default_price: None,
            metadata: Metadata::new(),
            features: Vec::new(),
        }
    }
}

/// A price. `unit_amount` is `None` if Stripe says null: tiered prices and amounts below a cent.
#[derive(Debug, Clone)]
pub struct Price {
    pub id: CompactString,
    pub created: i64,
    /// Product id. If empty, the world creates a product for it.
    pub product: CompactString,
    pub currency: CompactString,
    pub unit_amount: Option<i64>,
    /// Amount as decimal text, if it is not a whole number of cents.
    pub unit_amount_decimal: Option<CompactString>,
    pub recurring: Option<Recurring>,
    pub tiered: bool,
    pub active: bool,
    pub lookup_key: Option<CompactString>,
    pub nickname: Option<CompactString>,
    pub metadata: Metadata,
}

/// The billing interval of a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurring {
    pub interval: Interval,
    pub interval_count: u32,
    pub metered: bool,
    pub trial_period_days: Option<u32>,
}

impl Recurring {
    pub(crate) fn usage_type(&self) -> &'static str {
        if self.metered { "metered" } else { "licensed" }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Returns the length of its periods here: months of 30 days and years of 365, so that every run is the same.
    pub(crate) fn seconds(self) -> i64 {
        const DAY: i64 = 86_400;
        match self {
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 30 * DAY,
            Self::Year => 365 * DAY,
        }
    }
}

impl Price {
    /// Returns a recurring price in US dollars.
    pub fn recurring(id: &str, unit_amount: i64, interval: Interval) -> Self {
        Self {
            recurring: Some(Recurring {
                interval,
                interval_count: 1,
                metered: false,
                trial_period_days: None,
            }),
            ..Self::one_time(id, unit_amount)
        }
    }

    pub fn monthly(id: &str, unit_amount: i64) -> Self {
        Self::recurring(id, unit_amount, Interval::Month)
    }

    pub fn yearly(id: &str, unit_amount: i64) -> Self {
        Self::recurring(id, unit_amount, Interval::Year)
    }

    pub fn one_time(id: &str, unit_amount: i64) -> Self {
        Self {
            id: id.into(),
            created: 0,
            product: CompactString::default(),
            currency: "usd".into(),
            unit_amount: Some(unit_amount),
            unit_amount_decimal: None,
            recurring: None,
            tiered: false,
            active: true,
            lookup_key: None,
            nickname: None,
            metadata: Metadata::new(),
        }
    }

    /// Returns `recurring` or `one_time`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.recurring {
            Some(_) => "recurring",
            None => "one_time",
        }
    }

    /// Makes it billed by reported usage.
    #[must_use]
    pub fn metered(mut self) -> Self {
        if let Some(recurring) = &mut self.recurring {
            recurring.metered = true;
        }
        self
    }

    #[must_use]
    pub fn product(mut self, product: &str) -> Self {
        self.product = product.into();
        self
    }

    #[must_use]
    pub fn currency(mut self, currency: &str) -> Self {
        self.currency = currency.into();
        self
    }

    #[must_use]
    pub fn lookup_key(mut self, lookup_key: &str) -> Self {
        self.lookup_key = Some(lookup_key.into());
        self
    }
}

implement_object!(Product, Price);
