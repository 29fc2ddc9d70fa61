//! `rehearse --watch`: plays again after each change of the handler, and ends without a trace.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use testing::{
    database::Database,
    handlers::SCHEMA,
    node_app::{Packages, copy},
    ports::free_port,
    program::{CANARIES, write},
};

use super::{
    example_app::{ExampleApp, Language, SECRET, SETTLE, configuration},
    skipped,
};

const MUTANT: &str = "02-cancel-flow-simplified";

/// Longer than any play.
const PATIENCE: Duration = Duration::from_mins(4);

/// The command in a copy of the Node app, which it starts.
struct Watching {
    folder: TempDir,
    database: Database,
    port: u16,
    child: Child,
    /// Length of the output that was waited for.
    seen: usize,
}

impl Watching {
    /// Starts it on a broken handler; `None` without Node.
    fn begin(settle: &str) -> Option<Self> {
        let packages = match Packages::install() {
            Ok(packages) => packages,
            Err(why) => {
                skipped(why);
                return None;
            }
        };
        let folder = copy(Some(MUTANT));
        packages.link(folder.path());
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        let text = configuration(
            &format!("{base}/api/stripe/webhook"),
            &format!("{base}/api/me?user={{account_id}}"),
            &format!("127.0.0.1:{}", free_port()),
            settle,
        );
        let watched = "  handler_paths: [webhook.js, lib/**]\n";
        write(
            folder.path(),
            "prodverdict.yml",
            &format!("{text}{watched}"),
        );
        let database = Database::with(SCHEMA);
        let output = File::create(folder.path().join("output")).expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
            .args(
                "rehearse --watch --jobs 1 --scenario first-purchase --scenario cancel-now"
                    .split(' '),
            )
            .args("--scenario renewal -- node server.js".split(' '))
            .current_dir(folder.path())
            .env("PORT", port.to_string())
            .env("STRIPE_WEBHOOK_SECRET", SECRET)
            .env("REHEARSAL_DATABASE_URL", database.admin_url().as_str())
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .stdin(Stdio::null())
            .spawn()
            .expect("the program starts");
        Some(Self {
            folder,
            database,
            port,
            child,
            seen: 0,
        })
    }

    fn output(&self) -> String {
        fs::read_to_string(self.folder.path().join("output")).expect("text")
    }

    /// Waits until it says this, after what was waited for before. Returns what it said in between.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let output = self.output();
            let new = &output[self.seen..];
            if let Some(at) = new.find(text) {
                let said = new[..at].to_owned();
                self.seen += at + text.len();
                return said;
            }
            assert!(begun.elapsed() < PATIENCE, "no `{text}` in {output}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes the handler as an editor does: a new file gets the name of the old one.
    fn save(&self, mutant: Option<&str>) {
        let text = fs::read_to_string(copy(mutant).path().join("webhook.js")).expect("a handler");
        write(self.folder.path(), "webhook.js.tmp", &text);
        let name = |name: &str| self.folder.path().join(name);
        fs::rename(name("webhook.js.tmp"), name("webhook.js")).expect("renamed");
    }

    /// Sends an interrupt, and checks that nothing is left. Returns the exit status.
    #[track_caller]
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.expect("kill starts").success());
        let status = self.child.wait().expect("it ends");
        let output = self.output();
        for canary in CANARIES {
            assert!(!output.contains(canary), "a secret is shown: {output}");
        }
        let app = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        assert!(app.is_err(), "the application still runs");
        let schemas = "(select from pg_namespace where nspname like 'prodverdict%') as schemas";
        assert_eq!(self.database.count(schemas), 0);
        assert_eq!(self.database.count("users"), 0);
        status.code()
    }
}

#[test]
fn a_corrected_handler_is_played_again_broken_ones_first() {
    let Some(mut watching) = Watching::begin(SETTLE) else {
        return;
    };
    watching.until("VERDICT: FAIL\n");
    watching.until("Watching 1 file of `handler_paths`; Ctrl-C ends\n");
    watching.save(None);
    watching.until("webhook.js changed: playing again, first cancel-now\n");
    watching.until("Played first: 1 held; playing the others\n");
    watching.until("VERDICT: PASS\n");
    watching.until("Ctrl-C ends\n");
    // Saved without a change, and in a place that is not watched.
    watching.save(None);
    write(watching.folder.path(), "other.js", "x");
    std::thread::sleep(Duration::from_secs(2));
    write(watching.folder.path(), "lib/new.js", "x");
    let said = watching.until("lib/new.js changed: playing again\n");
    assert_eq!(said, "");
    watching.until("VERDICT: PASS\n");
    watching.until("Ctrl-C ends\n");
    fs::remove_file(watching.folder.path().join("lib/new.js")).expect("removed");
    watching.until("lib/new.js changed: playing again\n");
    // Interrupted in the middle of a play.
    assert_eq!(watching.interrupt(), Some(0));
}

#[test]
fn a_change_during_a_play_begins_it_anew() {
    // The broken handler is waited for longer than any test takes.
    let Some(mut watching) = Watching::begin("300s") else {
        return;
    };
    watching.until("The fake Stripe listens");
    watching
        .database
        .until("select exists(select from stripe_events)");
    watching.save(None);
    let said = watching.until("webhook.js changed: playing again\n");
    assert!(!said.contains("VERDICT"), "{said}");
    watching.until("VERDICT: PASS\n");
    watching.until("Ctrl-C ends\n");
    let config = fs::read_to_string(watching.folder.path().join("prodverdict.yml"));
    write(watching.folder.path(), "prodverdict.yml", "version: 1\n");
    watching.until("prodverdict.yml changed: playing again\n");
    watching.until("VERDICT: ERROR\n");
    watching.until("Ctrl-C ends\n");
    write(
        watching.folder.path(),
        "prodverdict.yml",
        &config.expect("a configuration"),
    );
    watching.until("VERDICT: PASS\n");
    watching.save(Some(MUTANT));
    watching.until("webhook.js changed: playing again\n");
    watching.until("The fake Stripe listens");
    assert_eq!(watching.interrupt(), Some(0));
}

#[test]
fn an_interrupt_before_the_first_verdict_leaves_none() {
    let Some(mut watching) = Watching::begin("300s") else {
        return;
    };
    watching.until("The fake Stripe listens");
    assert_eq!(watching.interrupt(), Some(2));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let example = ExampleApp::new(Language::Rust, None, SETTLE);
    for other in [
        "--list",
        "--output report.json",
        "--node-preload a.cjs",
        "--format json",
        "--format agent",
    ] {
        let refused = example.rehearse(&format!("--watch {other}")).run();
        let said = refused.with_status(2);
        let option = other.split(' ').next().expect("an option");
        said.says(&["--watch", "cannot be used with", option]);
    }
    let refused = example.rehearse("--watch").run().unanswered();
    refused.says(&[
        "`--watch` needs `rehearsal.handler_paths`",
        "prodverdict.yml:",
    ]);
}
