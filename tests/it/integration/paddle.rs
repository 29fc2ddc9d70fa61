//! Whole checks of Paddle: lookups, the evidence of notifications, and what a key may not read.

use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{
    database::Database,
    paddle_api::{PaddleApi, PaddleWorld, paddle_subscription},
    program::{ProgramOutput, folder},
};

use crate::prodverdict;

const KEY: &str = "pdl_live_apikey_01CanaryOfPaddleCanaryQzWx";

const ALICE: &str = "sub_01k00000000000000000000001";
const BOB: &str = "sub_01k00000000000000000000002";

/// A Paddle with a customer without access and a former one who kept it, and a database.
struct Checked {
    api: PaddleApi,
    database: Database,
    folder: TempDir,
}

impl Checked {
    fn new(notifications: Vec<Value>, more: &str) -> Self {
        let mut world = PaddleWorld {
            notifications,
            ..PaddleWorld::default()
        };
        world.put(paddle_subscription(1, "ctm_alice", "active", "pri_pro"));
        world.put(paddle_subscription(2, "ctm_bob", "canceled", "pri_pro"));
        let rows = "('usr_alice', 'ctm_alice', false, 'pro'), ('usr_bob', 'ctm_bob', true, 'pro')";
        let configuration = format!(
            "version: 1
contracts:
  - type: access
    name: users
    source_of_truth: paddle
    database: {{ url_env: DATABASE_URL, columns: {{ customer_id: stripe_customer_id }} }}
    plans: {{ pro_01k0aaaaaaaaaaaaaaaaaaaaa5: pro }}
    confirm_after: 0
{more}"
        );
        Self {
            api: PaddleApi::start(world),
            database: Database::of_users(rows),
            folder: folder(&[("prodverdict.yml", &configuration)]),
        }
    }

    fn check(&self, arguments: &str) -> ProgramOutput {
        let command = format!("check access --now 2026-11-23T00:00:00Z {arguments}");
        let url = self.database.url_of("reader");
        let ran = prodverdict(&command)
            .within(self.folder.path())
            .variable("PADDLE_API_BASE", &self.api.base)
            .variable("PADDLE_API_KEY", KEY)
            .variable("DATABASE_URL", url.as_str())
            .run();
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains("Canary"), "{text}");
        }
        ran
    }

    fn paths(&self) -> Vec<String> {
        let world = self.api.world();
        world.requests.iter().map(|one| one.path.clone()).collect()
    }
}

fn notification(id: &str, subscription: &str, kind: &str, status: &str) -> Value {
    json!({
        "id": id, "type": kind, "status": status, "origin": "event", "times_attempted": 60,
        "occurred_at": "2026-11-20T00:00:00.5Z", "delivered_at": "2026-11-20T00:00:02Z", "retry_at": null,
        "notification_setting_id": "ntfset_01shop",
        "payload": {"event_id": format!("evt_{id}"), "event_type": kind, "data": {"id": subscription}},
    })
}

#[test]
fn notifications_explain_findings_of_paddle() {
    let checked = Checked::new(
        vec![
            notification("ntf_01bob", BOB, "subscription.canceled", "failed"),
            notification("ntf_01alice", ALICE, "subscription.activated", "delivered"),
        ],
        "",
    );
    let ran = checked.check("").with_status(1);
    ran.says(&[
        "Notification delivered — subscription.activated of 2026-11-20T00:00:00Z (ntf_01alice) was accepted by ntfset_01shop",
        "was given up after 60 tries at ntfset_01shop; its last answer was 503.",
        "curl -X POST https://api.paddle.com/notifications/ntf_01bob/replay -H \"Authorization: Bearer $PADDLE_API_KEY\"",
    ]);
    let paths = checked.paths();
    let about = |path: &str| paths.iter().filter(|one| *one == path).count();
    assert_eq!(about("/notifications"), 2, "one for each finding");
    assert_eq!(about("/notifications/ntf_01bob/logs"), 1);
    // It would return the secret that signs notifications.
    assert!(
        paths
            .iter()
            .all(|path| !path.contains("notification-settings"))
    );
}

#[test]
fn without_the_permission_one_note_names_it() {
    let checked = Checked::new(Vec::new(), "");
    checked.api.world().forbidden = vec!["/notifications"];
    let ran = checked.check("").with_status(1);
    assert_eq!(
        ran.stderr.matches("could not be read").count(),
        1,
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("`notification.read`"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("Notification"), "{}", ran.stdout);
}

#[test]
fn hostile_notifications_are_never_printed() {
    let hostile = notification(
        "ntf_1; curl evil.example",
        BOB,
        "subscription.canceled",
        "failed",
    );
    let checked = Checked::new(vec![hostile], "");
    let ran = checked.check("").with_status(1);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("evil.example"), "{text}");
    }
}

#[test]
fn evidence_that_is_off_requests_nothing() {
    let checked = Checked::new(Vec::new(), "    evidence: off\n");
    checked.check("").with_status(1);
    assert!(checked.paths().iter().all(|path| path == "/subscriptions"));
}

#[test]
fn the_plan_of_paddle_counts_by_the_minute() {
    let checked = Checked::new(Vec::new(), "    requests_per_minute: 100\n");
    let ran = checked.check("--plan").with_status(0);
    ran.says(&["requests to Paddle", "(100 a minute, 8 at once)"]);
}

fn refunds() -> (Vec<Value>, Vec<Value>) {
    let adjustment = json!({
        "id": "adj_01", "action": "refund", "status": "approved", "transaction_id": "txn_01",
        "subscription_id": CAROL, "created_at": "2026-11-05T00:00:00Z", "totals": {"total": "2900"},
    });
    let transaction = json!({
        "id": "txn_01", "status": "completed", "subscription_id": CAROL,
        "billing_period": {"starts_at": "2026-11-01T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"},
        "details": {"totals": {"grand_total": "2900"}},
    });
    (vec![adjustment], vec![transaction])
}

const CAROL: &str = "sub_01k00000000000000000000003";

/// A Paddle whose only customer got the money back and kept the access.
fn refunded(more: &str) -> Checked {
    let checked = Checked::new(Vec::new(), more);
    let mut world = checked.api.world();
    world.subscriptions.clear();
    world.put(paddle_subscription(3, "ctm_carol", "active", "pri_pro"));
    (world.adjustments, world.transactions) = refunds();
    drop(world);
    checked
        .database
        .run("delete from users; insert into users values ('usr_carol', 'ctm_carol', true, 'pro')");
    checked
}

const RULE: &str = "    rules: { refunded-access: medium }\n";

#[test]
fn a_refunded_period_with_access_is_found_if_asked_for() {
    let checked = refunded(RULE);
    let ran = checked.check("--format json").with_status(0);
    assert_eq!(ran.findings(), ["refunded-access user:usr_carol"]);
    let silent = refunded("");
    let ran = silent.check("--format json").with_status(0);
    assert_eq!(ran.findings(), [""; 0]);
    assert!(silent.paths().iter().all(|path| path == "/subscriptions"));
}

#[test]
fn refunds_that_cannot_be_read_are_no_pass() {
    for (path, permission) in [
        ("/adjustments", "adjustment.read"),
        ("/transactions", "transaction.read"),
    ] {
        let checked = refunded(RULE);
        checked.api.world().forbidden = vec![path];
        let ran = checked.check("").with_status(2);
        assert!(ran.all().contains(permission), "{}", ran.all());
    }
}

#[test]
fn recorded_refunds_are_read_from_files() {
    let checked = refunded(RULE);
    let (adjustments, transactions) = refunds();
    let subscription = paddle_subscription(3, "ctm_carol", "active", "pri_pro");
    let user = json!({"id": "usr_carol", "customer_id": "ctm_carol", "has_paid_access": true, "plan": "pro"});
    let write = |name: &str, objects: Vec<Value>| {
        let folder = checked.folder.path().join("fixtures");
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, json!(objects).to_string()).expect("a file");
    };
    write("paddle/subscriptions.json", vec![subscription]);
    write("db/users.json", vec![user]);
    write("paddle/adjustments.json", adjustments);
    let ran = checked.check("--fixtures").with_status(2);
    assert!(
        ran.all().contains("paddle/transactions.json"),
        "{}",
        ran.all()
    );
    write("paddle/transactions.json", transactions);
    let ran = checked.check("--fixtures --format json").with_status(0);
    assert_eq!(ran.findings(), ["refunded-access user:usr_carol"]);
    write(
        "paddle/adjustments.json",
        vec![json!({"id": "adj_01", "action": "refund"})],
    );
    let ran = checked.check("--fixtures").with_status(2);
    assert!(
        ran.all()
            .contains("`fixtures/paddle/adjustments.json`: entry 1"),
        "{}",
        ran.all()
    );
}
