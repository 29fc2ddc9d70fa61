//! A Git hook that rehearses the webhook handler before a push of billing code.

use std::{fs, path::Path};

use super::{super::files::NewFile, patterns::patterns};
use crate::{
    commands::git::Git,
    problem::{ErrorCode, Problem},
};

/// A line by which the hook is recognized.
const MARK: &str = "# Written by `prodverdict init --pre-push`.";

/// Returns the hook for pushes that change these paths.
pub(super) async fn file(billing_paths: &[String], is_forced: bool) -> Result<NewFile, Problem> {
    let folder = Path::new(".");
    let hooks = Git { folder }.hooks().await.ok_or_else(no_hooks)?;
    let path = format!("{hooks}/pre-push");
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

fn no_hooks() -> Problem {
    Problem::new(
        ErrorCode::System,
        "`git` does not say where hooks belong, so no hook can be written",
    )
    .hint("run `prodverdict init --pre-push` in a clone, where `git` is installed")
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
