//! Recognizes what a value is: an id of a provider, or the status of a subscription.

/// The kind of a value that is recognized without its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ValueKind {
    Customer,
    Subscription,
    Price,
    Product,
    Status,
}

/// Words that applications store for statuses in which a subscription gives access.
const GRANTING: [&str; 4] = ["active", "trialing", "on_trial", "trial"];

/// The other statuses.
const ENDED: [&str; 12] = [
    "past_due",
    "canceled",
    "cancelled",
    "unpaid",
    "incomplete",
    "incomplete_expired",
    "paused",
    "expired",
    "deleted",
    "inactive",
    "ended",
    "none",
];

/// Returns the kind of a value; `None` if it could be anything.
pub(super) fn kind_of(text: &str) -> Option<ValueKind> {
    let has = |beginning: &str| {
        text.strip_prefix(beginning).is_some_and(|rest| {
            let is_id =
                |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
            !rest.is_empty() && rest.len() < 250 && rest.chars().all(is_id)
        })
    };
    if has("cus_") || has("ctm_") {
        Some(ValueKind::Customer)
    } else if has("sub_") {
        Some(ValueKind::Subscription)
    } else if has("price_") || has("pri_") {
        Some(ValueKind::Price)
    } else if has("prod_") || has("pro_0") {
        Some(ValueKind::Product)
    } else if grants(text) || is_in(&ENDED, text) {
        Some(ValueKind::Status)
    } else {
        None
    }
}

/// Returns true for a status in which a subscription gives access.
pub(super) fn grants(text: &str) -> bool {
    is_in(&GRANTING, text)
}

fn is_in(words: &[&str], text: &str) -> bool {
    text.len() < 40 && words.contains(&text.to_lowercase().replace([' ', '-'], "_").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_statuses_are_recognized() {
        for (text, kind) in [
            ("cus_9s6XKzkNRiz8i3", Some(ValueKind::Customer)),
            ("ctm_01h844p3h41s12zs5mn4axja51", Some(ValueKind::Customer)),
            ("sub_1", Some(ValueKind::Subscription)),
            ("price_1M", Some(ValueKind::Price)),
            ("prod_a", Some(ValueKind::Product)),
            ("PAST_DUE", Some(ValueKind::Status)),
            ("past due", Some(ValueKind::Status)),
            ("cus_", None),
            ("cus_1 and more", None),
            ("pro_monthly", None),
            ("hello", None),
        ] {
            assert_eq!(kind_of(text), kind, "{text}");
        }
    }
}
