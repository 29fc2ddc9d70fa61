//! Shows a few accounts as a check reads them, without their ids.

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

/// Keeps the beginning of an id, which says what it is, and its length.
fn redacted(id: &str) -> String {
    let kept = match id.split_once('_') {
        Some((prefix, _)) if prefix.len() <= 5 => format!("{prefix}_"),
        _ => String::new(),
    };
    format!("{kept}… ({} characters)", id.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_only_its_kind() {
        assert_eq!(redacted("cus_9s6XKz"), "cus_… (10 characters)");
        assert_eq!(redacted("17"), "… (2 characters)");
        assert_eq!(redacted("dana_at_example"), "dana_… (15 characters)");
    }
}
