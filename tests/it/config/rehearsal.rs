//! Tests of the `rehearsal:` section: the meaning of every key, its defaults, and the message of every mistake.

use std::{collections::BTreeSet, time::Duration};

use prodverdict::{
    config::{Placeholder, Rehearsal, load},
    contract::Source,
    problem::ErrorCode as Code,
};

use super::{EVERYTHING, Mutation, PATH, assert_told};

const CONTRACT: &str = "version: 1
contracts:
  - type: access
    name: users
    database: { users_table: users, columns: { id: id, customer_id: customer, has_paid_access: paid } }
";

const OTHERS: &str = "  - type: access
    name: features
    source_of_truth: stripe_entitlements
    database: { users_table: teams, columns: { id: id, customer_id: customer, has_paid_access: paid } }
";

const SHORTEST: &str = "rehearsal:
  handler: http://localhost:3000/webhook
  account: { sql: 'insert into users (id, email) values ({account_id}, {email})' }
";

const VALID: &str = r#"version: 1
contracts:
  - type: access
    name: users
    database: { users_table: users, columns: { id: id, customer_id: customer, has_paid_access: paid } }
  - type: access
    name: teams
    source_of_truth: stripe_entitlements
    database: { users_table: teams, columns: { id: id, customer_id: customer, has_paid_access: paid } }
rehearsal:
  contract: users
  handler: http://localhost:3000/webhook
  secret_env: STRIPE_WEBHOOK_SECRET
  database: { url_env: REHEARSAL_DATABASE_URL }
  api_version: 2026-10-28.endive
  fake_stripe: { listen: 127.0.0.1:12111, fixtures: objects }
  account:
    sql: insert into users (id, email) values ({account_id}, {email})
  checkout: { client_reference_id: "{account_id}", metadata: { userId: "{account_id}" } }
  subscription_metadata: { plan: pro }
  gate: { url: "http://localhost:3000/api/me?user={account_id}", paid: "$.paid" }
  settle: 5s
  scenarios: { skip: [quantity], only: [trial] }
  scenarios_dir: scenarios
  app: { command: npm start, ready: "http://localhost:3000/health", env: { PORT: 3000 } }
  events: [checkout.session.completed]
  handler_paths: [app/webhook.ts]
  allow_remote: false
  allow_rows: false
"#;

#[rustfmt::skip]
const MUTATIONS: &[Mutation] = &[
    ("rehearsal:\n", "«rehersal»:\n", Code::UnknownKey, "unknown key `rehersal`", "did you mean `rehearsal`?"),
    ("rehearsal:\n", "rehearsal: «[]»\nx:\n", Code::WrongType, "`rehearsal` should be a mapping, found a list", ""),
    ("settle: 5s", "«setle»: 5s", Code::UnknownKey, "unknown key `setle`", "did you mean `settle`?"),
    ("    name: users\n", "    name: users\n    «settle»: 5s\n", Code::UnknownKey, "unknown key `settle`", "it belongs under `rehearsal`"),
    ("settle: 5s", "settle: 5s\n  «plans»: {}", Code::UnknownKey, "unknown key `plans`", "it belongs in a contract"),
    // the contract
    ("contract: users", "contract: «user»", Code::InvalidValue, "no contract is called `user`", "did you mean `users`?"),
    ("contract: users", "contract: «squads»", Code::InvalidValue, "no contract is called `squads`", "contracts: `users`, `teams`"),
    ("contract: users", "contract: «7»", Code::WrongType, "`contract` should be text", ""),
    ("    source_of_truth: stripe_entitlements\n    database: { users_table: teams, columns: { id: id, customer_id: customer, has_paid_access: paid } }\nrehearsal:\n  contract: users",
     "    database: { users_table: teams, columns: { id: id, customer_id: customer, has_paid_access: paid } }\n«rehearsal»:",
     Code::MissingKey, "missing key `contract` in `rehearsal`: several contracts could judge it", "name one of `users`, `teams`"),
    // the handler
    ("rehearsal:\n  contract: users\n  handler: http://localhost:3000/webhook", "«rehearsal»:\n  contract: users", Code::MissingKey, "missing key `handler` in `rehearsal`", "http://localhost:3000"),
    ("http://localhost:3000/webhook", "«localhost:3000/webhook»", Code::InvalidValue, "`handler` should be an http or https URL, found `localhost:3000/webhook`", "write one such as"),
    ("http://localhost:3000/webhook", "«ftp://localhost/webhook»", Code::InvalidValue, "`handler` should be an http or https URL", ""),
    ("http://localhost:3000/webhook", "«https://app.example.com/webhook»", Code::InvalidValue, "this machine or its own network, found the host `app.example.com`", "`allow_remote: true`"),
    ("http://localhost:3000/webhook", "«http://8.8.8.8/webhook»", Code::InvalidValue, "found the host `8.8.8.8`", "never rehearse against production"),
    ("http://localhost:3000/webhook", "«http://[::ffff:8.8.8.8]/webhook»", Code::InvalidValue, "this machine or its own network", ""),
    ("http://localhost:3000/webhook", "«http://me:hush@localhost/webhook»", Code::SecretValue, "`handler` should not contain a password or key (not shown)", "replace it wherever it is in use"),
    ("http://localhost:3000/webhook", "«http://localhost/?s=whsec_abc»", Code::SecretValue, "not shown", ""),
    // names of variables
    ("STRIPE_WEBHOOK_SECRET", "«whsec_abc»", Code::SecretValue, "`secret_env` should be the name of an environment variable", "write `secret_env: STRIPE_WEBHOOK_SECRET`"),
    ("REHEARSAL_DATABASE_URL", "«postgres://u:p@localhost/db»", Code::SecretValue, "`url_env` should be the name", "write `url_env: REHEARSAL_DATABASE_URL`"),
    ("database: { url_env: REHEARSAL_DATABASE_URL }", "database: { «url»: x }", Code::UnknownKey, "unknown key `url`", "known keys here: `url_env`, `migrate`"),
    // the fake provider
    ("2026-10-28.endive", "«newest»", Code::InvalidValue, "`api_version` should be a version of Stripe's API, found `newest`", "2026-10-28.endive"),
    ("2026-10-28.endive", "2026-10-28.endive\n  api_versions: [2024-06-20, «newest»]", Code::InvalidValue, "`api_versions` should be a version of Stripe's API, found `newest`", ""),
    ("checkout: {", "checkout: { visit: «\"https://app.example.com/{session_id}\"»,", Code::InvalidValue, "`visit` should point to this machine or its own network", ""),
    ("checkout: {", "checkout: { visit: \"http://localhost/?s={session_id}&u=«{user}»\",", Code::Placeholder, "unknown placeholder `{user}` in `visit`", ""),
    ("2026-10-28.endive", "«2026-10-28.»", Code::InvalidValue, "`api_version` should be", ""),
    ("127.0.0.1:12111", "«localhost:12111»", Code::InvalidValue, "`listen` should be an IP address and a port, found `localhost:12111`", "0.0.0.0:12111"),
    ("127.0.0.1:12111", "«127.0.0.1»", Code::InvalidValue, "`listen` should be", ""),
    ("127.0.0.1:12111", "«127.0.0.1:70000»", Code::InvalidValue, "`listen` should be", ""),
    ("fixtures: objects", "fixtures: «../objects»", Code::InvalidValue, "`fixtures` should be a path inside the repository", "repository's root"),
    ("fixtures: objects", "fixtures: «/objects»", Code::InvalidValue, "`fixtures` should be a path inside", ""),
    // the account
    ("  account:\n    sql: insert into users (id, email) values ({account_id}, {email})\n", "", Code::MissingKey, "missing key `account` in `rehearsal`", "insert into users"),
    ("  account:\n    sql: insert into users (id, email) values ({account_id}, {email})\n", "  account: «{}»\n", Code::MissingKey, "missing key `sql` in `account`", "insert into users"),
    ("insert into users (id, email) values ({account_id}, {email})", "«7»", Code::WrongType, "`sql` should be one SQL statement as text, or a list of them, found the number `7`", ""),
    ("insert into users (id, email) values ({account_id}, {email})", "«[]»", Code::WrongType, "`sql` should be at least one SQL statement, found a list", ""),
    ("({account_id}, {email})", "(«{acount_id}», {email})", Code::Placeholder, "unknown placeholder `{acount_id}` in `sql`", "did you mean `{account_id}`?"),
    ("({account_id}, {email})", "({account_id}, '«{email}')»", Code::InvalidValue, "a placeholder cannot be inside a string", "without quotes"),
    ("({account_id}, {email})", "(«$1, {email})»", Code::InvalidValue, "a numbered parameter has no value here", "`{account_id}`"),
    ("({account_id}, {email})", "«({account_id}, {email}»", Code::InvalidValue, "this quote, bracket or comment is not closed", ""),
    ("({account_id}, {email})", "({account_id}, {email}); «delete from users»", Code::InvalidValue, "a second statement begins here", "each statement on a line of its own"),
    ("insert into users (id, email) values ({account_id}, {email})", "«insert into users (email) values ({email})»", Code::InvalidValue, "`sql` should identify the account that it creates", "`returning id`"),
    // texts
    ("client_reference_id: \"{account_id}\"", "client_reference_id: \"«{accountid}»\"", Code::Placeholder, "unknown placeholder `{accountid}` in `client_reference_id`", "did you mean `{account_id}`?"),
    ("client_reference_id: \"{account_id}\"", "client_reference_id: «\" \"»", Code::InvalidValue, "`client_reference_id` should not be empty", ""),
    ("userId: \"{account_id}\"", "userId: \"«{foo}»\"", Code::Placeholder, "unknown placeholder `{foo}` in `userId`", "known placeholders: `{account_id}`, `{email}`, `{customer_id}`"),
    ("plan: pro", "plan: «sk_test_4eC39HqLyjWDarjtT1zdp7dc»", Code::SecretValue, "`plan` should not contain a password or key", ""),
    ("plan: pro", "plan: «true»", Code::WrongType, "`plan` should be text or a number, found the boolean `true`", "in quotes"),
    ("plan: pro", "\"pl[an]\": «pro»", Code::InvalidValue, "a metadata key should have 1 to 40 characters, none of them `[` or `]`", ""),
    // the gate
    ("user={account_id}", "user=«{id}»", Code::Placeholder, "unknown placeholder `{id}` in `url`", ""),
    ("\"http://localhost:3000/api/me?user={account_id}\"", "«\"https://app.example/me?user={account_id}\"»", Code::InvalidValue, "found the host `app.example`", ""),
    ("paid: \"$.paid\"", "paid: «\"paid\"»", Code::InvalidValue, "`paid` should be the path of a value in JSON, found `paid`", "$.user.paid"),
    ("gate: { url: \"http://localhost:3000/api/me?user={account_id}\", paid: \"$.paid\" }", "gate: «{ paid: \"$.paid\" }»", Code::MissingKey, "missing key `url` in `gate`", "/api/me"),
    // the rest
    ("settle: 5s", "settle: «5»", Code::InvalidValue, "`settle` should be a duration, found `5`", "a number without a unit"),
    ("settle: 5s", "settle: «11m»", Code::InvalidValue, "`settle` should be at most 10m, found `11m`", ""),
    ("{ url_env: REHEARSAL_DATABASE_URL }", "{ migrate: «postgres://u:secretword@localhost/db» }", Code::SecretValue, "`migrate` should not contain a password or key", "remove it"),
    ("command: npm start", "«comand»: npm start", Code::UnknownKey, "unknown key `comand`", "did you mean `command`?"),
    ("command: npm start", "command: «\" \"»", Code::InvalidValue, "`command` should", ""),
    ("command: npm start", "command: «KEY=sk_live_51CanaryCanaryCanary npm start»", Code::SecretValue, "`command` should not contain a password or key", "remove it"),
    ("ready: \"http://localhost:3000/health\"", "ready: «\"https://example.com/health\"»", Code::InvalidValue, "`ready` should point to this machine", "allow_remote"),
    ("env: { PORT: 3000 }", "env: { PO RT: «3000» }", Code::InvalidValue, "a key of `env` should be the name of an environment variable", ""),
    ("skip: [quantity]", "skip: [«Quantity Change»]", Code::InvalidValue, "an entry of `skip` should be the id of a scenario", "rehearse --list"),
    ("skip: [quantity]", "skip: «quantity»", Code::WrongType, "`skip` should be a list, found `quantity`", ""),
    ("only: [trial]", "only: «[]»", Code::InvalidValue, "`only` should name at least one scenario", "leave `only` out"),
    ("only: [trial]", "only: «[quantity]»", Code::Conflict, "scenario `quantity` is in `skip` and in `only`", "keep one"),
    ("scenarios_dir: scenarios", "scenarios_dir: «a/../..»", Code::InvalidValue, "`scenarios_dir` should be a path inside", ""),
    ("events: [checkout.session.completed]", "events: [«\"*\"»]", Code::InvalidValue, "an entry of `events` should be an event type", "leave `events` out"),
    ("events: [checkout.session.completed]", "events: [«checkout»]", Code::InvalidValue, "an entry of `events` should be an event type, found `checkout`", "leave `events` out"),
    ("events: [checkout.session.completed]", "events: [«checkout.*»]", Code::InvalidValue, "an entry of `events` should be an event type, found `checkout.*`", "leave `events` out"),
    ("events: [checkout.session.completed]", "events: [«checkout..completed»]", Code::InvalidValue, "an entry of `events` should be an event type, found `checkout..completed`", "leave `events` out"),
    ("events: [checkout.session.completed]", "events: «[]»", Code::InvalidValue, "`events` should name at least one event type", ""),
    ("handler_paths: [app/webhook.ts]", "handler_paths: [«'..\\x'»]", Code::InvalidValue, "`handler_paths` should be a path inside", ""),
    ("allow_remote: false", "source_ip: «paddle.com»", Code::InvalidValue, "`source_ip` should be an IP address, found `paddle.com`", "34.232.58.13"),
    ("allow_remote: false", "allow_remote: «no»", Code::WrongType, "`allow_remote` should be `true` or `false`", ""),
    ("allow_rows: false", "allow_rows: «1»", Code::WrongType, "`allow_rows` should be `true` or `false`", ""),
];

#[track_caller]
fn rehearsal(text: &str) -> Rehearsal {
    load(text, PATH)
        .expect("valid")
        .rehearsal
        .expect("a rehearsal")
}

fn filled(template: &config::Template) -> String {
    template.fill(|placeholder| match placeholder {
        Placeholder::AccountId => "<id>",
        Placeholder::Email => "<email>",
        Placeholder::CustomerId => "<customer>",
    })
}

#[test]
fn every_invalid_value_is_reported_at_its_place() {
    load(VALID, PATH).expect("valid");
    assert_told(VALID, MUTATIONS);
}

#[test]
fn every_key_of_a_rehearsal_is_read() {
    let read = rehearsal(EVERYTHING);
    assert_eq!(read.contract_index, 0);
    assert_eq!(read.handler, "http://localhost:3000/api/stripe/webhook");
    assert_eq!(read.secret_env, "WEBHOOK_SECRET");
    assert_eq!(read.url_env, "SCRATCH_DATABASE_URL");
    assert_eq!(read.variables(), ["WEBHOOK_SECRET", "SCRATCH_DATABASE_URL"]);
    assert_eq!(read.api_version, "2024-06-20");
    assert_eq!(read.api_versions, ["2024-06-20", "2026-10-28.endive"]);
    let visit = read.checkout.visit.as_ref().expect("a page");
    assert_eq!(
        visit.url("cs_1", |_| "x"),
        "http://localhost:3000/done?id=cs_1&u=x"
    );
    assert_eq!(read.fake.listen, "0.0.0.0:12111");
    assert_eq!(read.fake.fixtures.as_deref(), Some("billing/objects"));
    assert_eq!(read.account.len(), 2);
    assert!(read.account[1].text.contains("-- not {this}"));
    let reference = read.checkout.client_reference_id.as_ref();
    assert_eq!(reference.map(filled).as_deref(), Some("team-<id>"));
    assert_eq!(filled(&read.checkout.metadata["seats"]), "3");
    assert_eq!(
        filled(&read.subscription_metadata["note"]),
        "{\"by\": \"<email>\"}"
    );
    let gate = read.gate.expect("a gate");
    assert_eq!(filled(&gate.url), "http://localhost:3000/api/me?user=<id>");
    assert_eq!(gate.paid_pointer, "/user/plans/0/paid");
    assert_eq!(read.settle, Duration::from_millis(500));
    assert_eq!(
        read.skip.keys().collect::<Vec<_>>(),
        ["api-shapes", "quantity"]
    );
    assert_eq!(read.skip["quantity"].line, line_of("skip: [quantity"));
    assert!(read.only.expect("`only`").contains_key("trial"));
    assert_eq!(read.scenarios_dir.as_deref(), Some("billing/scenarios"));
    let events = [
        "checkout.session.completed",
        "customer.subscription.deleted",
    ];
    assert_eq!(read.events, Some(BTreeSet::from(events.map(str::to_owned))));
    assert_eq!(read.handler_paths, ["app/api/stripe/**", "lib/billing.ts"]);
    assert_eq!(read.source_ip, Some([34, 232, 58, 13].into()));
    assert!(read.allow_remote && read.allow_rows);
    assert_eq!(read.places.section.line, line_of("rehearsal:"));
    assert_eq!(read.places.handler.line, line_of("  handler:"));
}

fn line_of(text: &str) -> u32 {
    let index = EVERYTHING.lines().position(|line| line.contains(text));
    u32::try_from(index.expect(text) + 1).expect("a short file")
}

#[test]
fn only_handler_and_account_are_required() {
    let read = rehearsal(&format!("{CONTRACT}{SHORTEST}"));
    assert_eq!(read.contract_index, 0);
    assert_eq!(read.secret_env, "STRIPE_WEBHOOK_SECRET");
    assert_eq!(read.url_env, "REHEARSAL_DATABASE_URL");
    assert_eq!(read.api_version, "2026-10-28.endive");
    assert_eq!(read.fake.listen, "127.0.0.1:12111");
    assert_eq!(read.settle, Duration::from_secs(5));
    assert!(read.skip.is_empty() && read.only.is_none() && read.events.is_none());
    assert!(!read.allow_remote && !read.allow_rows);
    assert!(load(CONTRACT, PATH).expect("valid").rehearsal.is_none());
}

/// Returns the shortest rehearsal of a Paddle contract, with more lines.
fn of_paddle(lines: &str) -> String {
    let contract = CONTRACT.replace(
        "    name: users\n",
        "    name: users\n    source_of_truth: paddle\n",
    );
    format!("{contract}{SHORTEST}{lines}")
}

#[test]
fn a_paddle_contract_has_defaults_of_its_own() {
    let read = rehearsal(&of_paddle(
        "  checkout: { custom_data: { userId: '{account_id}' } }\n",
    ));
    assert_eq!(read.source, Source::Paddle);
    assert_eq!(read.secret_env, "PADDLE_WEBHOOK_SECRET");
    assert_eq!(read.fake.listen, "127.0.0.1:12112");
    assert!(read.names_account());
}

#[test]
fn keys_of_the_other_provider_are_refused() {
    let refused = |text: &str| {
        let problems = load(text, PATH).expect_err("refused");
        let messages: Vec<_> = problems.into_iter().map(|one| one.message).collect();
        messages
    };
    for line in [
        "  api_version: 2026-10-28.endive\n",
        "  subscription_metadata: { userId: '{account_id}' }\n",
        "  checkout: { client_reference_id: '{account_id}' }\n",
    ] {
        let messages = refused(&of_paddle(line));
        assert!(messages[0].contains("is a key of Stripe"), "{messages:?}");
    }
    let messages = refused(&VALID.replace("checkout: {", "checkout: { custom_data: { a: b },"));
    assert!(
        messages[0].contains("`custom_data` is a key of Paddle"),
        "{messages:?}"
    );
}

#[test]
fn fake_may_have_its_earlier_name_but_not_both() {
    let both = VALID.replace(
        "  fake_stripe:",
        "  fake: { listen: 127.0.0.1:1 }\n  fake_stripe:",
    );
    let problems = load(&both, PATH).expect_err("two names");
    assert_eq!(
        problems[0].message,
        "`fake` and `fake_stripe` are the same key"
    );
    let renamed = rehearsal(&VALID.replace("fake_stripe:", "fake:"));
    assert_eq!(renamed.fake, rehearsal(VALID).fake);
}

#[test]
fn commands_and_variables_are_kept_verbatim() {
    let migrated = VALID.replace(
        "{ url_env: REHEARSAL",
        "{ migrate: make tables, url_env: REHEARSAL",
    );
    assert_eq!(rehearsal(&migrated).migrate.as_deref(), Some("make tables"));
    let app = rehearsal(VALID).app;
    assert_eq!(app.command.as_deref(), Some("npm start"));
    assert_eq!(app.ready.as_deref(), Some("http://localhost:3000/health"));
    assert_eq!(app.env["PORT"], "3000");
    assert_eq!(
        rehearsal(&format!("{CONTRACT}{SHORTEST}")).app.command,
        None
    );
}

#[test]
fn the_database_may_generate_the_id() {
    let sql = "insert into users (email) values ({email}) returning id";
    let text = format!("{CONTRACT}{SHORTEST}").replace(
        "insert into users (id, email) values ({account_id}, {email})",
        sql,
    );
    assert_eq!(rehearsal(&text).account[0].text, sql);
}

#[test]
fn an_account_stores_its_customer_only_if_its_sql_names_it() {
    assert!(!rehearsal(VALID).stores_customer());
    let customer = VALID.replace("{email})", "{customer_id})");
    assert!(rehearsal(&customer).stores_customer());
}

#[test]
fn the_only_contract_about_subscriptions_is_the_default() {
    let read = rehearsal(&format!("{CONTRACT}{OTHERS}{SHORTEST}"));
    assert_eq!((read.contract_index, read.source), (0, Source::Stripe));
    let named = SHORTEST.replace("rehearsal:\n", "rehearsal:\n  contract: features\n");
    let read = rehearsal(&format!("{CONTRACT}{OTHERS}{named}"));
    assert_eq!(read.contract_index, 1);
    assert_eq!(read.source, Source::StripeEntitlements);
}

#[test]
fn a_contract_about_entitlements_is_rehearsed_as_stripe() {
    let read = rehearsal(&format!("version: 1\ncontracts:\n{OTHERS}{SHORTEST}"));
    assert_eq!(read.source, Source::StripeEntitlements);
    assert_eq!(read.secret_env, "STRIPE_WEBHOOK_SECRET");
    assert_eq!(read.fake.listen, "127.0.0.1:12111");
    let foreign = format!(
        "version: 1\ncontracts:\n{OTHERS}{SHORTEST}  checkout: {{ custom_data: {{ a: b }} }}\n"
    );
    let problems = load(&foreign, PATH).expect_err("a key of Paddle");
    assert!(problems[0].message.contains("is a key of Paddle"));
}

#[test]
fn a_remote_handler_is_accepted_if_the_file_allows_it() {
    let remote = VALID
        .replace("http://localhost:3000", "https://staging.example.com")
        .replace("allow_remote: false", "allow_remote: true");
    assert_eq!(
        rehearsal(&remote).handler,
        "https://staging.example.com/webhook"
    );
    for local in [
        "http://app:3000/x",
        "https://10.0.0.7/x",
        "http://[fd00::1]:80/x",
    ] {
        rehearsal(&VALID.replace("http://localhost:3000/webhook", local));
    }
}

#[test]
fn contract_and_rehearsal_problems_come_together() {
    let text = VALID
        .replace("users_table: users", "users_tabel: users")
        .replace("settle: 5s", "settle: 5")
        .replace("({account_id}, {email})", "({account}, {mail})");
    let problems = load(&text, PATH).expect_err("invalid values");
    let lines: BTreeSet<_> = problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, BTreeSet::from([5, 18, 22]));
    let text = VALID
        .replace("contracts:\n", "contract:\n")
        .replace("settle: 5s", "settle: 5");
    let problems = load(&text, PATH).expect_err("invalid values");
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains("`settle`"))
    );
}
