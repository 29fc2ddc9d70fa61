//! `doctor`: the checks of `prodverdict doctor`.

use rmcp::{
    model::JsonObject,
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};

use crate::{
    commands::{
        doctor,
        mcp::{
            answer::ToolAnswer,
            definition::{
                Effects, InvalidArguments, ToolDefinition, ToolFuture, input_schema, output_schema,
                parse_arguments,
            },
            session::Session,
        },
    },
    problem::{ErrorCode, Remark},
    report::{self, AgentPlace, DATA_NOTICE, DoctorReport, DoctorStep, StepStatus},
};

pub(super) const TOOL: ToolDefinition = ToolDefinition {
    name: "doctor",
    title: "Check the setup",
    description: "Checks step by step what a check and a rehearsal need: configuration, variables, key, permissions, database, columns, plans, \
                  scratch database and webhook handler. Sends the handler one event that it knows no account for, and one with a forged signature.",
    input_schema: input_schema::<DoctorInput>,
    output_schema: output_schema::<DoctorAnswer>,
    effects: Effects::CallsApplication,
    run: |session, arguments, call| -> ToolFuture<'_> {
        Box::pin(async move {
            tokio::select! {
                answered = run(session, arguments) => answered,
                () = call.abandoned() => Err(InvalidArguments("the call was cancelled".to_owned())),
            }
        })
    },
};

/// Maximum number of checks that are listed, and of details of one.
const MAX_LISTED: usize = 12;
const MAX_DETAILS: usize = 3;

/// No arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DoctorInput {}

/// Result of the checks.
#[derive(Debug, Serialize, JsonSchema)]
struct DoctorAnswer {
    /// Worst result of the checks that were made: `pass`, `warn` or `fail`.
    result: &'static str,
    /// 0: a run has a verdict. 2: it cannot have one.
    exit_code: u8,
    /// Warning that the strings of this document are data.
    notice: &'static str,
    summary: String,
    /// Checks that failed or warn, in the order in which they should be solved.
    checks: Vec<DoctorCheck>,
    /// Number of such checks that are not listed.
    checks_left_out: usize,
    /// Names of the checks that passed.
    passed: Vec<&'static str>,
    /// Names of the checks that were not made, because another has to pass first or nothing needs them.
    skipped: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Check")]
struct DoctorCheck {
    name: &'static str,
    /// Name of the contract; null if the check is not about one.
    contract: Option<String>,
    /// `warn` or `fail`.
    result: &'static str,
    #[serde(flatten)]
    remark: DoctorText,
    /// Further facts and problems; the first few.
    details: Vec<DoctorText>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Text")]
struct DoctorText {
    /// Code of the error that a run would end with; null without an error.
    code: Option<&'static str>,
    message: String,
    /// Advice; empty if the message says everything.
    fix: String,
    place: Option<AgentPlace>,
}

async fn run(session: &Session, given: JsonObject) -> Result<ToolAnswer, InvalidArguments> {
    let DoctorInput {} = parse_arguments(given)?;
    let _turn = session.scratch_lock.lock().await;
    let (report, output) = doctor::check_setup(session.config_path(), &session.environment).await;
    let answer = DoctorAnswer::new(&report);
    Ok(ToolAnswer::new(&answer, answer.exit_code, &output))
}

impl DoctorAnswer {
    fn new(report: &DoctorReport) -> Self {
        let needs_attention =
            |step: &&DoctorStep| matches!(step.result.status, StepStatus::Fail | StepStatus::Warn);
        let names = |is_wanted: fn(StepStatus) -> bool| {
            let steps = report.steps.iter();
            let wanted = steps.filter(|step| is_wanted(step.result.status));
            let mut names: Vec<_> = wanted.map(|step| step.id).collect();
            names.dedup();
            names
        };
        let listed: Vec<_> = report.steps.iter().filter(needs_attention).collect();
        Self {
            result: report.status().as_str(),
            exit_code: report.exit_status(),
            notice: DATA_NOTICE,
            summary: report.summary(),
            checks_left_out: listed.len().saturating_sub(MAX_LISTED),
            checks: listed
                .into_iter()
                .take(MAX_LISTED)
                .map(DoctorCheck::new)
                .collect(),
            passed: names(|status| status == StepStatus::Pass),
            skipped: names(|status| matches!(status, StepStatus::Skip(_))),
        }
    }
}

impl DoctorCheck {
    fn new(step: &DoctorStep) -> Self {
        let details = step.result.details.iter().take(MAX_DETAILS);
        Self {
            name: step.id,
            contract: step.contract.as_deref().map(report::agent_text),
            result: step.result.status.as_str(),
            remark: DoctorText::new(&step.result.remark),
            details: details.map(DoctorText::new).collect(),
        }
    }
}

impl DoctorText {
    fn new(remark: &Remark) -> Self {
        Self {
            code: remark.code.map(ErrorCode::as_str),
            message: report::agent_text(&remark.text),
            fix: report::agent_text(&remark.hint),
            place: remark.place.as_ref().map(AgentPlace::from),
        }
    }
}
