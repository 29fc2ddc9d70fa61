//! The accounts of a rehearsal: that of a run, and those that no run may change.

use super::test_customer::TestCustomer;

/// An account and its customer.
#[derive(Debug)]
pub(super) struct TestAccount {
    pub(super) id: String,
    pub(super) customer: TestCustomer,
}

impl TestAccount {
    /// Returns the texts that identify its rows.
    pub(super) fn tokens(&self) -> Vec<String> {
        let customer = &self.customer;
        let mut tokens = vec![
            self.id.clone(),
            customer.email.clone(),
            customer.id.to_string(),
        ];
        tokens.extend(customer.subscriptions.values().map(ToString::to_string));
        tokens
    }
}

/// An account whose rows must not change.
#[derive(Debug)]
pub(super) struct UntouchedAccount {
    /// Description, such as "an account without a customer".
    pub(super) who: &'static str,
    pub(super) id: String,
    pub(super) email: String,
    pub(super) tokens: Vec<String>,
}
