//! The commands that help next. Nothing that others wrote becomes a part of a command, unless it is a plain name.

use contract::Verdict;

use super::group::is_plain;
use crate::{AgentSettings, Outcome, groups::FindingGroup};

/// Commands that lead from an example to a verdict about the user's own application.
const OWN_APPLICATION: [&str; 3] = [
    "prodverdict init",
    "prodverdict doctor",
    "prodverdict check access",
];

/// Maximum number of entities to explain, and of scenarios to play again.
const MAX_NAMED: usize = 3;

/// Maximum length of a name in a command.
const MAX_NAME: usize = 80;

/// Lists the commands, most useful first. A passed run needs none.
pub(super) fn next_steps(
    outcome: &Outcome,
    groups: &[FindingGroup<'_>],
    settings: AgentSettings<'_>,
) -> Vec<String> {
    if settings.is_example {
        return OWN_APPLICATION.map(str::to_owned).into();
    }
    let with = |command: String| match settings.arguments {
        "" => command,
        arguments => format!("{command} {arguments}"),
    };
    let again = match &outcome.rehearsal {
        Some(_) => "prodverdict rehearse",
        None => "prodverdict check access",
    };
    let mut steps = Vec::new();
    match (outcome.verdict, &outcome.rehearsal) {
        (Verdict::Pass, _) => return steps,
        (Verdict::Error, _) => steps.push(with("prodverdict doctor".to_owned())),
        (Verdict::Warn | Verdict::Fail, Some(rehearsed)) => {
            let broken = rehearsed.broken().filter(|id| is_name(id)).take(MAX_NAMED);
            let chosen: Vec<_> = broken.map(|id| format!("--scenario {id}")).collect();
            if !chosen.is_empty() {
                steps.push(with(format!("{again} {}", chosen.join(" "))));
            }
        }
        (Verdict::Warn | Verdict::Fail, None) => {
            let entities = groups.iter().map(|group| &group.first.finding.entity);
            let entities = entities.filter(|entity| entity.kind().is_personal() && is_name(entity));
            steps.extend(
                entities
                    .take(MAX_NAMED)
                    .map(|entity| with(format!("prodverdict explain {}", &**entity))),
            );
        }
    }
    steps.push(with(again.to_owned()));
    steps
}

/// Returns true if a shell takes the name as one word that is not an option.
fn is_name(name: &str) -> bool {
    is_plain(name) && !name.starts_with(['-', '/', '.']) && name.len() <= MAX_NAME
}
