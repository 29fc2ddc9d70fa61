//! The database: connection, TLS, and the rights of the role.

use testing::database::{Database, PASSWORD};

use super::{ALLOWED, Examined, ROWS};

#[test]
fn the_server_and_its_encryption_are_described() {
    let examined = Examined::healthy();
    examined
        .examine()
        .shows("database", "pass", &["Postgres 1", " at `", "without TLS"])
        .shows(
            "role",
            "pass",
            &["sees every row", "cannot write to its tables"],
        );
}

#[test]
fn a_database_that_cannot_be_reached_says_what_to_correct() {
    let examined = Examined::healthy();
    let mut wrong = examined.database.url_of("reader");
    wrong
        .set_password(Some("CanaryOfAnotherPassword"))
        .expect("a password");
    for (url, texts) in [
        (
            "postgres://a:b@localhost:1/x",
            &["`localhost:1`", "check host and port in `DATABASE_URL`"][..],
        ),
        (
            "postgres://a:b@no-such-host.invalid/x",
            &["no-such-host.invalid"],
        ),
        (wrong.as_str(), &["the password of user"]),
        (
            "not a url",
            &["`DATABASE_URL` cannot be used as a database URL"],
        ),
    ] {
        examined
            .examine_as("DATABASE_URL", url)
            .shows("database", "fail", texts)
            .skips(&["role", "columns"], "database")
            .skips(&["customers", "plans"], "columns")
            .shows("permissions", "pass", &[]);
    }
}

#[test]
fn a_role_that_can_write_gets_the_sql_of_one_that_cannot() {
    let examined = Examined::healthy();
    let database = &examined.database;
    database.run(&format!(
        "grant update on users to {}_reader",
        database.name
    ));
    let name = format!(
        "grant connect on database \"{}\" to prodverdict",
        database.name
    );
    examined.examine().shows(
        "role",
        "warn",
        &[
            "can write public.users",
            "create role prodverdict login password",
            &name,
            "grant select on public.users to prodverdict",
        ],
    );
}

#[test]
fn a_superuser_is_reported_once() {
    let examined = Examined::healthy();
    let url = examined.database.admin_url();
    let report = examined.examine_as("DATABASE_URL", url.as_str());
    let role = report.check("role");
    assert_eq!(
        role["details"].as_array().expect("a list").len(),
        1,
        "{role:#}"
    );
    report
        .shows(
            "role",
            "warn",
            &["is a superuser", "create role prodverdict"],
        )
        .shows("columns", "pass", &[]);
}

#[test]
fn a_role_with_power_over_the_server_is_reported() {
    let examined = Examined::healthy();
    let database = &examined.database;
    database.run(&format!(
        "grant pg_read_server_files to {}_reader",
        database.name
    ));
    examined.examine().shows(
        "role",
        "warn",
        &["has pg_read_server_files", "create a read-only role"],
    );
}

#[test]
fn hidden_rows_fail_with_the_policies_that_show_them() {
    let examined = Examined::healthy();
    examined
        .database
        .run("alter table users enable row level security");
    examined
        .examine()
        .shows(
            "role",
            "fail",
            &[
                "row-level security hides rows of `public.users`",
                "bypassrls",
                "create policy prodverdict_read on public.users for select to",
            ],
        )
        .skips(&["columns"], "role")
        .skips(&["customers", "plans"], "columns");
    let name = &examined.database.name;
    examined.database.run(&format!(
        "create policy prodverdict_read on users for select to {name}_reader using (true)"
    ));
    examined
        .examine()
        .shows("role", "pass", &["sees every row"]);
    // The SQL for a better role leaves no row hidden either.
    let url = examined.database.admin_url();
    examined
        .examine_as("DATABASE_URL", url.as_str())
        .shows(
            "role",
            "warn",
            &[
                "create role prodverdict login bypassrls",
                "-- if you may not give bypassrls, leave it out and add: create policy prodverdict_read on public.users",
            ],
        );
}

#[test]
fn a_role_that_may_not_read_gets_the_grant() {
    let database = Database::create();
    database.run(
        "create table users (id text, stripe_customer_id text, has_paid_access boolean, plan text)",
    );
    database.run(&format!("insert into users values {ROWS}"));
    let role = database.role("reader");
    let grant = format!("grant select on public.users to \"{role}\"");
    Examined::with(&ALLOWED, database)
        .examine()
        .shows("role", "fail", &["may not read", &grant])
        .skips(&["columns"], "role");
    assert!(!PASSWORD.is_empty());
}
