//! Runs a Node script with a browser.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

/// Returns the output of the script if it succeeded.
#[track_caller]
pub(crate) fn run(script: &str, arguments: &[&Path]) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "set by scripts/test-browser for the tests alone"
    )]
    let is_ready = env::var_os("CHROMIUM").is_some();
    assert!(is_ready, "run this with scripts/test-browser");
    let ran = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("node starts");
    let output = String::from_utf8_lossy(&ran.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{output}\n{complaint}");
    output
}
