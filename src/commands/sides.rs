//! Both sides of one contract, live or recorded: opened with their credentials, read, and read again in part.

use secrecy::SecretString;

use super::{
    failure::Failure,
    judge::Run,
    progress::Progress,
    provider::{Listed, Provider, customers_of},
    recorded::{Recorded, not_applied},
};
use crate::{
    billing::{self, BillingFacts, Pace, PaddleEnvironment, Plan},
    cli::Environment,
    config::AccessContract,
    contract::{AccountId, CustomerId, EventLog, Facts, Source, SubscriptionId, UnixSeconds},
    database::{self, Chosen, DatabaseFacts, ReadRequest, Stored, StoredRequest, read_stored},
    fixtures::{self, Recording},
    problem::Problem,
};

/// Where one contract's facts come from.
pub(crate) struct Sides<'r> {
    contract: &'r AccessContract,
    billing: Billing,
    accounts: Accounts,
    request: ReadRequest,
    progress: &'r Progress,
}

enum Billing {
    Live(Box<billing::Reader>),
    Recorded(Recording),
}

enum Accounts {
    Live(SecretString),
    Recorded(Recording),
}

/// What both sides said.
#[derive(Debug)]
pub(crate) struct BothSides {
    pub(crate) facts: Facts,
    /// The provider was asked already for some of the accounts' customers by id.
    pub(crate) customers_were_asked: bool,
    pub(crate) warnings: Vec<Problem>,
}

/// The variables that a contract needs and the environment does not have.
pub(crate) fn missing_credentials<'c>(
    contract: &'c AccessContract,
    environment: &Environment,
    recorded: &Recorded,
) -> Vec<&'c str> {
    let mut needed = Vec::new();
    if *recorded == Recorded::Nothing {
        needed.push(contract.key_env.as_str());
    }
    if !matches!(recorded, Recorded::Both(_)) {
        needed.push(contract.database.url_env.as_str());
    }
    needed.retain(|name| environment.get(name).is_none());
    needed
}

impl<'r> Sides<'r> {
    /// Finds credentials and checks them as far as that goes without asking anybody.
    pub(crate) fn open(contract: &'r AccessContract, run: &'r Run<'r>) -> Result<Self, Failure> {
        let environment = run.environment;
        let missing = missing_credentials(contract, environment, &run.recorded);
        if !missing.is_empty() {
            return Err(not_set(&missing).into());
        }
        let billing = match &run.recorded {
            Recorded::Provider(recording) | Recorded::Both(recording) => {
                Billing::Recorded(recording.of_contract(&contract.name))
            }
            Recorded::Nothing => Billing::Live(Box::new(reader(contract, run)?)),
        };
        let accounts = match &run.recorded {
            Recorded::Both(recording) => Accounts::Recorded(recording.of_contract(&contract.name)),
            Recorded::Nothing | Recorded::Provider(_) => {
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

    /// Whether both sides are live, so that one may lag behind the other.
    pub(crate) fn are_live(&self) -> bool {
        matches!(
            (&self.billing, &self.accounts),
            (Billing::Live(_), Accounts::Live(_))
        )
    }

    /// The time of evaluation.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.request.now
    }

    /// Requests sent to the provider so far.
    pub(crate) fn requests(&self) -> u64 {
        match &self.billing {
            Billing::Live(reader) => reader.requests(),
            Billing::Recorded(_) => 0,
        }
    }

    /// About what the provider would not show so far.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        match &self.billing {
            Billing::Live(reader) => reader.warnings(),
            Billing::Recorded(_) => Vec::new(),
        }
    }

    /// Reads both sides, at the same time where one does not depend on the other.
    pub(crate) async fn read(&self) -> Result<BothSides, Failure> {
        let listed_by_customer = self.contract.contract.source == Source::StripeEntitlements;
        let (accounts, listed) = if listed_by_customer {
            let accounts = self.read_accounts().await?;
            let listed = self.list(&customers_of(&accounts.accounts)).await?;
            (accounts, listed)
        } else if self.are_live() {
            futures::try_join!(self.read_accounts(), self.list(&[]))?
        } else {
            // Files are read to their ends, so that of two errors always the same one is told.
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
        Ok(BothSides {
            facts,
            customers_were_asked,
            warnings: accounts.warnings,
        })
    }

    /// Reads the provider's side again, for the accounts that `facts` hold.
    pub(crate) async fn read_provider_again(&self, facts: &mut Facts) -> Result<(), Failure> {
        let listed = self.list(&customers_of(&facts.accounts)).await?;
        facts.subscriptions = listed.facts.subscriptions;
        facts.customer_metadata = listed.facts.customer_metadata;
        self.settle(facts, listed.is_everything).await?;
        Ok(())
    }

    /// Every account.
    pub(crate) async fn read_accounts(&self) -> Result<DatabaseFacts, Failure> {
        match &self.accounts {
            Accounts::Live(url) => {
                let line = self.progress.line("accounts");
                let shown = |count| line.read(count);
                tracing::info!("reading the accounts of contract `{}`", self.contract.name);
                let facts = database::read(url, &self.contract.database, &self.request, &shown)
                    .await
                    .map_err(|error| Failure::of(&error))?;
                tracing::info!("read {} accounts", facts.accounts.len());
                Ok(facts)
            }
            Accounts::Recorded(recording) => {
                let (recording, settings) = (recording.clone(), self.contract.database.clone());
                let wants_plan = self.request.wants_plan;
                let read = move || fixtures::accounts(&recording, &settings, wants_plan);
                let recorded = aside(read).await.map_err(|error| Failure::of(&error))?;
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

    /// Again, just these accounts.
    pub(crate) async fn read_accounts_again(
        &self,
        ids: &[AccountId],
    ) -> Result<DatabaseFacts, Failure> {
        match &self.accounts {
            Accounts::Live(url) => {
                database::read_accounts(url, &self.contract.database, &self.request, ids)
                    .await
                    .map_err(|error| Failure::of(&error))
            }
            Accounts::Recorded(_) => self.read_accounts().await,
        }
    }

    /// What the accounts' own table holds for these ids; none where the accounts are recorded.
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
        stored.map(Some).map_err(|error| Problem::of(&error))
    }

    /// What reading the provider will take.
    pub(crate) async fn plan(&self) -> Result<Option<(Plan, Pace)>, Failure> {
        let Billing::Live(reader) = &self.billing else {
            return Ok(None);
        };
        let customers = match self.contract.contract.source {
            Source::StripeEntitlements => customers_of(&self.read_accounts().await?.accounts),
            Source::Stripe | Source::Paddle => Vec::new(),
        };
        let breadth = self.contract.contract.breadth();
        let survey = reader.survey(&breadth, &customers).await;
        let survey = survey.map_err(|error| Failure::of(&error))?;
        Ok(Some((survey.plan().clone(), reader.pace())))
    }

    /// The accounts that are chosen; of recorded ones, all.
    pub(crate) async fn read_chosen(&self, chosen: &Chosen) -> Result<DatabaseFacts, Failure> {
        match &self.accounts {
            Accounts::Live(url) => {
                database::read_chosen(url, &self.contract.database, &self.request, chosen)
                    .await
                    .map_err(|error| Failure::of(&error))
            }
            Accounts::Recorded(_) => self.read_accounts().await,
        }
    }

    /// The customers that these subscriptions belong to.
    pub(crate) async fn owners(
        &self,
        subscriptions: &[SubscriptionId],
    ) -> Result<Vec<CustomerId>, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let owners = reader.owners(subscriptions).await;
                owners.map_err(|error| Failure::of(&error))
            }
            Billing::Recorded(_) => {
                let mut recorded = self.list(&[]).await?.facts.subscriptions;
                recorded.retain(|one| subscriptions.contains(&one.id));
                Ok(recorded.into_iter().map(|one| one.customer).collect())
            }
        }
    }

    /// What the contract needs to be listed; entitlements of these customers.
    async fn list(&self, customers: &[CustomerId]) -> Result<Listed, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let provider = self.provider(reader);
                let listed = provider.list(customers).await;
                listed.map_err(|error| Failure::of(&error))
            }
            Billing::Recorded(recording) => {
                let (recording, source) = (recording.clone(), self.contract.contract.source);
                let recorded = aside(move || fixtures::billing(&recording, source)).await;
                Ok(Listed {
                    facts: recorded.map_err(|error| Failure::of(&error))?,
                    is_everything: true,
                })
            }
        }
    }

    /// Adds what was not listed and could change the verdict. Whether customers were asked for by id.
    async fn settle(&self, facts: &mut Facts, listed_all: bool) -> Result<bool, Failure> {
        let Billing::Live(reader) = &self.billing else {
            return Ok(false);
        };
        let provider = self.provider(reader);
        let settled = provider.settle(facts, self.request.now, listed_all).await;
        settled.map_err(|error| Failure::of(&error))
    }

    fn provider<'s>(&'s self, reader: &'s billing::Reader) -> Provider<'s> {
        Provider {
            contract: &self.contract.contract,
            reader,
            progress: self.progress,
        }
    }

    /// Just what these customers have; everything that is recorded.
    pub(crate) async fn read_customers(
        &self,
        customers: &[CustomerId],
    ) -> Result<BillingFacts, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let read = reader.read_customers(customers).await;
                read.map_err(|error| Failure::of(&error))
            }
            Billing::Recorded(_) => Ok(self.list(&[]).await?.facts),
        }
    }

    /// What the provider's events tell, read until `suffices`; none where there is no log of them.
    pub(crate) async fn events(
        &self,
        suffices: &(dyn Fn(&EventLog) -> bool + Sync),
    ) -> Result<Option<EventLog>, Problem> {
        match &self.billing {
            Billing::Live(reader) => {
                let log = reader.events(suffices).await;
                log.map_err(|error| Problem::of(&error))
            }
            Billing::Recorded(_) => Ok(None),
        }
    }

    /// Whether the provider knows any of these customers by id.
    pub(crate) async fn any_customer_exists(
        &self,
        customers: &[CustomerId],
    ) -> Result<bool, Failure> {
        match &self.billing {
            Billing::Live(reader) => {
                let known = reader.any_customer_exists(customers).await;
                known.map_err(|error| Failure::of(&error))
            }
            Billing::Recorded(_) => Ok(false),
        }
    }
}

/// Runs what keeps a processor busy on a thread of its own, so that both sides are read at the same time.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // It is never cancelled, so it panicked, and the panic goes on here.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The provider's reader of one contract, with the key that the environment holds.
pub(super) fn reader(contract: &AccessContract, run: &Run<'_>) -> Result<billing::Reader, Failure> {
    let environment = run.environment;
    let key = environment
        .secret(&contract.key_env)
        .ok_or_else(|| not_set(&[&contract.key_env]))?;
    let source = contract.contract.source;
    let base = match source {
        Source::Stripe | Source::StripeEntitlements => "STRIPE_API_BASE",
        Source::Paddle => "PADDLE_API_BASE",
    };
    let settings = billing::Settings {
        base: environment.get(base).map(str::to_owned),
        paddle: paddle_environment(environment)?,
        mode: contract.contract.mode,
        patience: run.patience,
        requests_per_second: contract.requests_per_second,
        max_requests: contract.max_requests.map(|most| most.get().into()),
        evidence: contract.evidence,
        invoices: contract.contract.grace.past_due.is_some(),
    };
    billing::Reader::new(source, run.client()?, &key, &settings)
        .map_err(|error| Failure::of(&error))
}

fn paddle_environment(environment: &Environment) -> Result<Option<PaddleEnvironment>, Problem> {
    let Some(word) = environment.get("PADDLE_ENVIRONMENT") else {
        return Ok(None);
    };
    let known = PaddleEnvironment::parse(word).ok_or_else(|| Problem {
        message:
            "the environment variable `PADDLE_ENVIRONMENT` is neither `sandbox` nor `production`"
                .to_owned(),
        hint:
            "set one of the two, or leave it out: a key that begins with `pdl_` says which it is of"
                .to_owned(),
        place: None,
    });
    known.map(Some)
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
    Problem {
        message: format!(
            "the environment {variables} {} {are} not set",
            quoted.join(" and ")
        ),
        hint: format!(
            "set {them} for the command; in a workflow, give the step `env: {{ {} }}` (secrets are not passed to pull requests \
             from forks)",
            lines.join(", ")
        ),
        place: None,
    }
}
