//! The two sources of a contract's facts, billing and accounts, each live or recorded behind one trait.

mod account_source;
mod billing_source;
mod check_sources;
mod cost;
mod customers;
mod follow_up;
mod live_accounts;
mod live_billing;
mod recorded;

pub(crate) use account_source::AccountSource;
pub(crate) use billing_source::BillingSource;
pub(crate) use check_sources::{CheckInput, Sources};
pub(crate) use cost::describe_cost;
pub(crate) use customers::{customers_of, replace_subscriptions, some_customers};
pub(crate) use follow_up::ContractProvider;
pub(crate) use live_accounts::LiveAccounts;
pub(crate) use live_billing::LiveBilling;
pub use recorded::{Error, FixtureFiles, JsonError, RecordedAccounts, accounts, billing};
pub(crate) use recorded::{RecordedAccountRows, RecordedBilling};
