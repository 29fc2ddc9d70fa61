//! `prodverdict init` in small repositories, with and without a database. `scripts/test-presets` runs it on each stack.

mod agents;
mod made_up;
mod proposals;
#[cfg(unix)]
mod terminal;

use std::fs;

use testing::{
    database::Database,
    program::{Program, ProgramOutput, folder},
};

use crate::prodverdict;

const NEXT: (&str, &str) = (
    "package.json",
    r#"{ "dependencies": { "next": "15", "stripe": "18" } }"#,
);

fn init(arguments: &str) -> Program {
    prodverdict("init").arguments(arguments)
}

fn contract(folder: &tempfile::TempDir) -> String {
    fs::read_to_string(folder.path().join("prodverdict.yml")).expect("a contract")
}

/// Runs `init --yes` against a database with these tables, as its reader.
fn with_database(files: &[(&str, &str)], sql: &str) -> (tempfile::TempDir, ProgramOutput) {
    let (folder, database) = (folder(files), Database::with(sql));
    let url = database.url_of("reader");
    let ran = init("--yes")
        .within(folder.path())
        .variable("DATABASE_URL", url.as_str())
        .run();
    (folder, ran)
}

#[test]
fn presets_are_listed() {
    let ran = init("--list-stacks").run().with_status(0);
    assert!(ran.stdout.lines().count() >= 16, "{}", ran.stdout);
    ran.says(&["rails-pay", "Rails with Pay"]);
}

#[test]
fn a_repository_without_a_known_stack_gets_the_general_form() {
    let folder = folder(&[]);
    init("--yes")
        .within(folder.path())
        .run()
        .with_status(0)
        .says(&[
            "stack: nextjs-stripe",
            "wrote prodverdict.yml",
            "before the first verdict: replace each placeholder",
            "`prodverdict doctor` checks each step",
        ]);
    assert!(contract(&folder).contains("price_your_plan"));
}

#[test]
fn the_stack_is_recognized_and_the_reasons_are_said() {
    let lock = "GEM\n  specs:\n    pay (11.7.0)\n";
    let schema = "create_table \"pay_customers\"\ncreate_table \"pay_subscriptions\"\n";
    let folder = folder(&[("Gemfile.lock", lock), ("db/schema.rb", schema)]);
    init("--yes")
        .within(folder.path())
        .run()
        .with_status(0)
        .says(&[
            "stack: rails-pay",
            "the package `pay` in Gemfile.lock:3",
            "in db/schema.rb:1",
        ]);
    assert!(contract(&folder).contains("pay_customers"));
}

#[test]
fn a_prisma_schema_without_maps_gives_its_names_to_the_contract() {
    let package = r#"{ "dependencies": { "stripe": "1", "@prisma/client": "1" } }"#;
    let schema = "model User {\n id String @id\n stripeCustomerId String?\n stripeSubscriptionId String?\n stripePriceId String?\n stripeCurrentPeriodEnd DateTime?\n}\n";
    let folder = folder(&[("package.json", package), ("prisma/schema.prisma", schema)]);
    init("--yes")
        .within(folder.path())
        .run()
        .with_status(0)
        .says(&["stack: prisma-user-stripe", "`users` is `User` here"]);
    let written = contract(&folder);
    for part in [
        "users_table: User\n",
        "customer_id: stripeCustomerId\n",
        "\"stripePriceId\" is not null",
    ] {
        assert!(written.contains(part), "{part}\n{written}");
    }
}

#[test]
fn names_are_replaced_even_if_a_column_is_missing() {
    let schema = "model User {\n id String @id\n stripeCustomerId String?\n plan String?\n}\n";
    let folder = folder(&[NEXT, ("prisma/schema.prisma", schema)]);
    init("--yes")
        .within(folder.path())
        .run()
        .with_status(0)
        .says(&[
            "not found, so change them in the contract: User.has_paid_access",
            "no database was read: set `DATABASE_URL`",
        ]);
    let written = contract(&folder);
    for part in ["users_table: User\n", "customer_id: stripeCustomerId\n"] {
        assert!(written.contains(part), "{part}\n{written}");
    }
}

#[test]
fn the_handler_of_the_rehearsal_is_the_webhook_route() {
    let written = |route: &str, said: &str| {
        let folder = folder(&[NEXT, (route, "export {}")]);
        let ran = init("--yes --workflow").within(folder.path()).run();
        ran.with_status(0).says(&[said]);
        contract(&folder)
    };
    let file = "app/api/webhooks/stripe/route.ts";
    let found = written(file, &format!("`rehearsal.handler` is the route of {file}"));
    let handler = "handler: http://localhost:3000/api/webhooks/stripe\n";
    assert!(found.contains(handler), "{found}");
    written(
        "app/api/billing/route.ts",
        "no file serves /api/stripe/webhook, so change `rehearsal.handler`",
    );
}

#[test]
fn a_named_preset_is_used_and_an_unknown_one_refused() {
    let folder = folder(&[NEXT]);
    init("--stack no-such")
        .within(folder.path())
        .run()
        .with_status(2)
        .says(&["there is no preset `no-such`", "rails-pay"]);
    init("--yes --stack dj-stripe")
        .within(folder.path())
        .run()
        .with_status(0);
    assert!(contract(&folder).contains("djstripe_customer"));
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let folder = folder(&[NEXT, ("prodverdict.yml", "mine: true\n")]);
    init("--yes")
        .within(folder.path())
        .run()
        .with_status(2)
        .says(&["`prodverdict.yml` already exists", "--force"]);
    assert_eq!(contract(&folder), "mine: true\n");
    init("--yes --force")
        .within(folder.path())
        .run()
        .with_status(0)
        .says(&["- mine: true"]);
    assert!(contract(&folder).starts_with("# "));
}

#[test]
fn nothing_is_written_without_an_answer() {
    let folder = folder(&[NEXT]);
    init("")
        .within(folder.path())
        .reading("y\n")
        .run()
        .with_status(2)
        .says(&["no terminal", "`--yes`"]);
    assert!(!folder.path().join("prodverdict.yml").exists());
}

#[test]
fn workflows_are_written_and_the_rehearsal_is_appended() {
    let folder = folder(&[NEXT]);
    init("--yes --workflow")
        .within(folder.path())
        .run()
        .with_status(0)
        .says(&[
            "replace `<OWNER>` and `<COMMIT>` in it: ProdVerdict's action is not published yet",
        ]);
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).expect("a workflow");
    let check = read(".github/workflows/prodverdict.yml");
    assert!(
        check.contains("STRIPE_SECRET_KEY: ${{ secrets.STRIPE_SECRET_KEY }}"),
        "{check}"
    );
    let rehearsal = read(".github/workflows/prodverdict-rehearsal.yml");
    assert!(
        rehearsal.contains("run: prodverdict rehearse"),
        "{rehearsal}"
    );
    // No account can have this name, so that GitHub refuses the action instead of running somebody's.
    for workflow in [check, rehearsal] {
        let action = "uses: <OWNER>/prodverdict-action@<COMMIT>";
        assert!(workflow.contains(action), "{workflow}");
        assert!(!workflow.contains("npx"), "{workflow}");
    }
    assert!(contract(&folder).contains("\nrehearsal:\n"));
    init("--yes --workflow")
        .within(folder.path())
        .run()
        .with_status(2);
}

#[test]
fn a_rehearsal_has_the_names_of_the_database() {
    let package =
        r#"{ "dependencies": { "stripe": "1", "better-auth": "1", "@better-auth/stripe": "1" } }"#;
    let folder = folder(&[("package.json", package)]);
    let database = Database::with(
        "create table users (id text primary key, name text, email text, email_verified boolean, stripe_customer_id text); \
         create table subscriptions (id text primary key, plan text, reference_id text, stripe_customer_id text, \
         stripe_subscription_id text, status text, period_start timestamptz, period_end timestamptz, \
         cancel_at_period_end boolean, cancel_at timestamptz, seats int)",
    );
    init("--yes --workflow")
        .within(folder.path())
        .variable("DATABASE_URL", database.url_of("reader").as_str())
        .run()
        .with_status(0)
        .says(&["stack: better-auth-stripe", "prodverdict-rehearsal.yml"]);
    let written = contract(&folder);
    let statement = "insert into users (id, name, email, email_verified, stripe_customer_id)\n      values ({account_id},";
    assert!(written.contains(statement), "{written}");
}

#[test]
fn names_that_a_rehearsal_lacks_are_said() {
    let database = Database::with(
        "create table users (id text primary key, stripe_customer_id text, has_paid_access boolean, plan text)",
    );
    let folder = folder(&[NEXT]);
    init("--yes --workflow")
        .within(folder.path())
        .variable("DATABASE_URL", database.url_of("reader").as_str())
        .run()
        .with_status(0)
        .says(&["`rehearsal.account` names what was not found, so change it: users.email"]);
}

#[test]
fn a_stack_of_paddle_gets_a_rehearsal_too() {
    let folder = folder(&[]);
    init("--yes --workflow --stack paddle-supabase")
        .within(folder.path())
        .run()
        .with_status(0);
    let path = ".github/workflows/prodverdict-rehearsal.yml";
    assert!(folder.path().join(path).exists());
    assert!(contract(&folder).contains("secret_env: PADDLE_NOTIFICATION_WEBHOOK_SECRET"));
}

#[test]
fn the_words_of_the_rows_are_listed_and_their_prices_are_missing() {
    let sql = "create table users (id text primary key, stripe_customer_id text, has_paid_access boolean, plan text); \
               insert into users values ('usr_1', 'cus_secret1', true, 'pro'), ('usr_2', null, false, 'free')";
    let (folder, ran) = with_database(&[NEXT], sql);
    assert!(!ran.all().contains("cus_secret1"), "{}", ran.all());
    ran.with_status(0).says(&[
        "stack: nextjs-stripe",
        "customer cus_…",
        "plan `pro`",
        "before the first verdict: replace each placeholder",
    ]);
    let written = contract(&folder);
    assert!(
        written.contains("price_your_pro: \"pro\"") && !written.contains("\"free\""),
        "{written}"
    );
    let ran = prodverdict("check access").within(folder.path()).run();
    ran.with_status(2)
        .says(&["`price_your_pro` is a placeholder"]);
}

#[test]
fn hostile_names_in_the_repository_are_shown_and_not_obeyed() {
    let package =
        "{ \"dependencies\": { \"stripe\": \"1\", \"@supabase/\\u001b[31m::error::x\": \"1\" } }";
    let migration = "create type subscription_status as enum ('stripe_customer_id');";
    let folder = folder(&[
        ("package.json", package),
        ("supabase/migrations/\u{1b}[2J.sql", migration),
    ]);
    let ran = init("--yes").within(folder.path()).run().with_status(0);
    assert!(!ran.all().contains('\u{1b}'), "{:?}", ran.all());
    ran.says(&["stack: supabase-stripe"]);
}

const CASHIER: (&str, &str) = (
    "composer.json",
    r#"{ "require": { "laravel/cashier-paddle": "^2.4" } }"#,
);

const CASHIER_TABLES: &str = "create table users (id bigint primary key, name text); \
    create table teams (id bigint primary key, name text); \
    create table customers (id bigint primary key, billable_id bigint, billable_type text, paddle_id text); \
    create table subscriptions (id bigint primary key, billable_id bigint, billable_type text, type text, paddle_id text, status text, \
        ends_at timestamptz, created_at timestamptz); \
    create table subscription_items (id bigint primary key, subscription_id bigint, price_id text); \
    insert into teams values (1, 'a'), (2, 'b'); \
    insert into subscription_items values (1, 1, 'pri_a'); ";

#[test]
fn a_preset_reads_the_class_and_the_type_that_the_rows_have() {
    let rows = r"insert into customers values (1, 1, 'App\Models\Team', 'ctm_1');
        insert into subscriptions values (1, 1, 'App\Models\Team', 'main', 'sub_1', 'active', null, now())";
    let (folder, ran) = with_database(&[CASHIER], &format!("{CASHIER_TABLES}{rows}"));
    ran.says(&[
        "stack: laravel-cashier-paddle",
        r"`customers.billable_type` is `App\Models\Team` in the rows",
        "`subscriptions.type` is `main` in the rows",
        "the accounts are in `teams`",
    ]);
    let written = contract(&folder);
    for part in [
        r"c.billable_type = 'App\Models\Team'",
        r"s.billable_type = 'App\Models\Team'",
        "s.type = 'main'",
        "from teams u",
    ] {
        assert!(written.contains(part), "{part}\n{written}");
    }
}

#[test]
fn several_types_of_subscriptions_are_named() {
    let rows = r"insert into customers values (1, 1, 'App\Models\User', 'ctm_1');
        insert into subscriptions values (1, 1, 'App\Models\User', 'default', 'sub_1', 'active', null, now()),
            (2, 1, 'App\Models\User', 'swimming', 'sub_2', 'active', null, now())";
    let (folder, ran) = with_database(&[CASHIER], &format!("{CASHIER_TABLES}{rows}"));
    ran.says(&["not known: which of `default`, `swimming` in `subscriptions.type`"]);
    let written = contract(&folder);
    assert!(written.contains("s.type = 'default'"), "{written}");
}
