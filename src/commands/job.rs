//! The job of GitHub Actions that this process belongs to.

use std::{collections::BTreeMap, fs};

use secrecy::SecretString;

use crate::{
    cli::Environment,
    github::{Context, VARIABLES},
};

/// Reads the context of the job from the environment and the event file.
pub(crate) fn context(environment: &Environment) -> Context {
    let variables: BTreeMap<_, _> = VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.to_owned())))
        .collect();
    let payload = environment
        .get("GITHUB_EVENT_PATH")
        .and_then(|path| fs::read_to_string(path).ok());
    Context::resolve(&variables, payload.as_deref())
}

/// Returns the token for GitHub, if there is one.
pub(crate) fn token(environment: &Environment) -> Option<SecretString> {
    environment
        .input("github_token")
        .or_else(|| environment.get("GITHUB_TOKEN"))
        .map(SecretString::from)
}
