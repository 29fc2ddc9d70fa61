//! Checks every contract of a configuration: the use case behind `check`, `demo` and `action`.

use super::{
    confirm::SecondRead,
    credentials::{missing_credentials, open},
    evidence::EvidenceFailures,
    failure::Failure,
    recorded::RecordedSides,
    repair,
    run_parameters::RunParameters,
};
use crate::{
    billing::key_advice,
    config::{AccessContract, Config},
    contract::{
        Advice, Contract, Evaluation, Facts, Finding, Mode, SeenModes, Summary, Unanswerable,
        Verdict, evaluate,
    },
    problem::Warning,
    report::{ContractOutcome, Outcome, Repair, Reported},
    sources::{CheckInput, Sources, some_customers},
};

/// Checks every contract. If one of them has no verdict, the others are still checked, but the run as a whole has none
/// either.
pub(crate) async fn run_check(config: &Config, run: &RunParameters<'_>) -> Outcome {
    let mut contracts = Vec::with_capacity(config.contracts.len());
    let mut warnings = config.warnings.clone();
    let mut evidence = EvidenceFailures::default();
    for (index, contract) in config.contracts.iter().enumerate() {
        let checked = check_contract(contract, run, &mut evidence, &mut warnings).await;
        contracts.push(contract_outcome(config, index, contract, run, checked));
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
        provenance: None,
        are_changes_known: false,
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

/// Result of one contract with a verdict.
struct CheckedContract {
    evaluation: Evaluation,
    repairs: Vec<Repair>,
    mode: Option<Mode>,
}

async fn check_contract(
    contract: &AccessContract,
    run: &RunParameters<'_>,
    evidence: &mut EvidenceFailures,
    warnings: &mut Vec<Warning>,
) -> Result<CheckedContract, Failure> {
    let sources = open(contract, run)?;
    if run.recorded == RecordedSides::Nothing
        && let Some(key) = run.environment.secret(&contract.key_env)
    {
        warnings.extend(key_advice(contract.contract.source, &key));
    }
    let CheckInput {
        mut facts,
        customers_were_looked_up,
        derived,
        warnings: of_reading,
    } = sources.read().await?;
    warnings.extend(of_reading);
    let first = evaluate_first_read(
        &contract.contract,
        &sources,
        &mut facts,
        customers_were_looked_up,
    )
    .await?;
    let second_read = SecondRead {
        contract: &contract.contract,
        sources: &sources,
        wait: contract.confirm_after.filter(|_| sources.are_live()),
    };
    let mut evaluation = second_read.confirm(&mut facts, &derived, first).await?;
    evidence
        .add_causes(contract, &sources, &facts, &mut evaluation.findings)
        .await;
    evaluation.summary.provider_requests = sources.billing.requests();
    warnings.extend(sources.billing.warnings());
    let findings = &evaluation.findings;
    let repairs = if run.repairs && !findings.is_empty() {
        let accounts = &*sources.accounts;
        repair::repairs(contract, accounts, &facts, findings, run.now).await
    } else {
        Vec::new()
    };
    let configured = contract.contract.mode;
    let mode = configured
        .or_else(|| mode_of_objects(&facts.seen_modes))
        .or_else(|| sources.billing.mode());
    Ok(CheckedContract {
        evaluation,
        repairs,
        mode,
    })
}

/// Evaluates the facts of the first read. If no account has a known customer, first asks the provider whether it knows a
/// few of them, unless they were looked up already.
async fn evaluate_first_read(
    contract: &Contract,
    sources: &Sources<'_>,
    facts: &mut Facts,
    customers_were_looked_up: bool,
) -> Result<Evaluation, Failure> {
    let evaluation = evaluate(contract, facts, sources.now);
    if let Err(Unanswerable::NoCustomerKnown { .. }) = evaluation
        && !customers_were_looked_up
    {
        let some = some_customers(&facts.accounts);
        facts.customer_known = sources.billing.any_customer_exists(&some).await?;
        if facts.customer_known {
            return Ok(evaluate(contract, facts, sources.now)?);
        }
    }
    Ok(evaluation?)
}

/// Returns the mode of the objects that were read, if all have the same.
fn mode_of_objects(seen: &SeenModes) -> Option<Mode> {
    match (&seen.live, &seen.test) {
        (Some(_), None) => Some(Mode::Live),
        (None, Some(_)) => Some(Mode::Test),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn contract_outcome(
    config: &Config,
    index: usize,
    contract: &AccessContract,
    run: &RunParameters<'_>,
    checked: Result<CheckedContract, Failure>,
) -> ContractOutcome {
    let fail_on = run.fail_on.for_contract(contract);
    let mut outcome = ContractOutcome {
        name: contract.name.clone(),
        source: contract.contract.source,
        mode: None,
        account_link: contract.account_link.clone(),
        verdict: Verdict::Error,
        fail_on,
        advice: Vec::new(),
        findings: Vec::new(),
        summary: Summary::default(),
        problem: None,
        named: Vec::new(),
    };
    match checked {
        Ok(CheckedContract {
            evaluation,
            repairs,
            mode,
        }) => {
            outcome.mode = mode;
            outcome.verdict = Verdict::from_findings(&evaluation.findings, fail_on);
            outcome.summary = evaluation.summary;
            let advice = |advice: Advice| {
                Warning::new(advice.message)
                    .hint(advice.hint)
                    .at(config.advice_place(index, &advice.about))
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

/// Adds the places to findings. Shrinks the original list while it builds the new one, so that a million findings are
/// not held twice.
fn placed(config: &Config, index: usize, mut findings: Vec<Finding>) -> Vec<Reported> {
    const BETWEEN_SHRINKING: usize = 1 << 16;
    let mut placed = Vec::with_capacity(findings.len());
    while let Some(finding) = findings.pop() {
        let place = config.place(index, finding.rule, finding.subject.price.as_deref());
        placed.push(Reported::new(finding, place));
        if findings.len().is_multiple_of(BETWEEN_SHRINKING) {
            findings.shrink_to_fit();
        }
    }
    placed.reverse();
    placed
}
