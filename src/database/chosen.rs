//! Some of the accounts: those with these ids, and those that are linked to one of these.

use crate::contract::{AccountId, Field, MatchOn};

use super::statement::Statement;

/// Which accounts a reading is about. An account that fits either list is one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    pub accounts: Vec<AccountId>,
    /// What accounts store to be linked: customer ids, or subscription ids where the configuration matches on those.
    pub links: Vec<String>,
}

impl Chosen {
    /// Adds the condition; `tests_of` gives the tests of which one has to hold for a field, each as what stands before
    /// and behind the list of values. A field that is not read has none.
    pub(super) fn push_condition(
        &self,
        statement: &mut Statement,
        match_on: MatchOn,
        tests_of: impl Fn(Field) -> Vec<(String, &'static str)>,
    ) {
        // Postgres takes no text with a zero byte, and so has none.
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
