//! Selects the scenarios to play from the built-in ones and those in the user's folder.

use std::{fs, path::PathBuf};

use super::{RehearsalOptions, files::ConfigFiles};
use crate::{
    config::Rehearsal,
    problem::{ErrorCode, Place, Problem},
    rehearsal::{ParseError, Provider, Scenario, built_in, parse},
};

/// Maximum number of scenario files.
const MAX_FILES: usize = 500;

/// Lists the built-in scenarios and those in the user's folder.
pub(super) fn scenarios(
    settings: &Rehearsal,
    files: &ConfigFiles,
) -> Result<Vec<Scenario>, Problem> {
    let provider = Provider::for_source(settings.source);
    let mut scenarios = built_in(provider).map_err(|error| unreadable(&error))?;
    let Some(folder) = &settings.scenarios_dir else {
        return Ok(scenarios);
    };
    if !files.are_trusted() {
        return Ok(scenarios);
    }
    let cannot = |error: std::io::Error| {
        Problem::new(
            ErrorCode::ScenarioUnplayable,
            format!("the folder `{folder}` of scenarios cannot be read: {error}"),
        )
        .hint("`scenarios_dir` is relative to the configuration")
        .at(settings.places.scenarios_dir.clone())
    };
    let is_scenario = |file: &PathBuf| {
        file.extension()
            .is_some_and(|ending| ending == "yml" || ending == "yaml")
    };
    let mut custom_files = files.list(folder).map_err(cannot)?;
    custom_files.retain(is_scenario);
    custom_files.truncate(MAX_FILES);
    for file in custom_files {
        let text = fs::read_to_string(&file).map_err(cannot)?;
        let custom = parse(&file.display().to_string(), &text, provider)
            .map_err(|error| unreadable(&error))?;
        if scenarios.iter().any(|one| one.id == custom.id) {
            return Err(Problem::new(
                ErrorCode::ScenarioUnplayable,
                format!(
                    "{}: a scenario `{}` already exists",
                    file.display(),
                    custom.id
                ),
            )
            .hint("give it a unique id"));
        }
        scenarios.push(custom);
    }
    Ok(scenarios)
}

pub(super) fn unreadable(error: &ParseError) -> Problem {
    Problem::new(ErrorCode::ScenarioUnplayable, error.to_string())
        .hint("the built-in scenarios in crates/rehearsal/src/scenarios show the format")
}

/// Selects the scenarios given on the command line or else in the configuration.
pub(super) fn chosen(
    mut scenarios: Vec<Scenario>,
    settings: &Rehearsal,
    options: &RehearsalOptions,
    files: &ConfigFiles,
) -> Result<Vec<Scenario>, Problem> {
    let known: Vec<String> = scenarios.iter().map(|one| one.id.clone()).collect();
    let unknown = |id: &str, place: Option<&Place>| {
        Problem::new(
            ErrorCode::InvalidSetting,
            format!("there is no scenario `{id}`"),
        )
        .hint(match nearest(id, &known) {
            Some(near) => {
                format!("did you mean `{near}`? `prodverdict rehearse --list` shows all")
            }
            None => "`prodverdict rehearse --list` shows all".to_owned(),
        })
        .at(place.cloned())
    };
    // An id may belong to the folder that is not read, so an unknown one is not an error.
    let all_are_known = files.are_trusted() || settings.scenarios_dir.is_none();
    let places = settings.skip.iter().chain(settings.only.iter().flatten());
    for (id, place) in places {
        if all_are_known && !known.contains(id) {
            return Err(unknown(id, Some(place)));
        }
    }
    for id in &options.scenarios {
        if !known.contains(id) {
            return Err(unknown(id, None));
        }
    }
    if options.scenarios.is_empty() {
        scenarios.retain(|one| {
            let only = settings.only.as_ref();
            !settings.skip.contains_key(&one.id)
                && only.is_none_or(|only| only.contains_key(&one.id))
        });
    } else {
        scenarios.retain(|one| options.scenarios.contains(&one.id));
    }
    if scenarios.is_empty() {
        return Err(
            Problem::new(ErrorCode::InvalidValue, "no scenario is left to play")
                .hint("check `rehearsal.scenarios`: a rehearsal without scenarios proves nothing")
                .at(settings.places.section.clone()),
        );
    }
    Ok(scenarios)
}

/// Lists the ids of the scenarios that a rehearsal plays.
pub(crate) fn chosen_ids(
    settings: &Rehearsal,
    options: &RehearsalOptions,
    files: &ConfigFiles,
) -> Result<Vec<String>, Problem> {
    let chosen = chosen(scenarios(settings, files)?, settings, options, files)?;
    Ok(chosen.into_iter().map(|one| one.id).collect())
}

fn nearest<'k>(id: &str, known: &'k [String]) -> Option<&'k String> {
    let distance = |one: &&String| strsim::damerau_levenshtein(id, one);
    let near = known.iter().min_by_key(distance)?;
    (distance(&near) <= 4).then_some(near)
}
