//! Both sides of one contract, live or recorded: opened with their credentials, read, and partly read again.

use secrecy::SecretString;

use super::{
    failure::Failure,
    judge::RunParameters,
    progress::Progress,
    provider::{ContractProvider, ListingResult, customers_of},
    recorded::{RecordedSides, not_applied},
};
use crate::{
    billing::{self, BillingFacts, RateLimit, ReadPlan},
    cli::Environment,
    config::AccessContract,
    contract::{AccountId, CustomerId, EventLog, Facts, SubscriptionId, UnixSeconds},
    database::{self, Chosen, DatabaseFacts, ReadRequest, Stored, StoredRequest, read_stored},
    fixtures::{self, FixtureFiles},
    problem::Problem,
};

/// The sources of one contract's facts.
pub(crate) struct Sources<'r> {
    contract: &'r AccessContract,
    billing: Billing,
    accounts: Accounts,
    request: ReadRequest,
    progress: &'r Progress,
}

enum Billing {
    Live(Box<billing::BillingReader>),
    Recorded(FixtureFiles),
}

enum Accounts {
    Live(SecretString),
    Recorded(FixtureFiles),
}

/// The result of reading both sides.
#[derive(Debug)]
pub(crate) struct CheckInput {
    pub(crate) facts: Facts,
    /// True if some of the accounts' customers have already been looked up by id.
    pub(crate) customers_were_asked: bool,
    pub(crate) warnings: Vec<Problem>,
}

/// Returns the environment variables that a contract needs but that are not set.
pub(crate) fn missing_credentials<'c>(
    contract: &'c AccessContract,
    environment: &Environment,
    recorded: &RecordedSides,
) -> Vec<&'c str> {
    let mut needed = Vec::new();
    if *recorded == RecordedSides::Nothing {
        needed.push(contract.key_env.as_str());
    }
    if !matches!(recorded, RecordedSides::Both(_)) {
        needed.push(contract.database.url_env.as_str());
    }
    needed.retain(|name| environment.get(name).is_none());
    needed
}

impl<'r> Sources<'r> {
    /// Finds the credentials and checks them as far as possible without a request.
    pub(crate) fn open(
        contract: &'r AccessContract,
        run: &'r RunParameters<'r>,
    ) -> Result<Self, Failure> {
        let environment = run.environment;
        let missing = missing_credentials(contract, environment, &run.recorded);
        if !missing.is_empty() {
            return Err(not_set(&missing).into());
        }
        let billing = match &run.recorded {
            RecordedSides::Provider(recording) | RecordedSides::Both(recording) => {
                Billing::Recorded(recording.of_contract(&contract.name))
            }
            RecordedSides::Nothing => Billing::Live(Box::new(reader(contract, run)?)),
        };
        let accounts = match &run.recorded {
            RecordedSides::Both(recording) => {
                Accounts::Recorded(recording.of_contract(&contract.name))
            }
            RecordedSides::Nothing | RecordedSides::Provider(_) => {
                let url = environment.secret(&contract.database.url_env);
                Accounts::Live(url.ok_or_else(|| not_set(&[&contract.database.url_env]))?)
            }
        };
        Ok(Self {
            contract,
            billing,
            accounts,
            request: ReadRequest {
                wants_plan: !contract.contract.plans.is_empty(),
                now: run.now,
                in_container_action: environment.in_container_action(),
            },
            progress: run.progress,
        })
    }

    /// Returns true if both sides are live, so that one may lag behind the other.
    pub(crate) fn are_live(&self) -> bool {
        matches!(
            (&self.billing, &self.accounts),
            (Billing::Live(_), Accounts::Live(_))
        )
    }

    /// Returns true if the provider's objects can only be listed customer by customer.
    pub(crate) fn is_listed_by_customer(&self) -> bool {
        billing::definition(self.contract.contract.source).is_listed_by_customer()
    }

    /// Returns the time of evaluation.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.request.now
    }

    /// Returns the number of requests sent to the provider so far.
    pub(crate) fn requests(&self) -> u64 {
        match &self.billing {
            Billing::Live(reader) => reader.requests(),
            Billing::Recorded(_) => 0,
        }
    }

    /// Returns warnings about facts that the provider refused to show so far.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        match &self.billing {
            Billing::Live(reader) => reader.warnings(),
            Billing::Recorded(_) => Vec::new(),
        }
    }

    /// Reads both sides, in parallel if they are independent.
    pub(crate) async fn read(&self) -> Result<CheckInput, Failure> {
        let (accounts, listed) = if self.is_listed_by_customer() {
            let accounts = self.read_accounts().await?;
            let listed = self.list(&customers_of(&accounts.accounts)).await?;
            (accounts, listed)
        } else if self.are_live() {
            futures::try_join!(self.read_accounts(), self.list(&[]))?
        } else {
            // Files are read to their ends, so that of two errors the same one is always reported.
            let (accounts, listed) = futures::join!(self.read_accounts(), self.list(&[]));
            (accounts?, listed?)
        };
        let mut facts = Facts {
            accounts: accounts.accounts,
            mapped: accounts.mapped,
            subscriptions: listed.facts.subscriptions,
            seen_modes: listed.facts.seen_modes,
            customer_known: false,
            stored_words: accounts.stored_words,
            customer_metadata: listed.facts.customer_metadata,
        };
        let customers_were_asked = self.settle(&mut facts, listed.is_everything).await?;
        Ok(CheckInput {
            facts,
            customers_were_asked,
            warnings: accounts.warnings,
        })
    }

    /// Reads the provider's side again, for the accounts in `facts`.
    pub(crate) async fn read_provider_again(&self, facts: &mut Facts) -> Result<(), Failure> {
        let listed = self.list(&customers_of(&facts.accounts)).await?;
        facts.subscriptions = listed.facts.subscriptions;
        facts.customer_metadata = listed.facts.customer_metadata;
        self.settle(facts, listed.is_everything).await?;
        Ok(())
    }

    /// Reads every account.
    pub(crate) async fn read_accounts(&self) -> Result<DatabaseFacts, Failure> {
        match &self.accounts {
            Accounts::Live(url) => {
                let line = self.progress.line("accounts");
                let shown = |count| line.read(count);
                tracing::info!("reading the accounts of contract `{}`", self.contract.name);
                let facts =
                    database::read(url, &self.contract.database, &self.request, &shown).await?;
                tracing::info!("read {} accounts", facts.accounts.len());
                Ok(facts)
            }
            Accounts::Recorded(recording) => {
                let (recording, settings) = (recording.clone(), self.contract.database.clone());
                let wants_plan = self.request.wants_plan;
                let read = move || fixtures::accounts(&recording, &settings, wants_plan);
                let recorded = aside(read).await?;
                Ok(DatabaseFacts {
                    accounts: recorded.accounts,
                    mapped: recorded.mapped,
                    stored_words: recorded.stored_words,
                    warnings: not_applied(&self.contract.database.accounts)
                        .into_iter()
                        .collect(),
                })
            }
        }
    }

    /// Reads just these accounts again.
    pub(crate) async fn read_accounts_again(
        &self,
        ids: &[AccountId],
    ) -> Result<DatabaseFacts, Failure> {
        match &self.accounts {
            Accounts::Live(url) => {
                database::read_accounts(url, &self.contract.database, &self.request, ids)
                    .await
                    .map_err(Failure::from)
            }
            Accounts::Recorded(_) => self.read_accounts().await,
        }
    }

    /// Reads the rows with these ids from the accounts' own table. Returns `None` if the accounts are recorded.
    pub(crate) async fn stored(
        &self,
        request: &StoredRequest<'_>,
    ) -> Result<Option<Stored>, Problem> {
        let Accounts::Live(url) = &self.accounts else {
            return Ok(None);
        };
        let settings = &self.contract.database;
        let in_container = self.request.in_container_action;
        let stored = read_stored(url, settings, in_container, request).await;
        stored.map(Some).map_err(Problem::from)
    }

    /// Estimates the cost of reading the provider. Returns `None` for recorded facts.
    pub(crate) async fn plan(&self) -> Result<Option<(ReadPlan, RateLimit)>, Failure> {
        let Billing::Live(reader) = &self.billing else {
            return Ok(None);
        };
        let customers = if self.is_listed_by_customer() {
            customers_of(&self.read_accounts().await?.accounts)
        } else {
            Vec::new()
        };
        let scope = self.contract.contract.listing_scope();
        let begun = reader.begin(&scope, &customers).await?;
        Ok(Some((begun.plan().clone(), reader.rate_limit())))
    }

    /// Reads the chosen accounts; if they are recorded, all.
    pub(crate) async fn read_chosen(&self, chosen: &Chosen) -> Result<DatabaseFacts, Failure> {
        match &self.accounts {
            Accounts::Live(url) => {
                database::read_chosen(url, &self.contract.database, &self.request, chosen)
                    .await
                    .map_err(Failure::from)
            }
            Accounts::Recorded(_) => self.read_accounts().await,
        }
    }

    /// Returns the customers of these subscriptions.
    pub(crate) async fn owners(
        &self,
        subscriptions: &[SubscriptionId],
    ) -> Result<Vec<CustomerId>, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let owners = reader.owners(subscriptions).await;
                owners.map_err(Failure::from)
            }
            Billing::Recorded(_) => {
                let mut recorded = self.list(&[]).await?.facts.subscriptions;
                recorded.retain(|one| subscriptions.contains(&one.id));
                Ok(recorded.into_iter().map(|one| one.customer).collect())
            }
        }
    }

    /// Lists what the contract needs; entitlements are those of these customers.
    async fn list(&self, customers: &[CustomerId]) -> Result<ListingResult, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let provider = self.provider(reader);
                let listed = provider.list(customers).await;
                listed.map_err(Failure::from)
            }
            Billing::Recorded(recording) => {
                let (recording, source) = (recording.clone(), self.contract.contract.source);
                let recorded = aside(move || fixtures::billing(&recording, source)).await;
                Ok(ListingResult {
                    facts: recorded?,
                    is_everything: true,
                })
            }
        }
    }

    /// Adds facts that were not listed but could change the verdict. Returns true if customers were looked up by id.
    async fn settle(&self, facts: &mut Facts, listed_all: bool) -> Result<bool, Failure> {
        let Billing::Live(reader) = &self.billing else {
            return Ok(false);
        };
        let provider = self.provider(reader);
        let settled = provider.settle(facts, self.request.now, listed_all).await;
        settled.map_err(Failure::from)
    }

    fn provider<'s>(&'s self, reader: &'s billing::BillingReader) -> ContractProvider<'s> {
        ContractProvider {
            contract: &self.contract.contract,
            reader,
            progress: self.progress,
        }
    }

    /// Reads everything of these customers; if recorded, of all customers.
    pub(crate) async fn read_customers(
        &self,
        customers: &[CustomerId],
    ) -> Result<BillingFacts, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let read = reader.read_customers(customers).await;
                read.map_err(Failure::from)
            }
            Billing::Recorded(_) => Ok(self.list(&[]).await?.facts),
        }
    }

    /// Reads the provider's events until `suffices`. Returns `None` if there is no event log.
    pub(crate) async fn events(
        &self,
        suffices: &(dyn Fn(&EventLog) -> bool + Sync),
    ) -> Result<Option<EventLog>, Problem> {
        match &self.billing {
            Billing::Live(reader) => {
                let log = reader.events(suffices).await;
                log.map_err(Problem::from)
            }
            Billing::Recorded(_) => Ok(None),
        }
    }

    /// Returns true if the provider knows any of these customers by id.
    pub(crate) async fn any_customer_exists(
        &self,
        customers: &[CustomerId],
    ) -> Result<bool, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let known = reader.any_customer_exists(customers).await;
                known.map_err(Failure::from)
            }
            Billing::Recorded(_) => Ok(false),
        }
    }
}

/// Runs CPU-bound work on a separate thread, so that both sides are read in parallel.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // The task is never cancelled, so it panicked; the panic continues here.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Creates the provider's reader of one contract, with the key from the environment.
pub(super) fn reader(
    contract: &AccessContract,
    run: &RunParameters<'_>,
) -> Result<billing::BillingReader, Failure> {
    let environment = run.environment;
    let key = environment
        .secret(&contract.key_env)
        .ok_or_else(|| not_set(&[&contract.key_env]))?;
    let source = contract.contract.source;
    let definition = billing::definition(source);
    let settings = billing::Settings {
        mode: contract.contract.mode,
        retry_policy: run.retry_policy,
        requests_per_second: contract.requests_per_second,
        max_requests: contract.max_requests.map(|most| most.get().into()),
        evidence: contract.evidence,
        invoices: contract.contract.grace.past_due.is_some(),
        ..billing::Settings::from_variables(definition, |name| environment.get(name))?
    };
    billing::BillingReader::new(source, run.client()?, &key, &settings).map_err(Failure::from)
}

fn not_set(names: &[&str]) -> Problem {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let (variables, are, them) = if names.len() == 1 {
        ("variable", "is", "it")
    } else {
        ("variables", "are", "them")
    };
    let lines: Vec<_> = names
        .iter()
        .map(|name| format!("{name}: ${{{{ secrets.{name} }}}}"))
        .collect();
    Problem::new(format!(
        "the environment {variables} {} {are} not set",
        quoted.join(" and ")
    ))
    .hint(format!(
        "set {them} for the command; in a workflow, give the step `env: {{ {} }}` \
         (secrets are not passed to pull requests from forks)",
        lines.join(", ")
    ))
}
