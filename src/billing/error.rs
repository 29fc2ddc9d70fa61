//! Reasons why a provider could not be read, and how to fix them.

use std::time::Duration;

use super::{DecodeError, KeyError, ProviderRefusal, RefusalMeaning};
use crate::{
    http::BaseUrlError,
    problem::{Coded, ErrorCode, Explain},
};

/// A page of 100 subscriptions with 20 items each is under 7 MiB; anything larger than this is not a page.
pub(crate) const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// The reason why a read failed. There are no partial results.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the base URL of {provider} cannot be used")]
    BaseUrl {
        provider: &'static str,
        #[source]
        error: BaseUrlError,
    },
    #[error("the base URL of {0} has a user name, a query or a fragment")]
    BaseUrlParts(&'static str),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("`{request}` failed{}", times(*.tries))]
    Request {
        request: String,
        tries: u32,
        #[source]
        error: Box<RequestError>,
    },
    #[error("reading {provider} took longer than {seconds} s; the last request was `{request}`")]
    Deadline {
        provider: &'static str,
        seconds: u64,
        request: String,
        #[source]
        last: Box<RequestError>,
    },
    #[error("{provider} sent an object that cannot be read")]
    Object {
        provider: &'static str,
        #[source]
        error: Box<DecodeError>,
    },
    #[error("the listing `{listing}` makes no progress: {stuck}")]
    NoProgress {
        listing: &'static str,
        stuck: &'static str,
    },
    #[error("the listing `{listing}` ended after {read} objects but announced {total}")]
    CutShort {
        listing: &'static str,
        read: u64,
        total: u64,
    },
    #[error("asked for the objects of customer `{requested}`, {provider} sent one of `{got}`")]
    ForeignObject {
        provider: &'static str,
        requested: String,
        got: String,
    },
    #[error(
        "asked for objects created in a period, {provider} sent `{id}`, which was created outside it"
    )]
    ForeignTime { provider: &'static str, id: String },
    #[error(
        "reading {provider} takes more than {counted} requests (the total is unknown), but `max_requests` allows \
         {max}"
    )]
    UnknownTotal {
        provider: &'static str,
        counted: u64,
        max: u64,
    },
    #[error("reading {provider} takes about {needed} requests, but `max_requests` allows {max}")]
    BudgetTooSmall {
        provider: &'static str,
        needed: u64,
        max: u64,
    },
}

fn times(tries: u32) -> String {
    if tries > 1 {
        format!(" {tries} times, and then")
    } else {
        String::new()
    }
}

/// The error of one attempt to send a request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("`{host}` cannot be reached")]
    Unreachable {
        host: String,
        #[source]
        error: reqwest::Error,
    },
    #[error("no complete response came within {milliseconds} ms")]
    TimedOut { milliseconds: u128 },
    #[error("no time was left to send it")]
    NoTimeLeft,
    #[error("the connection was interrupted")]
    BrokenOff(#[source] reqwest::Error),
    #[error("the response of {bytes} bytes is incomplete JSON: {excerpt}")]
    NotJson { bytes: usize, excerpt: String },
    /// The body does not even start like JSON: a login page, or nothing.
    #[error("the response of {bytes} bytes is not JSON: {excerpt}")]
    NoJson { bytes: usize, excerpt: String },
    #[error("the response is larger than {} MiB", MAX_RESPONSE_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("{max} requests were already sent, which is all that `max_requests` allows")]
    OverBudget { max: u64 },
    #[error("{refusal}")]
    Refused {
        refusal: Box<ProviderRefusal>,
        retry_after: Option<Duration>,
    },
    #[error("the response does not match the API's documentation")]
    Unexpected(#[source] DecodeError),
}

impl RequestError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Unreachable { .. } | Self::BrokenOff(_) => ErrorCode::ProviderUnreachable,
            Self::TimedOut { .. } | Self::NoTimeLeft => ErrorCode::ProviderTimeout,
            Self::NotJson { .. } | Self::NoJson { .. } | Self::TooLarge | Self::Unexpected(_) => {
                ErrorCode::ProviderResponse
            }
            Self::OverBudget { .. } => ErrorCode::RequestBudget,
            Self::Refused { refusal, .. } => refusal.meaning.code(),
        }
    }

    /// Returns true if a retry may succeed.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::BrokenOff(_)
            | Self::NoTimeLeft
            | Self::NotJson { .. }
            | Self::NoJson { .. } => true,
            Self::Refused { refusal, .. } => refusal.passing,
            Self::TooLarge | Self::OverBudget { .. } | Self::Unexpected(_) => false,
        }
    }

    /// Returns true if a retry may succeed after this many tries. From a server that has never answered properly, a
    /// second non-JSON body is no temporary failure.
    pub(crate) fn may_pass_after(&self, tries: u32, has_answered: bool) -> bool {
        let is_another_server = matches!(self, Self::NoJson { .. }) && tries >= 2 && !has_answered;
        self.is_passing() && !is_another_server
    }

    fn hint(&self) -> String {
        match self {
            Self::Unreachable { .. } => {
                "check that the runner can reach that host, through its proxy if there is one"
                    .to_owned()
            }
            Self::NoTimeLeft => {
                "there is too much to read in that time, or the responses are slow".to_owned()
            }
            Self::TimedOut { .. } | Self::BrokenOff(_) => {
                "check the network of the runner, or run again later".to_owned()
            }
            Self::NotJson { .. } | Self::NoJson { .. } | Self::TooLarge | Self::Unexpected(_) => {
                "something other than the API may have answered: check the base URL and the proxy"
                    .to_owned()
            }
            Self::OverBudget { .. } => {
                "raise `max_requests`; `prodverdict check access --plan` estimates what is needed"
                    .to_owned()
            }
            Self::Refused { refusal, .. } => refusal.hint.clone(),
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::NoTimeLeft
            | Self::BrokenOff(_)
            | Self::NotJson { .. }
            | Self::NoJson { .. }
            | Self::TooLarge
            | Self::OverBudget { .. }
            | Self::Unexpected(_) => None,
        }
    }

    /// Returns the refusal if the provider sent one.
    pub(crate) fn refusal(&self) -> Option<&ProviderRefusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::NoTimeLeft
            | Self::BrokenOff(_)
            | Self::NotJson { .. }
            | Self::NoJson { .. }
            | Self::TooLarge
            | Self::OverBudget { .. }
            | Self::Unexpected(_) => None,
        }
    }
}

impl Error {
    /// Returns true if the requested object exists only in the other mode than that of the key.
    pub(crate) fn is_of_other_mode(&self) -> bool {
        let meaning = self.refusal().map(|refusal| &refusal.meaning);
        matches!(meaning, Some(RefusalMeaning::OtherMode(_)))
    }

    /// Returns the underlying refusal if the provider sent one.
    pub fn refusal(&self) -> Option<&ProviderRefusal> {
        match self {
            Self::Request { error, .. } => error.refusal(),
            Self::Deadline { last, .. } => last.refusal(),
            Self::BaseUrl { .. }
            | Self::BaseUrlParts(_)
            | Self::Key(_)
            | Self::Object { .. }
            | Self::NoProgress { .. }
            | Self::CutShort { .. }
            | Self::ForeignObject { .. }
            | Self::ForeignTime { .. }
            | Self::UnknownTotal { .. }
            | Self::BudgetTooSmall { .. } => None,
        }
    }
}

impl Coded for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BaseUrl { .. } | Self::BaseUrlParts(_) => ErrorCode::InvalidSetting,
            Self::Key(error) => error.code(),
            Self::Request { error, .. } => error.code(),
            Self::Deadline { .. } => ErrorCode::ProviderTimeout,
            Self::Object { .. }
            | Self::NoProgress { .. }
            | Self::CutShort { .. }
            | Self::ForeignObject { .. }
            | Self::ForeignTime { .. } => ErrorCode::ProviderResponse,
            Self::UnknownTotal { .. } | Self::BudgetTooSmall { .. } => ErrorCode::RequestBudget,
        }
    }
}

impl Explain for Error {
    fn hint(&self) -> String {
        match self {
            Self::BaseUrl { .. } | Self::BaseUrlParts(_) => {
                "write `https://host`, or `http://` to a loopback or private address".to_owned()
            }
            Self::Key(error) => error.hint(),
            Self::Request { error, .. } => error.hint(),
            Self::Deadline { last, .. } => last.hint(),
            Self::Object { .. } => {
                "no verdict can rest on an object that cannot be read: report it as a bug, with the name of the field".to_owned()
            }
            Self::UnknownTotal { .. } => {
                "leave `max_requests` out for an account of this size: it could only stop the check halfway".to_owned()
            }
            Self::BudgetTooSmall { .. } => {
                "raise `max_requests`, or turn off `evidence` or rules that need more requests; `--plan` shows what \
                 each request is for".to_owned()
            }
            Self::NoProgress { .. }
            | Self::CutShort { .. }
            | Self::ForeignObject { .. }
            | Self::ForeignTime { .. } => {
                "this is not how the provider's API answers: check the base URL and the proxy".to_owned()
            }
        }
    }
}
