//! Calls that are cancelled, and clients that go away: nothing is left running.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;
use testing::{
    database::Database,
    handlers::SCHEMA,
    ports::free_port,
    program::{folder, write},
};

use super::conversation::Conversation;
use crate::rehearsal::example_app::{SECRET, SETTLE, configuration};

/// A rehearsal that waits for an application that never becomes ready.
struct Waiting {
    folder: TempDir,
    database: Database,
}

impl Waiting {
    fn new() -> Self {
        let handler = format!("http://127.0.0.1:{}/webhook", free_port());
        let text = configuration(
            &handler,
            &format!("{handler}/{{account_id}}"),
            &format!("127.0.0.1:{}", free_port()),
            SETTLE,
        );
        let app = "  app: { command: 'echo $$ > pid; sleep 600 & wait' }\n";
        Self {
            folder: folder(&[("prodverdict.yml", &format!("{text}{app}"))]),
            database: Database::with(SCHEMA),
        }
    }

    fn begin(&self) -> Conversation {
        let url = self.database.admin_url().to_string();
        let variables = [
            ("STRIPE_WEBHOOK_SECRET", SECRET),
            ("REHEARSAL_DATABASE_URL", url.as_str()),
        ];
        let mut conversation = Conversation::start("mcp", self.folder.path(), &variables);
        conversation.shake_hands();
        conversation
    }

    /// Waits until the application runs, and returns the id of its process group.
    #[track_caller]
    fn application(&self) -> String {
        let begun = Instant::now();
        loop {
            let text = fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
            if text.ends_with('\n') {
                return text.trim().to_owned();
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "it does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Counts the program's own schemas in the database.
    fn traces(&self) -> i64 {
        let schemas = "(select from pg_namespace where nspname like 'prodverdict%') as schemas";
        self.database.count(schemas)
    }
}

/// Checks that no process of the group is left.
#[track_caller]
fn assert_gone(group: &str) {
    let begun = Instant::now();
    while is_running(group) {
        assert!(begun.elapsed() < Duration::from_secs(10), "it goes on");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_running(group: &str) -> bool {
    let processes = fs::read_dir("/proc")
        .expect("processes")
        .filter_map(Result::ok);
    let mut stats = processes.filter_map(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        let (_, after_name) = stat.rsplit_once(')')?;
        let mut fields = after_name.split_whitespace();
        let state = fields.next()?.to_owned();
        Some((state, fields.nth(1)?.to_owned()))
    });
    stats.any(|(state, of)| of == group && state != "Z")
}

#[test]
fn a_client_that_goes_away_leaves_nothing_running() {
    let waiting = Waiting::new();
    let mut conversation = waiting.begin();
    conversation.request("tools/call", &json!({ "name": "rehearse_webhooks" }));
    let group = waiting.application();
    assert!(is_running(&group));
    let begun = Instant::now();
    let (_, said) = conversation.leave();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "a client kills it by then: {said}"
    );
    assert_gone(&group);
    assert_eq!(waiting.traces(), 0);
}

#[test]
fn a_cancelled_rehearsal_ends_and_the_server_goes_on() {
    let waiting = Waiting::new();
    let mut conversation = waiting.begin();
    let id = conversation.request("tools/call", &json!({ "name": "rehearse_webhooks" }));
    let group = waiting.application();
    conversation.say(&json!({
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": { "requestId": id, "reason": "enough" },
    }));
    assert_gone(&group);
    fs::remove_file(waiting.folder.path().join("pid")).expect("a file");
    // The next rehearsal gets its turn, and the cancelled one was never answered.
    let broken = "version: 1\n";
    write(Path::new(waiting.folder.path()), "prodverdict.yml", broken);
    let next = conversation.call("rehearse_webhooks", &json!({}));
    assert_eq!(next["structuredContent"]["exit_code"], 2, "{next}");
    let begun = Instant::now();
    while waiting.traces() > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it is not cleaned"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
