//! The reader of one source, with the same interface for each provider.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{
    BillingFacts, CatalogPrice, Error, KeyPermission, PricesOfCustomers, RateLimit, ReadPlan,
    Settings, SourceDefinition, catalog,
    extras::Extras,
    lookup, permissions,
    provider::Provider,
    registry::{PROVIDERS, definition},
    source::{BegunList, Events, OnProgress, PermissionDefinition},
    transport::{ClientOptions, Transport},
};
use crate::{
    contract::{
        CustomerId, DeliveryLog, EventLog, Finding, ListingScope, Metadata, Mode, Source,
        SubscriptionId, UnixSeconds, explained_by_deliveries,
    },
    http,
    problem::Warning,
};

/// Time limit for events. It is short because events only explain a verdict that is already known.
const EVENTS_DEADLINE: Duration = Duration::from_mins(1);

/// A reader of one source. It sends only GET requests.
#[derive(Debug)]
pub struct BillingReader {
    source: &'static SourceDefinition,
    transport: Transport,
    /// Number of requests reserved for events.
    evidence: u64,
    mode: Option<Mode>,
    /// The provider's own base URL in this mode, for commands that people run.
    own_base: &'static str,
    /// Permissions that the reads use.
    permissions: Vec<&'static PermissionDefinition>,
}

/// A provider's answer about the events behind findings.
#[derive(Debug)]
pub enum ProviderEvidence {
    Events(EventLog),
    Deliveries(DeliveryLog),
}

/// A started read with a known estimate of its cost.
#[derive(Debug)]
pub struct StartedRead<'a>(BegunList<'a>);

impl BillingReader {
    /// Creates a reader after checking the base URL and the key. Sends nothing yet.
    pub fn new(
        source: Source,
        client: reqwest::Client,
        key: &SecretString,
        settings: &Settings,
    ) -> Result<Self, Error> {
        Self::for_definition(definition(source), client, key, settings)
    }

    pub(crate) fn for_definition(
        source: &'static SourceDefinition,
        client: reqwest::Client,
        key: &SecretString,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let provider = source.provider;
        let key = SecretString::from(key.expose_secret().trim());
        let mode = provider.key_mode(&key);
        provider.check_key(&key, settings.mode, settings.host, source.key_page)?;
        let implied = mode.or(settings.mode);
        let own_base = provider.base(settings.host, implied);
        let base = settings.base.as_deref().unwrap_or(own_base);
        let base = address(provider, base)?;
        let documented = provider.limit(mode);
        let extras = source.extras.iter();
        let extras = extras.filter(|one| one.when.applies(settings, implied));
        let options = ClientOptions {
            retry_policy: settings.retry_policy,
            rate_limit: documented
                .with_rate(settings.requests_per_second, settings.requests_per_minute),
            max_requests: settings.max_requests,
            extras: Extras::new(extras.map(|one| one.extra).collect()),
            refunds: settings.refunds,
            now: settings.now,
            key_page: source.key_page,
        };
        let permissions = source.permissions.iter();
        let permissions = permissions.filter(|one| one.when.applies(settings, implied));
        Ok(Self {
            source,
            permissions: permissions.collect(),
            mode: implied.or(settings.host),
            own_base,
            evidence: match source.events {
                Some(
                    Events::Log { max_requests, .. } | Events::Deliveries { max_requests, .. },
                ) if settings.evidence => max_requests,
                Some(_) | None => 0,
            },
            transport: Transport::new(provider, client, base, key, options)?,
        })
    }

    /// Starts to read the scope and estimates the cost. Objects that can only be listed by customer need `customers`;
    /// other sources ignore them.
    pub async fn begin<'a>(
        &'a self,
        scope: &'a ListingScope,
        customers: &'a [CustomerId],
    ) -> Result<StartedRead<'a>, Error> {
        let session = self.transport.session();
        let mut begun = self.source.lists.begin(session, scope, customers).await?;
        let plan = &mut begun.plan;
        plan.evidence_requests = self.evidence;
        plan.customers_at_once = self.source.customers_at_once.get();
        self.afford(plan.remaining_requests())?;
        // A capped count is only a lower bound. Without an exact count, the limit is enforced when it is reached.
        if let Some(max) = self.transport.max_requests()
            && plan.is_lower_bound
            && plan.remaining_requests() > 1
        {
            return Err(Error::UnknownTotal {
                provider: self.source.provider.name,
                counted: plan.requests(),
                max,
            });
        }
        Ok(StartedRead(begun))
    }

    /// Fails if the budget does not allow this many more requests, in addition to those for events.
    pub fn afford(&self, requests: u64) -> Result<(), Error> {
        self.check_budget(requests.saturating_add(self.evidence))
    }

    /// Fails if the budget does not allow this many more requests.
    pub fn check_budget(&self, requests: u64) -> Result<(), Error> {
        let needed = self.requests().saturating_add(requests);
        match self.transport.max_requests() {
            Some(max) if needed > max => Err(Error::BudgetTooSmall {
                provider: self.source.provider.name,
                needed,
                max,
            }),
            _ => Ok(()),
        }
    }

    /// Reads everything in the source. `customers` have the same meaning as for [`Self::begin`].
    pub async fn read_all(
        &self,
        customers: &[CustomerId],
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<BillingFacts, Error> {
        let begun = self.begin(&ListingScope::Everything, customers).await?;
        begun.read(on_progress).await
    }

    /// Reads all objects of these customers. Unknown customers have none.
    pub async fn read_customers(&self, customers: &[CustomerId]) -> Result<BillingFacts, Error> {
        let session = self.transport.session();
        let customers = distinct(customers);
        self.source.lists.customers(session, &customers).await
    }

    /// Returns those of the customers who had these derived prices until a recent event.
    pub(crate) async fn changed_from(
        &self,
        derived: &PricesOfCustomers,
    ) -> Result<BTreeSet<CustomerId>, Error> {
        let session = self.transport.session();
        self.source.lists.changed_from(session, derived).await
    }

    /// Reads these subscriptions, and skips unknown ones. The result is empty for a source without subscriptions.
    pub async fn read_subscriptions(
        &self,
        subscriptions: &[SubscriptionId],
    ) -> Result<BillingFacts, Error> {
        if !self.source.has_subscriptions {
            return Ok(BillingFacts::default());
        }
        let session = self.transport.session();
        lookup::subscriptions(session, self.source.lookups, &distinct(subscriptions)).await
    }

    /// Returns the metadata of the customers that have any.
    pub async fn customer_metadata(
        &self,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, Metadata>, Error> {
        let session = self.transport.session();
        lookup::customer_metadata(session, self.source.lookups, &distinct(customers)).await
    }

    /// Returns the customers with this e-mail address, as the provider compares it. The result is empty if the key may not
    /// read customers.
    pub async fn customers_with_email(&self, email: &str) -> Result<Vec<CustomerId>, Error> {
        let session = self.transport.session();
        lookup::customers_with_email(session, self.source.lookups, email).await
    }

    /// Returns the active recurring prices, with their products.
    pub async fn catalog(&self) -> Result<Vec<CatalogPrice>, Error> {
        match self.source.active_prices {
            Some(listing) => catalog::read(self.transport.session(), &listing()).await,
            None => Ok(Vec::new()),
        }
    }

    /// Sends one small request, and returns an error unless the provider accepts the key.
    pub async fn ping(&self) -> Result<(), Error> {
        if let Some(first) = self.permissions.first() {
            permissions::ask(self.transport.session(), first).await?;
        }
        Ok(())
    }

    /// Finds out which of the permissions that the reads use the key has, with a small request for each.
    pub async fn permissions(&self) -> Result<Vec<KeyPermission>, Error> {
        let mut found = Vec::with_capacity(self.permissions.len());
        for one in &self.permissions {
            found.push(KeyPermission {
                name: one.name,
                objects: one.objects,
                lost: one.lost,
                grant: permissions::ask(self.transport.session(), one).await?,
            });
        }
        Ok(found)
    }

    /// Returns the advice for creating a key with exactly the permissions that the reads use.
    pub fn creation_advice(&self) -> String {
        let names = self.permissions.iter().map(|one| one.name);
        let keys = &self.source.provider.keys;
        match self.source.provider.key_form {
            Some(form) => {
                let page = names.fold(form.to_owned(), |page, name| {
                    page + "&permissions[]=" + name
                });
                format!("{}: {page}", keys.creation)
            }
            None => keys.creation.to_owned(),
        }
    }

    /// Counts those of the customers that exist. Returns `None` if the key may not read customers.
    pub async fn count_existing(&self, customers: &[CustomerId]) -> Result<Option<usize>, Error> {
        let session = self.transport.session();
        lookup::count_customers(session, self.source.lookups, &distinct(customers)).await
    }

    /// Returns one warning for each optional kind of fact that the provider refused to show.
    pub fn warnings(&self) -> Vec<Warning> {
        let extras = self.transport.extras();
        let mut warnings = extras.warnings();
        if extras.are_customers_refused() {
            warnings.push(customers_refused());
        }
        warnings
    }

    /// Returns true if the provider knows any of these customers, looked up one by one; false if the key may not read
    /// them.
    pub async fn any_customer_exists(&self, customers: &[CustomerId]) -> Result<bool, Error> {
        let session = self.transport.session();
        let lookups = self.source.lookups;
        lookups.any_customer_exists(session, customers).await
    }

    /// Returns the customers of these subscriptions, looked up one by one. Subscriptions unknown to the provider are
    /// skipped. The result is empty for a source without subscriptions.
    pub async fn owners(&self, subscriptions: &[SubscriptionId]) -> Result<Vec<CustomerId>, Error> {
        if !self.source.has_subscriptions {
            return Ok(Vec::new());
        }
        let session = self.transport.session();
        lookup::owners(session, self.source.lookups, subscriptions).await
    }

    /// Reads the evidence behind findings with a handful of requests: changes of subscriptions, newest first, until
    /// `is_sufficient`, or the deliveries about the first of `findings`. Returns `None` if the source has neither.
    pub async fn evidence(
        &self,
        findings: &[Finding],
        is_sufficient: &(dyn Fn(&EventLog) -> bool + Sync),
    ) -> Result<Option<ProviderEvidence>, Error> {
        let session = self.transport.session_of(EVENTS_DEADLINE);
        match self.source.events {
            Some(Events::Log { log, .. }) => {
                let log = log.changes(session, is_sufficient).await?;
                Ok(Some(ProviderEvidence::Events(log)))
            }
            Some(Events::Deliveries {
                reads,
                max_subscriptions,
                ..
            }) => {
                let subscriptions = explained_by_deliveries(findings, max_subscriptions);
                let mut log = reads.about(session, &subscriptions).await?;
                self.own_base.clone_into(&mut log.base);
                Ok(Some(ProviderEvidence::Deliveries(log)))
            }
            None => Ok(None),
        }
    }

    /// Passes on the events of the provider's log since a time, newest first and about `max` of them at most. Returns
    /// true if there are more, and `None` if the source has no such log.
    pub async fn event_log(
        &self,
        since: UnixSeconds,
        max: u64,
        take: &mut (dyn FnMut(serde_json::Value) + Send),
    ) -> Result<Option<bool>, Error> {
        let Some(Events::Log { log, .. }) = self.source.events else {
            return Ok(None);
        };
        let session = self.transport.session();
        log.all(session, since, max, take).await.map(Some)
    }

    /// Returns the number of requests that look up this many customers.
    pub fn lookup_requests(&self, customers: usize) -> u64 {
        let requests = customers.div_ceil(self.source.customers_at_once.get());
        u64::try_from(requests).unwrap_or(u64::MAX)
    }

    /// Returns the rate limits of the reader.
    pub fn rate_limit(&self) -> RateLimit {
        self.transport.rate_limit()
    }

    /// Returns the mode of the key, or else that of the settings.
    pub fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// Returns the number of requests sent so far, including retries.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }
}

impl StartedRead<'_> {
    /// Returns the scope of the read and its cost.
    pub fn plan(&self) -> &ReadPlan {
        &self.0.plan
    }

    /// Reads the rest. `on_progress` receives the number of objects or customers read.
    pub async fn read(self, on_progress: OnProgress<'_>) -> Result<BillingFacts, Error> {
        self.0.rest.read(on_progress).await
    }
}

/// Returns a warning if the key can do more than the necessary reads of the source.
pub fn key_advice(source: Source, key: &SecretString) -> Option<Warning> {
    let definition = definition(source);
    let provider = definition.provider;
    provider
        .keys
        .excess(provider.name, key, definition.key_page?)
}

/// Returns the advice for creating a key for the usual reads of the source.
pub fn creation_advice(source: Source) -> String {
    let definition = definition(source);
    definition.provider.keys.advice(definition.key_page)
}

/// Returns the kind of a key that the provider of the source accepts, such as `a restricted key`.
pub fn key_kind(source: Source, key: &SecretString) -> &'static str {
    let keys = &definition(source).provider.keys;
    keys.kind(key.expose_secret().trim())
}

fn distinct<T: Ord>(ids: &[T]) -> BTreeSet<&T> {
    ids.iter().collect()
}

fn customers_refused() -> Warning {
    let permission =
        |provider: &&Provider| format!("{}: `{}`", provider.name, provider.customer_permission);
    let permissions: Vec<_> = PROVIDERS.iter().map(permission).collect();
    Warning::new(
        "the key may not read customers, so none is found by its metadata or its e-mail address",
    )
    .hint(format!(
        "let the key read customers ({})",
        permissions.join(", ")
    ))
}

fn address(provider: &Provider, base: &str) -> Result<Url, Error> {
    let provider = provider.name;
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
