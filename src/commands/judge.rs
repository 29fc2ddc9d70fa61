//! Every contract of a configuration, read and judged: the use case behind `check`, `demo` and `action`.

use secrecy::SecretString;

use super::{
    confirm::confirm,
    progress::Progress,
    sides::{Recorded, Sides, customers_of, missing_credentials},
};
use crate::{
    billing::{Patience, key_advice},
    cli::Environment,
    config::{AccessContract, Config},
    contract::{
        Evaluation, Finding, Severity, Summary, Unanswerable, UnixSeconds, Verdict, evaluate,
    },
    problem::Problem,
    report::{ContractOutcome, Outcome, Reported},
};

/// What a run is given besides its configuration.
#[derive(Debug)]
pub struct Run<'r> {
    pub environment: &'r Environment,
    pub client: reqwest::Client,
    pub patience: Patience,
    pub progress: &'r Progress,
    pub recorded: Recorded,
    /// The time of evaluation.
    pub now: UnixSeconds,
    /// Replaces `fail_on` of every contract; the inner none is `never`.
    pub fail_on: Option<Option<Severity>>,
}

/// The customers that are asked for by id before a key is called wrong.
const ASKED: usize = 3;

/// Judges every contract. What one of them cannot answer does not keep the others from being judged, but the run as a
/// whole then has no answer.
pub async fn judge(config: &Config, run: &Run<'_>) -> Outcome {
    let mut contracts = Vec::with_capacity(config.contracts.len());
    let mut warnings = Vec::new();
    for (index, contract) in config.contracts.iter().enumerate() {
        let judged = judge_contract(contract, run, &mut warnings).await;
        contracts.push(outcome(config, index, contract, run, judged));
    }
    warnings.dedup();
    let verdict = contracts.iter().map(|contract| contract.verdict).max();
    Outcome {
        verdict: verdict.unwrap_or(Verdict::Error),
        contracts,
        problems: Vec::new(),
        warnings,
    }
}

/// The variables that some contract needs and the environment does not have.
pub fn all_missing_credentials<'c>(config: &'c Config, run: &Run<'_>) -> Vec<&'c str> {
    let contracts = config.contracts.iter();
    let mut missing: Vec<_> = contracts
        .flat_map(|contract| missing_credentials(contract, run.environment, &run.recorded))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// The secrets that a configuration names, for masking.
pub fn secrets(config: &Config, environment: &Environment) -> Vec<SecretString> {
    let names = config
        .contracts
        .iter()
        .flat_map(|contract| [&contract.key_env, &contract.database.url_env]);
    names.filter_map(|name| environment.secret(name)).collect()
}

async fn judge_contract(
    contract: &AccessContract,
    run: &Run<'_>,
    warnings: &mut Vec<Problem>,
) -> Result<Evaluation, Problem> {
    let sides = Sides::open(contract, run)?;
    if run.recorded == Recorded::Nothing
        && let Some(key) = run.environment.secret(&contract.key_env)
    {
        warnings.extend(key_advice(contract.contract.source, &key));
    }
    let mut read = sides.read().await?;
    warnings.append(&mut read.warnings);
    let mut facts = read.facts;
    let mut evaluation = evaluate(&contract.contract, &facts, run.now);
    if let Err(Unanswerable::NoCustomerKnown { .. }) = evaluation {
        let some: Vec<_> = customers_of(&facts.accounts)
            .into_iter()
            .take(ASKED)
            .collect();
        facts.customer_known = sides.any_customer_exists(&some).await?;
        if facts.customer_known {
            evaluation = evaluate(&contract.contract, &facts, run.now);
        }
    }
    let mut evaluation = evaluation.map_err(|error| Problem::of(&error))?;
    if let Some(wait) = contract.confirm_after
        && sides.are_live()
        && !evaluation.findings.is_empty()
    {
        tracing::info!(
            findings = evaluation.findings.len(),
            "reading again in {} s what looks wrong: webhooks lag",
            wait.as_secs()
        );
        tokio::time::sleep(wait).await;
        evaluation = confirm(&contract.contract, &sides, facts, evaluation, run.now).await?;
    }
    evaluation.summary.provider_requests = sides.requests();
    Ok(evaluation)
}

fn outcome(
    config: &Config,
    index: usize,
    contract: &AccessContract,
    run: &Run<'_>,
    judged: Result<Evaluation, Problem>,
) -> ContractOutcome {
    let fail_on = run.fail_on.unwrap_or(contract.contract.fail_on);
    let mut outcome = ContractOutcome {
        name: contract.name.clone(),
        source: contract.contract.source,
        verdict: Verdict::Error,
        findings: Vec::new(),
        summary: Summary::default(),
        problem: None,
        named: Vec::new(),
    };
    match judged {
        Ok(evaluation) => {
            outcome.verdict = Verdict::of(&evaluation.findings, fail_on);
            outcome.summary = evaluation.summary;
            let place = |finding: Finding| {
                let place = config.place(index, finding.rule, finding.subject.price.as_deref());
                Reported { finding, place }
            };
            outcome.findings = evaluation.findings.into_iter().map(place).collect();
        }
        Err(problem) => outcome.problem = Some(problem),
    }
    outcome
}
