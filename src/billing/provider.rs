//! Defines a billing provider: everything in which its API differs from those of others, as data.

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    KeyError, ProviderRefusal, RateLimit,
    answer::ProviderResponse,
    keys::{KeyFormat, ModeHosts, check_mode},
};
use crate::contract::Mode;

/// A billing provider, regardless of which of its objects are the source.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Display name.
    pub(crate) name: &'static str,
    pub(crate) hosts: Hosts,
    /// Environment variable with a base URL that overrides the provider's own.
    pub(crate) base_variable: &'static str,
    /// Header that pins the API version. Without it the account's default applies, which may answer in another form.
    pub(crate) version_header: (&'static str, &'static str),
    /// Header with the request id, which support can look up.
    pub(crate) request_id_header: &'static str,
    pub(crate) keys: KeyFormat,
    /// Page with the form that creates a key, to which `&permissions[]=` can be added, if the provider has one.
    pub(crate) key_form: Option<&'static str>,
    /// Documented limits for keys of each mode. A key without a known mode gets those of test mode.
    pub(crate) live_limit: RateLimit,
    pub(crate) test_limit: RateLimit,
    /// Usual prefixes of the ids of customers and of subscriptions.
    pub(crate) customer_ids: &'static str,
    pub(crate) subscription_ids: &'static str,
    /// Permission that a key needs to read customers.
    pub(crate) customer_permission: &'static str,
    /// Parses a response that is not a success.
    pub(crate) refusal: fn(&ProviderResponse<'_>) -> ProviderRefusal,
}

/// The hosts of a provider's API.
#[derive(Debug)]
pub(crate) enum Hosts {
    /// One host for both modes: the key alone determines the mode.
    One(&'static str),
    PerMode(ModeHosts),
}

impl Provider {
    /// Returns the mode that the key shows.
    pub(crate) fn key_mode(&self, key: &SecretString) -> Option<Mode> {
        self.keys.mode(key.expose_secret())
    }

    /// Returns the base URL. With a host for each mode it is that of the chosen one, else that of the key or the
    /// contract, else that of test mode.
    pub(crate) fn base(&self, chosen: Option<Mode>, implied: Option<Mode>) -> &'static str {
        match &self.hosts {
            Hosts::One(base) => base,
            Hosts::PerMode(hosts) => hosts.host(chosen.or(implied).unwrap_or(Mode::Test)).base,
        }
    }

    pub(crate) fn limit(&self, mode: Option<Mode>) -> RateLimit {
        match mode {
            Some(Mode::Live) => self.live_limit,
            Some(Mode::Test) | None => self.test_limit,
        }
    }

    /// Rejects values that cannot be a key of the provider, and keys of the wrong mode. Keys that do not show their mode
    /// are left to the provider. `page` creates a key.
    pub(crate) fn check_key(
        &'static self,
        key: &SecretString,
        mode: Option<Mode>,
        chosen_host: Option<Mode>,
        page: Option<&'static str>,
    ) -> Result<(), KeyError> {
        self.keys.check(self.name, key, page)?;
        let found = self.key_mode(key);
        match &self.hosts {
            Hosts::One(_) => check_mode(self.name, mode, found),
            Hosts::PerMode(hosts) => {
                let chosen = chosen_host.or(found).or(mode).unwrap_or(Mode::Test);
                hosts.check(self.name, chosen, mode, found)
            }
        }
    }
}
