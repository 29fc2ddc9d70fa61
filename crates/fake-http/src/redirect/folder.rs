//! Redirect for one application: a private folder of files, and the environment variables that point to them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{WriteError, node_options, write_node_preload, write_sitecustomize};
use crate::hosts::ProviderHosts;

/// Variables in which runtimes and libraries look for certificate authorities.
const AUTHORITIES: [&str; 4] = [
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

/// The system's certificate authorities on Debian and Alpine, Fedora, and macOS.
const SYSTEM_AUTHORITIES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

#[cfg(unix)]
fn private_folder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// A folder has the permissions of its parent, which only its user can read by default.
#[cfg(not(unix))]
fn private_folder() -> fs::DirBuilder {
    fs::DirBuilder::new()
}

/// A private folder with the redirect's files, removed on drop.
#[derive(Debug)]
pub struct RedirectFolder {
    path: PathBuf,
}

impl RedirectFolder {
    /// Writes the files into a new folder under `parent`; `name` must be unguessable.
    pub fn create(parent: &Path, name: &str) -> Result<Self, WriteError> {
        let path = parent.join(name);
        let made = private_folder().create(&path);
        made.map_err(|source| WriteError::Write {
            path: path.clone(),
            source,
        })?;
        let folder = Self { path };
        write_node_preload(&folder.node_preload())?;
        write_sitecustomize(&folder.python_path())?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn node_preload(&self) -> PathBuf {
        self.path.join("redirect.cjs")
    }

    fn python_path(&self) -> PathBuf {
        self.path.join("python")
    }

    /// Returns the variables that make an application trust one more authority, and that keep the provider's hosts
    /// behind the proxy.
    pub fn trust(
        &self,
        authority: &Path,
        present: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, String)>, WriteError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| WriteError::Read {
                path: path.to_owned(),
                source,
            })
        };
        let mut sources: Vec<PathBuf> = AUTHORITIES
            .iter()
            .filter_map(|name| present(name))
            .map(PathBuf::from)
            .collect();
        if present("SSL_CERT_FILE").is_none() {
            let system = SYSTEM_AUTHORITIES.iter().map(PathBuf::from);
            sources.extend(system.into_iter().find(|path| path.exists()));
        }
        sources.sort();
        sources.dedup();
        sources.push(authority.to_owned());
        let mut bundle = Vec::new();
        for source in &sources {
            bundle.extend(read(source)?);
            bundle.push(b'\n');
        }
        let path = self.path.join("authorities.pem");
        fs::write(&path, bundle).map_err(|source| WriteError::Write {
            path: path.clone(),
            source,
        })?;
        let path = path.display().to_string();
        let mut variables: Vec<_> = AUTHORITIES
            .map(|name| (name.to_owned(), path.clone()))
            .into();
        for name in EXCEPTIONS {
            if let Some(list) = present(name) {
                variables.push((name.to_owned(), without_provider(&list)));
            }
        }
        Ok(variables)
    }

    /// Returns the variables of an application whose provider is at `base_url`. `present` returns a variable's current
    /// value, which is kept if it is a list.
    pub fn variables(
        &self,
        (hosts, base_url): (ProviderHosts, &str),
        present: impl Fn(&str) -> Option<String>,
    ) -> Vec<(String, String)> {
        let mut node = node_options(&self.node_preload());
        if let Some(options) = present("NODE_OPTIONS") {
            node = format!("{node} {options}");
        }
        let mut python = self.python_path().display().to_string();
        if let Some(path) = present("PYTHONPATH") {
            python = format!("{python}:{path}");
        }
        vec![
            ("NODE_OPTIONS".to_owned(), node),
            ("PYTHONPATH".to_owned(), python),
            (hosts.variable.to_owned(), base_url.to_owned()),
        ]
    }
}

/// Removes the entries that match a host of a provider from a proxy exception list.
fn without_provider(list: &str) -> String {
    let is_about_it = |entry: &str| {
        let domain = entry.trim_start_matches(['*', '.']);
        // An exception for one of them would bypass our proxy.
        let mut hosts = ProviderHosts::ALL.iter().flat_map(|hosts| hosts.served);
        domain.is_empty() || hosts.any(|host| host.ends_with(&domain.to_lowercase()))
    };
    let entries = list.split(',').map(str::trim);
    let kept: Vec<_> = entries.filter(|entry| !is_about_it(entry)).collect();
    kept.join(",")
}

impl Drop for RedirectFolder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::STRIPE;

    #[test]
    fn the_folder_holds_both_files_and_goes() {
        let parent = tempfile::tempdir().unwrap();
        let folder = RedirectFolder::create(parent.path(), "prodverdict-x").unwrap();
        let path = folder.path().to_owned();
        assert!(path.join("redirect.cjs").exists());
        assert!(path.join("python/sitecustomize.py").exists());
        assert!(RedirectFolder::create(parent.path(), "prodverdict-x").is_err());
        let variables = folder.variables((STRIPE, "http://127.0.0.1:1"), |name| {
            (name == "NODE_OPTIONS").then(|| "--inspect".to_owned())
        });
        let options = &variables.first().unwrap().1;
        assert!(options.starts_with("--require /") && options.ends_with(" --inspect"));
        assert!(!variables.iter().any(|(_, value)| value.ends_with(':')));
        let authority = parent.path().join("ca.pem");
        fs::write(&authority, "the authority").unwrap();
        let other_roots = parent.path().join("own.pem");
        fs::write(&other_roots, "another").unwrap();
        let trusted = folder.trust(&authority, |name| match name {
            "SSL_CERT_FILE" => Some(other_roots.display().to_string()),
            "NO_PROXY" => Some("localhost, *.stripe.com,.internal,api.paddle.com,*".to_owned()),
            _ => None,
        });
        let trusted = trusted.unwrap();
        let (name, bundle) = trusted.first().unwrap();
        assert_eq!(name, "SSL_CERT_FILE");
        assert_eq!(
            fs::read_to_string(bundle).unwrap(),
            "another\nthe authority\n"
        );
        let exceptions = ("NO_PROXY".to_owned(), "localhost,.internal".to_owned());
        assert_eq!(trusted.last(), Some(&exceptions));
        drop(folder);
        assert!(!path.exists());
    }
}
