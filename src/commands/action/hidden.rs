//! Hides secrets in the log of the job.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use crate::{
    commands::output::command,
    report::{parts_of_secret, workflow_command},
};

/// Hides the secrets that the configuration names, unless they are hidden already.
pub(super) fn hide_named(secrets: &mut Vec<SecretString>, mut named: Vec<SecretString>) {
    let is_hidden = |named: &SecretString| {
        let mut hidden = secrets.iter().map(ExposeSecret::expose_secret);
        hidden.any(|hidden| hidden == named.expose_secret())
    };
    named.retain(|named| !is_hidden(named));
    hide(&named);
    secrets.extend(named);
}

/// Asks the runner to hide the secrets, before anything else is printed. Only these lines contain a secret, and the
/// runner keeps them out of the log.
pub(super) fn hide(secrets: &[SecretString]) {
    let parts = secrets
        .iter()
        .flat_map(|secret| parts_of_secret(secret.expose_secret()));
    let lines: BTreeSet<_> = parts
        .filter_map(|part| workflow_command::add_mask(&part))
        .collect();
    for line in lines {
        command(&line);
    }
}
