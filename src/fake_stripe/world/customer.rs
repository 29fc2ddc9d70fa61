//! A customer, living or deleted.

use compact_str::CompactString;

use super::{
    Metadata,
    collection::Object,
    sparse::{Blank, Sparse},
};

/// A customer as the engine keeps it. A deleted one is still retrieved, as `{id, object, deleted: true}`.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub id: CompactString,
    pub created: i64,
    pub email: Option<CompactString>,
    pub deleted: bool,
    pub details: Sparse<CustomerDetails>,
}

/// The part of a customer that most never use.
#[derive(Debug, Clone, Default)]
pub struct CustomerDetails {
    pub name: Option<CompactString>,
    pub metadata: Metadata,
    pub currency: Option<CompactString>,
    pub delinquent: bool,
    pub test_clock: Option<CompactString>,
    pub customer_account: Option<CompactString>,
    pub default_payment_method: Option<CompactString>,
    /// How many invoices have a number.
    pub invoices: u32,
}

static BLANK_DETAILS: CustomerDetails = CustomerDetails {
    name: None,
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

    /// Changes anything that has no method of its own.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut CustomerDetails)) -> Self {
        change(&mut self.details);
        self
    }
}

impl Object for Customer {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }
}
