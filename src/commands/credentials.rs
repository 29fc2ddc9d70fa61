//! Opens the sources of a contract, with the credentials that the environment variables hold.

use super::{failure::Failure, recorded::RecordedSides, run_parameters::RunParameters};
use crate::{
    billing::{self, BillingReader},
    cli::Environment,
    config::AccessContract,
    contract::{Contract, Rule},
    database::ReadRequest,
    problem::{ErrorCode, Problem},
    sources::{
        AccountSource, BillingSource, LiveAccounts, LiveBilling, RecordedAccountRows,
        RecordedBilling, Sources,
    },
};

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

/// Finds the credentials and checks them as far as possible without a request.
pub(crate) fn open<'r>(
    contract: &'r AccessContract,
    run: &'r RunParameters<'r>,
) -> Result<Sources<'r>, Failure> {
    let missing = missing_credentials(contract, run.environment, &run.recorded);
    if !missing.is_empty() {
        return Err(not_set(&missing).into());
    }
    Ok(Sources {
        billing: billing_source(contract, run)?,
        accounts: account_source(contract, run)?,
        now: run.now,
    })
}

fn billing_source<'r>(
    contract: &'r AccessContract,
    run: &'r RunParameters<'r>,
) -> Result<Box<dyn BillingSource + 'r>, Failure> {
    match &run.recorded {
        RecordedSides::Provider(files) | RecordedSides::Both(files) => {
            Ok(Box::new(RecordedBilling {
                files: files.of_contract(&contract.name),
                source: contract.contract.source,
                wants_refunds: wants_refunds(&contract.contract),
            }))
        }
        RecordedSides::Nothing => Ok(Box::new(LiveBilling {
            contract: &contract.contract,
            reader: reader(contract, run)?,
            progress: run.progress,
        })),
    }
}

fn account_source<'r>(
    contract: &'r AccessContract,
    run: &'r RunParameters<'r>,
) -> Result<Box<dyn AccountSource + 'r>, Failure> {
    let wants_plan = !contract.contract.plans.is_empty();
    match &run.recorded {
        RecordedSides::Both(files) => Ok(Box::new(RecordedAccountRows {
            files: files.of_contract(&contract.name),
            contract,
            wants_plan,
        })),
        RecordedSides::Nothing | RecordedSides::Provider(_) => {
            let variable = &contract.database.url_env;
            let url = run.environment.secret(variable);
            Ok(Box::new(LiveAccounts {
                contract,
                url: url.ok_or_else(|| not_set(&[variable]))?,
                request: ReadRequest {
                    wants_plan,
                    now: run.now,
                    in_container_action: run.environment.in_container_action(),
                },
                progress: run.progress,
            }))
        }
    }
}

/// Returns true if a rule of the contract is about refunds.
fn wants_refunds(contract: &Contract) -> bool {
    contract.severities.contains_key(&Rule::RefundedAccess)
}

/// Creates the provider's reader of one contract, with the key from the environment.
pub(crate) fn reader(
    contract: &AccessContract,
    run: &RunParameters<'_>,
) -> Result<BillingReader, Failure> {
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
        requests_per_minute: contract.requests_per_minute,
        max_requests: contract.max_requests.map(|max| max.get().into()),
        evidence: contract.evidence,
        invoices: contract.contract.grace.past_due.is_some(),
        refunds: wants_refunds(&contract.contract),
        now: Some(run.now),
        ..billing::Settings::from_variables(definition, |name| environment.get(name))?
    };
    BillingReader::new(source, run.client()?, &key, &settings).map_err(Failure::from)
}

/// Returns the names with the verb: `A` and `B` are.
pub(crate) fn with_verb(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", quoted.join(" and "))
}

pub(crate) fn not_set(names: &[&str]) -> Problem {
    let (variables, them) = if names.len() == 1 {
        ("variable", "it")
    } else {
        ("variables", "them")
    };
    let lines: Vec<_> = names
        .iter()
        .map(|name| format!("{name}: ${{{{ secrets.{name} }}}}"))
        .collect();
    Problem::new(
        ErrorCode::CredentialsMissing,
        format!("the environment {variables} {} not set", with_verb(names)),
    )
    .hint(format!(
        "set {them} for the command; in a workflow, give the step `env: {{ {} }}` \
         (secrets are not passed to pull requests from forks)",
        lines.join(", ")
    ))
}
