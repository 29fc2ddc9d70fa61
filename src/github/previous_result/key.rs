//! Keys and markers that identify the issue and the result of a configuration.

use sha2::{Digest as _, Sha256};

/// Derives the key from the configuration's path and from `report_kind`, which is `None` for a check. The workflow is not
/// part of it, so that a renamed or different workflow finds the result too.
pub(in crate::github) fn issue_key(config_path: &str, report_kind: Option<&str>) -> String {
    let path = config_path.strip_prefix("./").unwrap_or(config_path);
    let report_kind = report_kind.unwrap_or_default();
    let digest = Sha256::digest(format!("{path}\n{report_kind}"));
    let first = digest.first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(first))
}

/// Returns the first line of the issue's body.
pub(in crate::github) fn issue_marker(key: &str) -> String {
    format!("<!-- prodverdict:issue v1 key={key} -->")
}

/// Returns the line before the result in a check run's summary.
pub(super) fn result_marker(key: &str) -> String {
    format!("<!-- prodverdict:result v1 key={key} -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_paths_have_one_marker_key() {
        let key = issue_key("prodverdict.yml", None);
        assert_eq!(key, issue_key("./prodverdict.yml", None));
        assert_ne!(key, issue_key("prodverdict.yml", Some("rehearsal")));
        assert_ne!(key, issue_key("apps/shop/prodverdict.yml", None));
        assert_eq!(
            issue_marker(&key),
            format!("<!-- prodverdict:issue v1 key={key} -->")
        );
    }

    #[test]
    fn the_key_never_changes() {
        // `printf 'prodverdict.yml
        // ' | sha256sum | cut -c1-16`
        assert_eq!(issue_key("prodverdict.yml", None), "290473723bfb6846");
        // `printf 'prodverdict.yml\nrehearsal' | sha256sum | cut -c1-16`
        assert_eq!(
            issue_key("prodverdict.yml", Some("rehearsal")),
            "014594fff717b5db"
        );
    }
}
