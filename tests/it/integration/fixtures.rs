//! Recorded worlds: every file format, and every reason why they cannot be judged.

use std::path::Path;

use fake_stripe::World;
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{
    database::Database,
    program::{ProgramOutput, folder, write},
};

use super::live::{Live, NOW, contract, contract_with};
use crate::prodverdict;

/// Creates a folder with a configuration, and both sides of one customer who pays and has no access.
fn recorded() -> TempDir {
    let rows = json!([{"id": "usr_a", "stripe_customer_id": "cus_a", "has_paid_access": false}]);
    folder(&[
        ("prodverdict.yml", &contract(&[])),
        (
            "fixtures/stripe/subscriptions.json",
            &json!([subscription()]).to_string(),
        ),
        ("fixtures/db/users.json", &rows.to_string()),
    ])
}

/// Returns a subscription as Stripe's API returns it.
fn subscription() -> Value {
    let recorded = include_str!(
        "../../../examples/nextjs-stripe/scenarios/fail-revenue-leak/stripe/subscriptions.json"
    );
    let mut list: Value = serde_json::from_str(recorded).expect("JSON");
    let mut subscription = list[0].take();
    subscription["customer"] = json!("cus_a");
    subscription
}

fn check(folder: &TempDir) -> ProgramOutput {
    prodverdict("check access --fixtures")
        .within(folder.path())
        .run()
}

fn with_stripe(value: &Value) -> TempDir {
    let folder = recorded();
    write(
        folder.path(),
        "fixtures/stripe/subscriptions.json",
        &value.to_string(),
    );
    folder
}

fn with_users(rows: &Value) -> TempDir {
    let folder = recorded();
    write(folder.path(), "fixtures/db/users.json", &rows.to_string());
    folder
}

fn configured(folder: TempDir, configuration: &str) -> TempDir {
    write(folder.path(), "prodverdict.yml", configuration);
    folder
}

const FOUND: &str = "[HIGH] user:usr_a\n";

#[test]
fn a_recorded_list_of_items_that_is_cut_is_refused() {
    let item = subscription()["items"]["data"][0].clone();
    for items in [
        json!({"object": "list", "data": [], "total_count": 1}),
        json!({"object": "list", "data": []}),
        json!({"object": "list", "data": [item], "total_count": 21}),
        json!({"object": "list", "data": [item], "has_more": true}),
    ] {
        let mut cut = subscription();
        cut["items"] = items;
        let ran = check(&with_stripe(&json!([cut])));
        assert_eq!(ran.status, Some(2), "{cut}: {}", ran.stderr);
        let message = format!("{}{}", ran.stdout, ran.stderr);
        assert!(
            message.contains("does not contain all of its items"),
            "{message}"
        );
    }
}

#[test]
fn subscriptions_are_taken_in_every_form() {
    let compact = json!({"id": "sub_a", "customerId": "cus_a", "status": "active", "priceIds": ["price_pro"]});
    let mut expanded = subscription();
    expanded["customer"] = json!({"id": "cus_a", "object": "customer"});
    for form in [
        json!([compact]),
        json!([subscription()]),
        json!([expanded]),
        json!({"object": "list", "data": [subscription()], "has_more": false, "url": "/v1/subscriptions"}),
    ] {
        check(&with_stripe(&form)).with_status(1).says(&[FOUND]);
    }
    check(&with_stripe(&json!([])))
        .with_status(0)
        .says(&["VERDICT: PASS"]);
}

#[test]
fn a_partial_listing_is_refused() {
    let mut items = subscription();
    items["items"]["has_more"] = json!(true);
    let page = json!({"object": "list", "data": [subscription()], "has_more": true});
    check(&with_stripe(&page)).unanswered().says(&[
        "subscriptions.json",
        "has_more",
        "record the whole listing",
    ]);
    check(&with_stripe(&json!([items])))
        .unanswered()
        .says(&["entry 1 (`sub_", "items.has_more"]);
    check(&with_stripe(&json!([subscription(), subscription()])))
        .unanswered()
        .says(&["entry 2 (`sub_", "twice"]);
}

#[test]
fn an_invalid_subscription_is_named_with_its_place() {
    let mut without_status = subscription();
    without_status
        .as_object_mut()
        .expect("an object")
        .remove("status");
    let compact = json!({"id": "sub_a", "customerId": "cus_a", "status": "active", "priceIds": [], "plan": 1});
    for (form, message) in [
        (json!([without_status]), "status"),
        (json!([compact]), "plan"),
        (json!([7]), "entry 1 is not an object"),
        (
            json!({"subscriptions": []}),
            "neither an array nor a list object",
        ),
        (json!("text"), "neither an array nor a list object"),
    ] {
        check(&with_stripe(&form))
            .unanswered()
            .says(&["subscriptions.json", message]);
    }
    let folder = recorded();
    write(folder.path(), "fixtures/stripe/subscriptions.json", "[{");
    check(&folder)
        .unanswered()
        .says(&["subscriptions.json", "line 1 column 2"]);
    std::fs::remove_file(folder.path().join("fixtures/stripe/subscriptions.json"))
        .expect("removed");
    check(&folder).unanswered().says(&[
        "subscriptions.json` cannot be read",
        "--fixtures-dir names a folder",
    ]);
}

#[test]
fn paddle_is_recorded_in_its_own_folder() {
    let subscription = json!({
        "id": "sub_01hv8y5ehszzq0yv20ttx3166y", "status": "active", "customer_id": "ctm_01hv8wt8nffez4p2t6typn4a5j",
        "created_at": "2026-10-01T00:00:00.000Z", "canceled_at": null, "scheduled_change": null,
        "current_billing_period": {"starts_at": "2026-11-01T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"},
        "items": [{"quantity": 1, "price": {
            "id": "pri_01h1vjfevh5etwq3rb416a23h2", "product_id": "pro_01h1vjes1y163xfj1rh1tkfb65",
            "unit_price": {"amount": "1900", "currency_code": "EUR"},
            "billing_cycle": {"interval": "month", "frequency": 1}}}],
    });
    let rows = json!([{"id": "usr_a", "stripe_customer_id": "ctm_01hv8wt8nffez4p2t6typn4a5j", "has_paid_access": false}]);
    let paddle = contract(&["source_of_truth: paddle"]).replace(
        "    stripe: { secret_env: STRIPE_SECRET_KEY }\n",
        "    paddle: { api_key_env: PADDLE_API_KEY }\n",
    );
    for form in [json!([subscription]), json!({"data": [subscription]})] {
        let folder = configured(with_users(&rows), &paddle);
        write(
            folder.path(),
            "fixtures/paddle/subscriptions.json",
            &form.to_string(),
        );
        check(&folder).with_status(1).says(&[
            "an active/trialing Paddle subscription",
            "19.00 EUR a month",
        ]);
    }
    let folder = configured(with_users(&rows), &paddle);
    let page = json!({"data": [subscription], "meta": {"pagination": {"has_more": true}}});
    write(
        folder.path(),
        "fixtures/paddle/subscriptions.json",
        &page.to_string(),
    );
    check(&folder)
        .unanswered()
        .says(&["paddle/subscriptions.json", "only one page"]);
}

#[test]
fn entitlements_are_read_like_subscriptions() {
    let entitlements = contract(&["source_of_truth: stripe_entitlements"])
        .replace("    stripe: { secret_env", "    entitlements: { secret_env");
    let folder = configured(recorded(), &entitlements);
    let file = json!([{"customer": "cus_a", "lookup_key": "reports", "feature": "feat_reports"}]);
    write(
        folder.path(),
        "fixtures/stripe/entitlements.json",
        &file.to_string(),
    );
    let ran = check(&folder).with_status(1).says(&[FOUND]);
    assert_eq!(
        ran.stderr,
        "Read 1 account (1 linked, 0 exempt).\nFound 1 high.\n"
    );
    write(folder.path(), "fixtures/stripe/entitlements.json", "[]");
    check(&folder).with_status(0);
    write(
        folder.path(),
        "fixtures/stripe/entitlements.json",
        r#"[{"lookup_key": "reports"}]"#,
    );
    check(&folder)
        .unanswered()
        .says(&["entitlements.json", "entry 1", "customer"]);
}

#[test]
fn rows_may_use_column_names_or_canonical_names() {
    let words = contract(&[]).replace(
        "has_paid_access: has_paid_access",
        "has_paid_access: is_pro",
    );
    for row in [
        json!({"id": "usr_a", "stripe_customer_id": "cus_a", "is_pro": false}),
        json!({"id": "usr_a", "customer_id": "cus_a", "has_paid_access": "no"}),
        json!({"id": "usr_a", "customer_id": "cus_a", "has_paid_access": 0, "of no interest": {}}),
        json!({"id": "usr_a", "customer_id": "cus_a", "has_paid_access": null}),
    ] {
        check(&configured(with_users(&json!([row])), &words))
            .with_status(1)
            .says(&[FOUND]);
    }
    let listed = contract(&[]).replace(
        "has_paid_access: has_paid_access",
        "has_paid_access: { column: state, in: [active, 1] }",
    );
    for (state, status) in [
        (json!("active"), 0),
        (json!(1), 0),
        (json!("gone"), 1),
        (json!(null), 1),
    ] {
        let rows = json!([{"id": "usr_a", "stripe_customer_id": "cus_a", "state": state}]);
        check(&configured(with_users(&rows), &listed)).with_status(status);
    }
}

#[test]
fn a_row_that_cannot_be_judged_is_named() {
    let good = json!({"id": "usr_b", "stripe_customer_id": null, "has_paid_access": false});
    for (row, message) in [
        (
            json!({"id": "usr_a", "has_paid_access": false}),
            vec!["entry 2 (`usr_a`)", "has no key `stripe_customer_id`"],
        ),
        (
            json!({"stripe_customer_id": null, "has_paid_access": false}),
            vec!["entry 2", "has no key `id`"],
        ),
        (
            json!({"id": "usr_a", "stripe_customer_id": "cus_a", "has_paid_access": "2026-01-01T00:00:00Z"}),
            vec![
                "entry 2 (`usr_a`)",
                "has_paid_access",
                "JSON string",
                "in: […]",
                "sql: …",
            ],
        ),
        (
            json!({"id": "usr_b", "stripe_customer_id": null, "has_paid_access": true}),
            vec!["usr_b"],
        ),
        (
            json!({"id": null, "stripe_customer_id": null, "has_paid_access": true}),
            vec!["`: entry 2: row 2 has no `id`", "never null"],
        ),
    ] {
        check(&with_users(&json!([good, row])))
            .unanswered()
            .says(&message);
    }
    check(&with_users(&json!({"users": []})))
        .unanswered()
        .says(&["users.json", "an array of objects"]);
    check(&with_users(&json!([])))
        .unanswered()
        .says(&["allow_empty"]);
}

#[test]
fn fixtures_default_to_the_configurations_folder() {
    let folder = recorded();
    let config = folder.path().join("prodverdict.yml");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let from = |arguments: &str, working: &Path| {
        prodverdict(arguments)
            .argument("--config")
            .argument(&config)
            .within(working)
            .run()
    };
    from("check access --fixtures", elsewhere.path())
        .with_status(1)
        .says(&[FOUND]);
    let named = "check access --fixtures --fixtures-dir fixtures";
    from(named, folder.path()).with_status(1).says(&[FOUND]);
    from(named, elsewhere.path()).unanswered().says(&[
        "there is no folder `fixtures`\n",
        "--fixtures-dir names a folder",
    ]);
    let named = "check access --fixtures --fixtures-dir prodverdict.yml";
    from(named, folder.path())
        .unanswered()
        .says(&["`prodverdict.yml` is not a folder"]);
}

#[test]
fn without_a_folder_of_fixtures_there_is_no_verdict() {
    let folder = recorded();
    std::fs::remove_dir_all(folder.path().join("fixtures")).expect("removed");
    for command in ["check access --fixtures", "explain usr_alice --fixtures"] {
        let ran = prodverdict(command).within(folder.path()).run();
        ran.unanswered().says(&[
            "there is no folder `fixtures` beside the configuration `prodverdict.yml`",
            "--fixtures-dir",
            "`prodverdict demo`",
        ]);
    }
    prodverdict("demo")
        .within(folder.path())
        .run()
        .with_status(1);
}

#[test]
fn the_files_of_a_contracts_own_folder_come_first() {
    let first = contract(&[]);
    let second = first
        .replace("version: 1\ncontracts:\n", "")
        .replace("name: users", "name: teams");
    let folder = configured(recorded(), &format!("{first}{second}"));
    let rows = json!([{"id": "usr_a", "stripe_customer_id": "cus_a", "has_paid_access": true}]);
    write(
        folder.path(),
        "fixtures/teams/db/users.json",
        &rows.to_string(),
    );
    let ran = check(&folder).with_status(1);
    let found = "[HIGH] user:usr_a (contract users)\n";
    assert_eq!(ran.stdout.matches("[HIGH]").count(), 1, "{}", ran.stdout);
    ran.says(&[found]);
    std::fs::rename(
        folder.path().join("fixtures/teams"),
        folder.path().join("fixtures/users"),
    )
    .expect("renamed");
    std::fs::remove_file(folder.path().join("fixtures/db/users.json")).expect("removed");
    check(&folder)
        .unanswered()
        .says(&["(contract teams)", "fixtures/db/users.json"]);
}

#[test]
fn settings_without_effect_on_recorded_rows_are_reported_once() {
    let with = |keys: &str| {
        let first = contract(&[]).replace("      columns:", &format!("{keys}      columns:"));
        let second = first
            .replace("version: 1\ncontracts:\n", "")
            .replace("name: users", "name: teams");
        check(&configured(recorded(), &format!("{first}{second}"))).with_status(1)
    };
    let filter = "      where: deleted_at is null\n";
    let join = "      join: left join plans on true\n";
    for (keys, message) in [
        (filter.to_owned(), "`where` is not applied to recorded rows"),
        (join.to_owned(), "`join` is not applied to recorded rows"),
        (
            [join, filter].concat(),
            "`join` and `where` are not applied to recorded rows",
        ),
    ] {
        let ran = with(&keys);
        assert_eq!(ran.stderr.matches(message).count(), 1, "{}", ran.stderr);
    }
    assert!(!with("").stderr.contains("not applied"));
}

#[test]
fn any_of_an_accounts_customers_explains_it() {
    let rows = json!([{"id": "usr_a", "stripe_customer_id": ["cus_old", "cus_a"], "has_paid_access": false}]);
    let folder = with_users(&rows);
    for entity in ["usr_a", "cus_a", "customer:cus_a"] {
        let ran = prodverdict("explain --fixtures")
            .argument(entity)
            .within(folder.path())
            .run();
        ran.with_status(1).says(&["user:usr_a\n", FOUND]);
    }
}

#[test]
fn recorded_subscriptions_combine_with_live_accounts() {
    let database = Database::of_users("('usr_a', 'cus_a', false, null)");
    let live = Live::new(
        World::new(NOW),
        database,
        &contract(&["confirm_after: 10s"]),
    );
    let recorded = recorded();
    let program = live
        .program("check access --fixtures-stripe --fixtures-dir")
        .argument(recorded.path().join("fixtures"))
        .without("STRIPE_SECRET_KEY");
    live.run(program)
        .with_status(1)
        .says(&[FOUND, "and 1 subscription (1 active).\n"]);
    assert_eq!(live.requests(), [""; 0]);
    let program = live
        .program("check access --fixtures-stripe")
        .without("DATABASE_URL");
    live.run(program).unanswered().says(&["`DATABASE_URL`"]);
}

#[test]
fn the_time_of_evaluation_can_be_set() {
    let mut late = subscription();
    late["status"] = json!("past_due");
    late["items"]["data"][0]["current_period_start"] = json!(1_792_627_200); // 2026-10-22
    let rows = json!([{"id": "usr_a", "stripe_customer_id": "cus_a", "has_paid_access": true}]);
    let folder = with_stripe(&json!([late]));
    write(folder.path(), "fixtures/db/users.json", &rows.to_string());
    let folder = configured(folder, &contract(&["grace: { past_due: 14d }"]));
    let at = |now: &str| {
        prodverdict("check access --fixtures --now")
            .argument(now)
            .within(folder.path())
            .run()
    };
    at("2026-11-04T23:59:59Z").with_status(0);
    at("2026-11-05T00:00:01Z").with_status(1).says(&[FOUND]);
    at("2026-11-05T01:00:00+02:00").with_status(0);
}

#[test]
fn the_time_of_evaluation_is_the_one_of_sql() {
    let mut world = World::new(NOW);
    world.subscription(fake_stripe::Subscription::new(
        "cus_a",
        fake_stripe::Status::Active,
    ));
    let database = Database::with(
        "create table users (id text, stripe_customer_id text, ends_at timestamptz); \
         insert into users values ('usr_a', 'cus_a', '2026-11-30 12:00Z')",
    );
    let expression = "has_paid_access: { sql: \"ends_at > {{now}}\" }";
    let live = Live::new(
        world,
        database,
        &contract_with(&[], &[]).replace("has_paid_access: has_paid_access", expression),
    );
    let at = |now: &str| live.run(live.program("check access --now").argument(now));
    at("2026-11-30T11:59:59Z").with_status(0);
    at("2026-11-30T12:00:01Z").with_status(1).says(&[FOUND]);
}
