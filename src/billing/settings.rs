//! Settings of a reader besides source and key.

use std::num::NonZeroU32;

use super::{RetryPolicy, SourceDefinition, provider::Hosts};
use crate::{
    contract::{Mode, UnixSeconds},
    problem::{ErrorCode, Problem},
};

/// Settings of a reader besides source and key.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Base URL that overrides the provider's own.
    pub base: Option<String>,
    /// Mode of the host, for a provider with separate hosts. `None` means: according to the key or the contract's mode,
    /// else test.
    pub host: Option<Mode>,
    /// The mode required by the contract.
    pub mode: Option<Mode>,
    pub retry_policy: RetryPolicy,
    /// Requests per second, overriding the documented rate of a provider that counts them by the second.
    pub requests_per_second: Option<NonZeroU32>,
    /// Requests per minute, overriding the documented rate of a provider that counts them by the minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Maximum number of requests.
    pub max_requests: Option<u64>,
    /// True if events will be read.
    pub evidence: bool,
    /// True if the contract has a grace that starts at the due date of the latest invoice of a `past_due` subscription.
    pub invoices: bool,
    /// True if the contract has a rule about refunds.
    pub refunds: bool,
    /// Time of the read. Without it, nothing is derived from what happened in the last days.
    pub now: Option<UnixSeconds>,
}

impl Settings {
    /// Reads the environment variables that choose the provider's host.
    pub fn from_variables<'e>(
        source: &SourceDefinition,
        variable: impl Fn(&str) -> Option<&'e str>,
    ) -> Result<Self, Problem> {
        let provider = source.provider;
        let host = match &provider.hosts {
            Hosts::One(_) => None,
            Hosts::PerMode(hosts) => match variable(hosts.variable) {
                None => None,
                Some(word) => Some(hosts.parse(word).ok_or_else(|| {
                    Problem::new(ErrorCode::InvalidSetting, format!(
                        "the environment variable `{}` is neither `{}` nor `{}`",
                        hosts.variable, hosts.test.name, hosts.live.name
                    ))
                    .hint(format!(
                        "set one of the two, or leave it out: a key that begins with `{}` names its environment",
                        provider.keys.prefixes.join("` or `")
                    ))
                })?),
            },
        };
        Ok(Self {
            base: variable(provider.base_variable).map(str::to_owned),
            host,
            ..Self::default()
        })
    }
}
