//! Files for coding agents: the MCP server in the configuration of each client, and the instructions to use it.

mod instructions;
mod mcp_servers;
mod patterns;
mod pre_push;

use std::fs;

use super::files::{NewFile, refuse_existing};
use crate::{
    cli::InitArgs,
    problem::{ErrorCode, Problem},
};

/// Returns true if the arguments ask for files of agents.
pub(super) fn are_asked_for(arguments: &InitArgs) -> bool {
    arguments.mcp || arguments.cursor_rule || arguments.pre_push
}

/// Returns the files that the arguments ask for, with everything that they hold already. Files that need no change are
/// left out.
pub(super) async fn files(
    arguments: &InitArgs,
    billing_paths: &[String],
) -> Result<Vec<NewFile>, Problem> {
    let mut files = Vec::new();
    if arguments.mcp {
        for client in &mcp_servers::CLIENTS {
            let before = before(client.path)?;
            let text = mcp_servers::with_server(client, before.as_deref())?;
            files.push((client.path, before, text));
        }
    }
    if arguments.cursor_rule {
        let rule = instructions::cursor_rule(billing_paths);
        let rule_before = before(instructions::CURSOR_RULE)?;
        if rule_before.as_ref().is_some_and(|before| *before != rule) {
            refuse_existing([instructions::CURSOR_RULE].into_iter(), arguments.force)?;
        }
        files.push((instructions::CURSOR_RULE, rule_before, rule));
        let mut sections = vec![(instructions::AGENTS, instructions::section(billing_paths))];
        if !is_same_file(instructions::AGENTS, instructions::CLAUDE) {
            sections.push((instructions::CLAUDE, instructions::claude_section()));
        }
        for (path, section) in sections {
            let before = before(path)?;
            let text = instructions::with_section(before.as_deref(), &section);
            files.push((path, before, text));
        }
    }
    let mut changed = Vec::new();
    for (path, before, text) in files {
        if before.as_ref() != Some(&text) {
            changed.push(NewFile {
                is_merged: true,
                ..NewFile::new(path, text)
            });
        }
    }
    if arguments.pre_push {
        changed.push(pre_push::file(billing_paths, arguments.force).await?);
    }
    Ok(changed)
}

/// Returns true if one is a link to the other.
fn is_same_file(a: &str, b: &str) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Reads a file that may not exist.
fn before(path: &str) -> Result<Option<String>, Problem> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::new(
            ErrorCode::OutputUnwritable,
            format!("`{path}` cannot be read, so nothing can be added to it: {error}"),
        )
        .hint("make it a readable text file, or move it away")),
    }
}
