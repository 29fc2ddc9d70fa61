//! Recognizes what a value is: an id of a provider, or the status of a subscription.

/// The kind of a value that is recognized without context.
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

/// Words for statuses without access.
const NOT_GRANTING: [&str; 12] = [
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

const MAX_ID_LENGTH: usize = 250;

const MAX_STATUS_LENGTH: usize = 40;

/// Returns the kind of a value; `None` if it could be anything.
pub(super) fn kind_of(text: &str) -> Option<ValueKind> {
    let is_id = |prefix: &str| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            let is_allowed = |character: char| {
                character.is_ascii_alphanumeric() || character == '_' || character == '-'
            };
            !rest.is_empty() && rest.len() <= MAX_ID_LENGTH && rest.chars().all(is_allowed)
        })
    };
    if is_id("cus_") || is_id("ctm_") {
        Some(ValueKind::Customer)
    } else if is_id("sub_") {
        Some(ValueKind::Subscription)
    } else if is_id("price_") || is_id("pri_") {
        Some(ValueKind::Price)
    // Paddle ids continue with a ULID (`01…`); `pro_` alone would match `pro_monthly`.
    } else if is_id("prod_") || is_id("pro_0") {
        Some(ValueKind::Product)
    } else if grants(text) || matches_any(&NOT_GRANTING, text) {
        Some(ValueKind::Status)
    } else {
        None
    }
}

/// Returns true for a status in which a subscription gives access.
pub(super) fn grants(text: &str) -> bool {
    matches_any(&GRANTING, text)
}

/// Ignores case; spaces and hyphens count as underscores.
fn matches_any(words: &[&str], text: &str) -> bool {
    text.len() <= MAX_STATUS_LENGTH
        && words.contains(&text.to_lowercase().replace([' ', '-'], "_").as_str())
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
