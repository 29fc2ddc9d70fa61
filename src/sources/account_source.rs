//! The accounts side of a contract, live or recorded.

use super::billing_source::SourceFuture;
use crate::{
    contract::AccountId,
    database::{AccountSelection, DatabaseFacts, StoredRequest, StoredRows},
};

/// Facts from the application's database.
pub(crate) trait AccountSource {
    /// Returns true if the facts may change between two reads.
    fn is_live(&self) -> bool;

    /// Reads every account.
    fn all(&self) -> SourceFuture<'_, DatabaseFacts>;

    /// Reads the accounts with these ids. May return other accounts too.
    fn by_id<'a>(&'a self, ids: &'a [AccountId]) -> SourceFuture<'a, DatabaseFacts>;

    /// Reads the chosen accounts. May return other accounts too.
    fn chosen<'a>(&'a self, chosen: &'a AccountSelection) -> SourceFuture<'a, DatabaseFacts>;

    /// Returns the accounts with this e-mail address in any case. There are none if the accounts have no such column.
    fn with_email<'a>(&'a self, email: &'a str) -> SourceFuture<'a, Vec<AccountId>>;

    /// Reads the rows with these ids from the accounts' own table. Returns `None` if there is no table.
    fn stored<'a>(&'a self, request: &'a StoredRequest<'a>)
    -> SourceFuture<'a, Option<StoredRows>>;
}
