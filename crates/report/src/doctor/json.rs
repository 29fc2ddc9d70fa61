//! The JSON format of a doctor's report. Its structs are separate from the domain types and frozen as version 1.

use schemars::JsonSchema;
use serde::Serialize;

use problem::Remark;

use super::{DoctorReport, DoctorStep, StepStatus};
use crate::{
    harmless_json::indented,
    json::{ReportPlace, schema_of},
};
use problem::ErrorCode;

/// Bump when a field is removed, renamed, or changes type or meaning. Adding a field or a check does not require it.
const SCHEMA_VERSION: u32 = 1;

/// Renders the report as JSON that is safe to print.
pub fn json(report: &DoctorReport) -> String {
    indented(&JsonDoctor {
        schema_version: SCHEMA_VERSION,
        result: JsonResult::from(report.status()),
        checks: report.steps.iter().map(JsonStep::new).collect(),
    })
}

/// Returns the JSON Schema of [`json`].
pub fn schema() -> String {
    schema_of::<JsonDoctor<'_>>()
}

/// Output of `prodverdict doctor --format json`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "ProdVerdict doctor")]
struct JsonDoctor<'a> {
    /// 1. A later version may add fields to this one, and checks.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// Worst result of the checks that were made.
    result: JsonResult,
    /// In the order in which they were made.
    checks: Vec<JsonStep<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Check")]
struct JsonStep<'a> {
    /// Name of the check, such as `key` or `database`.
    id: &'a str,
    /// Name of the contract; null if the check is not about one.
    contract: Option<&'a str>,
    result: JsonResult,
    /// Check that has to pass before this one can be made; null if it was made or is not needed.
    needs: Option<&'a str>,
    /// Code of the error that a run would end with, or null. `docs/troubleshooting.md` describes each code.
    code: Option<&'a str>,
    message: &'a str,
    /// Advice; empty if the message says everything.
    hint: &'a str,
    place: Option<ReportPlace<'a>>,
    /// Further facts and problems.
    details: Vec<JsonRemark<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Detail")]
struct JsonRemark<'a> {
    /// Code of the error that a run would end with, or null.
    code: Option<&'a str>,
    message: &'a str,
    /// Advice; empty if the message says everything.
    hint: &'a str,
    place: Option<ReportPlace<'a>>,
}

/// `skip`: not checked, because another check has to pass first or because nothing is configured that needs it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Result")]
enum JsonResult {
    Pass,
    Warn,
    Fail,
    Skip,
}

impl<'a> JsonStep<'a> {
    fn new(step: &'a DoctorStep) -> Self {
        let result = &step.result;
        Self {
            id: step.id,
            contract: step.contract.as_deref(),
            result: JsonResult::from(result.status),
            needs: match result.status {
                StepStatus::Skip(needs) => needs,
                StepStatus::Pass | StepStatus::Warn | StepStatus::Fail => None,
            },
            code: result.remark.code.map(ErrorCode::as_str),
            message: &result.remark.text,
            hint: &result.remark.hint,
            place: result.remark.place.as_ref().map(ReportPlace::from),
            details: result.details.iter().map(JsonRemark::new).collect(),
        }
    }
}

impl<'a> JsonRemark<'a> {
    fn new(remark: &'a Remark) -> Self {
        Self {
            code: remark.code.map(ErrorCode::as_str),
            message: &remark.text,
            hint: &remark.hint,
            place: remark.place.as_ref().map(ReportPlace::from),
        }
    }
}

impl From<StepStatus> for JsonResult {
    fn from(status: StepStatus) -> Self {
        match status {
            StepStatus::Pass => Self::Pass,
            StepStatus::Warn => Self::Warn,
            StepStatus::Fail => Self::Fail,
            StepStatus::Skip(_) => Self::Skip,
        }
    }
}
