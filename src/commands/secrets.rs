//! The secrets of a run, and the mask that hides them.

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    cli::Environment,
    config::{AccessContract, Config},
    report::Mask,
};

/// Returns the secrets that a configuration refers to.
pub(crate) fn secrets_of(config: &Config, environment: &Environment) -> Vec<SecretString> {
    let names = config.contracts.iter().flat_map(AccessContract::variables);
    names.filter_map(|name| environment.secret(name)).collect()
}

/// Returns the secrets that a configuration refers to, with those of its rehearsal.
pub(crate) fn rehearsal_secrets(config: &Config, environment: &Environment) -> Vec<SecretString> {
    let mut secrets = secrets_of(config, environment);
    if let Some(rehearsal) = &config.rehearsal {
        let names = rehearsal.variables().into_iter();
        secrets.extend(names.filter_map(|name| environment.secret(name)));
    }
    secrets
}

/// Returns a mask for everything in the environment that may be a secret: by its name, or because a usable
/// configuration refers to it.
pub(crate) fn mask_of_environment(config: Option<&Config>, environment: &Environment) -> Mask {
    let mut secrets = environment.likely_secrets();
    secrets.extend(
        config
            .into_iter()
            .flat_map(|config| rehearsal_secrets(config, environment)),
    );
    mask_of(&secrets)
}

/// Returns a mask for all of them.
pub(crate) fn mask_of(secrets: &[SecretString]) -> Mask {
    let secrets: Vec<_> = secrets.iter().map(SecretString::expose_secret).collect();
    Mask::new(&secrets)
}

#[cfg(test)]
mod tests {
    use crate::config::load;

    use super::*;

    const CONFIG: &str = "version: 1
contracts:
  - type: access
    stripe: { secret_env: BILLING }
    database: { url_env: ROWS }
rehearsal:
  handler: http://localhost:3000/webhook
  secret_env: HOOK
  database: { url_env: SCRATCH }
  account: { sql: 'insert into users (id, email) values ({account_id}, {email})' }
";

    #[test]
    fn every_variable_that_the_configuration_names_is_masked() {
        let values = ["BILLING", "ROWS", "HOOK", "SCRATCH"];
        let values = values.map(|name| (name.to_owned(), format!("the value of {name}")));
        let shown = values.clone().map(|(_, value)| value).join(", ");
        let config = load(CONFIG, "prodverdict.yml").expect("a valid file");
        let mask = mask_of_environment(Some(&config), &values.into_iter().collect());
        assert_eq!(mask.text(&shown), "***, ***, ***, ***");
    }
}
