//! The text format of a doctor's report: a line for each check, with problems and fixes below it, then the result.

use anstyle::{AnsiColor, Style};

use problem::Remark;

use super::{DoctorReport, DoctorStep, StepStatus};
use crate::{
    shown,
    text::{Paint, message_lines},
};

/// Indentation of the lines below a check.
const INDENT: &str = "      ";

/// Renders the report. Contracts have headings if there are several.
pub fn text(report: &DoctorReport, color: bool) -> String {
    let paint = Paint { color };
    let width = report.steps.iter().map(|step| step.id.len()).max();
    let width = width.unwrap_or_default();
    let names = report
        .steps
        .iter()
        .filter_map(|step| step.contract.as_ref());
    let first = names.clone().next();
    let are_several = names.clone().any(|name| Some(name) != first);
    let mut lines = Vec::new();
    let mut heading = None;
    for step in &report.steps {
        if are_several && step.contract != heading {
            heading.clone_from(&step.contract);
            lines.push(String::new());
            if let Some(name) = &heading {
                let name = format!("contract {}", shown::displayed_name(name));
                lines.push(paint.with(Style::new().bold(), &name));
            }
        }
        lines.extend(step_lines(step, width, paint));
    }
    let status = report.status();
    let word = paint.with(style(status), &status.as_str().to_uppercase());
    format!("{}\n\nRESULT: {word}\n", lines.join("\n"))
}

fn step_lines(step: &DoctorStep, width: usize, paint: Paint) -> Vec<String> {
    let result = &step.result;
    let status = paint.with(style(result.status), result.status.as_str());
    let mut result_lines = remark_lines(&result.remark, paint).into_iter();
    let message = result_lines.next().unwrap_or_default();
    let mut lines = vec![format!("{status}  {:width$}  {message}", step.id)];
    let details = result.details.iter();
    let details = details.flat_map(|detail| remark_lines(detail, paint));
    lines.extend(
        result_lines
            .chain(details)
            .map(|line| format!("{INDENT}{line}")),
    );
    lines
}

/// Returns the lines of a remark, with its code as in the report of a run.
fn remark_lines(remark: &Remark, paint: Paint) -> Vec<String> {
    let mut lines = message_lines(remark, paint);
    if let (Some(code), Some(first)) = (remark.code, lines.first_mut()) {
        *first = format!("error[{}]: {first}", code.as_str());
    }
    lines
}

fn style(status: StepStatus) -> Style {
    match status {
        StepStatus::Pass => AnsiColor::Green.on_default(),
        StepStatus::Warn => AnsiColor::Yellow.on_default().bold(),
        StepStatus::Fail => AnsiColor::Red.on_default().bold(),
        StepStatus::Skip(_) => Style::new().dimmed(),
    }
}
