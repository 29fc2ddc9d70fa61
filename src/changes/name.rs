//! A name that lines of code may mention, and a check that it is distinctive enough to be searched for alone.

/// Kind of thing that a name refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    Column,
    Table,
    Plan,
    /// A price, or a feature if entitlements decide.
    Price,
    Event,
}

/// A name of the contract, or of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub(super) kind: NameKind,
    pub(super) text: String,
    /// Letters and digits of the text, in lower case.
    pub(super) normalized: String,
}

/// Maximum number of characters. Longer names are assumed to be generated.
const MAX_CHARACTERS: usize = 100;

/// Names of two words that occur in most code bases.
const COMMON: &[&str] = &[
    "accountid",
    "createdat",
    "customerid",
    "deletedat",
    "displayname",
    "enddate",
    "endsat",
    "expiresat",
    "externalid",
    "firstname",
    "fullname",
    "isactive",
    "isadmin",
    "isenabled",
    "ispaid",
    "lastname",
    "memberid",
    "orderid",
    "orgid",
    "organizationid",
    "ownerid",
    "periodend",
    "planid",
    "planname",
    "priceid",
    "productid",
    "startdate",
    "subscriptionid",
    "teamid",
    "tenantid",
    "updatedat",
    "useraccounts",
    "userid",
    "username",
    "workspaceid",
];

impl Name {
    /// Creates the name, or returns `None` if the text cannot be one in code: too short, too long, or with control characters.
    pub fn new(kind: NameKind, text: &str) -> Option<Self> {
        let text = text.trim();
        let normalized = normalized(text);
        let is_name = normalized.chars().count() >= 2
            && text.chars().count() <= MAX_CHARACTERS
            && !text.chars().any(char::is_control);
        is_name.then(|| Self {
            kind,
            text: text.to_owned(),
            normalized,
        })
    }

    /// Returns true if a mention of the name alone is significant. `plan`, `users` and `pro` occur in any code.
    pub(super) fn is_distinctive(&self) -> bool {
        let is_of_several_words =
            || words(&self.text).len() >= 2 && !self.text.contains(char::is_whitespace);
        match self.kind {
            NameKind::Event => true,
            NameKind::Price => {
                let has_digit = self.text.chars().any(|c| c.is_ascii_digit());
                (has_digit && self.normalized.len() >= 8) || is_of_several_words()
            }
            NameKind::Column | NameKind::Table | NameKind::Plan => {
                is_of_several_words() && !COMMON.contains(&self.normalized.as_str())
            }
        }
    }
}

/// Returns the letters and digits of a text in lower case: the part that is the same in every spelling of a name.
pub(super) fn normalized(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Splits `has_paid_access`, `hasPaidAccess` or `has-paid-access` into words, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for character in text.chars() {
        if character.is_alphanumeric() {
            let begins = match before {
                Some(before) => {
                    !before.is_alphanumeric() || (before.is_lowercase() && character.is_uppercase())
                }
                None => true,
            };
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        before = Some(character);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_distinctive_names_match_by_themselves() {
        for (kind, text, is_distinctive) in [
            (NameKind::Column, "has_paid_access", true),
            (NameKind::Column, "hasPaidAccess", true),
            (NameKind::Column, "cancel_at_period_end", true),
            (NameKind::Column, "plan", false),
            (NameKind::Column, "status", false),
            (NameKind::Column, "userId", false),
            (NameKind::Table, "users", false),
            (NameKind::Table, "workspace_billing", true),
            (NameKind::Plan, "pro", false),
            (NameKind::Plan, "enterprise", false),
            (NameKind::Plan, "Pro plan", false),
            (NameKind::Plan, "pro-monthly", true),
            (NameKind::Price, "price_1ProMonthly", true),
            (NameKind::Price, "advanced-reports", true),
            (NameKind::Price, "exports", false),
            (NameKind::Event, "invoice.paid", true),
        ] {
            let name = Name::new(kind, text).unwrap();
            assert_eq!(name.is_distinctive(), is_distinctive, "{text}");
        }
    }

    #[test]
    fn text_that_cannot_be_in_a_line_of_code_is_not_a_name() {
        for text in ["", " ", "x", "-", "a\nb", "\u{1b}[31m", &"x".repeat(101)] {
            assert_eq!(Name::new(NameKind::Plan, text), None, "{text:?}");
        }
    }

    #[test]
    fn spellings_have_the_same_words() {
        for text in [
            "has_paid_access",
            "hasPaidAccess",
            "HAS_PAID_ACCESS",
            "has-paid-access",
        ] {
            assert_eq!(words(text), ["has", "paid", "access"], "{text}");
        }
    }
}
