//! Rehearsals of applications that are billed by Paddle: the example app, and the ways in which real handlers were wrong.

mod deliveries;
mod drifts;
mod mutants;
mod small_paddle;

use std::collections::BTreeSet;

use fake_http::{PADDLE, redirect};
use serde_json::Value;
use tempfile::TempDir;
use testing::{
    database::Database,
    node_app::{NodeApp, PADDLE_APP, Packages},
    ports::free_port,
    program::{Program, folder, write},
};

use super::{example_app::SETTLE, skipped};
use crate::prodverdict;

const SECRET: &str = "pdl_ntfset_CanaryOfTheRehearsal";

/// Start of all plays.
const NOW: &str = "2035-11-01T00:00:00Z";

/// An application in Node with its database and configuration.
struct PaddleApp {
    app: NodeApp,
    folder: TempDir,
    database: Database,
}

impl PaddleApp {
    /// Starts a copy of an application; `configuration` gets its base URL and the address of the fake.
    fn start(
        packages: &Packages,
        (schema, files): (&str, TempDir),
        configuration: impl FnOnce(&str, &str) -> String,
    ) -> Self {
        let database = Database::with(schema);
        let folder = folder(&[]);
        let listen = format!("127.0.0.1:{}", free_port());
        let preload = folder.path().join("redirect.cjs");
        redirect::write_node_preload(&preload).expect("a preload");
        let environment = [
            ("DATABASE_URL", database.admin_url().to_string()),
            ("PADDLE_API_KEY", "pdl_sdbx_apikey_test".to_owned()),
            ("PADDLE_WEBHOOK_SECRET", SECRET.to_owned()),
            ("NODE_OPTIONS", redirect::node_options(&preload)),
            (PADDLE.variable, format!("http://{listen}")),
        ];
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let app = NodeApp::run(packages, files, &environment);
        let text = configuration(&app.base_url(), &listen);
        write(
            folder.path(),
            "prodverdict.yml",
            &format!("{text}  settle: {SETTLE}\n"),
        );
        Self {
            app,
            folder,
            database,
        }
    }

    fn rehearse(&self, arguments: &str) -> Program {
        prodverdict(&format!("rehearse --now {NOW} --format json {arguments}"))
            .within(self.folder.path())
            .variable("PADDLE_WEBHOOK_SECRET", SECRET)
            .variable("REHEARSAL_DATABASE_URL", self.database.admin_url().as_str())
    }
}

/// Returns the packages of the example app, or says why nothing is tested.
fn packages() -> Option<&'static Packages> {
    match PADDLE_APP.packages() {
        Ok(packages) => Some(packages),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

/// Lists the scenarios that a report calls broken.
fn broken(report: &Value) -> BTreeSet<String> {
    let scenarios = report["rehearsal"]["scenarios"].as_array();
    let scenarios = scenarios.expect("an array").iter();
    let broken = scenarios.filter(|scenario| scenario["result"] == "broken");
    broken
        .map(|scenario| scenario["id"].as_str().expect("a text").to_owned())
        .collect()
}
