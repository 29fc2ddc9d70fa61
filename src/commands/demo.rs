//! `prodverdict demo`: checks a built-in broken contract, and suggests the next step.

use std::path::Path;

use super::{
    configuration,
    output::Output,
    recorded::RecordedSides,
    reporting::{ReportedRun, Reporting},
    run_check::run_check,
    run_parameters::RunParameters,
    unanswered,
};
use crate::{
    cli::{Environment, FixtureArgs, ReportArgs},
    notice::Progress,
    report::Mask,
    sources::FixtureFiles,
};

/// Name of the configuration in the report.
const CONFIG_PATH: &str = "prodverdict.yml";

const CONFIG: &str = include_str!("../../examples/nextjs-stripe/prodverdict.yml");

const NEXT_STEPS: &str = "
This was a recorded example: Alice pays, and the webhook handler never gave her access.
Next, check your own application:
  1. `prodverdict init` writes prodverdict.yml for your stack.
  2. Create a read-only restricted Stripe key, and a database role that can only select.
  3. With STRIPE_SECRET_KEY and DATABASE_URL set, `prodverdict doctor` names what is missing,
     and `prodverdict check access` gives the verdict.";

pub(super) async fn run(arguments: &ReportArgs, environment: &Environment) -> u8 {
    let path = Path::new(CONFIG_PATH);
    let now = super::now();
    let reported = ReportedRun {
        config: path,
        fixtures: Some(&FixtureArgs {
            fixtures: true,
            fixtures_stripe: false,
            fixtures_dir: None,
        }),
        now,
        strict: false,
        is_example: true,
    };
    let reporting = match Reporting::prepare(arguments, reported) {
        Ok(reporting) => reporting,
        Err(status) => return status,
    };
    let output = Output::of_process(Mask::default());
    let progress = Progress::new(output.on_terminal);
    let recorded = RecordedSides::Both(FixtureFiles::BuiltIn);
    let outcome = match configuration::parse(CONFIG.to_owned(), CONFIG_PATH) {
        Ok(config) => {
            let mut run = RunParameters::new(environment, &progress, recorded, now);
            run.repairs = reporting.wants_repairs();
            run_check(&config, &run).await
        }
        Err(unusable) => unanswered(unusable.problems()),
    };
    let status = reporting.finish(outcome, &output);
    output.say(NEXT_STEPS);
    status
}
