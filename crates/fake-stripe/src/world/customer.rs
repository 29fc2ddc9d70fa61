//! A customer, active or deleted.

use compact_str::CompactString;

use super::{
    Metadata,
    collection::objects,
    sparse::{Blank, Sparse},
};

/// A customer as the engine stores it. A deleted one can still be retrieved, as `{id, object, deleted: true}`.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub id: CompactString,
    pub created: i64,
    pub email: Option<CompactString>,
    pub deleted: bool,
    pub details: Sparse<CustomerDetails>,
}

/// The fields of a customer that are rarely set.
#[derive(Debug, Clone, Default)]
pub struct CustomerDetails {
    pub name: Option<CompactString>,
    pub description: Option<CompactString>,
    pub phone: Option<CompactString>,
    pub metadata: Metadata,
    pub currency: Option<CompactString>,
    pub delinquent: bool,
    pub test_clock: Option<CompactString>,
    pub customer_account: Option<CompactString>,
    pub default_payment_method: Option<CompactString>,
    /// Number of invoices that have been numbered.
    pub invoices: u32,
}

static BLANK_DETAILS: CustomerDetails = CustomerDetails {
    name: None,
    description: None,
    phone: None,
    metadata: Metadata::new(),
    currency: None,
    delinquent: false,
    test_clock: None,
    customer_account: None,
    default_payment_method: None,
    invoices: 0,
};

impl Blank for CustomerDetails {
    const BLANK: &'static Self = &BLANK_DETAILS;
}

impl Customer {
    pub fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn created(mut self, created: i64) -> Self {
        self.created = created;
        self
    }

    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.email = Some(email.into());
        self
    }

    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.deleted = true;
        self
    }

    /// Changes any of the details.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut CustomerDetails)) -> Self {
        change(&mut self.details);
        self
    }
}

objects!(Customer);
