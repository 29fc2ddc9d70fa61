//! Shows a few accounts as a check reads them, with shortened ids.

use crate::contract::Account;

/// Returns a line for each account.
pub(super) fn lines(accounts: &[Account]) -> Vec<String> {
    let line = |account: &Account| {
        let customer = account.customer.as_ref().map(|id| redacted(id.as_str()));
        let access = if account.paid { "access" } else { "no access" };
        let plan = account
            .plan
            .as_ref()
            .map(|plan| format!(", plan `{}`", &**plan));
        format!(
            "  account {}: {}, {access}{}",
            redacted(account.id.as_str()),
            customer.map_or_else(|| "no customer".to_owned(), |id| format!("customer {id}")),
            plan.unwrap_or_default(),
        )
    };
    accounts.iter().map(line).collect()
}

/// Prefixes that say what an id is. Any other may be a part of somebody's name.
const PREFIXES: [&str; 7] = ["cus_", "ctm_", "sub_", "usr_", "user_", "org_", "team_"];

/// Keeps the prefix of an id, and its length.
fn redacted(id: &str) -> String {
    let prefix = PREFIXES.iter().find(|prefix| id.starts_with(**prefix));
    let prefix = prefix.copied().unwrap_or_default();
    format!("{prefix}… ({} characters)", id.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_only_a_usual_prefix() {
        assert_eq!(redacted("cus_9s6XKz"), "cus_… (10 characters)");
        assert_eq!(redacted("17"), "… (2 characters)");
        assert_eq!(redacted("dana_at_example"), "… (15 characters)");
    }
}
