//! The reader of one source, with the same interface for each provider.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{
    BillingFacts, Error, PaddleEnvironment, RateLimit, RetryPolicy, by_id, entitlements,
    extras::{Extra, Extras},
    keys, owners, paddle,
    plan::{ReadPlan, ReadStep},
    provider::Provider,
    stripe,
    transport::{ClientOptions, Transport},
};
use crate::{
    contract::{
        CustomerId, EventLog, ListingScope, Metadata, Mode, Source, SubscriptionId, UnixSeconds,
    },
    http,
    problem::Problem,
};

/// Time limit for events. They only explain a verdict that is known already, so it does not wait long for them.
const PATIENCE_FOR_EVENTS: Duration = Duration::from_mins(1);

/// Settings of a reader besides source and key.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Base URL that overrides the provider's own.
    pub base: Option<String>,
    /// Paddle's environment. `None` means: according to the key or the contract's mode, else the sandbox. Stripe has
    /// one host, and the key alone determines the mode.
    pub paddle: Option<PaddleEnvironment>,
    /// The mode required by the contract.
    pub mode: Option<Mode>,
    pub patience: RetryPolicy,
    /// Requests per second, overriding the provider's documented rate.
    pub requests_per_second: Option<NonZeroU32>,
    /// Maximum number of requests.
    pub max_requests: Option<u64>,
    /// True if events will be read.
    pub evidence: bool,
    /// True if the contract has a grace that starts at the due date of the latest invoice of a `past_due` subscription.
    pub invoices: bool,
}

/// A reader of one source. It sends only GET requests.
#[derive(Debug)]
pub struct BillingReader {
    source: Source,
    transport: Transport,
    /// Number of requests reserved for events.
    evidence: u64,
}

/// A started read with a known estimate of its cost.
#[derive(Debug)]
pub struct Survey<'a> {
    reader: &'a BillingReader,
    begun: ProviderSurvey<'a>,
}

#[derive(Debug)]
enum ProviderSurvey<'a> {
    Stripe(Box<stripe::StripeSurvey<'a>>),
    Paddle(Box<paddle::PaddleSurvey<'a>>),
    Entitlements(Vec<CustomerId>, ReadPlan),
}

impl BillingReader {
    /// Creates a reader after checking the base URL and the key. Sends nothing yet.
    pub fn new(
        source: Source,
        client: reqwest::Client,
        key: &SecretString,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let provider = Provider::for_source(source);
        let key = SecretString::from(key.expose_secret().trim());
        let mode = keys::mode_of(key.expose_secret());
        let of_mode = mode.or(settings.mode).map(PaddleEnvironment::for_mode);
        let paddle = settings.paddle.or(of_mode).unwrap_or_default();
        keys::check(source, &key, settings.mode, paddle)?;
        let base = settings
            .base
            .as_deref()
            .unwrap_or_else(|| provider.default_base(paddle));
        let base = address(provider, base)?;
        let documented = RateLimit::documented(provider, mode);
        let rate = settings.requests_per_second;
        let effort = ClientOptions {
            patience: settings.patience,
            pace: rate.map_or(documented, |rate| documented.at(rate)),
            budget: settings.max_requests,
            extras: extras(source, &key, settings),
        };
        Ok(Self {
            source,
            evidence: match source {
                Source::Stripe if settings.evidence => stripe::events::MOST_REQUESTS,
                Source::Stripe | Source::Paddle | Source::StripeEntitlements => 0,
            },
            transport: Transport::new(provider, client, base, key, effort)?,
        })
    }

    /// Starts to read the scope given by `breadth` and estimates the cost. Entitlements can only be listed by customer,
    /// so they need `customers`; other sources ignore them.
    pub async fn survey(
        &self,
        breadth: &ListingScope,
        customers: &[CustomerId],
    ) -> Result<Survey<'_>, Error> {
        let session = self.transport.session();
        let begun = match self.source {
            Source::Stripe => {
                ProviderSurvey::Stripe(Box::new(stripe::survey(session, breadth).await?))
            }
            Source::Paddle => ProviderSurvey::Paddle(Box::new(paddle::survey(session).await?)),
            Source::StripeEntitlements => {
                let mut plan = ReadPlan::new(true);
                let customers: Vec<_> = distinct(customers).into_iter().cloned().collect();
                let number = u64::try_from(customers.len()).unwrap_or(u64::MAX);
                plan.steps.push(ReadStep::new(
                    "entitlements of each linked customer",
                    number,
                ));
                ProviderSurvey::Entitlements(customers, plan)
            }
        };
        let mut survey = Survey {
            reader: self,
            begun,
        };
        survey.begun.plan_mut().evidence = self.evidence;
        self.afford(survey.plan().left())?;
        // A capped count promises nothing; without any count, the limit is enforced when it is reached.
        let plan = survey.plan();
        if let Some(most) = self.transport.budget()
            && plan.at_least
            && plan.left() > 1
        {
            return Err(Error::Uncounted {
                provider: Provider::for_source(self.source).name(),
                counted: plan.requests(),
                most,
            });
        }
        Ok(survey)
    }

    /// Fails if the budget does not allow this many more requests, in addition to those for events.
    pub fn afford(&self, requests: u64) -> Result<(), Error> {
        let needed = self
            .requests()
            .saturating_add(requests)
            .saturating_add(self.evidence);
        match self.transport.budget() {
            Some(most) if needed > most => Err(Error::TooDear {
                provider: Provider::for_source(self.source).name(),
                needed,
                most,
            }),
            _ => Ok(()),
        }
    }

    /// Reads everything in the source; `customers` as for [`Self::survey`].
    pub async fn read_all(
        &self,
        customers: &[CustomerId],
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<BillingFacts, Error> {
        let survey = self.survey(&ListingScope::Everything, customers).await?;
        survey.read(on_progress).await
    }

    /// Reads everything of these customers. Unknown customers have nothing.
    pub async fn read_customers(&self, customers: &[CustomerId]) -> Result<BillingFacts, Error> {
        let session = self.transport.session();
        let customers = distinct(customers);
        match self.source {
            Source::Stripe => stripe::read_customers(session, &customers).await,
            Source::Paddle => paddle::read_customers(session, &customers).await,
            Source::StripeEntitlements => entitlements::read_customers(session, &customers).await,
        }
    }

    /// Reads just these subscriptions and skips unknown ones. Entitlements are not subscriptions.
    pub async fn read_subscriptions(
        &self,
        subscriptions: &[SubscriptionId],
    ) -> Result<BillingFacts, Error> {
        let session = self.transport.session();
        match self.source {
            Source::Stripe | Source::Paddle => {
                by_id::subscriptions(session, &distinct(subscriptions)).await
            }
            Source::StripeEntitlements => Ok(BillingFacts::default()),
        }
    }

    /// Returns the metadata of those of the customers that have some.
    pub async fn customer_metadata(
        &self,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, Metadata>, Error> {
        by_id::customer_metadata(self.transport.session(), &distinct(customers)).await
    }

    /// Returns one warning for each optional kind of fact that the provider refused to show.
    pub fn warnings(&self) -> Vec<Problem> {
        self.transport.extras().warnings()
    }

    /// Returns true if the provider knows any of these customers, looked up one by one; false if the key may not read
    /// them.
    pub async fn any_customer_exists(&self, customers: &[CustomerId]) -> Result<bool, Error> {
        let session = self.transport.session();
        match self.source {
            Source::Stripe | Source::StripeEntitlements => {
                stripe::any_customer_exists(session, customers).await
            }
            Source::Paddle => paddle::any_customer_exists(session, customers).await,
        }
    }

    /// Returns the customers of these subscriptions, looked up one by one. Subscriptions unknown to the provider are
    /// skipped. Entitlements belong to no subscription.
    pub async fn owners(&self, subscriptions: &[SubscriptionId]) -> Result<Vec<CustomerId>, Error> {
        match self.source {
            Source::Stripe | Source::Paddle => {
                owners::find(self.transport.session(), subscriptions).await
            }
            Source::StripeEntitlements => Ok(Vec::new()),
        }
    }

    /// Reads the provider's events with a handful of requests: changes of subscriptions, newest first, until
    /// `suffices`. Returns `None` if the source has no such log.
    pub async fn events(
        &self,
        suffices: &(dyn Fn(&EventLog) -> bool + Sync),
    ) -> Result<Option<EventLog>, Error> {
        match self.source {
            Source::Stripe => {
                let session = self.transport.session_of(PATIENCE_FOR_EVENTS);
                stripe::events::read(session, suffices).await.map(Some)
            }
            Source::Paddle => {
                tracing::info!(
                    "Paddle's notifications are not read yet: findings have no evidence from webhooks"
                );
                Ok(None)
            }
            Source::StripeEntitlements => Ok(None),
        }
    }

    /// Passes on the events of Stripe's log since a time, newest first and about `most` of them at most. Returns true
    /// if there are more, and `None` if the source has no such log.
    pub async fn event_log(
        &self,
        since: UnixSeconds,
        most: u64,
        take: &mut (dyn FnMut(serde_json::Value) + Send),
    ) -> Result<Option<bool>, Error> {
        match self.source {
            Source::Stripe => {
                let session = self.transport.session();
                let more = stripe::events::read_log(session, since, most, take).await?;
                Ok(Some(more))
            }
            Source::Paddle | Source::StripeEntitlements => Ok(None),
        }
    }

    /// Returns the rate limits of the reader.
    pub fn pace(&self) -> RateLimit {
        self.transport.pace()
    }

    /// Returns the number of requests sent so far, including retries.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }
}

impl ProviderSurvey<'_> {
    fn plan_mut(&mut self) -> &mut ReadPlan {
        match self {
            Self::Stripe(survey) => &mut survey.plan,
            Self::Paddle(survey) => &mut survey.plan,
            Self::Entitlements(_, plan) => plan,
        }
    }
}

impl Survey<'_> {
    /// Returns the scope of the read and its cost.
    pub fn plan(&self) -> &ReadPlan {
        match &self.begun {
            ProviderSurvey::Stripe(survey) => &survey.plan,
            ProviderSurvey::Paddle(survey) => &survey.plan,
            ProviderSurvey::Entitlements(_, plan) => plan,
        }
    }

    /// Reads the rest. `on_progress` receives the number of objects or customers read.
    pub async fn read(self, on_progress: &(dyn Fn(u64) + Sync)) -> Result<BillingFacts, Error> {
        match self.begun {
            ProviderSurvey::Stripe(survey) => survey.read(on_progress).await,
            ProviderSurvey::Paddle(survey) => survey.read(on_progress).await,
            ProviderSurvey::Entitlements(customers, _) => {
                let session = self.reader.transport.session();
                entitlements::read_all(session, &distinct(&customers), on_progress).await
            }
        }
    }
}

fn distinct<T: Ord>(ids: &[T]) -> BTreeSet<&T> {
    ids.iter().collect()
}

/// Only Stripe has test clocks, and only in test mode. Paddle cannot include an invoice with a subscription.
fn extras(source: Source, key: &SecretString, settings: &Settings) -> Extras {
    if source != Source::Stripe {
        return Extras::default();
    }
    let mode = keys::mode_of(key.expose_secret()).or(settings.mode);
    let invoices = settings.invoices.then_some(Extra::Invoices);
    let clocks = (mode == Some(Mode::Test)).then_some(Extra::TestClocks);
    Extras::new(invoices.into_iter().chain(clocks))
}

fn address(provider: Provider, base: &str) -> Result<Url, Error> {
    let provider = provider.name();
    // Check this before any error that would show the URL: a password in it is a secret too.
    let parsed = Url::parse(base).ok();
    if parsed.as_ref().is_some_and(has_other_parts) {
        return Err(Error::BaseUrlParts(provider));
    }
    http::base_url(base).map_err(|error| Error::BaseUrl { provider, error })?;
    parsed.ok_or(Error::BaseUrlParts(provider))
}

fn has_other_parts(base: &Url) -> bool {
    !base.username().is_empty()
        || base.password().is_some()
        || base.query().is_some()
        || base.fragment().is_some()
}
