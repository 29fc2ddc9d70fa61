//! The text format of a status: a labelled line for each part.

use anstyle::{AnsiColor, Style};

use super::{ConfigurationState, NightlyRun, NightlyState, RehearsalState, StatusReport};
use crate::{
    count::{counted, length},
    neutral::terminal,
    shown::displayed_name,
    text::{Paint, message_lines},
};
use problem::{ErrorCode, Message, Problem};

const WIDTH: usize = 14;

/// Renders the status.
pub fn text(status: &StatusReport, color: bool) -> String {
    let paint = Paint { color };
    let mut lines = configuration(&status.configuration, paint);
    for (index, variable) in status.variables.iter().enumerate() {
        let label = if index == 0 { "variables" } else { "" };
        let state = if variable.is_set {
            paint.with(AnsiColor::Green.on_default(), "set")
        } else if variable.is_of_rehearsal {
            "not set (only a rehearsal needs it)".to_owned()
        } else {
            paint.with(failed_style(), "not set")
        };
        let name = terminal(&displayed_name(&variable.name));
        lines.push(labelled(label, &format!("{name}: {state}")));
    }
    if status.workflows.is_empty() {
        let none = "none uses prodverdict (`prodverdict init --workflow` writes one)";
        lines.push(labelled("workflow", none));
    }
    for (index, workflow) in status.workflows.iter().enumerate() {
        let label = if index == 0 { "workflow" } else { "" };
        let events: Vec<_> = workflow
            .events
            .iter()
            .map(|event| displayed_name(event))
            .collect();
        let line = format!("{}: {}", displayed_name(&workflow.path), events.join(", "));
        lines.push(labelled(label, &terminal(&line)));
        if workflow.has_placeholder {
            let action = "GitHub refuses to run it: replace `<OWNER>` and `<COMMIT>` by the action's repository and a commit of it";
            lines.push(labelled("", &paint.with(failed_style(), action)));
        }
    }
    lines.extend(nightly(&status.nightly, paint));
    lines.extend(rehearsal(status.rehearsal.as_ref(), paint));
    lines.join("\n") + "\n"
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:WIDTH$} {text}")
}

/// Labels the first line of a message, and aligns the others.
fn message<C>(
    label: &str,
    code: Option<ErrorCode>,
    message: &Message<C>,
    paint: Paint,
) -> Vec<String> {
    let lines = message_lines(message, paint).into_iter().enumerate();
    let line = |(index, line): (usize, String)| match (index, code) {
        (0, Some(code)) => labelled(label, &format!("error[{}]: {line}", code.as_str())),
        (0, None) => labelled(label, &line),
        _ => labelled("", &line),
    };
    lines.map(line).collect()
}

fn problem(label: &str, problem: &Problem, paint: Paint) -> Vec<String> {
    message(label, Some(problem.code), problem, paint)
}

fn configuration(state: &ConfigurationState, paint: Paint) -> Vec<String> {
    if let Some(unusable) = &state.problem {
        return problem("configuration", unusable, paint);
    }
    let names: Vec<_> = state
        .contracts
        .iter()
        .map(|name| displayed_name(name))
        .collect();
    let line = format!(
        "{}: valid, {} ({})",
        displayed_name(&state.path),
        counted(length(names.len()), "contract"),
        names.join(", ")
    );
    vec![labelled("configuration", &terminal(&line))]
}

fn nightly(state: &NightlyState, paint: Paint) -> Vec<String> {
    let NightlyRun {
        conclusion,
        started,
        url,
    } = match state {
        NightlyState::Unknown(reason) => return message("nightly", None, reason, paint),
        NightlyState::Never => return vec![labelled("nightly", "has not run yet")],
        NightlyState::Run(run) => run,
    };
    let conclusion = match conclusion.as_deref() {
        Some("success") => paint.with(AnsiColor::Green.on_default(), "success"),
        Some(other) => paint.with(failed_style(), &terminal(&displayed_name(other))),
        None => "running".to_owned(),
    };
    let mut line = conclusion;
    for part in [started, url].into_iter().flatten() {
        line.push_str(", ");
        line.push_str(&terminal(&displayed_name(part)));
    }
    vec![labelled("nightly", &line)]
}

fn rehearsal(state: Option<&RehearsalState>, paint: Paint) -> Vec<String> {
    let Some(state) = state else {
        return vec![labelled("rehearsal", "not configured")];
    };
    let scenarios = match &state.scenarios {
        Ok(number) => counted(*number, "scenario"),
        Err(unusable) => return problem("rehearsal", unusable, paint),
    };
    let start = state.command.as_ref().map_or_else(
        || "start the application first".to_owned(),
        |command| format!("started by `{}`", displayed_name(command)),
    );
    let line = format!(
        "{scenarios} against {}, {start}",
        displayed_name(&state.handler)
    );
    vec![labelled("rehearsal", &terminal(&line))]
}

fn failed_style() -> Style {
    AnsiColor::Red.on_default().bold()
}
