//! stripe-node, every major version from 14 on, and other HTTP clients of Node.

use std::{path::PathBuf, process::Command};

use fake_http::{PADDLE, STRIPE, redirect};
use fake_stripe::FakeStripe;
use tempfile::TempDir;
use testing::installed::{failed, folder, succeeded};

use crate::shop;

const SCRIPTS: &[(&str, &str)] = &[
    ("agents.cjs", include_str!("node/agents.cjs")),
    ("commonjs.cjs", include_str!("node/commonjs.cjs")),
    ("esm.mjs", include_str!("node/esm.mjs")),
    ("fetch.cjs", include_str!("node/fetch.cjs")),
    ("paddle.mjs", include_str!("node/paddle.mjs")),
    ("majors.cjs", include_str!("node/majors.cjs")),
    ("plain.mjs", include_str!("node/plain.mjs")),
    ("reading.cjs", include_str!("node/reading.cjs")),
    ("refused.mjs", include_str!("node/refused.mjs")),
    ("waiting.mjs", include_str!("node/waiting.mjs")),
    ("writing.cjs", include_str!("node/writing.cjs")),
];

/// Node with the preload script, in a path that must be quoted.
struct Node {
    folder: PathBuf,
    preload: TempDir,
}

impl Node {
    fn find() -> Option<Self> {
        let folder = folder("node", SCRIPTS)?;
        let preload = TempDir::with_prefix("with blanks ").expect("a folder");
        redirect::write_node_preload(&preload.path().join("redirect.cjs")).expect("written");
        Some(Self { folder, preload })
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new("node");
        command
            .current_dir(&self.folder)
            .arg(name)
            .env(
                "NODE_OPTIONS",
                redirect::node_options(&self.preload.path().join("redirect.cjs")),
            )
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("NODE_USE_ENV_PROXY", "1")
            .env("NO_PROXY", "127.0.0.1")
            .env_remove(STRIPE.variable);
        command
    }
}

#[track_caller]
fn every_major(fake: &FakeStripe, script: &str) {
    let Some(node) = Node::find() else { return };
    let output = succeeded(node.script(script).env(STRIPE.variable, fake.base_url()));
    assert_eq!(output.matches(": ok").count(), 10, "{output}");
}

#[test]
fn the_official_paddle_library_works() {
    let Some(node) = Node::find() else { return };
    let fake = shop::open_paddle();
    let mut command = node.script("paddle.mjs");
    let command = command.env("PADDLE_API_KEY", "pdl_sdbx_apikey_1");
    let output = succeeded(command.env(PADDLE.variable, fake.base_url()));
    assert!(output.contains("paddle ok"), "{output}");
}

#[test]
fn every_major_works_with_require() {
    every_major(&shop::open(), "commonjs.cjs");
}

#[test]
fn every_major_works_with_import() {
    every_major(&shop::open(), "esm.mjs");
}

#[test]
fn every_major_works_over_fetch() {
    every_major(&shop::open(), "fetch.cjs");
}

#[test]
fn no_agent_leads_past_the_fake() {
    every_major(&shop::open(), "agents.cjs");
}

#[test]
fn every_way_of_calling_a_url_is_redirected() {
    let Some(node) = Node::find() else { return };
    let fake = shop::open();
    succeeded(
        node.script("plain.mjs")
            .env(STRIPE.variable, fake.base_url()),
    );
}

#[test]
fn the_address_is_read_from_a_file_once_it_is_there() {
    let Some(node) = Node::find() else { return };
    let fake = shop::open();
    let folder = TempDir::with_prefix("with blanks ").expect("a folder");
    let file = folder.path().join("stripe.address");
    let url = format!("file://{}", file.display()).replace(' ', "%20");
    for variable in [file.display().to_string(), url] {
        let mut command = node.script("waiting.mjs");
        let command = command.env(STRIPE.variable, variable).arg(&file);
        succeeded(command.arg(fake.base_url()));
    }
    assert!(!fake.requests().is_empty());
}

#[test]
fn requests_that_are_not_redirected_are_refused() {
    let Some(node) = Node::find() else { return };
    let fake = shop::open();
    succeeded(
        node.script("refused.mjs")
            .env(STRIPE.variable, fake.base_url()),
    );
    assert!(fake.requests().is_empty());
}

#[test]
fn nothing_reaches_the_provider_if_the_variable_is_missing() {
    let Some(node) = Node::find() else { return };
    succeeded(node.script("refused.mjs").arg("all"));
    succeeded(
        node.script("refused.mjs")
            .arg("all")
            .env(STRIPE.variable, ""),
    );
}

#[test]
fn a_malformed_variable_stops_the_program_at_its_start() {
    let Some(node) = Node::find() else { return };
    for malformed in [
        "127.0.0.1:12111",
        "https://127.0.0.1:12111",
        "http://127.0.0.1:12111/v1",
        "http://user@127.0.0.1:1",
        "http://api.stripe.com",
        "file://elsewhere/x",
        "nonsense",
    ] {
        let output = failed(node.script("majors.cjs").env(STRIPE.variable, malformed));
        assert!(
            output.contains(STRIPE.variable) && output.contains("such as http://"),
            "{output}"
        );
    }
}
