//! Checks every contract of a configuration: the use case behind `check`, `demo` and `action`.

use std::{sync::OnceLock, time::Duration};

use super::{
    confirm::confirm,
    evidence::EvidenceFailures,
    failure::{Failure, no_http_client},
    progress::Progress,
    provider::some_customers,
    recorded::RecordedSides,
    repair,
    sources::{Sources, missing_credentials},
};
use crate::{
    billing::{RetryPolicy, key_advice},
    cli::Environment,
    config::{AccessContract, Config},
    contract::{
        Advice, Evaluation, Finding, Severity, Summary, Unanswerable, UnixSeconds, Verdict,
        evaluate,
    },
    http, notice,
    problem::Problem,
    report::{ContractOutcome, Outcome, Repair, Reported},
};

/// The parameters of a run besides its configuration.
#[derive(Debug)]
pub(crate) struct RunParameters<'r> {
    pub(crate) environment: &'r Environment,
    client: OnceLock<reqwest::Client>,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) progress: &'r Progress,
    pub(crate) recorded: RecordedSides,
    /// Time of evaluation.
    pub(crate) now: UnixSeconds,
    pub(crate) fail_on: FailOn,
    /// True if findings need instructions for their repair.
    pub(crate) repairs: bool,
}

impl<'r> RunParameters<'r> {
    pub(crate) fn new(
        environment: &'r Environment,
        progress: &'r Progress,
        recorded: RecordedSides,
        now: UnixSeconds,
    ) -> Self {
        Self {
            environment,
            client: OnceLock::new(),
            retry_policy: RetryPolicy::default(),
            progress,
            recorded,
            now,
            fail_on: FailOn::AsConfigured,
            repairs: false,
        }
    }

    /// Returns the HTTP client that all contracts share. It is created when first needed: that reads the machine's
    /// certificates, and recorded files need none.
    pub(crate) fn client(&self) -> Result<reqwest::Client, Problem> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = http::client().map_err(|error| no_http_client(&error))?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

/// The minimum severity of findings that fail the run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailOn {
    /// According to each contract.
    #[default]
    AsConfigured,
    /// This severity or higher; `None` means never.
    Severity(Option<Severity>),
}

impl FailOn {
    /// Returns the severity for this contract; `None` means never.
    pub(crate) fn for_contract(self, contract: &AccessContract) -> Option<Severity> {
        match self {
            Self::AsConfigured => contract.contract.fail_on,
            Self::Severity(severity) => severity,
        }
    }
}

/// Checks every contract. If one of them has no verdict, the others are still checked, but the run as a whole has none
/// either.
pub(crate) async fn judge(config: &Config, run: &RunParameters<'_>) -> Outcome {
    let mut contracts = Vec::with_capacity(config.contracts.len());
    let mut warnings = config.warnings.clone();
    let mut evidence = EvidenceFailures::default();
    for (index, contract) in config.contracts.iter().enumerate() {
        let judged = judge_contract(contract, run, &mut evidence, &mut warnings).await;
        contracts.push(outcome(config, index, contract, run, judged));
    }
    warnings.extend(evidence.into_warnings());
    super::once_each(&mut warnings);
    let verdict = contracts.iter().map(|contract| contract.verdict).max();
    Outcome {
        verdict: verdict.unwrap_or(Verdict::Error),
        contracts,
        problems: Vec::new(),
        warnings,
        rehearsal: None,
        since: None,
    }
}

/// Returns the environment variables that some contract needs but that are not set.
pub(crate) fn all_missing_credentials<'c>(
    config: &'c Config,
    run: &RunParameters<'_>,
) -> Vec<&'c str> {
    let contracts = config.contracts.iter();
    let mut missing: Vec<_> = contracts
        .flat_map(|contract| missing_credentials(contract, run.environment, &run.recorded))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

async fn judge_contract(
    contract: &AccessContract,
    run: &RunParameters<'_>,
    evidence: &mut EvidenceFailures,
    warnings: &mut Vec<Problem>,
) -> Result<(Evaluation, Vec<Repair>), Failure> {
    let sides = Sources::open(contract, run)?;
    if run.recorded == RecordedSides::Nothing
        && let Some(key) = run.environment.secret(&contract.key_env)
    {
        warnings.extend(key_advice(contract.contract.source, &key));
    }
    let mut read = sides.read().await?;
    warnings.append(&mut read.warnings);
    let mut facts = read.facts;
    let mut evaluation = evaluate(&contract.contract, &facts, run.now);
    if let Err(Unanswerable::NoCustomerKnown { .. }) = evaluation
        && !read.customers_were_asked
    {
        let some = some_customers(&facts.accounts);
        facts.customer_known = sides.any_customer_exists(&some).await?;
        if facts.customer_known {
            evaluation = evaluate(&contract.contract, &facts, run.now);
        }
    }
    let mut evaluation = evaluation?;
    if let Some(wait) = contract.confirm_after
        && sides.are_live()
        && !evaluation.findings.is_empty()
    {
        notice::say(&before_second_read(evaluation.findings.len(), wait));
        tokio::time::sleep(wait).await;
        evaluation = confirm(&contract.contract, &sides, &mut facts, evaluation, run.now).await?;
    }
    evidence
        .add(contract, &sides, &facts, &mut evaluation.findings)
        .await;
    evaluation.summary.provider_requests = sides.requests();
    warnings.extend(sides.warnings());
    let findings = &evaluation.findings;
    let repairs = if run.repairs && !findings.is_empty() {
        repair::repairs(contract, &sides, &facts, findings, run.now).await
    } else {
        Vec::new()
    };
    Ok((evaluation, repairs))
}

fn before_second_read(findings: usize, wait: Duration) -> String {
    let (findings, them) = match findings {
        1 => ("1 finding".to_owned(), "it"),
        several => (format!("{several} findings"), "them"),
    };
    let wait = humantime::format_duration(wait);
    format!(
        "{findings} so far. Reading {them} again in {wait}, because webhooks lag (`confirm_after`)"
    )
}

fn outcome(
    config: &Config,
    index: usize,
    contract: &AccessContract,
    run: &RunParameters<'_>,
    judged: Result<(Evaluation, Vec<Repair>), Failure>,
) -> ContractOutcome {
    let fail_on = run.fail_on.for_contract(contract);
    let mut outcome = ContractOutcome {
        name: contract.name.clone(),
        source: contract.contract.source,
        verdict: Verdict::Error,
        fail_on,
        advice: Vec::new(),
        findings: Vec::new(),
        summary: Summary::default(),
        problem: None,
        named: Vec::new(),
    };
    match judged {
        Ok((evaluation, repairs)) => {
            outcome.verdict = Verdict::from_findings(&evaluation.findings, fail_on);
            outcome.summary = evaluation.summary;
            let advice = |one: Advice| {
                Problem::new(one.message)
                    .hint(one.hint)
                    .at(config.advice_place(index, &one.about))
            };
            outcome.advice = evaluation.advice.into_iter().map(advice).collect();
            outcome.findings = placed(config, index, evaluation.findings);
            for (found, repair) in outcome.findings.iter_mut().zip(repairs) {
                found.repair = Some(repair);
            }
        }
        Err(failure) => {
            outcome.problem = Some(failure.problem);
            outcome.named = failure.named;
        }
    }
    outcome
}

/// Adds the places of findings. Shrinks the original list on the way, so that a million findings are not held twice.
fn placed(config: &Config, index: usize, mut findings: Vec<Finding>) -> Vec<Reported> {
    const AT_ONCE: usize = 1 << 16;
    let mut placed = Vec::with_capacity(findings.len());
    while let Some(finding) = findings.pop() {
        let place = config.place(index, finding.rule, finding.subject.price.as_deref());
        placed.push(Reported::new(finding, place));
        if findings.len().is_multiple_of(AT_ONCE) {
            findings.shrink_to_fit();
        }
    }
    placed.reverse();
    placed
}
