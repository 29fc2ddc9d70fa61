//! A selection of accounts by ids, links, stored subscriptions or e-mail addresses.

use crate::contract::{AccountId, Field, MatchOn};

use super::statement::Statement;

/// The accounts to read. An account that matches any of the lists is included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountSelection {
    pub accounts: Vec<AccountId>,
    /// Stored links: customer ids, or subscription ids if the configuration matches on those.
    pub links: Vec<String>,
    /// Stored subscription ids, however accounts are matched.
    pub subscriptions: Vec<String>,
    /// E-mail addresses in any case, if the accounts have a column for them.
    pub emails: Vec<String>,
}

impl AccountSelection {
    /// Adds the condition. `tests_of` returns the alternative tests of a field, each as the SQL before and after the
    /// list of values; a field that is not read has none. `email` is the SQL of the column with the address.
    pub(super) fn push_condition(
        &self,
        statement: &mut Statement,
        match_on: MatchOn,
        tests_of: impl Fn(Field) -> Vec<(String, &'static str)>,
        email: Option<String>,
    ) {
        let accounts = self.accounts.iter().map(AccountId::as_str);
        let links = self.links.iter().map(String::as_str);
        let subscriptions = self.subscriptions.iter().map(String::as_str);
        statement.push(" where false");
        for (field, values) in [
            (Field::Id, storable(accounts)),
            (match_on.link(), storable(links)),
            (Field::SubscriptionId, storable(subscriptions)),
        ] {
            if values.is_empty() {
                continue;
            }
            for (before, after) in tests_of(field) {
                statement
                    .push(" or ")
                    .push(&before)
                    .push_texts(&values)
                    .push(after);
            }
        }
        let emails = storable(self.emails.iter().map(String::as_str));
        if !emails.is_empty()
            && let Some(email) = email
        {
            statement
                .push(&format!(
                    " or lower({email}::text) in (select lower(one) from unnest("
                ))
                .push_texts(&emails)
                .push(") as one)");
        }
    }
}

/// Returns the texts that Postgres can store: those without a zero byte.
fn storable<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    texts
        .filter(|text| !text.contains('\0'))
        .map(str::to_owned)
        .collect()
}
