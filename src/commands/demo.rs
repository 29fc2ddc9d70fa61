//! `prodverdict demo`: a broken contract from inside the program, and the next step to take.

use super::{
    check::{new_run, render, status},
    configuration, judge,
    output::Output,
    progress::Progress,
    sides::Recorded,
    unanswered,
};
use crate::{
    cli::{Environment, FormatArgs},
    fixtures::Recording,
    report,
};

const CONFIG: &str = include_str!("../../examples/nextjs-stripe/prodverdict.yml");

const NEXT_STEPS: &str = "
This was a recorded world: Alice pays, and the webhook handler never gave her access.
Next, look for the same in your own:
  1. Write prodverdict.yml: name your table, its columns and your prices. Start from the example in the README,
     and let `prodverdict validate` check it.
  2. Make a restricted Stripe key that can only read, and a database role that can only select.
  3. STRIPE_SECRET_KEY=rk_… DATABASE_URL=postgres://… prodverdict check access";

pub(super) async fn run(arguments: &FormatArgs, environment: &Environment) -> u8 {
    let output = Output::of_process(Vec::new());
    let progress = Progress::new(output.on_terminal);
    let recorded = Recorded::Both(Recording::BuiltIn);
    let outcome = match configuration::parse(CONFIG.to_owned(), "prodverdict.yml") {
        Ok(config) => match new_run(environment, &progress, recorded, super::now()) {
            Ok(run) => judge::judge(&config, &run).await,
            Err(problem) => unanswered(vec![problem]),
        },
        Err(unusable) => unanswered(unusable.problems()),
    };
    output.say(&report::summary_line(&outcome));
    let written = output.data(&render(&outcome, arguments.format, output.colour));
    let status = status(&outcome, false, &output, written);
    output.say(NEXT_STEPS);
    status
}
