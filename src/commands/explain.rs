//! `prodverdict explain`: shows one account, customer or subscription, with all its facts from both sides and the contract's result.

use std::collections::BTreeSet;

use super::{
    configuration,
    credentials::open,
    evidence::EvidenceFailures,
    failure::Failure,
    lookup::{LookupRequest, find},
    output::Output,
    recorded::RecordedSides,
    run_parameters::RunParameters,
    secrets::{mask_of, secrets_of},
};
use crate::{
    billing::key_advice,
    cli::{Environment, ExplainArgs, Format, Redact},
    config::{AccessContract, Config},
    contract::{Explanations, Unanswerable, UnixSeconds, Verdict, explain},
    notice::Progress,
    problem::{ErrorCode, Problem, Warning},
    report::{self, ExplainedContract, ExplainedEntity, Mask, Reported},
};

pub(super) async fn run(arguments: &ExplainArgs, environment: &Environment) -> u8 {
    let config = match configuration::load(&arguments.config.config) {
        Ok(config) => config,
        Err(unusable) => {
            let output = Output::of_process(Mask::default());
            let problems = unusable.problems();
            return finish(
                arguments,
                ExplainedEntity::unanswered(&arguments.entity, problems),
                &output,
            );
        }
    };
    let output = Output::of_process(mask_of(&secrets_of(&config, environment)));
    let progress = Progress::new(output.on_terminal);
    let now = arguments.now.map_or_else(super::now, UnixSeconds::from);
    let recorded = RecordedSides::from_arguments(&arguments.fixtures, &arguments.config.config);
    let run = RunParameters::new(environment, &progress, recorded, now);
    let asked = (arguments.entity.as_str(), arguments.contract.as_deref());
    let explained = explain_entity(&config, asked, &run).await;
    finish(arguments, explained, &output)
}

fn finish(arguments: &ExplainArgs, explained: ExplainedEntity, output: &Output) -> u8 {
    let explained = &match arguments.redact {
        Redact::Off => explained,
        Redact::Ids => report::redact_explanation(&explained),
    };
    output.say(&report::warnings(
        &explained.warnings,
        output.color_on_stderr,
    ));
    output.say(&report::explanation_summary(explained));
    let written = output.data(&match arguments.format.format.unwrap_or_default() {
        Format::Text => report::explanation_text(explained, output.color),
        Format::Json => report::explanation_json(explained),
    });
    match written {
        Ok(()) => explained.verdict.exit_status(false),
        Err(error) => super::could_not_write(output, &error),
    }
}

/// Looks up the entity in every contract, or in the named one. Contracts that do not know it are omitted; a contract
/// that cannot be checked leaves the result without a verdict.
pub(super) async fn explain_entity(
    config: &Config,
    (entity, name): (&str, Option<&str>),
    run: &RunParameters<'_>,
) -> ExplainedEntity {
    let is_meant = |contract: &AccessContract| name.is_none_or(|name| contract.name == name);
    let words: BTreeSet<_> = config
        .contracts
        .iter()
        .map(|contract| contract.contract.entity.as_str())
        .collect();
    let mut explained = ExplainedEntity::unanswered(entity, Vec::new());
    explained.warnings.clone_from(&config.warnings);
    let mut evidence = EvidenceFailures::default();
    let mut is_any_meant = false;
    for (index, contract) in config.contracts.iter().enumerate() {
        if !is_meant(contract) {
            continue;
        }
        is_any_meant = true;
        let request = LookupRequest::new(entity, &contract.contract, &words);
        let explanation = explain_contract(
            contract,
            &request,
            run,
            &mut evidence,
            &mut explained.warnings,
        )
        .await;
        match explanation {
            Ok(Some((explanation, requests))) => {
                let explanation = with_verdict(config, index, contract, explanation, requests);
                explained.contracts.push(explanation);
            }
            Ok(None) => {}
            Err(failure) => explained.contracts.push(ExplainedContract::unanswered(
                &contract.name,
                contract.contract.source,
                failure,
            )),
        }
    }
    explained.warnings.extend(evidence.into_warnings());
    super::once_each(&mut explained.warnings);
    if !is_any_meant {
        explained
            .problems
            .push(no_contract(config, name.unwrap_or_default()));
    } else if explained.contracts.is_empty() {
        explained.problems.push(entity_not_found(entity, &words));
    }
    let verdict = explained
        .contracts
        .iter()
        .map(|contract| contract.verdict)
        .max();
    explained.verdict = verdict.unwrap_or(Verdict::Error);
    explained
}

/// Returns the explanation and the number of requests, or `None` if the contract does not know the entity.
async fn explain_contract(
    contract: &AccessContract,
    request: &LookupRequest,
    run: &RunParameters<'_>,
    evidence: &mut EvidenceFailures,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(Explanations, u64)>, Failure> {
    let sources = open(contract, run)?;
    let Some(mut found) = find(&contract.contract, &sources, request, run.now).await? else {
        return Ok(None);
    };
    if run.recorded == RecordedSides::Nothing
        && let Some(key) = run.environment.secret(&contract.key_env)
    {
        warnings.extend(key_advice(contract.contract.source, &key));
    }
    warnings.append(&mut found.warnings);
    let facts = &found.facts;
    let mut explained = explain(&contract.contract, facts, &found.existing, run.now);
    let findings = &mut explained.findings;
    evidence
        .add_causes(contract, &sources, facts, findings)
        .await;
    Ok(Some((explained, sources.billing.requests())))
}

/// Adds the verdict and the places of the findings to an explanation.
fn with_verdict(
    config: &Config,
    index: usize,
    contract: &AccessContract,
    explanation: Explanations,
    provider_requests: u64,
) -> ExplainedContract {
    let mut judgements = explanation
        .customers
        .iter()
        .map(|customer| &customer.judgement);
    let unanswerable = judgements.find_map(|judgement| judgement.as_ref().err());
    let named = unanswerable.map(Unanswerable::named).unwrap_or_default();
    let problem = unanswerable.map(Problem::from);
    let verdict = match &problem {
        Some(_) => Verdict::Error,
        None => Verdict::from_findings(&explanation.findings, contract.contract.fail_on),
    };
    let findings = explanation.findings.into_iter().map(|finding| {
        let place = config.place(index, finding.rule, finding.subject.price.as_deref());
        Reported::new(finding, place)
    });
    ExplainedContract {
        name: contract.name.clone(),
        source: contract.contract.source,
        verdict,
        findings: findings.collect(),
        customers: explanation.customers,
        problem,
        named,
        provider_requests,
    }
}

fn no_contract(config: &Config, name: &str) -> Problem {
    let names = config
        .contracts
        .iter()
        .map(|contract| format!("`{}`", contract.name));
    Problem::new(
        ErrorCode::InvalidSetting,
        format!("there is no contract `{name}`"),
    )
    .hint(format!(
        "name one of {}",
        names.collect::<Vec<_>>().join(", ")
    ))
}

fn entity_not_found(entity: &str, words: &BTreeSet<&str>) -> Problem {
    let forms = words.iter().map(|word| format!("`{word}:<id>`"));
    let forms = forms.collect::<Vec<_>>().join(", ");
    Problem::new(ErrorCode::UnknownAccount, format!(
        "neither the database nor the provider knows an account or customer `{entity}`"
    ))
    .hint(if entity.contains('@') {
        "an account is found by the e-mail address in its column `email`, or the one that `columns.email` names; Stripe \
         finds customers only by the exact address"
            .to_owned()
    } else {
        format!(
            "write {forms}, `customer:<id>` or `subscription:<id>`, the id alone (case-sensitive), or an e-mail address"
        )
    })
}
