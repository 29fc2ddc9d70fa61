//! Checks a key before any request: its form, its mode, and if it can do more than read.

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    contract::Mode,
    problem::{Coded, ErrorCode, Explain, Warning},
};

/// The form of a provider's API keys.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyFormat {
    /// Prefixes of API keys.
    pub(crate) prefixes: &'static [&'static str],
    /// Kinds of keys by their prefixes.
    pub(crate) kinds: &'static [(&'static str, &'static str)],
    /// Length of keys that consist of hexadecimal digits, if the provider has some.
    pub(crate) hexadecimal: Option<usize>,
    /// Explanation of why a value does not have the form.
    pub(crate) mismatch: &'static str,
    /// Prefixes of other values of the provider that are easily mistaken for an API key, with their kind.
    pub(crate) lookalikes: &'static [(&'static str, &'static str)],
    /// Prefixes of live-mode keys and of test-mode keys. Other keys do not show their mode.
    pub(crate) live: &'static [&'static str],
    pub(crate) test: &'static [&'static str],
    /// Prefix of keys that can do everything, if the provider has narrower ones.
    pub(crate) unrestricted: Option<&'static str>,
    /// Advice on creating a key.
    pub(crate) creation: &'static str,
}

/// Separate hosts for each mode, chosen by an environment variable. Each has its own keys.
#[derive(Debug, PartialEq, Eq)]
pub struct ModeHosts {
    pub(crate) variable: &'static str,
    pub(crate) test: ModeHost,
    pub(crate) live: ModeHost,
}

/// The host for the objects of one mode.
#[derive(Debug, PartialEq, Eq)]
pub struct ModeHost {
    /// Name in the provider's terms.
    pub(crate) name: &'static str,
    pub(crate) base: &'static str,
}

/// The reason why a key is rejected before it is sent. The text reveals only the kind of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the {provider} key is empty")]
    Empty { provider: &'static str },
    #[error("the {provider} key contains spaces, line breaks or other characters that no key has")]
    Characters { provider: &'static str },
    #[error("the {provider} key has quotes around it")]
    Quotes { provider: &'static str },
    #[error("the {provider} key does not look like one: {}", .format.mismatch)]
    Form {
        provider: &'static str,
        format: &'static KeyFormat,
        page: Option<&'static str>,
    },
    #[error("the {provider} key is {kind}, but an API key was expected")]
    Kind {
        provider: &'static str,
        kind: &'static str,
        format: &'static KeyFormat,
        page: Option<&'static str>,
    },
    #[error("the contract says `mode: {}`, but the {provider} key is a {} key", .expected.as_str(), .found.as_str())]
    Mode {
        provider: &'static str,
        expected: Mode,
        found: Mode,
    },
    #[error("the contract says `mode: {}`, but {provider}'s environment is `{}`", .mode.as_str(), .hosts.host(*.chosen).name)]
    HostMode {
        provider: &'static str,
        mode: Mode,
        chosen: Mode,
        hosts: &'static ModeHosts,
    },
    #[error("the {provider} key is a {} key, but {provider}'s environment is `{}`", .found.as_str(), .hosts.host(*.chosen).name)]
    Host {
        provider: &'static str,
        found: Mode,
        chosen: Mode,
        hosts: &'static ModeHosts,
    },
}

impl Coded for KeyError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Empty { .. }
            | Self::Characters { .. }
            | Self::Quotes { .. }
            | Self::Form { .. }
            | Self::Kind { .. } => ErrorCode::KeyMalformed,
            Self::Mode { .. } | Self::HostMode { .. } | Self::Host { .. } => {
                ErrorCode::ModeMismatch
            }
        }
    }
}

impl Explain for KeyError {
    fn hint(&self) -> String {
        match self {
            Self::Empty { .. } => "set the secret, and pass it to the step with `env:`".to_owned(),
            Self::Characters { .. } => "store the key again, alone and without quotes".to_owned(),
            Self::Quotes { .. } => {
                "store the key again without quotes; nothing was sent".to_owned()
            }
            Self::Kind { format, page, .. } | Self::Form { format, page, .. } => {
                format.advice(*page)
            }
            Self::Mode { .. } => {
                "use a key of the mode that the contract names, or change `mode:`".to_owned()
            }
            Self::HostMode { hosts, .. } | Self::Host { hosts, .. } => format!(
                "set `{}` to `{}` or `{}`, to match the key and `mode:`",
                hosts.variable, hosts.test.name, hosts.live.name
            ),
        }
    }
}

impl KeyFormat {
    /// Returns the mode that the key shows.
    pub(crate) fn mode(&self, key: &str) -> Option<Mode> {
        if starts_with_any(key, self.live) {
            Some(Mode::Live)
        } else if starts_with_any(key, self.test) {
            Some(Mode::Test)
        } else {
            None
        }
    }

    /// Rejects values that cannot be a key of the provider, so that no other secret is ever sent to it. `page` creates a
    /// key.
    pub(crate) fn check(
        &'static self,
        provider: &'static str,
        key: &SecretString,
        page: Option<&'static str>,
    ) -> Result<(), KeyError> {
        let key = key.expose_secret();
        if key.is_empty() {
            return Err(KeyError::Empty { provider });
        }
        let is_quote = |character| "\"'`“”‘’".contains(character);
        if key.starts_with(is_quote) || key.ends_with(is_quote) {
            return Err(KeyError::Quotes { provider });
        }
        if !key.chars().all(|character| character.is_ascii_graphic()) {
            return Err(KeyError::Characters { provider });
        }
        if let Some(kind) = self.lookalike(key) {
            return Err(KeyError::Kind {
                provider,
                kind,
                format: self,
                page,
            });
        }
        if self.matches(key) {
            return Ok(());
        }
        Err(KeyError::Form {
            provider,
            format: self,
            page,
        })
    }

    fn matches(&self, key: &str) -> bool {
        let is_digits = || key.chars().all(|character| character.is_ascii_hexdigit());
        let is_hexadecimal = self.hexadecimal == Some(key.len()) && is_digits();
        starts_with_any(key, self.prefixes) || is_hexadecimal
    }

    /// Returns the kind of value if it is not an API key of the provider.
    fn lookalike(&self, key: &str) -> Option<&'static str> {
        const ANYBODYS: [(&str, &str); 11] = [
            ("ghs_", "a GitHub token"),
            ("ghp_", "a GitHub token"),
            ("gho_", "a GitHub token"),
            ("ghu_", "a GitHub token"),
            ("ghr_", "a GitHub token"),
            ("github_pat_", "a GitHub token"),
            ("http://", "a URL"),
            ("https://", "a URL"),
            ("postgres://", "a database URL"),
            ("postgresql://", "a database URL"),
            ("mysql://", "a database URL"),
        ];
        self.lookalikes
            .iter()
            .chain(&ANYBODYS)
            .find(|(prefix, _)| key.starts_with(prefix))
            .map(|(_, kind)| *kind)
    }

    /// Returns the kind of a key that has the form.
    pub(crate) fn kind(&self, key: &str) -> &'static str {
        let mut kinds = self.kinds.iter();
        let found = kinds.find(|(prefix, _)| key.starts_with(prefix));
        found.map_or("an API key", |(_, kind)| *kind)
    }

    /// Returns the advice for creating a key, with the page that does if there is one.
    pub(crate) fn advice(&self, page: Option<&str>) -> String {
        match page {
            Some(page) => format!("{}: {page}", self.creation),
            None => self.creation.to_owned(),
        }
    }

    /// Returns a warning if the key can do more than the necessary reads, with the page that creates a narrower one.
    pub(crate) fn excess(&self, provider: &str, key: &SecretString, page: &str) -> Option<Warning> {
        let prefix = self.unrestricted?;
        let is_unrestricted = key.expose_secret().trim().starts_with(prefix);
        is_unrestricted.then(|| {
            Warning::new(format!(
                "the {provider} key is not restricted: anyone who obtains it can move money"
            ))
            .hint(format!(
                "create a key that can only read what this check needs: {page}"
            ))
        })
    }
}

impl ModeHosts {
    pub(crate) fn host(&self, mode: Mode) -> &ModeHost {
        match mode {
            Mode::Test => &self.test,
            Mode::Live => &self.live,
        }
    }

    /// Parses the value of the variable, ignoring case. Also accepts the words for a mode.
    pub(crate) fn parse(&self, word: &str) -> Option<Mode> {
        let word = word.trim().to_lowercase();
        [Mode::Test, Mode::Live]
            .into_iter()
            .find(|mode| word == mode.as_str() || word == self.host(*mode).name)
    }

    /// Checks that the chosen host fits the mode of the contract and that of the key.
    pub(crate) fn check(
        &'static self,
        provider: &'static str,
        chosen: Mode,
        mode: Option<Mode>,
        found: Option<Mode>,
    ) -> Result<(), KeyError> {
        if let Some(found) = found.filter(|found| *found != chosen) {
            return Err(KeyError::Host {
                provider,
                found,
                chosen,
                hosts: self,
            });
        }
        if let Some(mode) = mode.filter(|mode| *mode != chosen) {
            return Err(KeyError::HostMode {
                provider,
                mode,
                chosen,
                hosts: self,
            });
        }
        Ok(())
    }
}

/// Checks that the key has the mode that the contract expects, as far as both are known.
pub(crate) fn check_mode(
    provider: &'static str,
    expected: Option<Mode>,
    found: Option<Mode>,
) -> Result<(), KeyError> {
    match expected.zip(found) {
        Some((expected, found)) if expected != found => Err(KeyError::Mode {
            provider,
            expected,
            found,
        }),
        Some(_) | None => Ok(()),
    }
}

fn starts_with_any(key: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| key.starts_with(prefix))
}
