//! The libraries that `scripts/sdk` installed, and scripts run with them.

use std::{
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
    process::{Command, Output},
    sync::OnceLock,
};

use crate::root;

/// Returns the folder of one language with the scripts, or `None` if its tools are not installed. In CI, panics instead.
pub fn folder(language: &str, scripts: &[(&str, &str)]) -> Option<PathBuf> {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let ran = Command::new(root().join("scripts/sdk"))
            .output()
            .expect("scripts/sdk starts");
        assert!(
            ran.status.success(),
            "scripts/sdk failed: {}",
            output_text(&ran)
        );
    });
    let folder = root().join("target/sdk").join(language);
    if !folder.join("of").is_file() {
        skip(&format!(
            "{language} is not installed here; install it, then run scripts/sdk"
        ));
        return None;
    }
    for (name, text) in scripts {
        let path = folder.join(name);
        if fs::read_to_string(&path).ok().as_deref() != Some(*text) {
            // Written to another file and moved: another test may be reading it.
            let draft = folder.join(format!("{name}.{:?}", std::thread::current().id()));
            fs::write(&draft, text).expect("writable");
            fs::rename(&draft, &path).expect("writable");
        }
    }
    Some(folder)
}

/// Reports a test that is skipped because something is not installed. In CI, panics instead.
pub fn skip(reason: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "only the environment shows if this is CI"
    )]
    let is_ci = env::var_os("CI").is_some();
    assert!(!is_ci, "CI has to have it: {reason}");
    // Bypasses the capture of the test harness, so that everyone sees it.
    writeln!(io::stderr(), "skipped: {reason}").ok();
}

/// Returns the output of a script that must succeed.
#[track_caller]
pub fn succeeded(command: &mut Command) -> String {
    let ran = command.output().expect("it starts");
    assert!(ran.status.success(), "{command:?}: {}", output_text(&ran));
    output_text(&ran)
}

/// Returns the output of a script that must fail.
#[track_caller]
pub fn failed(command: &mut Command) -> String {
    let ran = command.output().expect("it starts");
    assert!(!ran.status.success(), "{command:?}: {}", output_text(&ran));
    output_text(&ran)
}

fn output_text(ran: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    )
}
