//! The data about GitHub that `scripts/github-packages` fetches.

use std::{fs, process::Command, sync::OnceLock};

use serde_json::Value;

use crate::{installed::skip, root};

/// Returns the content of a fetched file, or `None` if npm is not installed, which CI does not allow.
pub fn read(file: &str) -> Option<Value> {
    static FETCHED: OnceLock<bool> = OnceLock::new();
    let is_fetched = *FETCHED.get_or_init(|| {
        let ran = Command::new(root().join("scripts/github-packages")).output();
        let is_fetched = root().join("target/github/api.json").is_file();
        if !is_fetched {
            skip(&format!(
                "scripts/github-packages cannot fetch GitHub's own descriptions: {ran:?}"
            ));
        }
        is_fetched
    });
    let path = root().join("target/github").join(file);
    is_fetched.then(|| {
        let text = fs::read_to_string(path).expect("a fetched file");
        serde_json::from_str(&text).expect("JSON")
    })
}
