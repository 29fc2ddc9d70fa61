//! A customer, active or deleted.

use std::sync::LazyLock;

use compact_str::CompactString;

use super::{
    Metadata,
    boxed::{Boxed, SharedDefault},
    collection::implement_object,
};

/// A customer as the world stores it. A deleted one can still be retrieved, as `{id, object, deleted: true}`.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub id: CompactString,
    pub created: i64,
    pub email: Option<CompactString>,
    pub deleted: bool,
    pub details: Boxed<CustomerDetails>,
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

impl SharedDefault for CustomerDetails {
    fn shared() -> &'static Self {
        static SHARED: LazyLock<CustomerDetails> = LazyLock::new(CustomerDetails::default);
        &SHARED
    }
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

implement_object!(Customer);
