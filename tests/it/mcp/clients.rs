//! The official clients, as processes that start the server: Python, TypeScript, and the inspector.

use std::process::Command;

use serde_json::{Value, json};
use testing::{
    installed::{self, succeeded},
    program::folder,
};

use super::FAILING;

const PROGRAM: &str = env!("CARGO_BIN_EXE_prodverdict");

/// Returns the line of JSON that a client printed.
#[track_caller]
fn printed_json(command: &mut Command) -> Value {
    let root = env!("CARGO_MANIFEST_DIR");
    let printed = succeeded(command.current_dir(root));
    assert!(!printed.contains("unknown format"), "{printed}");
    let line = printed.lines().find(|line| line.starts_with('{'));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{printed}"))).expect("JSON")
}

/// Runs the official client in Python, which negotiates the newest revision (`auto`) or the one before (`legacy`). Returns
/// what it got, or `None` if it is not installed.
#[track_caller]
pub(super) fn in_python(mode: &str, server: &Value, given: &Value) -> Option<Value> {
    let script = ("client.py", include_str!("python/client.py"));
    let folder = installed::folder("mcp/python", &[script])?;
    let mut command = Command::new(folder.join("bin/python"));
    command.arg(folder.join("client.py")).arg(mode);
    command.args([server.to_string(), given.to_string()]);
    Some(printed_json(&mut command))
}

/// Runs the official client in TypeScript. Returns what it got, or `None` if it is not installed.
#[track_caller]
pub(super) fn in_typescript(server: &Value, given: &Value) -> Option<Value> {
    let script = ("client.mjs", include_str!("node/client.mjs"));
    let folder = installed::folder("mcp/node", &[script])?;
    let mut command = Command::new("node");
    command.arg(folder.join("client.mjs"));
    command.args([server.to_string(), given.to_string()]);
    Some(printed_json(&mut command))
}

/// Returns how to start the server on a contract that recorded data break.
fn failing() -> Value {
    let arguments: Vec<_> = FAILING.split_whitespace().collect();
    json!({ "command": PROGRAM, "args": arguments })
}

fn entity() -> Value {
    json!({ "explain_account": { "entity": "user:usr_alice" } })
}

/// Checks what a client got from every tool, resource and prompt.
#[track_caller]
fn assert_complete(seen: &Value) {
    let code = |tool: &str| seen["answers"][tool]["structured"]["exit_code"].clone();
    assert_eq!(code("check_access_contract"), 1, "{seen:#}");
    assert_eq!(code("validate_config"), 0);
    assert_eq!(code("explain_account"), 1);
    assert_eq!(code("suggest_mapping"), 0);
    // Without credentials and without `rehearsal:`, these cannot tell.
    assert_eq!(code("doctor"), 2);
    assert_eq!(code("rehearse_webhooks"), 2);
    assert_eq!(
        seen["answers"]["check_access_contract"]["types"],
        json!(["text", "text", "resource_link"])
    );
    assert_eq!(seen["tools"]["check_access_contract"], true);
    assert_eq!(seen["tools"]["rehearse_webhooks"], false);
    assert_eq!(
        seen["resources"].as_object().map(serde_json::Map::len),
        Some(4)
    );
    let prompt = seen["prompts"]["verify_billing"].as_str();
    assert!(prompt.is_some_and(|text| text.contains("before you open a pull request")));
}

#[test]
fn the_python_client_uses_everything_in_both_revisions() {
    for (mode, revision) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        let Some(seen) = in_python(mode, &failing(), &entity()) else {
            return;
        };
        assert_eq!(seen["revision"], revision);
        assert_complete(&seen);
    }
}

#[test]
fn the_typescript_client_uses_everything() {
    if let Some(seen) = in_typescript(&failing(), &entity()) {
        assert_complete(&seen);
    }
}

#[test]
fn the_inspector_calls_a_tool_from_a_configuration_file() {
    let Some(installed) = installed::folder("mcp/node", &[]) else {
        return;
    };
    let config = json!({ "mcpServers": { "prodverdict": failing() } });
    let config = folder(&[("mcp.json", &config.to_string())]);
    let inspect = |arguments: &str| {
        let mut command = Command::new("node");
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg(installed.join("node_modules/.bin/mcp-inspector"))
            .args(["--cli", "--server", "prodverdict", "--config"])
            .arg(config.path().join("mcp.json"))
            .args(arguments.split_whitespace());
        succeeded(&mut command)
    };
    // Fails if a schema is not portable.
    let listed = inspect("--method tools/list --strict");
    assert!(listed.contains("check_access_contract"), "{listed}");
    let called = inspect("--method tools/call --tool-name check_access_contract");
    assert!(called.contains("revenue-leak"), "{called}");
    let read = inspect("--method resources/read --uri prodverdict://rules");
    assert!(read.contains("revenue-leak"), "{read}");
}
