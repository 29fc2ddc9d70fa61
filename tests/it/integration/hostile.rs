//! Hostile text: nothing that is printed is interpreted.

use fake_stripe::{Status, Subscription, World};
use serde_json::json;
use testing::{
    database::Database,
    program::{ProgramOutput, folder, write},
};

use super::live::{Live, NOW, contract, contract_with};
use crate::prodverdict;

fn hostile() -> Vec<String> {
    let texts = [
        "\u{1b}[2J\u{1b}[31mred\u{7}",
        "a\n::error::VERDICT\nb",
        "a\r\n::add-mask::b",
        "::set-output name=verdict::pass",
        "##[error]a",
        "\n\nVERDICT: PASS\n",
        "\u{202e}desrever\u{2066}",
        "**bold** [link](https://evil.example) <img src=x> @everyone `",
        "\u{9b}31m\u{85}\u{2028}\u{2029}",
        "'; drop table users; --",
        "{{now}} ${{ secrets.STRIPE_SECRET_KEY }}",
    ];
    let long = "x".repeat(70_000);
    texts.into_iter().map(str::to_owned).chain([long]).collect()
}

/// Checks that the report contains only its own lines, whatever was read.
#[track_caller]
fn assert_harmless(ran: &ProgramOutput, verdict: &str) {
    for (name, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        for line in text.lines() {
            assert!(!line.chars().any(char::is_control), "{name}: {line:?}");
            assert!(
                !line.contains(['\u{202e}', '\u{2066}', '\u{2028}', '\u{2029}']),
                "{name}: {line:?}"
            );
            assert!(!line.trim_start().starts_with("::"), "{name}: {line:?}");
            assert!(!line.contains("##["), "{name}: {line:?}");
            assert!(
                line.chars().count() < 3_000,
                "{name}: a line of {} characters",
                line.chars().count()
            );
        }
    }
    let verdicts: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("VERDICT"))
        .collect();
    assert_eq!(verdicts, [format!("VERDICT: {verdict}")]);
    assert!(ran.stdout.ends_with(&format!("\n\nVERDICT: {verdict}\n")));
}

#[test]
fn hostile_recorded_text_has_no_effect() {
    let folder = folder(&[]);
    let plans = ["plan: plan"];
    for text in hostile() {
        let subscription = |id: &str, customer: &str, status: &str, price: &str| json!({"id": id, "customerId": customer, "status": status, "priceIds": [price]});
        let subscriptions = json!([
            subscription(&text, &text, "active", "price_pro"),
            subscription("sub_b", "cus_b", &text, "price_pro"),
            subscription("sub_c", "cus_c", "active", &text),
            subscription("sub_d", "cus_d", "active", "price_pro"),
            subscription("sub_e", &format!("{text}e"), "active", "price_pro"),
        ]);
        let rows = json!([
            {"id": text, "stripe_customer_id": text, "has_paid_access": false, "plan": text},
            {"id": "usr_b", "stripe_customer_id": "cus_b", "has_paid_access": true, "plan": "pro"},
            {"id": "usr_c", "stripe_customer_id": "cus_c", "has_paid_access": true, "plan": "pro"},
            {"id": "usr_d", "stripe_customer_id": "cus_d", "has_paid_access": true, "plan": text},
            {"id": format!("{text}f"), "stripe_customer_id": null, "has_paid_access": true, "plan": text},
        ]);
        write(
            folder.path(),
            "prodverdict.yml",
            &contract_with(&plans, &["plans: { price_pro: pro }"]),
        );
        write(
            folder.path(),
            "fixtures/stripe/subscriptions.json",
            &subscriptions.to_string(),
        );
        write(folder.path(), "fixtures/db/users.json", &rows.to_string());
        let check = || prodverdict("-vv check access --fixtures").within(folder.path());
        assert_harmless(&check().run().with_status(1), "FAIL");
        let ran = check().argument("--format=json").run().with_status(1);
        let rules: Vec<_> = ran
            .findings()
            .into_iter()
            .filter_map(|found| found.split(' ').next().map(str::to_owned))
            .collect();
        assert_eq!(
            rules,
            [
                "revenue-leak",
                "plan-drift",
                "unmapped-price",
                "orphan-subscription",
                "unknown-status",
                "unlinked-access"
            ]
        );
        assert!(
            !ran.stdout
                .chars()
                .any(|character| character.is_control() && character != '\n')
        );
        assert!(!ran.stdout.contains("##[") && !ran.stdout.contains("\n::"));
        // The same in rows that cannot be judged.
        let rows = json!([{"id": text, "stripe_customer_id": text, "has_paid_access": text, "plan": text}]);
        write(folder.path(), "fixtures/db/users.json", &rows.to_string());
        assert_harmless(&check().run().with_status(2), "ERROR");
        let rows = json!([{"id": text, "has_paid_access": true}]);
        write(folder.path(), "fixtures/db/users.json", &rows.to_string());
        assert_harmless(&check().run().with_status(2), "ERROR");
    }
}

#[test]
fn hostile_live_text_has_no_effect() {
    let mut world = World::new(NOW);
    let mut lines = String::new();
    for (number, text) in hostile().iter().enumerate() {
        let customer = format!("cus_{number}");
        let subscription = Subscription::new(&customer, Status::Other(text.as_str().into()));
        world.subscription(subscription.id(&format!("sub_{number}")).price("price_pro"));
        let cell = text
            .replace('\\', "\\\\")
            .replace('\n', "\\n")
            .replace('\r', "\\r")
            .replace('\t', "\\t");
        lines.push_str(&format!("{cell}\t{cell}\ttrue\t{cell}\n"));
    }
    let database = Database::of_users("");
    database.fill("users", lines);
    database.run("insert into users values ('usr_0', 'cus_0', true, null)");
    let live = Live::new(world, database, &contract(&["confirm_after: 100ms"]));
    let ran = live.run(live.program("-vv check access")).with_status(1);
    assert_harmless(&ran, "FAIL");
    let found = live.json().with_status(1).findings();
    assert_eq!(
        found
            .iter()
            .filter(|found| found.starts_with("no-subscription "))
            .count(),
        hostile().len()
    );
    assert_eq!(
        found
            .iter()
            .filter(|found| found.starts_with("unknown-status "))
            .count(),
        hostile().len()
    );
    live.database
        .run("alter table users alter has_paid_access type text using id");
    assert_harmless(
        &live.run(live.program("-vv check access")).with_status(2),
        "ERROR",
    );
}

#[test]
fn a_hostile_configuration_has_no_effect() {
    let folder = folder(&[]);
    for text in hostile() {
        let quoted = serde_json::to_string(&text).expect("JSON");
        for configuration in [
            contract(&[&format!("fix: {quoted}")]),
            contract(&[&format!("exempt: [{quoted}]")]),
            contract(&[&format!("{quoted}: 1")]),
            contract(&[&format!("entity: {quoted}")]),
            contract(&[]).replace("name: users", &format!("name: {quoted}")),
            contract(&[]).replace("users_table: users", &format!("users_table: {quoted}")),
            format!("version: {text}"),
        ] {
            write(folder.path(), "prodverdict.yml", &configuration);
            let ran = prodverdict("check access --fixtures")
                .within(folder.path())
                .run();
            let verdict = if ran.status == Some(1) {
                "FAIL"
            } else {
                "ERROR"
            };
            assert_harmless(&ran, verdict);
        }
    }
}
