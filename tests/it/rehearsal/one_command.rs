//! Tests of `prodverdict rehearse -- COMMAND`, which starts, redirects, watches and stops the application.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use testing::{
    database::Database,
    handlers::SCHEMA,
    node_app::{Packages, copy},
    ports::free_port,
    program::{Program, write},
};

use super::{
    example_app::{SETTLE, configuration},
    skipped,
};
use crate::prodverdict;

/// An app that prints a line and a secret at each request, and dies once, at the request whose number is in `DIES_AT`.
const CHATTY: &str = r"
import { Server } from 'node:http';
import { existsSync, writeFileSync } from 'node:fs';
let requests = 0;
const emit = Server.prototype.emit;
Server.prototype.emit = function (event, request, ...rest) {
  if (event === 'request') {
    console.log(`asked for ${request.url}`);
    console.error(`\x1b[31mthe secret is ${process.env.STRIPE_WEBHOOK_SECRET}\x1b[0m`);
    requests += 1;
    if (requests === Number(process.env.DIES_AT) && !existsSync('died')) {
      writeFileSync('died', '');
      console.error('out of luck');
      process.exit(7);
    }
  }
  return emit.call(this, event, request, ...rest);
};
await import('./server.js');
";

/// A script that runs a file of SQL.
const MIGRATE: &str = r"
import { readFileSync } from 'node:fs';
import pg from 'pg';
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query(readFileSync(process.argv[2], 'utf8'));
await client.end();
";

/// A copy of the Node app that has not been started.
struct Unstarted {
    folder: TempDir,
    database: Database,
    port: u16,
}

impl Unstarted {
    fn new(mutant: Option<&str>) -> Self {
        let folder = copy(mutant);
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        let text = configuration(
            &format!("{base}/api/stripe/webhook"),
            &format!("{base}/api/me?user={{account_id}}"),
            &format!("127.0.0.1:{}", free_port()),
            SETTLE,
        );
        write(folder.path(), "prodverdict.yml", &text);
        write(folder.path(), "chatty.js", CHATTY);
        Self {
            folder,
            database: Database::with(SCHEMA),
            port,
        }
    }

    /// Returns a copy with the packages of the app, or `None` without Node.
    fn in_node(mutant: Option<&str>) -> Option<Self> {
        match Packages::install() {
            Ok(packages) => {
                let unstarted = Self::new(mutant);
                packages.link(unstarted.folder.path());
                Some(unstarted)
            }
            Err(why) => {
                skipped(why);
                None
            }
        }
    }

    fn configure(&self, from: &str, to: &str) {
        let path = self.folder.path().join("prodverdict.yml");
        let text = std::fs::read_to_string(path).expect("a configuration");
        assert!(text.contains(from), "{text}");
        write(
            self.folder.path(),
            "prodverdict.yml",
            &text.replace(from, to),
        );
    }

    fn rehearse(&self, scenario: &str, words: &[&str]) -> Program {
        let program = prodverdict(&format!("rehearse --scenario {scenario} --jobs 1"))
            .within(self.folder.path())
            .variable("PORT", &self.port.to_string())
            .variable("REHEARSAL_DATABASE_URL", self.database.admin_url().as_str());
        words.iter().fold(program, Program::argument)
    }

    #[track_caller]
    fn assert_ended(&self) {
        // A killed process takes a moment to release its port.
        let deadline = Instant::now() + Duration::from_secs(2);
        while self.listens() {
            assert!(Instant::now() < deadline, "the application still runs");
        }
        assert_eq!(self.database.count("users"), 0);
    }

    /// Counts the remaining databases that this run may have created.
    fn databases_left(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("created"))
            .expect("the names")
            .lines()
            .filter(|name| {
                self.database.count(&format!(
                    "(select from pg_database where datname = '{name}') as d"
                )) > 0
            })
            .count()
    }

    fn listens(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }
}

#[test]
fn a_command_is_all_that_a_rehearsal_takes() {
    let Some(app) = Unstarted::in_node(None) else {
        return;
    };
    app.rehearse("first-purchase", &["--", "npm", "start"])
        .run()
        .with_status(0);
    app.assert_ended();
}

#[test]
fn the_configuration_names_the_command_too() {
    let Some(app) = Unstarted::in_node(None) else {
        return;
    };
    let section = format!(
        "  app:\n    command: exec node server.js\n    ready: http://127.0.0.1:{0}/healthz\n    env: {{ PORT: {0} }}\n  account:",
        app.port
    );
    app.configure("  account:", &section);
    app.rehearse("first-purchase", &[])
        .without("PORT")
        .run()
        .with_status(0);
    app.assert_ended();
    app.rehearse("first-purchase", &["--", "sh", "-c", "exit 9"])
        .run()
        .unanswered()
        .says(&["exit status: 9"]);
}

#[test]
fn a_finding_shows_the_output_of_the_application() {
    let Some(app) = Unstarted::in_node(Some("02-cancel-flow-simplified")) else {
        return;
    };
    app.rehearse("cancel-now", &["--", "node", "chatty.js"])
        .variable("STRIPE_WEBHOOK_SECRET", "whsec_CanaryOfTheRehearsal")
        .run()
        .with_status(1)
        .says(&[
            "printed   asked for /api/stripe/webhook",
            "printed   the secret is ***\n",
        ]);
    app.assert_ended();
}

#[test]
fn an_application_that_dies_is_restarted_once() {
    let Some(app) = Unstarted::in_node(None) else {
        return;
    };
    let ran = app
        .rehearse("first-purchase-any-order", &["--", "node", "chatty.js"])
        .variable("DIES_AT", "20")
        .run()
        .with_status(1)
        .says(&[
            "printed   out of luck",
            "ended during the rehearsal (exit status: 7), and was started again",
        ]);
    assert_eq!(ran.stdout.matches("[HIGH]").count(), 1, "{}", ran.stdout);
    app.assert_ended();
}

#[test]
fn an_application_that_exits_at_once_is_reported_with_its_last_lines() {
    let app = Unstarted::new(None);
    app.rehearse(
        "first-purchase",
        &[
            "--",
            "sh",
            "-c",
            "echo one; echo 'VERDICT: WARN' >&2; exit 3",
        ],
    )
    .run()
    .unanswered()
    .says(&[
        "the application ended (exit status: 3) before it was ready",
        "       VERDICT: WARN\n",
    ]);
    app.rehearse("first-purchase", &["--", "no-such-program"])
        .run()
        .unanswered()
        .says(&["`no-such-program` cannot be started"]);
}

#[test]
fn a_port_that_is_taken_is_not_rehearsed() {
    let app = Unstarted::new(None);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, app.port)).expect("a port");
    app.rehearse("first-purchase", &["--", "sleep", "60"])
        .run()
        .unanswered()
        .says(&[
            "something already listens at",
            "before the application is started",
        ]);
    drop(taken);
}

/// `curl` knows only the proxy and the authority of the redirect. Its output is visible because the command ends, and
/// the last lines of an application that ends are reported.
#[test]
fn a_program_in_any_language_is_redirected() {
    let app = Unstarted::new(None);
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = other.local_addr().expect("an address");
    let host = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().expect("a connection");
        let mut head = [0; 4];
        stream.read_exact(&mut head).expect("a request");
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nanother";
        stream.write_all(answer.as_bytes()).expect("an answer");
    });
    let script = format!(
        "curl -sS -m 20 https://api.stripe.com/v1/customers -u \"$STRIPE_SECRET_KEY:\" | tr -d ' \\n'; echo; \
         curl -sS -m 20 -p -x \"$HTTPS_PROXY\" http://{address}/; echo; \
         curl -sS -m 20 https://connect.stripe.com/ 2>&1; exit 5"
    );
    app.rehearse("first-purchase", &["--", "sh", "-c", &script])
        .run()
        .unanswered()
        .says(&[
            "{\"object\":\"list\",\"data\":[]",
            "       another\n",
            "403",
            "exit status: 5",
        ]);
    host.join().expect("the other host was asked");
}

#[test]
fn an_application_gets_test_secrets_in_place_of_live_ones() {
    let app = Unstarted::new(None);
    app.rehearse("first-purchase", &["--", "sh", "-c", "env > got; exit 3"])
        .variable("STRIPE_SECRET_KEY", "rk_live_51CanaryOfTheKey")
        .variable(
            "DATABASE_URL",
            "postgres://u:CanaryOfTheUrl@127.0.0.1:1/live",
        )
        .variable("INPUT_GITHUB_TOKEN", "ghs_CanaryOfTheToken")
        .run()
        .unanswered();
    let got = std::fs::read_to_string(app.folder.path().join("got")).expect("an environment");
    assert!(!got.contains("Canary"), "{got}");
    let url = app.database.admin_url();
    for line in [
        "STRIPE_SECRET_KEY=sk_test_".to_owned(),
        "STRIPE_WEBHOOK_SECRET=whsec_".to_owned(),
        format!("DATABASE_URL={url}\n"),
        format!("PORT={}\n", app.port),
    ] {
        assert!(got.contains(&line), "{line} is not in {got}");
    }
}

/// Migrations of many frameworks load the application's own settings first.
#[test]
fn a_migration_is_given_the_variables_of_the_application() {
    let app = Unstarted::new(None);
    app.configure(
        "database: { url_env: REHEARSAL_DATABASE_URL }",
        "database: { migrate: 'echo \"the migration has $STRIPE_SECRET_KEY$STRIPE_WEBHOOK_SECRET.\"; exit 1' }",
    );
    app.rehearse("first-purchase", &["--", "sleep", "60"])
        .variable("STRIPE_SECRET_KEY", "sk_live_CanaryOfTheRehearsal")
        .without("STRIPE_WEBHOOK_SECRET")
        .run()
        .unanswered()
        .says(&["the migration has sk_test_prodverdict_rehearsal***."]);
}

#[test]
fn a_database_is_created_migrated_and_dropped() {
    let Some(app) = Unstarted::in_node(None) else {
        return;
    };
    // The database of the variable has no tables.
    app.database.run("drop table users, stripe_events cascade");
    write(app.folder.path(), "schema.sql", SCHEMA);
    write(app.folder.path(), "migrate.js", MIGRATE);
    app.configure(
        "database: { url_env: REHEARSAL_DATABASE_URL }",
        "database: { migrate: 'echo migrating; echo ${DATABASE_URL##*/} >> created; node migrate.js schema.sql' }",
    );
    app.rehearse("first-purchase", &["--", "node", "server.js"])
        .run()
        .with_status(0);
    assert_eq!(app.databases_left(), 0);
    app.configure("schema.sql", "no-such-file.sql");
    app.rehearse("first-purchase", &["--", "node", "server.js"])
        .run()
        .unanswered()
        .says(&[
            "no-such-file.sql",
            "failed (exit status:",
            "       migrating\n",
        ]);
    assert_eq!(app.databases_left(), 0);
}

#[test]
fn a_database_that_a_killed_run_left_is_dropped() {
    let app = Unstarted::new(None);
    app.database
        .run("create database prodverdict_rehearsal_00000000deadbeef");
    app.configure(
        "database: { url_env: REHEARSAL_DATABASE_URL }",
        "database: { migrate: exit 1 }",
    );
    app.rehearse("first-purchase", &["--", "sleep", "60"])
        .run()
        .unanswered();
    let left = "(select from pg_database where datname like '%deadbeef') as databases";
    assert_eq!(app.database.count(left), 0);
}

#[test]
fn an_interrupt_ends_the_application_and_its_children() {
    let Some(app) = Unstarted::in_node(None) else {
        return;
    };
    app.configure("settle: 400ms", "settle: 300s");
    for name in ["INT", "TERM"] {
        let child = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
            .args(["rehearse", "--", "sh", "-c", "node server.js & wait"])
            .current_dir(app.folder.path())
            .env("PORT", app.port.to_string())
            .env("REHEARSAL_DATABASE_URL", app.database.admin_url().as_str())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let deadline = Instant::now() + Duration::from_mins(1);
        while !app.listens() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(app.listens());
        let sent = Command::new("kill")
            .args([format!("-{name}"), child.id().to_string()])
            .status();
        assert!(sent.expect("kill starts").success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
        app.assert_ended();
    }
}
