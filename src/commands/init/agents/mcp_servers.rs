//! Adds the MCP server to the configuration files of clients, without losing what they hold.

use jsonc_parser::{ParseOptions, cst::CstRootNode, json};

use crate::problem::{ErrorCode, Place, Problem};

/// A client with its configuration file.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) path: &'static str,
    /// Key of the object that holds the servers by name.
    servers: &'static str,
    /// `type` of the server, which VS Code requires.
    kind: Option<&'static str>,
    /// True if the client starts servers in any folder and fills in `${workspaceFolder}`.
    fills_in_folder: bool,
}

/// Cursor, Claude Code and VS Code, in this order.
pub(super) const CLIENTS: [Client; 3] = [
    Client {
        path: ".cursor/mcp.json",
        servers: "mcpServers",
        kind: None,
        fills_in_folder: true,
    },
    Client {
        path: ".mcp.json",
        servers: "mcpServers",
        kind: None,
        fills_in_folder: false,
    },
    Client {
        path: ".vscode/mcp.json",
        servers: "servers",
        kind: Some("stdio"),
        fills_in_folder: true,
    },
];

/// Name of the server in each file.
const NAME: &str = "prodverdict";

/// Returns the text of the file with the server. A server of that name stays as it is.
pub(super) fn with_server(client: &Client, before: Option<&str>) -> Result<String, Problem> {
    let text = before.filter(|text| !text.trim().is_empty());
    let root = CstRootNode::parse(text.unwrap_or("{}\n"), &ParseOptions::default());
    let root = root.map_err(|error| {
        let (line, column) = (error.line_display(), error.column_display());
        refusal(client, &format!("is not JSON: {}", error.kind())).at(place(client, line, column))
    })?;
    let object = root.object_value_or_create();
    let object = object.ok_or_else(|| refusal(client, "holds no object at the top"))?;
    let servers = object.object_value_or_create(client.servers);
    let servers = servers.ok_or_else(|| {
        refusal(
            client,
            &format!("has a value under `{}` that is no object", client.servers),
        )
    })?;
    if servers.get(NAME).is_none() {
        let mut arguments = vec!["mcp".to_owned()];
        if client.fills_in_folder {
            let config = "${workspaceFolder}/prodverdict.yml";
            arguments.extend(["--config", config].map(str::to_owned));
        }
        servers.append(
            NAME,
            match client.kind {
                Some(kind) => json!({ "type": kind, "command": "prodverdict", "args": arguments }),
                None => json!({ "command": "prodverdict", "args": arguments }),
            },
        );
    }
    Ok(root.to_string())
}

fn refusal(client: &Client, reason: &str) -> Problem {
    let path = client.path;
    Problem::new(ErrorCode::OutputUnwritable, format!("`{path}` {reason}")).hint(format!(
        "correct it, or add the server by hand: `\"{}\": {{ \"{NAME}\": {{ \"command\": \"prodverdict\", \"args\": [\"mcp\"] }} }}`",
        client.servers
    ))
}

fn place(client: &Client, line: usize, column: usize) -> Place {
    let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
    let (line, column) = (number(line), number(column));
    Place {
        path: client.path.to_owned(),
        line,
        column,
        end_line: line,
        end_column: column,
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_starts_the_server_and_holds_no_secret() {
        let text = with_server(&CLIENTS[2], None).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let server = &value["servers"]["prodverdict"];
        assert_eq!(server["type"], "stdio");
        assert_eq!(server["command"], "prodverdict");
        assert_eq!(server["args"][0], "mcp");
        assert!(server.get("env").is_none());
    }

    #[test]
    fn comments_order_and_other_servers_stay() {
        let before = "{\n  // ours\n  \"mcpServers\": {\n    \"b\": { \"command\": \"b\" }, /* last */\n    \"a\": {\"command\":\"a\"}\n  },\n  \"other\": [1,2]\n}\n";
        let after = with_server(&CLIENTS[1], Some(before)).unwrap();
        let (start, _) = before.split_once("\n  },").unwrap();
        assert!(after.starts_with(start), "{after}");
        assert!(after.ends_with("  },\n  \"other\": [1,2]\n}\n"), "{after}");
        assert!(after.contains("\"prodverdict\""), "{after}");
        assert_eq!(with_server(&CLIENTS[1], Some(&after)).unwrap(), after);
    }

    #[test]
    fn a_file_that_cannot_be_merged_is_refused_with_its_line() {
        let broken = with_server(&CLIENTS[0], Some("{\n  \"mcpServers\": {,\n}")).unwrap_err();
        assert_eq!(broken.place.map(|place| place.line), Some(2));
        for other in ["[]", "{ \"mcpServers\": [] }"] {
            let refused = with_server(&CLIENTS[0], Some(other)).unwrap_err();
            assert!(refused.hint.contains("by hand"), "{refused:?}");
        }
    }
}
