//! The environment variables of the process, read nowhere else. Secrets are wrapped when they are read.

use std::{collections::BTreeMap, fmt};

use secrecy::SecretString;

/// The environment variables of the process, read once.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the variables of this process. Names and values that are not UTF-8 are skipped, because this program has
    /// no such variables.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os();
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(variables.filter_map(text).collect())
    }

    /// Overrides a variable, for this program only.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the trimmed value of a variable. An empty one counts as not set: GitHub passes missing secrets as empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Returns the value as a secret.
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    /// Returns the values of variables whose names suggest a secret and that are long enough for one, and proxy
    /// passwords.
    pub fn likely_secrets(&self) -> Vec<SecretString> {
        const ENDINGS: [&str; 5] = ["_KEY", "_SECRET", "_TOKEN", "_PASSWORD", "DATABASE_URL"];
        const MIN_LENGTH: usize = 16;
        let is_secret = |name: &str| ENDINGS.iter().any(|ending| name.ends_with(ending));
        let values = self
            .0
            .iter()
            .filter(|(name, _)| is_secret(name))
            .map(|(_, value)| value.trim());
        let values = values
            .filter(|value| value.len() >= MIN_LENGTH)
            .map(SecretString::from);
        values.chain(self.proxy_passwords()).collect()
    }

    /// Returns each password of a proxy in two forms: alone, and in a URL, in which the mask recognizes even a short
    /// password.
    fn proxy_passwords(&self) -> impl Iterator<Item = SecretString> {
        let proxies = self.0.iter().filter(|(name, _)| {
            ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].contains(&name.to_uppercase().as_str())
        });
        let passwords = proxies.filter_map(|(_, value)| proxy_password(value.trim()));
        passwords.flat_map(|password| {
            let in_url = format!("http://x:{password}@x");
            [password.to_owned(), in_url].map(SecretString::from)
        })
    }

    /// Returns an input of the action. The runner converts names to upper case and keeps hyphens; ours have none.
    pub fn input(&self, name: &str) -> Option<&str> {
        self.get(&format!("INPUT_{}", name.to_uppercase()))
    }

    /// Returns true in a container that GitHub's runner started, where `localhost` is the container itself.
    pub fn in_container_action(&self) -> bool {
        self.get("GITHUB_ACTIONS") == Some("true")
            && self
                .get("GITHUB_WORKSPACE")
                .is_some_and(|path| path.starts_with("/github/"))
    }
}

/// Returns the text between the first colon and the last `@`, even if the rest is invalid.
fn proxy_password(proxy: &str) -> Option<&str> {
    let (credentials, _) = proxy.rsplit_once('@')?;
    let after_scheme = credentials.split_once("://").map(|(_, rest)| rest);
    let (_, password) = after_scheme.unwrap_or(credentials).split_once(':')?;
    (!password.is_empty()).then_some(password)
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl fmt::Debug for Environment {
    /// Prints only names: any value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        variables.iter().map(owned).collect()
    }

    #[test]
    fn empty_values_are_not_set_and_values_are_trimmed() {
        let environment = environment(&[("A", " x \n"), ("B", "  ")]);
        assert_eq!(environment.get("A"), Some("x"));
        assert_eq!(environment.get("B"), None);
        assert!(environment.secret("C").is_none());
    }

    #[test]
    fn inputs_are_upper_cased_as_the_runner_does() {
        let environment = environment(&[("INPUT_FAIL_ON", "low")]);
        assert_eq!(environment.input("fail_on"), Some("low"));
    }

    #[test]
    fn the_password_of_a_proxy_is_a_secret() {
        use secrecy::ExposeSecret;
        let password = |name: &str, value: &str| {
            let secrets = environment(&[(name, value)]).likely_secrets();
            let first = secrets.first().map(ExposeSecret::expose_secret);
            first.map(str::to_owned)
        };
        for name in ["HTTP_PROXY", "https_proxy", "all_proxy"] {
            for value in [
                "http://dana:p:w@proxy:3128",
                "dana:p:w@proxy",
                "socks5://d@na:p:w@[broken",
            ] {
                assert_eq!(
                    password(name, value).as_deref(),
                    Some("p:w"),
                    "{name} {value}"
                );
            }
            for value in [
                "http://proxy:3128",
                "http://dana@proxy",
                "http://dana:@proxy",
            ] {
                assert_eq!(password(name, value), None, "{name} {value}");
            }
        }
        assert_eq!(password("NO_PROXY", "a:b@c"), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!(
            "{:?}",
            environment(&[("STRIPE_SECRET_KEY", "rk_live_canary")])
        );
        assert!(
            !shown.contains("canary") && shown.contains("STRIPE_SECRET_KEY"),
            "{shown}"
        );
    }
}
