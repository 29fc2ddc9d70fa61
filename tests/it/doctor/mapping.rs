//! The mapping: columns and their values, customers that the provider knows, prices and plan words.

use fake_stripe::{Permission, Price, Status, Subscription};
use testing::database::Database;

use super::{ALLOWED, Examined, ROWS};

fn with_rows(rows: &str) -> Examined {
    Examined::with(&ALLOWED, Database::of_users(rows))
}

#[test]
fn columns_are_listed_with_their_types() {
    Examined::healthy().examine().shows(
        "columns",
        "pass",
        &[
            "3 users with `id` text",
            "`customer_id` text",
            "`has_paid_access` boolean",
            "`plan` text",
        ],
    );
}

#[test]
fn ids_of_accounts_that_pay_elsewhere_may_look_different() {
    let rows = "('usr_dave', 'cus_dave', true, 'pro'), ('usr_erin', 'B-17', true, 'comped')";
    let examined = with_rows(rows);
    let unusual = "1 of 2 values of `stripe_customer_id` do not begin with `cus_`";
    examined.examine().shows("columns", "warn", &[unusual]);
    examined.configure(
        "        plan: plan",
        "        plan: plan\n        paid_elsewhere: { sql: \"stripe_customer_id like 'B-%'\" }",
    );
    examined
        .examine()
        .shows("columns", "pass", &[])
        .shows("plans", "pass", &[]);
}

#[test]
fn a_missing_column_or_table_is_named_with_the_nearest() {
    let examined = Examined::healthy();
    examined.configure(
        "stripe_customer_id: stripe_customer_id",
        "stripe_customer_id: stripe_custmer_id",
    );
    examined
        .examine()
        .shows(
            "columns",
            "fail",
            &[
                "no column `stripe_custmer_id`",
                "did you mean `stripe_customer_id`?",
            ],
        )
        .skips(&["customers", "plans"], "columns");
    examined.configure("users_table: users", "users_table: user");
    examined
        .examine()
        .shows(
            "columns",
            "fail",
            &["there is no table `user`", "did you mean `users`?"],
        )
        .shows("role", "skip", &["see `columns`"]);
}

#[test]
fn an_empty_table_fails() {
    with_rows("")
        .examine()
        .shows(
            "columns",
            "fail",
            &["the accounts query returned no row", "allow_empty: true"],
        )
        .skips(&["customers"], "columns");
}

#[test]
fn columns_that_say_nothing_are_warnings() {
    with_rows("('a', null, true, null), ('b', null, true, ''), ('c', null, true, null), ('d', null, true, null), ('e', null, true, null)")
        .examine()
        .shows(
            "columns",
            "warn",
            &[
                "no user is linked: `stripe_customer_id` is empty in every row",
                "`plan` is empty in every row, so `plan` checks nothing",
                "`has_paid_access` is true for all 5 rows",
                "`plan`",
            ],
        )
        .shows("customers", "skip", &["no account is linked"]);
    with_rows("('a', 'cus_dave', true, 'pro'), ('b', 'cus_dave', true, 'pro')")
        .examine()
        .shows(
            "columns",
            "warn",
            &["`stripe_customer_id` is the same in all 2 rows that have one"],
        );
}

#[test]
fn ids_of_another_kind_are_counted_and_not_shown() {
    let report =
        with_rows("('a', 'cus_dave', true, 'pro'), ('b', 'dana@example.com', true, 'team')")
            .examine();
    assert!(!report.0.all().contains("dana@"), "{:?}", report.0);
    report.shows(
        "columns",
        "warn",
        &["1 of 2 values of `stripe_customer_id` do not begin with `cus_`"],
    );
}

#[test]
fn the_share_of_known_customers_is_shown() {
    Examined::healthy().examine().shows(
        "customers",
        "pass",
        &["Stripe knows 2 of 2 linked customers that were looked up, 2 in all"],
    );
    with_rows(&format!("{ROWS}, ('usr_gus', 'cus_gone', false, 'free')"))
        .examine()
        .shows(
            "customers",
            "warn",
            &["knows 2 of 3", "prodverdict explain"],
        );
}

#[test]
fn customers_of_another_account_fail() {
    with_rows("('a', 'cus_x1', true, 'pro'), ('b', 'cus_x2', true, 'team'), ('c', 'cus_x3', false, 'free')")
        .examine()
        .shows(
            "customers",
            "fail",
            &["knows 0 of 3", "another account or to the other of live and test mode"],
        )
        .skips(&["plans"], "customers");
}

#[test]
fn a_fraction_of_many_customers_is_looked_up() {
    let examined = Examined::healthy();
    examined.database.run(
        "insert into users select 'usr_' || n, 'cus_' || n, false, 'free' from generate_series(1, 1000) n",
    );
    examined.examine().shows(
        "customers",
        "warn",
        &["of 20 linked customers that were looked up, 1002 in all"],
    );
}

#[test]
fn prices_in_use_without_a_plan_are_warnings() {
    let examined = Examined::healthy();
    examined.stripe.world(|world| {
        world.price(Price::monthly("price_1New", 900));
        world.subscription(Subscription::new("cus_dave", Status::Active).price("price_1New"));
    });
    examined.examine().shows(
        "plans",
        "warn",
        &["Price price_1New of 1 subscription", "`ignore_prices`"],
    );
    Examined::healthy().examine().shows(
        "plans",
        "pass",
        &["2 prices mapped, 2 subscriptions read"],
    );
}

#[test]
fn plan_words_that_only_one_side_has_are_warnings() {
    let examined = Examined::healthy();
    examined.configure("price_1TeamMonthly: team", "price_1TeamMonthly: Team");
    examined.examine().shows(
        "plans",
        "warn",
        &[
            "no user has plan \"Team\"",
            "rows have plans that `plans` does not have: `team`",
            "`free_plans`",
        ],
    );
}

#[test]
fn facts_without_a_verdict_fail_as_a_check_would() {
    let examined = Examined::healthy();
    examined
        .database
        .run("insert into users values ('usr_dave', 'cus_dave', true, 'pro')");
    examined
        .examine()
        .shows("plans", "fail", &["is on more than one row"]);
}

#[test]
fn more_than_some_requests_are_left_to_a_check() {
    let mut allowed = ALLOWED.to_vec();
    allowed.push(Permission::EntitlementRead);
    let examined = Examined::with(&allowed, Database::of_users(ROWS));
    // One request for each customer.
    examined.database.run(
        "insert into users select 'usr_' || n, 'cus_' || n, true, 'pro' from generate_series(1, 1000) n",
    );
    let source = "source_of_truth: stripe";
    examined.configure(source, "source_of_truth: stripe_entitlements");
    examined
        .examine()
        .shows(
            "permissions",
            "warn",
            &[
                "entitlements, customers, subscriptions, events",
                "it may not read products (`rak_product_read`): a check of many customers takes one request for each",
            ],
        )
        .shows(
            "plans",
            "skip",
            &[
                "too much to read for 300 requests",
                "prodverdict check access",
            ],
        );
    assert!(examined.stripe.requests().len() < 50);
    // A limit of the contract is that of a check too.
    let limited = "max_requests: 30\n    source_of_truth: stripe_entitlements";
    examined.configure(source, limited);
    examined
        .examine()
        .shows("plans", "fail", &["`max_requests` allows 30"]);
}
