//! The example app, correct or broken, in Rust or in Node, with a separate database, and the program that rehearses it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use fake_http::{STRIPE, redirect};
use tempfile::TempDir;
use testing::{
    database::Database,
    handlers::{App, Environment, Mutant, SCHEMA},
    node_app::{NodeApp, Packages},
    ports::free_port,
    program::{Program, TEST_KEY, folder, write},
};

use super::small::{self, Small};
use crate::prodverdict;

/// The secret that the handler verifies with.
pub(crate) const SECRET: &str = "whsec_CanaryOfTheRehearsal";

/// The configuration of the example, as its users see it.
const CONFIGURATION: &str = include_str!("../../../examples/nextjs-stripe/app/prodverdict.yml");

/// Long enough for a handler that writes before it responds, short enough for a hundred failing steps.
pub(crate) const SETTLE: &str = "400ms";

/// The language of the app.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Language {
    Rust,
    Node(&'static Packages),
}

enum Running {
    Rust(App),
    Node(NodeApp),
}

/// Everything that one rehearsal needs.
pub(crate) struct ExampleApp {
    app: Option<Running>,
    pub(crate) folder: TempDir,
    pub(crate) database: Database,
}

impl ExampleApp {
    /// Starts the app, correct or broken; `settle` is the time that it may take to write.
    pub(crate) fn new(language: Language, mutant: Option<Mutant>, settle: &str) -> Self {
        Self::with_app(settle, |database, listen, preload| match language {
            Language::Rust => Running::Rust(in_rust(database, listen, mutant)),
            Language::Node(packages) => {
                let start = |environment: &[(&str, &str)]| {
                    NodeApp::start(packages, mutant.map(Mutant::as_str), environment)
                };
                Running::Node(in_node(database, listen, preload, start))
            }
        })
    }

    /// Starts the app in Node, with texts of its handler replaced by others.
    pub(crate) fn edited(packages: &'static Packages, edits: &[(&str, &str)]) -> Self {
        Self::with_app(SETTLE, |database, listen, preload| {
            let start =
                |environment: &[(&str, &str)]| NodeApp::start_edited(packages, edits, environment);
            Running::Node(in_node(database, listen, preload, start))
        })
    }

    fn with_app(settle: &str, start: impl FnOnce(&Database, &str, &Path) -> Running) -> Self {
        let database = Database::with(SCHEMA);
        let folder = folder(&[]);
        let listen = format!("127.0.0.1:{}", free_port());
        let app = start(&database, &listen, &folder.path().join("redirect.cjs"));
        let (handler, gate) = match &app {
            Running::Rust(app) => (app.webhook_url(), app.gate_url()),
            Running::Node(app) => (app.webhook_url(), app.gate_url()),
        };
        let text = configuration(&handler, &gate, &listen, settle);
        write(folder.path(), "prodverdict.yml", &text);
        Self {
            app: Some(app),
            folder,
            database,
        }
    }

    /// Starts an app of a few lines, for one fault at a time.
    pub(crate) fn small(packages: &'static Packages, small: &Small<'_>) -> Self {
        let database = Database::with(small.schema);
        let folder = folder(&[]);
        let listen = format!("127.0.0.1:{}", free_port());
        let preload = folder.path().join("redirect.cjs");
        let app = small::start(packages, small, &database, &listen, &preload);
        let text = small.configuration(&app.webhook_url(), &listen);
        write(folder.path(), "prodverdict.yml", &text);
        Self {
            app: Some(Running::Node(app)),
            folder,
            database,
        }
    }

    /// Prepares `prodverdict rehearse` with these arguments and its environment.
    pub(crate) fn rehearse(&self, arguments: &str) -> Program {
        self.program(&format!("rehearse {arguments}"))
    }

    /// Prepares the program with these arguments and the rehearsal's environment.
    pub(crate) fn program(&self, arguments: &str) -> Program {
        let program = prodverdict(arguments).within(self.folder.path());
        let environment = self.environment();
        environment.iter().fold(program, |program, (name, value)| {
            program.variable(name, value)
        })
    }

    /// Spawns the same as a process that can be signalled.
    pub(crate) fn spawn(&self, arguments: &str) -> Child {
        // Signals are ignored, as by a shell that starts it in the background.
        Command::new("/bin/sh")
            .args(["-c", "trap '' INT TERM; exec \"$0\" rehearse $1"])
            .args([env!("CARGO_BIN_EXE_prodverdict"), arguments])
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("STRIPE_WEBHOOK_SECRET", SECRET.to_owned()),
            (
                "REHEARSAL_DATABASE_URL",
                self.database.admin_url().to_string(),
            ),
        ]
    }

    /// Stops the app.
    pub(crate) fn stop(&mut self) {
        drop(self.app.take());
    }

    /// Adds lines to the configuration, which ends with `rehearsal`.
    pub(crate) fn add(&self, lines: &str) {
        self.configure(|text| format!("{text}{lines}"));
    }

    /// Replaces a text of the configuration.
    pub(crate) fn replace(&self, text: &str, other: &str) {
        self.configure(|configuration| {
            assert!(configuration.contains(text), "{configuration}");
            configuration.replace(text, other)
        });
    }

    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.folder.path().join("prodverdict.yml"));
        let text = change(text.expect("a configuration"));
        write(self.folder.path(), "prodverdict.yml", &text);
    }

    /// Counts the program's own schemas and triggers in the app's database.
    pub(crate) fn traces(&self) -> i64 {
        let schemas = "(select from pg_namespace where nspname like 'prodverdict%') as schemas";
        let triggers = "(select from pg_trigger where tgname like 'prodverdict%') as triggers";
        self.database.count(schemas) + self.database.count(triggers)
    }

    /// Counts the rows in the app's tables.
    pub(crate) fn rows(&self) -> i64 {
        self.database.count("users") + self.database.count("stripe_events")
    }

    /// Returns the app's output.
    pub(crate) fn log(&self) -> String {
        match &self.app {
            Some(Running::Node(app)) => app.log(),
            Some(Running::Rust(_)) | None => String::new(),
        }
    }
}

/// Returns the example's configuration with the addresses of this run.
pub(crate) fn configuration(handler: &str, gate: &str, listen: &str, settle: &str) -> String {
    let mut text = CONFIGURATION.to_owned();
    for (published, own) in [
        ("http://localhost:3000/api/stripe/webhook", handler),
        ("http://localhost:3000/api/me?user={account_id}", gate),
        ("127.0.0.1:12111", listen),
    ] {
        assert!(
            text.contains(published),
            "{published} is not there any more"
        );
        text = text.replace(published, own);
    }
    format!("{text}  settle: {settle}\n")
}

fn in_rust(database: &Database, listen: &str, mutant: Option<Mutant>) -> App {
    let environment = Environment {
        database_url: database.admin_url().to_string(),
        stripe_url: format!("http://{listen}"),
        stripe_key: TEST_KEY.to_owned(),
        webhook_secret: SECRET.to_owned(),
    };
    App::start(environment, mutant).expect("the app starts")
}

/// Starts something with the environment that sends its requests to the fake.
pub(crate) fn in_node(
    database: &Database,
    listen: &str,
    preload: &Path,
    start: impl FnOnce(&[(&str, &str)]) -> NodeApp,
) -> NodeApp {
    redirect::write_node_preload(preload).expect("a preload");
    let environment = [
        ("DATABASE_URL", database.admin_url().to_string()),
        ("STRIPE_SECRET_KEY", TEST_KEY.to_owned()),
        ("STRIPE_WEBHOOK_SECRET", SECRET.to_owned()),
        ("NODE_OPTIONS", redirect::node_options(preload)),
        (STRIPE.variable, format!("http://{listen}")),
    ];
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    start(&environment)
}

/// Runs a function on each of these, three at a time: each waits for its app most of the time.
pub(crate) fn each<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(0_usize);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let index = {
                        let mut next = next.lock().expect("no panic");
                        *next += 1;
                        *next - 1
                    };
                    let Some(item) = all.get(index) else { break };
                    let result = work(item);
                    done.lock().expect("no panic").push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no panic");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
