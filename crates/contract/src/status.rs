//! Subscription statuses, parsed without case, and their meaning for access.

use std::{collections::BTreeSet, fmt};

/// The status of a subscription. Providers add words over time, so any word is representable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Active,
    Trialing,
    PastDue,
    Unpaid,
    Canceled,
    Incomplete,
    IncompleteExpired,
    Paused,
    /// A word that this version does not know, in lower case.
    Other(Box<str>),
}

impl Status {
    /// Every word that Stripe or Paddle documents.
    pub const KNOWN: [Self; 8] = [
        Self::Active,
        Self::Trialing,
        Self::PastDue,
        Self::Unpaid,
        Self::Canceled,
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Paused,
    ];

    /// Parses a status word: case and surrounding space do not matter, `cancelled` is `canceled`.
    pub fn parse(word: &str) -> Self {
        let word = word.trim().to_lowercase();
        if word == "cancelled" {
            return Self::Canceled;
        }
        Self::KNOWN
            .into_iter()
            .find(|status| status.as_str() == word)
            .unwrap_or_else(|| Self::Other(word.into()))
    }

    /// Returns the word as the provider documents it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Paused => "paused",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Statuses that give access and statuses that do not. A status in neither list is not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses {
    /// Statuses in the order of the file, in which messages list them.
    pub grant: Vec<Status>,
    pub deny: BTreeSet<Status>,
}

impl Default for Statuses {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Statuses {
    /// Combines the lists of a contract; either may be left out. Without `deny`, every documented word that is not
    /// granted is denied; without `grant`, the default is to grant those that are not denied.
    pub fn new(grant: Option<Vec<Status>>, deny: Option<Vec<Status>>) -> Self {
        let deny: Option<BTreeSet<_>> = deny.map(|words| words.into_iter().collect());
        let grant = grant.unwrap_or_else(|| {
            [Status::Active, Status::Trialing]
                .into_iter()
                .filter(|status| !deny.as_ref().is_some_and(|deny| deny.contains(status)))
                .collect()
        });
        let deny = deny.unwrap_or_else(|| {
            Status::KNOWN
                .into_iter()
                .filter(|status| !grant.contains(status))
                .collect()
        });
        Self { grant, deny }
    }

    /// Returns the granting words as messages name them: `active/trialing`.
    pub fn granting_words(&self) -> String {
        let words: Vec<_> = self.grant.iter().map(Status::as_str).collect();
        words.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_space_and_the_british_spelling_do_not_matter() {
        assert_eq!(Status::parse(" ACTIVE "), Status::Active);
        assert_eq!(Status::parse("Cancelled"), Status::Canceled);
        assert_eq!(Status::parse("Halted"), Status::Other("halted".into()));
    }

    #[test]
    fn default_status_lists_do_not_overlap() {
        let grants_past_due = Statuses::new(
            Some(vec![Status::Active, Status::Trialing, Status::PastDue]),
            None,
        );
        assert!(!grants_past_due.deny.contains(&Status::PastDue));
        assert_eq!(grants_past_due.deny.len(), 5);

        let denies_trials = Statuses::new(None, Some(vec![Status::Trialing]));
        assert_eq!(denies_trials.grant, [Status::Active]);
        assert_eq!(denies_trials.deny.len(), 1);
    }
}
