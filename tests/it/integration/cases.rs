//! Small worlds modelled on public reports, if they are beside the repository; checks the verdict of each.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fake_stripe::World;
use tempfile::TempDir;
use testing::{
    database::Database,
    program::{ProgramOutput, TEST_KEY, folder, write},
};
use url::Url;

use super::live::{Live, NOW, contract};
use crate::prodverdict;

/// The evaluation time of every case.
const AT: &str = "--now 2026-11-29T12:00:00Z";

/// A recorded world and its correct verdict.
struct Case {
    folder: &'static str,
    /// The contract to use instead of the recorded one.
    contract: Option<&'static str>,
    /// Rows to use instead of the recorded ones.
    rows: Option<&'static str>,
    status: i32,
    /// Each finding as `rule entity`.
    findings: &'static [&'static str],
    says: &'static [&'static str],
    /// Texts that must not appear anywhere.
    silent: &'static [&'static str],
}

const RIGHT: Case = Case {
    folder: "",
    contract: None,
    rows: None,
    status: 0,
    findings: &[],
    says: &[],
    silent: &[],
};

const CASES: &[Case] = &[
    Case {
        folder: "01-two-orgs-one-customer/own-ended",
        status: 1,
        findings: &["wrongful-access organization:krab"],
        ..RIGHT
    },
    Case {
        folder: "01-two-orgs-one-customer/seats-per-org",
        ..RIGHT
    },
    Case {
        folder: "04-array-or-json-where-a-scalar-is-meant/customers-as-json-list",
        ..RIGHT
    },
    Case {
        folder: "05-grace-counted-from-the-period-start/annual-seat-added-mid-term",
        says: &["past_due_since"],
        ..RIGHT
    },
    Case {
        folder: "05-grace-counted-from-the-period-start/control-monthly-in-grace",
        ..RIGHT
    },
    Case {
        folder: "05-grace-counted-from-the-period-start/control-monthly-over",
        status: 1,
        findings: &["wrongful-access user:u_annual"],
        ..RIGHT
    },
    Case {
        folder: "06-rows-in-grace-are-not-judged/seats-zeroed",
        status: 1,
        findings: &["seat-drift user:u1"],
        ..RIGHT
    },
    Case {
        folder: "06-rows-in-grace-are-not-judged/same-with-past-due-granting",
        status: 1,
        findings: &["seat-drift user:u1"],
        ..RIGHT
    },
    Case {
        folder: "07-items-with-different-intervals/row-is-right",
        ..RIGHT
    },
    Case {
        folder: "08-one-person-two-customers/keeps-access",
        status: 1,
        findings: &["customer-mismatch user:u1"],
        says: &["cus_new"],
        silent: &["Set paid=false"],
        ..RIGHT
    },
    Case {
        folder: "08-one-person-two-customers/locked-out",
        status: 1,
        findings: &["customer-mismatch user:u1"],
        says: &["cus_new"],
        ..RIGHT
    },
    Case {
        folder: "09-pause-means-no-access/mark-uncollectible",
        contract: Some(
            "    database:
      users_table: users
      columns: { id: id, stripe_customer_id: cus, has_paid_access: paid }
    pause_collection: deny
",
        ),
        ..RIGHT
    },
    Case {
        folder: "09-pause-means-no-access/mark-uncollectible",
        contract: Some(
            "    database:
      users_table: users
      columns: { id: id, stripe_customer_id: cus, has_paid_access: paid, plan: plan }
    plans: { price_pro: pro }
    pause_collection: { mark_uncollectible: deny }
",
        ),
        rows: Some(r#"[{"id": "u1", "cus": "cus_a", "paid": true, "plan": "pro"}]"#),
        status: 1,
        findings: &["wrongful-access user:u1"],
        ..RIGHT
    },
    Case {
        folder: "09-pause-means-no-access/control-void",
        ..RIGHT
    },
    Case {
        folder: "10-seats-that-are-not-one-per-unit/package-of-ten",
        contract: Some(
            "    entity: organization
    database:
      users_table: organization
      columns:
        id: id
        stripe_customer_id: gateway_customer_id
        has_paid_access: enabled
        plan: plan_type
        seats: { column: seats, per_unit: 10 }
    plans: { price_starter: starter, price_teams_seat: teams }
    ignore_prices: [price_sm_seat]
",
        ),
        ..RIGHT
    },
    Case {
        folder: "10-seats-that-are-not-one-per-unit/three-included",
        contract: Some(
            "    entity: organization
    database:
      users_table: organization
      columns:
        id: id
        stripe_customer_id: cus
        has_paid_access: paid
        plan: plan
        seats: { column: seats, included: { pro: 3, scale: 10 }, prices: [price_extra_seat] }
    plans: { price_pro: pro, price_scale: scale }
",
        ),
        ..RIGHT
    },
    Case {
        folder: "12-money-in-the-wrong-currency/stripe-currency-options",
        status: 1,
        findings: &["revenue-leak user:u1"],
        says: &["45.00 EUR"],
        silent: &["49.00", "USD"],
        ..RIGHT
    },
    Case {
        folder: "12-money-in-the-wrong-currency/stripe-no-options",
        status: 1,
        findings: &["revenue-leak user:u1"],
        silent: &["49.00", "USD"],
        ..RIGHT
    },
    Case {
        folder: "13-one-product-many-prices/by-product",
        status: 1,
        findings: &["plan-drift user:u2"],
        ..RIGHT
    },
    Case {
        folder: "20-recorded-rows-and-where",
        status: 1,
        findings: &[
            "no-subscription user:p1",
            "no-subscription user:s_deleted",
            "unlinked-access accounts:unlinked",
        ],
        says: &["`where` is not applied to recorded rows"],
        ..RIGHT
    },
    Case {
        folder: "21-published-defaults/all",
        status: 1,
        findings: &["revenue-leak user:u1"],
        ..RIGHT
    },
    Case {
        folder: "21-published-defaults/all",
        contract: Some(
            "    database: { columns: { has_paid_access: has_paid_access } }
    plans: { price_pro: pro }
",
        ),
        status: 1,
        findings: &["revenue-leak user:u1"],
        ..RIGHT
    },
];

/// Returns the folder of a case, or `None` if the cases are not available.
fn case(name: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the cases are, if not beside the repository"
    )]
    let shared = std::env::var_os("PRODVERDICT_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let cases = shared.unwrap_or_else(beside).join("cases");
    #[expect(
        clippy::disallowed_macros,
        clippy::print_stdout,
        reason = "a skipped test says so"
    )]
    if !cases.is_dir() {
        println!("skipped: there is no folder {}", cases.display());
        return None;
    }
    Some(cases.join(name))
}

fn text(path: &Path, name: &str) -> String {
    let path = path.join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Creates a folder with the contract and the rows of a case, and the recordings of the provider.
fn prepared(case: &Case, path: &Path) -> TempDir {
    let prepared = folder(&[]);
    let configuration = match case.contract {
        Some(contract) => format!("version: 1\ncontracts:\n  - type: access\n{contract}"),
        None => text(path, "prodverdict.yml"),
    };
    write(prepared.path(), "prodverdict.yml", &configuration);
    for provider in ["stripe", "paddle"] {
        let name = format!("fixtures/{provider}/subscriptions.json");
        if path.join(&name).exists() {
            write(prepared.path(), &name, &text(path, &name));
        }
    }
    let rows = case.rows.map(str::to_owned);
    let rows = rows.unwrap_or_else(|| text(path, "fixtures/db/users.json"));
    write(prepared.path(), "fixtures/db/users.json", &rows);
    prepared
}

/// Lists the differences from the expected result of a case.
fn faults(case: &Case, path: &Path) -> Vec<String> {
    let folder = prepared(case, path);
    let check = |format: &str| {
        prodverdict(&format!("check access --fixtures {AT} --format {format}"))
            .within(folder.path())
            .run()
    };
    let (ran, read) = (check("json"), check("text"));
    let mut faults = Vec::new();
    if ran.status != Some(case.status) {
        faults.push(format!("status {:?}, not {}", ran.status, case.status));
    }
    let (mut found, mut expected) = (ran.findings(), case.findings.to_vec());
    found.sort();
    expected.sort_unstable();
    if found != expected {
        faults.push(format!("{found:?}, not {expected:?}"));
    }
    let output = format!("{}{}", ran.all(), read.all());
    let missing = case.says.iter().filter(|text| !output.contains(**text));
    faults.extend(missing.map(|text| format!("`{text}` is not said")));
    let wrong = case.silent.iter().filter(|text| output.contains(**text));
    faults.extend(wrong.map(|text| format!("`{text}` is said")));
    if !faults.is_empty() {
        faults.insert(0, format!("{}:", case.folder));
        faults.push(read.all());
    }
    faults
}

#[test]
fn recorded_cases_are_judged_as_they_should_be() {
    let mut faulty = Vec::new();
    for recorded in CASES {
        if let Some(path) = case(recorded.folder) {
            faulty.extend(faults(recorded, &path));
        }
    }
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
}

#[test]
fn contracts_of_other_tools_leave_the_access_contract_alone() {
    let Some(path) = case("16-published-file-with-other-contracts") else {
        return;
    };
    let folder = folder(&[
        ("prodverdict.yml", &text(&path, "prodverdict.yml")),
        (
            "fixtures/stripe/subscriptions.json",
            r#"[{"id": "sub_1", "customerId": "cus_1", "status": "active", "priceIds": ["price_1Pro"]}]"#,
        ),
        (
            "fixtures/db/users.json",
            r#"[{"id": "u1", "stripe_customer_id": "cus_1", "has_paid_access": false, "plan": "pro"}]"#,
        ),
    ]);
    let run = |arguments: &str| prodverdict(arguments).within(folder.path()).run();
    let valid = run("validate").with_status(0);
    for kind in ["`config`", "`entitlements-migration`"] {
        assert_eq!(valid.all().matches(kind).count(), 1, "{}", valid.all());
    }
    let ran = run("check access --fixtures --format json").with_status(1);
    assert_eq!(ran.findings(), ["revenue-leak user:u1"]);
}

/// Serves a case live, with the given contract or the recorded one.
fn live(path: &Path, contract: Option<&str>) -> Live {
    let objects = folder(&[]);
    let recorded = path.join("stripe.json");
    if recorded.exists() {
        let name = "stripe/subscriptions.json";
        write(objects.path(), name, &text(path, "stripe.json"));
    }
    let mut world = World::new(NOW);
    if recorded.exists() {
        let loaded = world.load(objects.path());
        loaded.unwrap_or_else(|problems| panic!("{problems:?}"));
    }
    let contract = contract.map_or_else(|| text(path, "prodverdict.yml"), str::to_owned);
    Live::new(world, Database::with(&text(path, "setup.sql")), &contract)
}

fn check(live: &Live) -> ProgramOutput {
    live.run(live.program(&format!("check access --format json {AT}")))
}

#[test]
fn customers_on_test_clocks_are_not_judged_but_counted() {
    let Some(path) = case("02-test-clock-customers") else {
        return;
    };
    let live = live(&path, None);
    live.stripe.world(|world| world.livemode = false);
    for wait in ["1s", "\"0\""] {
        let contract = text(&path, "prodverdict.yml");
        live.configure(&contract.replace("confirm_after: 1s", &format!("confirm_after: {wait}")));
        let program = live.program(&format!("check access --format json {AT}"));
        let ran = live.run(program.variable("STRIPE_SECRET_KEY", TEST_KEY));
        let ran = ran.with_status(0);
        assert_eq!(ran.findings(), [""; 0], "{wait}");
        ran.says(&["test clock"]);
    }
}

#[test]
fn the_schema_of_a_prisma_url_is_the_one_that_is_read() {
    let Some(path) = case("03-prisma-schema-parameter") else {
        return;
    };
    let live = live(&path, None);
    let role = format!("{}_reader", live.database.name);
    live.database.run(&format!(
        "grant usage on schema app to {role}; grant select on all tables in schema app to {role}"
    ));
    let with = |query: &str| {
        let mut url: Url = live.database.url_of("reader");
        url.set_query(Some(query));
        let program = live.program(&format!("check access --format json {AT}"));
        live.run(program.variable("DATABASE_URL", url.as_str()))
    };
    let found = with("schema=app").with_status(1).findings();
    assert!(
        found.contains(&"revenue-leak user:u3".to_owned()),
        "{found:?}"
    );
    for public in ["schema=public", "pgbouncer=true&connection_limit=1"] {
        assert_eq!(with(public).with_status(0).findings(), [""; 0], "{public}");
    }
}

#[test]
fn only_customer_columns_may_hold_lists() {
    let Some(path) = case("04-array-or-json-where-a-scalar-is-meant") else {
        return;
    };
    let of = |table: &str, columns: &str| {
        contract(&[]).replace("users_table: users", &format!("users_table: {table}")).replace(
            "        id: id\n        stripe_customer_id: stripe_customer_id\n        has_paid_access: has_paid_access\n",
            columns,
        )
    };
    let members = of(
        "members",
        "        id: id\n        customer_id: customers\n        has_paid_access: paid\n",
    );
    let live = live(&path, Some(&members));
    live.stripe.world(|world| {
        for customer in ["cus_1", "cus_2", "cus_3"] {
            let status = fake_stripe::Status::Active;
            let subscription = fake_stripe::Subscription::new(customer, status);
            world.subscription(subscription.price("price_pro"));
        }
    });
    let ran = check(&live).with_status(0);
    assert_eq!(ran.findings(), ["orphan-subscription customer:cus_3"]);
    let ws = |flag: &str| {
        live.configure(&of(
            "ws",
            &format!("        id: id\n        customer_id: cus\n        has_paid_access: {flag}\n"),
        ));
        check(&live).with_status(2)
    };
    ws("{ column: features, in: [pro] }").says(&["features", "sql"]);
    ws("{ column: status, in: [active, trialing] }").says(&["ACTIVE"]);
}

#[test]
fn ids_that_are_not_customers_are_recognized_by_their_kind() {
    let Some(path) = case("19-wrong-column-mapped-few-accounts") else {
        return;
    };
    let live = live(&path, None);
    check(&live)
        .with_status(2)
        .says(&["sub_1", "subscription_id"]);
    live.database
        .run("update users set cus = id || '@example.com'");
    check(&live).with_status(2).says(&["@"]);
}
