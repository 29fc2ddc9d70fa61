//! Schemas that no preset describes, each with the habits of real applications. Either the proposed contract passes the check at
//! the end of `init` and finds drift, or `init` proposes nothing and says what it does not know.

use std::fs;

use fake_stripe::{
    Customer, FakeStripe, Key, Permission, Price, Product, Status, Subscription, World,
};
use serde_json::Value;
use tempfile::TempDir;
use testing::{
    database::Database,
    program::{Program, ProgramOutput, TEST_KEY, folder},
};

use super::{contract, init};
use crate::prodverdict;

const ALLOWED: [Permission; 6] = [
    Permission::SubscriptionRead,
    Permission::CustomerRead,
    Permission::EventRead,
    Permission::TestClockRead,
    Permission::PriceRead,
    Permission::ProductRead,
];

/// Customer, id of the subscription, status and price.
type Sold = (&'static str, &'static str, Status, &'static str);

struct Application {
    stripe: FakeStripe,
    database: Database,
    folder: TempDir,
}

impl Application {
    fn new(sql: &str, sold: &[Sold]) -> Self {
        let mut world = World::new(1_795_426_800);
        world.keys.add(Key::restricted(TEST_KEY, ALLOWED));
        for (product, name) in [("prod_growth", "Growth"), ("prod_scale", "Scale")] {
            world.product(Product::new(product, name));
        }
        for (price, product) in [
            ("price_growth_monthly", "prod_growth"),
            ("price_growth_yearly", "prod_growth"),
            ("price_scale_monthly", "prod_scale"),
        ] {
            world.price(Price::monthly(price, 2000).product(product));
        }
        for (customer, id, status, price) in sold {
            if world.find_customer(customer).is_none() {
                world.customer(Customer::new(customer));
            }
            world.subscription(
                Subscription::new(customer, status.clone())
                    .id(id)
                    .price(price),
            );
        }
        Self {
            stripe: FakeStripe::start_anywhere(world).expect("the fake provider starts"),
            database: Database::with(sql),
            folder: folder(&[]),
        }
    }

    fn prepared(&self, program: Program) -> Program {
        program
            .within(self.folder.path())
            .variable("STRIPE_API_BASE", &self.stripe.base_url())
            .variable("STRIPE_SECRET_KEY", TEST_KEY)
            .variable("DATABASE_URL", self.database.url_of("reader").as_str())
    }

    fn init(&self) -> ProgramOutput {
        self.prepared(init("--yes")).run()
    }

    /// Runs `init --yes`, whose check has to pass, and returns what it says.
    #[track_caller]
    fn proposes(&self, parts: &[&str]) -> ProgramOutput {
        let ran = self.init();
        let written = contract(&self.folder);
        assert!(ran.stdout.contains("VERDICT: PASS"), "{ran:#?}\n{written}");
        for part in parts {
            assert!(written.contains(part), "{part}\n{written}");
        }
        ran.with_status(0)
    }

    /// Changes rows, and checks with the contract as it was written. The second read, which would take ten seconds, is left
    /// out.
    #[track_caller]
    fn finds(&self, sql: &str, findings: &[&str]) {
        self.database.run(sql);
        let path = self.folder.path().join("prodverdict.yml");
        let written = fs::read_to_string(&path).expect("a contract");
        fs::write(&path, format!("{written}    confirm_after: 0s\n")).expect("a contract");
        let ran = self
            .prepared(prodverdict("check access --format json"))
            .run();
        let report = ran.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let found = report["findings"].as_array().expect("a list").iter();
        let mut found: Vec<_> = found
            .map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["entity"])))
            .collect();
        found.sort();
        assert_eq!(found, findings, "{report:#}");
        fs::write(&path, written).expect("a contract");
    }
}

/// Everything in camel case; the status of a workspace is about signing in, and that of its keys about the keys; the plan is
/// a price.
#[test]
fn a_status_about_something_else_is_not_access() {
    let application = Application::new(
        r#"create table "User" ("id" text primary key, "email" text, "isSubscribedToNewsletter" boolean default true);
        create table "Workspace" ("id" text primary key, "ownerId" text references "User", "status" text default 'active',
            "billingCustomerRef" text);
        create table "ApiKey" ("id" text primary key, "workspaceId" text references "Workspace", "status" text);
        create table "WorkspacePlan" ("id" text primary key, "workspaceId" text references "Workspace", "externalRef" text,
            "billingState" text, "priceRef" text);
        insert into "User" select 'u' || n, 'u' || n || '@x.test' from generate_series(1, 9) n;
        insert into "Workspace" select 'w' || n, 'u' || n, 'active', case when n < 4 then 'cus_' || n end
            from generate_series(1, 9) n;
        insert into "ApiKey" select 'k' || n, 'w' || n, case n when 5 then 'expired' else 'active' end
            from generate_series(1, 9) n;
        insert into "WorkspacePlan" values ('p1', 'w1', 'sub_1', 'ACTIVE', 'price_growth_monthly'),
            ('p2', 'w2', 'sub_2', 'ACTIVE', 'price_scale_monthly'), ('p3', 'w3', 'sub_3', 'CANCELED', 'price_growth_monthly')"#,
        &[
            ("cus_1", "sub_1", Status::Active, "price_growth_monthly"),
            ("cus_2", "sub_2", Status::Active, "price_scale_monthly"),
            ("cus_3", "sub_3", Status::Canceled, "price_growth_monthly"),
        ],
    );
    application
        .proposes(&[
            "entity: workspace\n",
            "from \"WorkspacePlan\" b",
            "b.\"billingState\"::text in ('ACTIVE')",
            "price_scale_monthly: price_scale_monthly\n",
        ])
        .says(&["`WorkspacePlan.workspaceId` refers to `Workspace.id`"]);
    application.finds(
        r#"update "WorkspacePlan" set "billingState" = 'CANCELED' where id = 'p1';
        update "WorkspacePlan" set "billingState" = 'ACTIVE' where id = 'p3'"#,
        &["revenue-leak workspace:w1", "wrongful-access workspace:w3"],
    );
}

/// Everything about billing is in one JSON value, and the plan is a word.
#[test]
fn billing_inside_json_is_read() {
    let application = Application::new(
        r#"create table tenants (id bigint primary key, name text, settings jsonb not null default '{}');
        insert into tenants select n, 't' || n, case when n < 4 then jsonb_build_object('locale', 'en', 'billing',
            jsonb_build_object('provider_ref', 'cus_' || n, 'package', case n when 2 then 'scale' else 'growth' end,
            'subscription', jsonb_build_object('ref', 'sub_' || n, 'state', case n when 3 then 'canceled' else 'active' end)))
            else '{"locale": "de"}' end from generate_series(1, 8) n"#,
        &[
            ("cus_1", "sub_1", Status::Active, "price_growth_yearly"),
            ("cus_2", "sub_2", Status::Active, "price_scale_monthly"),
            ("cus_3", "sub_3", Status::Canceled, "price_growth_monthly"),
        ],
    );
    application.proposes(&[
        "entity: tenant\n",
        "array['billing', 'provider_ref']",
        "array['billing', 'subscription', 'state']",
        "rules: { stale-plan: \"off\" }",
        "price_growth_yearly: \"growth\"\n",
    ]);
    application.finds(
        r#"update tenants set settings = jsonb_set(settings, '{billing,package}', '"scale"') where id = 1;
        update tenants set settings = settings - 'billing' where id = 2"#,
        &["orphan-subscription customer:cus_2", "plan-drift tenant:1"],
    );
}

/// Customers of two providers in one table, rows that are marked as deleted, and a table of plans with two prices each.
#[test]
fn another_provider_and_deleted_rows_are_told_apart() {
    let application = Application::new(
        "create table people (id uuid primary key, mail text);
        create table plans (id int primary key, slug text, monthly_price text, yearly_price text);
        insert into plans values (1, 'growth', 'price_growth_monthly', 'price_growth_yearly'), (2, 'scale', 'price_scale_monthly', null);
        create table payment_customers (id int primary key, person_id uuid references people, gateway text, ref text,
            deleted_at timestamptz);
        create table memberships (id int primary key, payment_customer_id int references payment_customers, remote_ref text,
            state text, plan_id int references plans, deleted_at timestamptz);
        insert into people select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'p' || n from generate_series(1, 9) n;
        insert into payment_customers select n, (select id from people where mail = 'p' || n),
            case n when 5 then 'braintree' else 'stripe' end, case n when 5 then '8123400' else 'cus_' || n end,
            case n when 6 then now() end from generate_series(1, 6) n;
        insert into memberships values (1, 1, 'sub_1', 'active', 1, null), (2, 2, 'sub_2', 'active', 2, null),
            (3, 3, 'sub_3', 'canceled', 1, null), (4, 4, 'sub_4', 'active', 1, now()), (6, 6, 'sub_6', 'active', 1, null)",
        &[
            ("cus_1", "sub_1", Status::Active, "price_growth_yearly"),
            ("cus_2", "sub_2", Status::Active, "price_scale_monthly"),
            ("cus_3", "sub_3", Status::Canceled, "price_growth_monthly"),
            ("cus_4", "sub_4", Status::Canceled, "price_growth_monthly"),
            ("cus_6", "sub_6", Status::Canceled, "price_growth_monthly"),
        ],
    );
    application
        .proposes(&[
            "case when starts_with(a.\"ref\"::text, 'cus_') then a.\"ref\" end as customer_id",
            "b.\"deleted_at\" is null",
            "price_growth_yearly: \"growth\"\n",
            "price_growth_monthly: \"growth\"\n",
        ])
        .says(&[
            "not known: what the other 1 values of `payment_customers.ref` are",
            "not known: whether rows that `payment_customers.deleted_at` marks are accounts",
            "rows that `memberships.deleted_at` marks give no access",
        ]);
    application.finds(
        "update memberships set plan_id = 2 where id = 1; update memberships set deleted_at = now() where id = 2",
        &[
            "plan-drift user:00000000-0000-0000-0000-000000000001",
            "revenue-leak user:00000000-0000-0000-0000-000000000002",
        ],
    );
}

/// A user has several subscriptions, which hold the customer; no key says whose they are.
#[test]
fn several_subscriptions_of_one_user_are_one_account() {
    let application = Application::new(
        "create table app_users (id serial primary key, mail text, status text default 'active');
        create table stripe_subs (id text primary key, user_id int, cust text, status text, price text);
        insert into app_users (mail) select 'u' || n from generate_series(1, 7) n;
        insert into stripe_subs values ('sub_1a', 1, 'cus_1a', 'canceled', 'price_growth_monthly'),
            ('sub_1b', 1, 'cus_1b', 'active', 'price_scale_monthly'), ('sub_2', 2, 'cus_2', 'trialing', 'price_growth_monthly'),
            ('sub_3', 3, 'cus_3', 'unpaid', 'price_growth_monthly')",
        &[
            ("cus_1a", "sub_1a", Status::Canceled, "price_growth_monthly"),
            ("cus_1b", "sub_1b", Status::Active, "price_scale_monthly"),
            ("cus_2", "sub_2", Status::Trialing, "price_growth_monthly"),
            ("cus_3", "sub_3", Status::Unpaid, "price_growth_monthly"),
        ],
    );
    application
        .proposes(&[
            "select array_agg(distinct c.\"cust\") from \"stripe_subs\" c",
            "from \"app_users\" a",
        ])
        .says(&["`stripe_subs.cust` holds a customer id in 4 of 4 rows"]);
    application.finds(
        "update stripe_subs set status = 'canceled' where id = 'sub_1b'; update stripe_subs set status = 'active' where id = 'sub_3'",
        &["revenue-leak user:1", "wrongful-access user:3"],
    );
}

/// Organizations and, from before, users have customers; access ends at a time, and a trial at another.
#[test]
fn a_second_table_with_customers_is_named() {
    let application = Application::new(
        r#"create table orgs (id int primary key, "stripeId" text, "tierName" text, trial_ends_at timestamptz,
            paid_until timestamptz, is_deleted boolean default false);
        create table users (id int primary key, org_id int references orgs, old_customer text);
        insert into orgs select n, case when n < 4 then 'cus_' || n end, case when n < 4 then 'Growth' else 'Free' end,
            now() + interval '3 days', case when n < 3 then now() + interval '20 days' when n = 3 then now() - interval '9 days' end,
            n = 8 from generate_series(1, 8) n;
        insert into users select n, n, case when n < 3 then 'cus_old' || n end from generate_series(1, 8) n"#,
        &[
            ("cus_1", "sub_1", Status::Active, "price_growth_monthly"),
            ("cus_2", "sub_2", Status::Active, "price_growth_yearly"),
            ("cus_3", "sub_3", Status::Canceled, "price_growth_monthly"),
        ],
    );
    application
        .proposes(&[
            "users_table: orgs\n",
            "paid_until\\\" > {{now}}",
            "where: \"\\\"is_deleted\\\" is not true\"",
            "plan: tierName\n",
            "price_growth_yearly: \"Growth\"\n",
        ])
        .says(&[
            "not known: who the customers in `users.old_customer` are",
            "not known: whether rows that `orgs.is_deleted` marks are accounts",
        ]);
    application.finds(
        "update orgs set paid_until = now() - interval '1 day' where id = 1",
        &["revenue-leak organization:1"],
    );
}

/// A status as a number, as some frameworks store it.
#[test]
fn a_status_that_nobody_knows_is_named_and_refused() {
    let application = Application::new(
        "create table clients (id int primary key, stripe_ref text);
        create table client_subscriptions (id int primary key, client_id int references clients, state int);
        insert into clients select n, 'cus_' || n from generate_series(1, 5) n;
        insert into client_subscriptions select n, n, n % 3 from generate_series(1, 5) n",
        &[("cus_1", "sub_1", Status::Active, "price_growth_monthly")],
    );
    application.init().with_status(2).says(&[
        "`client_subscriptions.state` has `0`, `1`, `2`, of which it is not known whether they give access",
    ]);
    assert!(!application.folder.path().join("prodverdict.yml").exists());
}

/// Many rows of which few have paid, and hundreds of other tables: the time is bounded, and what was left out is said.
#[test]
fn a_large_database_is_read_in_bounded_time() {
    let application = Application::new(
        "create table users (id bigint primary key, email text, status text default 'active', stripe_customer_id text,
            subscription_status text, plan text);
        insert into users select n, 'u' || n, 'active', case when n % 250 = 0 then 'cus_' || n end,
            case when n % 250 = 0 then case when n % 500 = 0 then 'active' else 'canceled' end end,
            case when n % 250 = 0 then 'growth' end from generate_series(1, 300000) n;
        analyze users;
        do $$ begin for n in 1..320 loop
            execute format('create table a_log_%s (id bigint, status text, payload jsonb)', n);
        end loop; end $$;
        create view aaa_slow as select pg_sleep(100)::text as customer, status from users",
        &[],
    );
    let begun = std::time::Instant::now();
    let ran = application.init();
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
    let written = contract(&application.folder);
    assert!(
        written.contains("{ column: subscription_status, in: [active] }"),
        "{written}"
    );
    ran.says(&[
        "read some rows of 300 tables in the database, not all of them: it has more than a minute allows, or more than 300",
    ]);
}
