//! A selection of accounts: those with these ids, and those with one of these links.

use crate::contract::{AccountId, Field, MatchOn};

use super::statement::Statement;

/// The accounts to read. An account that matches either list is included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    pub accounts: Vec<AccountId>,
    /// Stored links: customer ids, or subscription ids if the configuration matches on those.
    pub links: Vec<String>,
}

impl Chosen {
    /// Adds the condition. `tests_of` returns the alternative tests of a field, each as the SQL before and after the
    /// list of values; a field that is not read has none.
    pub(super) fn push_condition(
        &self,
        statement: &mut Statement,
        match_on: MatchOn,
        tests_of: impl Fn(Field) -> Vec<(String, &'static str)>,
    ) {
        // Postgres stores no text with a zero byte.
        let storable = |text: &&str| !text.contains('\0');
        let accounts = self.accounts.iter().map(AccountId::as_str);
        let links = self.links.iter().map(String::as_str);
        let ids: Vec<_> = accounts.filter(storable).map(str::to_owned).collect();
        let links: Vec<_> = links.filter(storable).map(str::to_owned).collect();
        statement.push(" where false");
        for (field, values) in [(Field::Id, &ids), (match_on.link(), &links)] {
            if values.is_empty() {
                continue;
            }
            for (before, after) in tests_of(field) {
                statement
                    .push(" or ")
                    .push(&before)
                    .push_texts(values)
                    .push(after);
            }
        }
    }
}
