//! Codes of the errors with which the program ends. `docs/troubleshooting.md` has a section for each.

use std::fmt;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])* $variant:ident => $word:literal,)+) => {
        /// Code of an error, by what a person has to do about it. Scripts may rely on it; the texts may change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* $variant,)+
        }

        impl ErrorCode {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

error_codes! {
    TooLarge => "too-large",
    Empty => "empty",
    Syntax => "syntax",
    /// Valid YAML that is not accepted: anchors, aliases, merge keys, tags, several documents, deep nesting.
    Refused => "refused",
    UnknownKey => "unknown-key",
    DuplicateKey => "duplicate-key",
    MissingKey => "missing-key",
    WrongType => "wrong-type",
    InvalidValue => "invalid-value",
    Placeholder => "placeholder",
    Conflict => "conflict",
    /// A secret in place of the name of an environment variable.
    SecretValue => "secret-value",
    /// The configuration, the baseline or a report is missing, or is not a text file.
    FileUnreadable => "file-unreadable",
    /// An option, an input of the action or an environment variable has a value that cannot be used.
    InvalidSetting => "invalid-setting",
    /// Neither the database nor the provider knows the account that is to be explained.
    UnknownAccount => "unknown-account",
    /// A file that would be overwritten.
    FileExists => "file-exists",
    OutputUnwritable => "output-unwritable",
    /// A report of an earlier step cannot be read, or does not fit the configuration.
    ReportUnusable => "report-unusable",
    CredentialsMissing => "credentials-missing",
    KeyMalformed => "key-malformed",
    KeyRejected => "key-rejected",
    KeyPermission => "key-permission",
    /// Live and test mode are mixed.
    ModeMismatch => "mode-mismatch",
    ProviderUnreachable => "provider-unreachable",
    ProviderTimeout => "provider-timeout",
    ProviderRateLimit => "provider-rate-limit",
    /// The provider, or something in its place, answered in a way from which no facts follow.
    ProviderResponse => "provider-response",
    RequestBudget => "request-budget",
    DatabaseUrl => "database-url",
    DatabaseUnreachable => "database-unreachable",
    DatabaseTls => "database-tls",
    DatabaseLogin => "database-login",
    DatabasePermission => "database-permission",
    RowLevelSecurity => "row-level-security",
    /// A mapped table or column does not exist.
    DatabaseMapping => "database-mapping",
    DatabaseSql => "database-sql",
    DatabaseTimeout => "database-timeout",
    /// The database is a replica that is too far behind its primary.
    DatabaseReplica => "database-replica",
    /// The reading was interrupted and can be repeated.
    DatabaseInterrupted => "database-interrupted",
    /// A row that cannot be an account.
    InvalidRow => "invalid-row",
    NoAccounts => "no-accounts",
    NoCustomerKnown => "no-customer-known",
    /// All values of a column contradict what it is mapped as.
    WrongColumn => "wrong-column",
    SubscriptionIncomplete => "subscription-incomplete",
    /// Recorded data is missing or invalid.
    FixturesUnusable => "fixtures-unusable",
    /// The database of a rehearsal might not be a scratch database.
    ScratchRefused => "scratch-refused",
    ScratchFailed => "scratch-failed",
    ApplicationFailed => "application-failed",
    HandlerUnreachable => "handler-unreachable",
    ScenarioUnplayable => "scenario-unplayable",
    FakeProvider => "fake-provider",
    /// The action does not do this with code that nobody has reviewed.
    ActionRestriction => "action-restriction",
    /// `init` found no contract to propose.
    NoProposal => "no-proposal",
    /// The machine lacks something that every program needs.
    System => "system",
    /// A bug of this program.
    Internal => "internal",
    Interrupted => "interrupted",
}

impl ErrorCode {
    pub fn parse(word: &str) -> Option<Self> {
        let mut codes = Self::ALL.iter().copied();
        codes.find(|code| code.as_str() == word)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_from_its_word() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
        }
    }
}
