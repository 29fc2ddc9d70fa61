//! The secrets of a run, and the mask that hides them.

use secrecy::{ExposeSecret as _, SecretString};

use crate::{cli::Environment, config::Config, report::Mask};

/// Returns the secrets that a configuration refers to.
pub(crate) fn secrets_of(config: &Config, environment: &Environment) -> Vec<SecretString> {
    let names = config
        .contracts
        .iter()
        .flat_map(|contract| [&contract.key_env, &contract.database.url_env]);
    names.filter_map(|name| environment.secret(name)).collect()
}

/// Returns a mask for all of them.
pub(crate) fn mask_of(secrets: &[SecretString]) -> Mask {
    let secrets: Vec<_> = secrets.iter().map(SecretString::expose_secret).collect();
    Mask::new(&secrets)
}
