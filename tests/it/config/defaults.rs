//! Files that leave out optional keys, and contracts of other types.

use std::collections::BTreeMap;

use prodverdict::{
    config::{AccountsQuery, Diagnostic, Expression, TableName, load},
    contract::Field,
    problem::ErrorCode as Code,
};

use super::PATH;

/// Returns the table and the plain columns of a file with this `database`.
#[track_caller]
fn read(database: &str, rest: &str) -> (TableName, BTreeMap<Field, String>) {
    let text =
        format!("version: 1\ncontracts:\n  - type: access\n    database: {database}\n    {rest}\n");
    let mut config = load(&text, PATH).expect(&text);
    let AccountsQuery::Table { table, columns, .. } = config.contracts.remove(0).database.accounts
    else {
        panic!("a table")
    };
    let columns = columns.into_iter().map(|(field, expression)| {
        let Expression::Column(name) = expression else {
            panic!("{expression:?}")
        };
        (field, name)
    });
    (table, columns.collect())
}

fn columns<const N: usize>(columns: [(Field, &str); N]) -> BTreeMap<Field, String> {
    let columns = columns.map(|(field, name)| (field, name.to_owned()));
    columns.into()
}

#[test]
fn a_url_is_a_whole_database() {
    for database in ["{url_env: DATABASE_URL}", "{}", "{columns: {}}"] {
        let (table, found) = read(database, "");
        assert_eq!((table.schema, table.name.as_str()), (None, "users"));
        let expected = columns([
            (Field::Id, "id"),
            (Field::CustomerId, "stripe_customer_id"),
            (Field::HasPaidAccess, "has_paid_access"),
        ]);
        assert_eq!(found, expected);
    }
}

#[test]
fn each_column_has_its_own_default() {
    let (table, found) = read(
        "{users_table: teams, columns: {customer_id: cus, seats: seats}}",
        "plans: {price_1: pro}",
    );
    assert_eq!(table.name, "teams");
    let expected = columns([
        (Field::Id, "id"),
        (Field::CustomerId, "cus"),
        (Field::HasPaidAccess, "has_paid_access"),
        (Field::Plan, "plan"),
        (Field::Seats, "seats"),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn paddle_has_the_same_defaults() {
    let (_, found) = read("{}", "source_of_truth: paddle");
    assert_eq!(found[&Field::CustomerId], "stripe_customer_id");
}

#[test]
fn no_customer_column_is_assumed_if_subscriptions_are_stored() {
    let database = "{match_on: subscription_id, columns: {subscription_id: sub}}";
    let (_, found) = read(database, "");
    let expected = columns([
        (Field::Id, "id"),
        (Field::HasPaidAccess, "has_paid_access"),
        (Field::SubscriptionId, "sub"),
    ]);
    assert_eq!(found, expected);
    for database in [
        "{match_on: subscription_id}",
        "{match_on: subscription_id, columns: {}}",
    ] {
        let text = format!("version: 1\ncontracts:\n  - type: access\n    database: {database}\n");
        let problems = load(&text, PATH).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0]
                .message
                .contains("missing key `subscription_id`")
        );
    }
}

const OTHERS: &str = "version: 1
contracts:
  - type: config
    scan_references: true
    rules:
      - type: required
        name: DATABASE_URL
  - type: access
    database: { url_env: DATABASE_URL }
  - type: entitlements-migration
    entitlements: { secret_env: sk_live_0123456789abcdef }
";

#[test]
fn contracts_of_other_types_are_skipped_with_a_warning_each() {
    let config = load(OTHERS, PATH).unwrap();
    assert_eq!(config.contracts.len(), 1);
    let warnings: Vec<_> = config
        .warnings
        .iter()
        .map(|warning| {
            let line = warning.place.as_ref().map(|place| place.line);
            (warning.text.as_str(), line)
        })
        .collect();
    let rest = "is skipped: this program runs contracts of type `access`";
    assert_eq!(
        warnings,
        [
            (
                format!("a contract of type `config` {rest}").as_str(),
                Some(3)
            ),
            (
                format!("a contract of type `entitlements-migration` {rest}").as_str(),
                Some(10)
            ),
        ]
    );
    assert!(config.warnings[0].hint.contains("prodverdict check config"));
}

#[test]
fn contracts_of_other_types_are_skipped() {
    for kind in [
        "config",
        "migration",
        "boundary",
        "webhook",
        "restore",
        "entitlements-migration",
    ] {
        let text = OTHERS.replace("type: config", &format!("type: {kind}"));
        assert_eq!(load(&text, PATH).unwrap().warnings.len(), 2, "{kind}");
    }
    let problems = load(&OTHERS.replace("type: config", "type: confg"), PATH).unwrap_err();
    let unknown = |problem: &Diagnostic| problem.message.contains("`type` should be `access`");
    assert!(problems.iter().any(unknown));
}

#[test]
fn a_file_without_an_access_contract_is_an_error() {
    let text = OTHERS.replace("type: access", "type: webhook");
    let problems = load(&text, PATH).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, Code::InvalidValue);
    let message = "`contracts` should hold at least one contract of type `access`, found none";
    assert_eq!(problems[0].message, message);
}
