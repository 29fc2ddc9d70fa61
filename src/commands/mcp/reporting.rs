//! Answers with the outcome of a check or a rehearsal, and keeps it as the last report.

use super::{answer::ToolAnswer, resources, session::Session};
use crate::{
    commands::{output::Output, shell_arguments, working_tree_changes::WorkingTreeChanges},
    config::Config,
    contract::UnixSeconds,
    report::{self, AgentSettings, Outcome, Provenance},
};

/// Places the findings of an outcome at changed lines, keeps it as the last report, and returns the answer. `output` masks
/// the secrets of the run.
pub(super) async fn report_outcome(
    session: &Session,
    mut outcome: Outcome,
    (config, now): (Option<&Config>, UnixSeconds),
    output: &Output,
) -> ToolAnswer {
    let path = session.config_path();
    if let Some(config) = config
        && let Ok(changes) = WorkingTreeChanges::find(&outcome, config, path).await
    {
        changes.place(&mut outcome);
    }
    outcome.provenance = Some(Provenance::new(now, &path.display().to_string()));
    if session.redacts() {
        outcome = report::redact_ids(&outcome);
    }
    let ours = session.output(config);
    let outcome = ours.masked(&output.masked(&outcome)).into_owned();
    let fixtures = &session.arguments.fixtures;
    let fixtures = outcome.rehearsal.is_none().then_some(fixtures);
    let settings = AgentSettings {
        strict: session.arguments.strict,
        arguments: &shell_arguments::of_run(path, fixtures),
        is_example: false,
    };
    let report = report::agent_report(&outcome, settings);
    session.keep_report(outcome);
    ToolAnswer::new(&report, report.exit_code(), &ours).with_link(resources::last_report())
}
