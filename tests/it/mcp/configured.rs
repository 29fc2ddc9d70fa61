//! From an empty client configuration to a true answer of each tool: `init --mcp` writes the file, and the server is
//! started from it as the client would start it.

use std::{fs, os::unix::fs::symlink, path::Path};

use serde_json::{Map, Value, json};
use testing::{
    database::Database,
    handlers::{Mutant, SCHEMA},
    program::{folder, git, write},
    shop::{KEY, Shop, payer},
};

use super::clients::{in_python, in_typescript};
use crate::{
    prodverdict,
    rehearsal::example_app::{ExampleApp, Language, SETTLE},
};

const TOOLS: [&str; 7] = [
    "check_access_contract",
    "doctor",
    "explain_account",
    "rehearse_webhooks",
    "suggest_mapping",
    "validate_config",
    "what_changed",
];

const HANDLER: &str = "export function revoke(user) {\n  user.has_paid_access = false;\n}\n";

/// A client: its file, the key of the servers in it, and the folder in which it starts them.
struct Client {
    file: &'static str,
    servers: &'static str,
    /// False if it starts servers in a folder of its own.
    starts_in_workspace: bool,
}

const CLAUDE_CODE: Client = Client {
    file: ".mcp.json",
    servers: "mcpServers",
    starts_in_workspace: true,
};

const CURSOR: Client = Client {
    file: ".cursor/mcp.json",
    servers: "mcpServers",
    starts_in_workspace: false,
};

const VS_CODE: Client = Client {
    file: ".vscode/mcp.json",
    servers: "servers",
    starts_in_workspace: false,
};

/// A repository whose handler keeps access after a cancellation, with an account that pays without access.
struct Project {
    app: ExampleApp,
    shop: Shop,
    accounts: Database,
    /// Holds the program under the name that the files give.
    programs: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let app = ExampleApp::new(Language::Rust, Some(Mutant::CancelFlowSimplified), SETTLE);
        // The check would wait before it reports.
        app.replace("    grace:", "    confirm_after: 0s\n    grace:");
        let root = app.folder.path();
        write(root, "src/stripe.js", HANDLER);
        for arguments in [
            "init --quiet",
            "add --all",
            "commit --quiet --message first",
        ] {
            git(root, arguments);
        }
        write(root, "src/stripe.js", "export function revoke(user) {\n}\n");
        let accounts = Database::with(SCHEMA);
        accounts.run(
            "insert into users (id, email, stripe_customer_id) values ('usr_alice', 'a@example.com', 'cus_alice')",
        );
        let programs = folder(&[]);
        symlink(
            env!("CARGO_BIN_EXE_prodverdict"),
            programs.path().join("prodverdict"),
        )
        .expect("a link");
        Self {
            app,
            shop: Shop::open(&[payer("alice")]),
            accounts,
            programs,
        }
    }

    /// Writes the clients' files, which are not there yet.
    fn configure_clients(&self) {
        let root = self.app.folder.path();
        for client in [&CLAUDE_CODE, &CURSOR, &VS_CODE] {
            assert!(!root.join(client.file).exists());
        }
        prodverdict("init --mcp --yes")
            .within(root)
            .run()
            .with_status(0)
            .says(&["wrote .cursor/mcp.json, .mcp.json, .vscode/mcp.json"]);
    }

    /// Returns how the client starts the server: its file, with the variables filled in that it fills in.
    fn server(&self, client: &Client) -> Value {
        let root = self.app.folder.path();
        let text = fs::read_to_string(root.join(client.file)).expect("a file");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        let mut server = file[client.servers]["prodverdict"].clone();
        assert_eq!(server["command"], "prodverdict", "{server}");
        let filled = |text: &str| {
            let workspace = root.to_str().expect("a path");
            let text = text.replace("${workspaceFolder}", workspace);
            assert!(!text.contains("${"), "the client does not know it: {text}");
            text
        };
        let arguments = server["args"].as_array().expect("arguments");
        let arguments: Vec<_> = arguments
            .iter()
            .map(|one| filled(one.as_str().expect("a text")))
            .collect();
        server["args"] = json!(arguments);
        let elsewhere = Path::new("/");
        server["cwd"] = json!(if client.starts_in_workspace {
            root
        } else {
            elsewhere
        });
        // A client passes its own environment on, and what the file adds.
        server["env"] = json!(self.environment());
        let server = server.as_object_mut().expect("an object");
        let kind = server.remove("type");
        assert!(kind.is_none_or(|kind| kind == "stdio"));
        json!(server)
    }

    fn environment(&self) -> Map<String, Value> {
        let path = format!(
            "{}:/usr/local/bin:/usr/bin:/bin",
            self.programs.path().display()
        );
        let own = [
            ("PATH", path),
            ("STRIPE_SECRET_KEY", KEY.to_owned()),
            ("STRIPE_API_BASE", self.shop.stripe.base_url()),
            ("DATABASE_URL", self.accounts.url_of("reader").to_string()),
        ];
        own.into_iter()
            .chain(self.app.environment())
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect()
    }
}

fn given() -> Value {
    json!({
        "explain_account": { "entity": "user:usr_alice" },
        "rehearse_webhooks": { "scenarios": ["first-purchase", "cancel-now"] },
    })
}

/// Checks that each of the seven tools says what is true of the project.
#[track_caller]
fn assert_true(seen: &Value) {
    let answers = seen["answers"].as_object().expect("answers");
    let names: Vec<_> = answers.keys().map(String::as_str).collect();
    assert_eq!(names, TOOLS);
    let of = |tool: &str| answers[tool]["structured"].clone();
    let codes: Vec<_> = TOOLS
        .iter()
        .map(|tool| of(tool)["exit_code"].clone())
        .collect();
    assert_eq!(codes, [1, 0, 1, 1, 0, 0, 0], "{seen:#}");
    let leak = &of("check_access_contract")["groups"][0];
    assert_eq!(leak["rule"], "revenue-leak", "{leak}");
    assert_eq!(leak["entities"], json!(["user:usr_alice"]));
    assert_eq!(of("explain_account")["lines"][0], "user:usr_alice");
    let kept = &of("rehearse_webhooks")["groups"][0];
    assert_eq!(kept["entities"], json!(["scenario:cancel-now/deleted"]));
    let place = kept["place"]["file"].as_str().expect("a place");
    assert!(place.ends_with("src/stripe.js"), "{kept}");
    let mapping = of("suggest_mapping")["configuration"].clone();
    assert!(
        mapping
            .as_str()
            .is_some_and(|text| text.contains("has_paid_access")),
        "{mapping}"
    );
    assert_eq!(of("validate_config")["valid"], true);
    let lines = of("what_changed")["lines"].clone();
    assert_eq!(
        lines[0]["does"], "removes a line that sets `has_paid_access`",
        "{lines}"
    );
}

#[test]
fn claude_code_gets_seven_true_answers() {
    let project = Project::new();
    project.configure_clients();
    if let Some(seen) = in_typescript(&project.server(&CLAUDE_CODE), &given()) {
        assert_true(&seen);
    }
}

#[test]
fn cursor_gets_seven_true_answers() {
    let project = Project::new();
    project.configure_clients();
    if let Some(seen) = in_typescript(&project.server(&CURSOR), &given()) {
        assert_true(&seen);
    }
}

#[test]
fn vs_code_gets_seven_true_answers() {
    let project = Project::new();
    project.configure_clients();
    if let Some(seen) = in_python("auto", &project.server(&VS_CODE), &given()) {
        assert_true(&seen);
    }
}

#[test]
fn an_empty_folder_gets_a_contract_to_complete() {
    let empty = folder(&[]);
    let root = empty.path();
    prodverdict("init --mcp --yes")
        .within(root)
        .run()
        .with_status(0)
        .says(&["wrote prodverdict.yml, .cursor/mcp.json, .mcp.json, .vscode/mcp.json"]);
    let path = format!("{}:/usr/bin:/bin", env!("CARGO_BIN_EXE_prodverdict"));
    let server = json!({
        "command": env!("CARGO_BIN_EXE_prodverdict"),
        "args": ["mcp"],
        "cwd": root,
        "env": { "PATH": path },
    });
    let Some(seen) = in_typescript(&server, &given()) else {
        return;
    };
    let codes: Vec<_> = TOOLS
        .iter()
        .map(|tool| seen["answers"][*tool]["structured"]["exit_code"].clone())
        .collect();
    // Only the proposal needs nothing that is missing.
    assert_eq!(codes, [2, 2, 2, 2, 0, 2, 2], "{seen:#}");
    let problem = &seen["answers"]["validate_config"]["structured"]["problems"][0];
    assert_eq!(problem["code"], "placeholder", "{problem}");
}
