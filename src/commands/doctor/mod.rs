//! `prodverdict doctor`: checks every step at which a first run can fail, in the order of that run.

mod checks;
mod contract_facts;
mod definition;
mod rehearsal_facts;
mod setup;

use std::{path::Path, time::Duration};

use self::{
    contract_facts::ContractFacts, definition::DoctorCheck, rehearsal_facts::RehearsalFacts,
    setup::Setup,
};
use super::{
    configuration, output::Output, recorded::RecordedSides, run_parameters::RunParameters,
    secrets::mask_of_environment,
};
use crate::{
    billing::RetryPolicy,
    cli::{DoctorArgs, Environment, Format},
    notice::Progress,
    report::{self, DoctorReport, DoctorStep, StepResult},
};

/// Time for the provider's first answer. Somebody waits, and a failed check can be repeated.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

pub(super) async fn run(arguments: &DoctorArgs, environment: &Environment) -> u8 {
    let (report, output) = check_setup(&arguments.config.config, environment).await;
    output.say(&report.summary());
    let written = output.data(&match arguments.format.format.unwrap_or_default() {
        Format::Text => report::doctor_text(&report, output.color),
        Format::Json => report::doctor_json(&report),
    });
    match written {
        Ok(()) => report.exit_status(),
        Err(error) => super::could_not_write(&output, &error),
    }
}

/// Makes all checks of the setup with the configuration at `path`. Returns them with the output that masks its secrets.
pub(super) async fn check_setup(path: &Path, environment: &Environment) -> (DoctorReport, Output) {
    let config = configuration::load(path);
    let mask = mask_of_environment(config.as_ref().ok(), environment);
    let output = Output::of_process(mask.clone());
    let progress = Progress::new(output.on_terminal);
    let mut run = RunParameters::new(environment, &progress, RecordedSides::Nothing, super::now());
    run.retry_policy = RetryPolicy {
        tries: 3,
        first_answer: FIRST_ANSWER,
        ..RetryPolicy::default()
    };
    let setup = Setup {
        path,
        config: config.as_ref(),
        run: &run,
        output: &output,
        mask,
    };
    let report = examine(&setup).await;
    (report, output)
}

/// Makes all checks. Those that need a configuration are skipped without one.
async fn examine(setup: &Setup<'_>) -> DoctorReport {
    let mut steps = Vec::new();
    for check in checks::OF_CONFIGURATION {
        steps.push(step(check, None, (check.run)(setup).await));
    }
    let contracts = setup.config.map_or(&[][..], |config| &config.contracts);
    for (index, contract) in contracts.iter().enumerate() {
        let mut facts = ContractFacts::new(setup, index, contract);
        for check in checks::OF_CONTRACT {
            let result = (check.run)(&mut facts).await;
            steps.push(step(check, Some(contract.name.clone()), result));
        }
    }
    match RehearsalFacts::new(setup) {
        Some(mut facts) => {
            for check in checks::OF_REHEARSAL {
                steps.push(step(check, None, (check.run)(&mut facts).await));
            }
        }
        None if setup.config.is_ok() => {
            let unused = StepResult::skip("the configuration has no `rehearsal:`");
            steps.push(DoctorStep {
                id: "rehearsal",
                contract: None,
                result: unused,
            });
        }
        None => {}
    }
    if setup.config.is_err() {
        steps.extend(without_configuration(checks::OF_CONTRACT));
        steps.extend(without_configuration(checks::OF_REHEARSAL));
    }
    for check in checks::OF_JOB {
        steps.push(step(check, None, (check.run)(setup).await));
    }
    DoctorReport { steps }
}

fn step<R>(check: &DoctorCheck<R>, contract: Option<String>, result: StepResult) -> DoctorStep {
    DoctorStep {
        id: check.id,
        contract,
        result,
    }
}

fn without_configuration<R>(checks: &[DoctorCheck<R>]) -> impl Iterator<Item = DoctorStep> {
    let needs = StepResult::needs(checks::CONFIGURATION);
    checks
        .iter()
        .map(move |check| step(check, None, needs.clone()))
}
