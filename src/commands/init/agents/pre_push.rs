//! A Git hook that rehearses the webhook handler before a push of billing code.

use std::{fs, path::Path, process::Command};

use super::{super::files::NewFile, patterns::patterns};
use crate::problem::{ErrorCode, Problem};

/// A line by which the hook is recognized.
const MARK: &str = "# Written by `prodverdict init --pre-push`.";

/// Returns the hook for pushes that change these paths.
pub(super) fn file(billing_paths: &[String], is_forced: bool) -> Result<NewFile, Problem> {
    let path = format!("{}/pre-push", hooks_folder()?);
    let earlier = fs::read_to_string(&path);
    let is_foreign = Path::new(&path).symlink_metadata().is_ok()
        && !earlier.is_ok_and(|text| text.contains(MARK));
    if is_foreign && !is_forced {
        let message = format!("`{path}` already exists");
        return Err(Problem::new(ErrorCode::FileExists, message)
            .hint("call `prodverdict rehearse` from it, or replace it with `--force`"));
    }
    Ok(NewFile {
        is_merged: true,
        is_executable: true,
        ..NewFile::new(&path, script(billing_paths))
    })
}

/// Asks Git, because the folder is elsewhere in a worktree and with `core.hooksPath`.
fn hooks_folder() -> Result<String, Problem> {
    let ran = Command::new("git")
        .args(["rev-parse", "--git-path", "hooks"])
        .output();
    let refused = |reason: &str| {
        let message = format!("the folder of Git's hooks is not known: {reason}");
        Problem::new(ErrorCode::System, message)
            .hint("run `prodverdict init --pre-push` in a clone, where `git` is installed")
    };
    let ran = ran.map_err(|error| refused(&error.to_string()))?;
    if !ran.status.success() {
        return Err(refused(String::from_utf8_lossy(&ran.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).trim_end().to_owned())
}

fn script(billing_paths: &[String]) -> String {
    let mut paths = String::new();
    for path in patterns(billing_paths) {
        let quoted = path.replace('\'', "'\\''");
        paths.push_str(&format!(" \\\n    ':(glob){quoted}'"));
    }
    format!(
        r#"#!/bin/sh
{MARK}
# Rehearses the webhook handler if the push changes billing code. `git push --no-verify` pushes without it.
none=$(git hash-object --stdin </dev/null | tr '0-9a-f' '0')
touched=
while read -r _ new _ old; do
  [ "$new" = "$none" ] && continue
  if [ "$old" = "$none" ]; then
    old=$(git merge-base "$new" "refs/remotes/$1/HEAD" 2>/dev/null) || old=$(git hash-object -t tree --stdin </dev/null)
  fi
  git diff --quiet "$old" "$new" --{paths} 2>/dev/null || touched=yes
done
[ -n "$touched" ] || exit 0
exec prodverdict rehearse
"#
    )
}
