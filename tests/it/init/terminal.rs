//! The question of `init` on a pseudo-terminal.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use testing::program::folder;

use super::{NEXT, contract};

/// Runs `init` with these lines typed on its terminal; returns what it says on standard error.
fn init_with_input(folder: &Path, lines: &str) -> String {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&controller).expect("access to it");
    unlockpt(&controller).expect("it can be opened");
    let name = ptsname(&controller, Vec::new()).expect("its name");
    let name = name.to_str().expect("UTF-8");
    let terminal = File::options().read(true).write(true).open(name);
    // A terminal keeps what is typed until it is read.
    let mut controller = File::from(controller);
    controller.write_all(lines.as_bytes()).expect("typing");
    let ran = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
        .arg("init")
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::from(terminal.expect("the terminal")))
        .output()
        .expect("the program runs");
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    String::from_utf8(ran.stderr).expect("UTF-8")
}

const QUESTION: &str = "Write these files? [y/N, or the name of another stack]";

#[test]
fn yes_writes_what_was_shown() {
    let folder = folder(&[NEXT]);
    let output = init_with_input(folder.path(), "y\n");
    assert!(output.contains(QUESTION), "{output}");
    assert!(output.contains("wrote prodverdict.yml"), "{output}");
    assert!(output.contains(&contract(&folder)), "{output}");
}

#[test]
fn anything_but_yes_writes_nothing() {
    for answer in ["\n", "n\n", "\u{4}"] {
        let folder = folder(&[NEXT]);
        let output = init_with_input(folder.path(), answer);
        assert!(output.contains(QUESTION), "{output}");
        assert!(output.contains("nothing was written"), "{output}");
        assert!(!folder.path().join("prodverdict.yml").exists());
    }
}

#[test]
fn another_stack_is_shown_and_asked_about_again() {
    let folder = folder(&[NEXT]);
    let output = init_with_input(folder.path(), "rails-pay\ny\n");
    assert_eq!(output.matches(QUESTION).count(), 2, "{output}");
    assert!(output.contains("stack: nextjs-stripe"), "{output}");
    assert!(
        output.contains("stack: rails-pay\n  `rails-pay` was chosen"),
        "{output}"
    );
    assert!(contract(&folder).contains("pay_customers"));
}
