//! Which secrets a run knows, and the mask that hides them.

use secrecy::{ExposeSecret as _, SecretString};

use crate::{cli::Environment, config::Config, report::Mask};

/// The secrets that a configuration names.
pub(crate) fn secrets_of(config: &Config, environment: &Environment) -> Vec<SecretString> {
    let names = config
        .contracts
        .iter()
        .flat_map(|contract| [&contract.key_env, &contract.database.url_env]);
    names.filter_map(|name| environment.secret(name)).collect()
}

/// Hides them all.
pub(crate) fn mask_of(secrets: &[SecretString]) -> Mask {
    let secrets: Vec<_> = secrets.iter().map(SecretString::expose_secret).collect();
    Mask::new(&secrets)
}
