//! Reads what the database and the provider know about a draft: tables, plans, prices, and a few accounts.

use std::time::Duration;

use secrecy::SecretString;

use crate::{
    cli::Environment,
    commands::{credentials::reader, recorded::RecordedSides, run_parameters::RunParameters},
    config::{AccessContract, AccountsQuery, DatabaseSettings},
    contract::{Account, MatchOn},
    database::{self, DatabaseSample, DatabaseSampler, ReadRequest},
    notice::Progress,
    presets::{CatalogEntry, StoredPlan},
    problem::Problem,
};

/// The environment variable with the database's URL.
pub(super) const URL_ENV: &str = "DATABASE_URL";

/// Number of accounts that are shown.
const SHOWN: u32 = 6;

/// Time limit of each statement that looks around.
const LIMIT: Duration = Duration::from_secs(15);

/// The settings of a session that reads no accounts.
pub(super) fn settings() -> DatabaseSettings {
    DatabaseSettings {
        url_env: URL_ENV.to_owned(),
        accounts: AccountsQuery::Query { sql: String::new() },
        email: None,
        match_on: MatchOn::CustomerId,
        statement_timeout: LIMIT,
        timezone: "UTC".to_owned(),
    }
}

pub(super) async fn sample(
    url: &SecretString,
    settings: &DatabaseSettings,
    environment: &Environment,
) -> Result<DatabaseSample, Problem> {
    let in_container = environment.in_container_action();
    let mut sampler = DatabaseSampler::open(url, settings, in_container).await?;
    let sample = sampler.sample().await;
    sampler.close().await;
    Ok(sample?)
}

/// Returns the plans that the rows hold.
pub(super) async fn stored_plans(
    url: &SecretString,
    sql: &str,
    settings: &DatabaseSettings,
    environment: &Environment,
) -> Result<Vec<StoredPlan>, Problem> {
    let in_container = environment.in_container_action();
    let mut sampler = DatabaseSampler::open(url, settings, in_container).await?;
    let rows = sampler.plans(sql).await;
    sampler.close().await;
    let plans = rows?
        .into_iter()
        .map(|(key, word)| StoredPlan { key, word });
    Ok(plans.collect())
}

/// Returns the provider's active prices.
pub(super) async fn catalog(
    contract: &AccessContract,
    environment: &Environment,
    progress: &Progress,
) -> Result<Vec<CatalogEntry>, Problem> {
    let now = crate::commands::now();
    let run = RunParameters::new(environment, progress, RecordedSides::Nothing, now);
    let reader = reader(contract, &run).map_err(|failure| failure.problem)?;
    let prices = reader.catalog().await?;
    let entries = prices.into_iter().map(|price| CatalogEntry {
        price: price.id,
        product: price.product,
        name: price.name,
        lookup_key: price.lookup_key,
        nickname: price.nickname,
    });
    Ok(entries.collect())
}

/// Reads a few accounts as a check would.
pub(super) async fn some_accounts(
    url: &SecretString,
    contract: &AccessContract,
    environment: &Environment,
) -> Result<Vec<Account>, Problem> {
    let request = ReadRequest {
        wants_plan: !contract.contract.plans.is_empty(),
        now: crate::commands::now(),
        in_container_action: environment.in_container_action(),
    };
    let read = database::read_some(url, &contract.database, &request, SHOWN).await;
    Ok(read?.accounts)
}
