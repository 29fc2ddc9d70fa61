//! Tests of `prodverdict mcp`: as clients start it, and message by message.

mod clients;
mod conversation;
mod leaving;
mod messages;
mod recording;
mod tools;

use std::{path::Path, process::Command};

/// A contract that is broken by recorded data, which needs no credentials.
const FAILING: &str = "mcp --config examples/nextjs-stripe/prodverdict.yml --fixtures --fixtures-dir \
    examples/nextjs-stripe/scenarios/fail-revenue-leak";

/// Runs `git` in a folder, with arguments that are separated by spaces.
fn git(folder: &Path, arguments: &str) {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    let ran = Command::new("git")
        .args(settings)
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("git starts");
    assert!(ran.status.success(), "{ran:?}");
}
