//! Tests of `explain` for accounts and customers: live and recorded, in few requests, whatever their ids contain.

use fake_stripe::{Customer, Event, Key, Permission, Status, Subscription, World};
use serde_json::{Value, json};
use testing::{
    database::Database,
    program::{KEY, Program, ProgramOutput, folder, write},
};

use super::live::{Live, NOW, contract, contract_with};
use crate::prodverdict;

const DAY: i64 = 86_400;

/// 2026-11-23T00:00:00Z
const AT: &str = "--now=2026-11-23T00:00:00Z";

const PLANS: &str = "plans: { price_pro: pro }";

fn subscription(name: &str, status: Status) -> Subscription {
    Subscription::new(&format!("cus_{name}"), status)
        .id(&format!("sub_{name}"))
        .price("price_pro")
        .created(NOW - 40 * DAY)
}

/// Alice pays and has no access; Bob left a day ago and kept it; Carol and Dave share a customer; Olga has no account.
fn world() -> World {
    let mut world = World::new(NOW);
    world.subscription(subscription("alice", Status::Active));
    world.subscription(subscription("bob", Status::Canceled).with(|details| {
        details.ended_at = Some(NOW - DAY);
    }));
    world.subscription(subscription("shared", Status::Active));
    world.subscription(subscription("olga", Status::Active));
    world.customer(Customer::new("cus_new"));
    world
}

const ROWS: &str = "('usr_alice', 'cus_alice', false, 'free'), ('usr_bob', 'cus_bob', true, 'pro'), \
    ('usr_carol', 'cus_shared', true, 'pro'), ('usr_dave', 'cus_shared', true, 'pro'), \
    ('usr_gift', null, true, 'pro'), ('usr_staff', 'cus_staff', true, 'pro'), ('usr_new', 'cus_new', false, 'free')";

fn live_with(more: &[&str]) -> Live {
    let more: Vec<_> = more.iter().copied().chain([PLANS]).collect();
    let contract = contract_with(&["plan: plan"], &more);
    Live::new(world(), Database::of_users(ROWS), &contract)
}

impl Live {
    fn explain(&self, entity: &str, options: &str) -> ProgramOutput {
        let program = self.program("explain").argument(AT).argument(entity);
        let options = options.split_whitespace();
        self.run(options.fold(program, Program::argument))
    }
}

/// Returns the line of a table that begins with this label.
#[track_caller]
fn line(ran: &ProgramOutput, label: &str) -> String {
    let begins = |line: &&str| {
        let rest = line.trim_start().strip_prefix(label);
        rest.is_some_and(|rest| rest.starts_with("  "))
    };
    let found: Vec<_> = ran.stdout.lines().filter(begins).collect();
    assert_eq!(found.len(), 1, "{label}: {}", ran.stdout);
    let rest = found[0].trim_start().trim_start_matches(label);
    rest.trim_start().to_owned()
}

fn without_quiet_rules(stdout: &str) -> String {
    let is_quiet = |line: &&str| line.contains("  n/a  ") || line.contains("  holds  ");
    let lines = stdout.lines().filter(|line| !is_quiet(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_revenue_leak_is_reported_with_its_evidence_in_three_requests() {
    let live = live_with(&["evidence: on"]);
    live.stripe.world(|world| {
        world.event(Event {
            id: "evt_created".into(),
            created: NOW - DAY,
            kind: "customer.subscription.created".into(),
            api_version: "2020-08-27".into(),
            object: json!({"id": "sub_alice", "object": "subscription"}),
            previous_attributes: None,
            request: None,
            idempotency_key: None,
            pending_webhooks: 1,
        });
    });
    let ran = live.explain("user:usr_alice", "").with_status(1);
    assert_eq!(
        without_quiet_rules(&ran.stdout),
        "user:usr_alice
  id                  usr_alice
  stripe_customer_id  cus_alice
  has_paid_access     false
  plan                free

Stripe customer:cus_alice
  state  granting: `sub_alice` grants, and one is enough

subscription:sub_alice (decides)
  status   active
  counts   grants: `active` is a granting status and `price_pro` is plan `pro`
  price    price_pro → pro, quantity 1, 20.00 USD a month
  created  2026-10-14T00:00:00Z
  period   2026-11-13T00:00:00Z to 2026-12-13T00:00:00Z

rules
  revenue-leak            BROKEN  high

[HIGH] user:usr_alice
User has an active/trialing Stripe subscription but has_paid_access is false.
Revenue leak — user cannot access paid features.
Webhook not delivered — customer.subscription.created of 2026-11-22T00:00:00Z (evt_created) was not accepted by an endpoint.
fix: Set has_paid_access=true in your webhook handler on subscription activation.
     Fix the endpoint first, then: stripe events resend evt_created
evidence: subscription sub_alice of customer cus_alice is active (price_pro → pro), period ends 2026-12-13T00:00:00Z
          user usr_alice: has_paid_access = false, plan = free
          webhook customer.subscription.created of 2026-11-22T00:00:00Z (evt_created) is not accepted by an endpoint

VERDICT: FAIL"
    );
    assert_eq!(
        line(&ran, "wrongful-access"),
        "holds   `has_paid_access` is false"
    );
    assert_eq!(
        line(&ran, "seat-drift"),
        "n/a     the contract maps no `seats`"
    );
    assert_eq!(
        ran.stderr,
        "Read 1 account and 1 subscription in 3 requests.\n"
    );
    let requests = live.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert_eq!(
        requests[0],
        "/v1/subscriptions?customer=cus_alice&status=all&limit=100"
    );
}

#[test]
fn the_same_is_found_by_every_way_to_name_it_in_one_request() {
    let live = live_with(&[]);
    let named = live.explain("user:usr_alice", "").with_status(1).stdout;
    for entity in ["usr_alice", "cus_alice", "customer:cus_alice"] {
        live.stripe.clear_requests();
        let ran = live.explain(entity, "").with_status(1);
        assert_eq!(ran.stdout, named, "{entity}");
        assert_eq!(live.requests().len(), 1, "{entity}: {:?}", live.requests());
    }
}

#[test]
fn a_subscription_leads_to_its_customer_and_account() {
    let live = live_with(&[]);
    let named = live.explain("user:usr_alice", "").with_status(1).stdout;
    for entity in ["sub_alice", "subscription:sub_alice"] {
        live.stripe.clear_requests();
        let ran = live.explain(entity, "").with_status(1);
        assert_eq!(ran.stdout, named, "{entity}");
        assert_eq!(
            live.requests(),
            [
                "/v1/subscriptions/sub_alice?",
                "/v1/subscriptions?customer=cus_alice&status=all&limit=100"
            ]
        );
    }
    live.explain("sub_nobody", "").unanswered();
    // A row may store a subscription of somebody else, or one that is gone.
    let configuration = contract_with(&["plan: plan", "subscription_id: sub"], &[PLANS]);
    live.configure(&configuration);
    live.database.run(
        "alter table users add sub text; update users set sub = 'sub_alice' where id = 'usr_bob'; \
         update users set sub = 'sub_gone' where id = 'usr_new'",
    );
    live.explain("sub_alice", "")
        .with_status(1)
        .says(&["user:usr_alice\n", "user:usr_bob\n"]);
    live.explain("sub_gone", "")
        .with_status(0)
        .says(&["user:usr_new\n"]);
}

/// Adds e-mail addresses to both sides. The row spells the address differently from Stripe.
fn with_addresses(live: &Live) {
    live.stripe.world(|world| {
        world.customer(Customer::new("cus_alice").email("alice@example.com"));
        world.customer(Customer::new("cus_olga").email("alice@example.com"));
        world.customer(Customer::new("cus_bob").email("ALICE@example.com"));
    });
    live.database.run(
        "alter table users add email text; \
         update users set email = 'Alice@Example.com' where id = 'usr_alice'",
    );
}

#[test]
fn an_address_finds_the_account_in_any_case_and_customers_exactly() {
    let live = live_with(&[]);
    with_addresses(&live);
    for entity in ["alice@example.com", "email:alice@example.com"] {
        live.stripe.clear_requests();
        let ran = live
            .explain(entity, "")
            .with_status(1)
            .says(&["user:usr_alice\n", "Stripe customer:cus_olga"]);
        assert!(!ran.stdout.contains("usr_bob"), "{}", ran.stdout);
        assert_eq!(
            live.requests()[0],
            "/v1/customers?email=alice@example.com&limit=100"
        );
    }
    let ran = live
        .explain("ALICE@EXAMPLE.COM", "")
        .with_status(1)
        .says(&["user:usr_alice\n"]);
    assert!(!ran.stdout.contains("cus_olga"), "{}", ran.stdout);
    live.explain("nobody@example.com", "")
        .unanswered()
        .says(&["`columns.email`"]);
}

#[test]
fn the_column_of_addresses_can_be_mapped() {
    let live = live_with(&[]);
    live.database
        .run("alter table users add mail json; update users set mail = '{\"to\": \"b@x.de\"}' where id = 'usr_bob'");
    let map = |email: &str| contract_with(&["plan: plan", email], &[PLANS]);
    live.configure(&map("email: { sql: \"mail ->> 'to'\" }"));
    live.explain("B@x.de", "")
        .with_status(1)
        .says(&["user:usr_bob\n"]);
    live.configure(&map("email: adress"));
    live.explain("b@x.de", "")
        .unanswered()
        .says(&["`adress`, which `email` is mapped to"]);
    // Nothing else reads the column.
    live.explain("usr_bob", "").with_status(1);
    let query = "version: 1
contracts:
  - type: access
    stripe: { secret_env: STRIPE_SECRET_KEY }
    confirm_after: 0
    evidence: off
    database:
      query: select id, stripe_customer_id, has_paid_access, mail ->> 'to' as email from users
";
    live.configure(query);
    live.explain("b@x.de", "")
        .with_status(1)
        .says(&["user:usr_bob\n"]);
}

#[test]
fn recorded_rows_are_found_by_their_address() {
    let rows = json!([
        {"id": 1, "stripe_customer_id": null, "has_paid_access": false, "email": "Ada@x.de"},
        {"id": 2, "stripe_customer_id": null, "has_paid_access": false, "email": null},
    ]);
    let folder = folder(&[
        ("prodverdict.yml", &contract(&[])),
        ("fixtures/stripe/subscriptions.json", "[]"),
        ("fixtures/db/users.json", &rows.to_string()),
    ]);
    let program = prodverdict("explain --fixtures ada@x.de").within(folder.path());
    let ran = program.run().with_status(0).says(&["user:1\n"]);
    assert!(!ran.stdout.contains("user:2"), "{}", ran.stdout);
}

#[test]
fn a_text_with_several_meanings_is_reported() {
    let live = live_with(&[]);
    live.database
        .run("insert into users values ('cus_bob', null, false, 'free'), ('cus_self', 'cus_self', false, 'free')");
    live.explain("cus_bob", "").with_status(1).says(&[
        "`cus_bob` is the id of a user and the id of a customer; all of them are explained",
        "write `user:cus_bob` or `customer:cus_bob` for one of them",
        "user:usr_bob\n",
    ]);
    for clear in ["user:cus_bob", "customer:cus_bob", "cus_self", "usr_bob"] {
        let ran = live.explain(clear, "");
        assert!(!ran.stderr.contains("all of them"), "{}", ran.stderr);
    }
}

#[test]
fn a_customer_is_explained_with_the_account_that_it_pays_for() {
    let live = live_with(&[]);
    live.stripe.world(|world| {
        let paying = Customer::new("cus_olga");
        world.customer(paying.with(|details| {
            details.metadata.insert("userId".into(), "usr_bob".into());
        }));
    });
    let ran = live.explain("customer:cus_olga", "").with_status(1);
    assert_eq!(line(&ran, "customer-mismatch"), "BROKEN  high");
    assert!(line(&ran, "orphan-subscription").starts_with("holds"));
    ran.says(&["[HIGH] user:usr_bob", "pays as cus_olga (metadata.userId)"]);
    // A check says the same.
    let checked = live.check();
    let checked = checked.says(&["pays as cus_olga (metadata.userId)"]);
    assert!(
        !checked.stdout.contains("customer:cus_olga"),
        "{}",
        checked.stdout
    );
    // Without a listing, nobody knows who else pays for the account.
    let ran = live.explain("user:usr_bob", "").with_status(1);
    assert_eq!(
        line(&ran, "customer-mismatch"),
        "n/a     only a check reads the customers that may pay for the user"
    );
}

#[test]
fn redaction_leaves_nothing_that_identifies_somebody() {
    let live = live_with(&[]);
    with_addresses(&live);
    let personal = [
        "usr_alice",
        "cus_alice",
        "sub_alice",
        "cus_olga",
        "sub_olga",
        "usr_carol",
        "cus_shared",
        "usr_nobody",
        "example.com",
    ];
    for entity in [
        "user:usr_alice",
        "cus_alice",
        "sub_alice",
        "alice@example.com",
        "customer:cus_olga",
        "usr_carol",
        "usr_nobody",
        "nobody@example.com",
    ] {
        for format in ["text", "json"] {
            let ran = live.explain(entity, &format!("--redact ids --format {format}"));
            for id in personal {
                assert!(!ran.all().contains(id), "{entity}: {id} in {}", ran.all());
            }
        }
    }
    live.explain("user:usr_alice", "--redact ids")
        .with_status(1)
        .says(&["user:usr…e\n", "cus…e", "Revenue leak"]);
    // Requests and statements are logged without the address.
    let program = live.program("-vv explain alice@example.com").argument(AT);
    let ran = live.run(program).with_status(1);
    assert!(!ran.all().contains("alice@"), "{}", ran.all());
}

#[test]
fn grace_and_its_end_are_reported() {
    let left = live_with(&[]).explain("usr_bob", "").with_status(1);
    assert_eq!(
        line(&left, "counts"),
        "does not grant: `canceled` does not grant"
    );
    left.says(&[
        "[HIGH] user:usr_bob",
        "Wrongful access",
        "ended    2026-11-22T00:00:00Z",
    ]);
    let in_grace = live_with(&["grace: { canceled: 2d }"])
        .explain("usr_bob", "")
        .with_status(0);
    assert!(
        in_grace.stdout.ends_with("\n\nVERDICT: PASS\n"),
        "{}",
        in_grace.stdout
    );
    assert_eq!(
        line(&in_grace, "counts"),
        "in grace: `canceled` does not grant, but `grace.canceled` (from its end, 2026-11-22T00:00:00Z) \
         lasts until 2026-11-24T00:00:00Z"
    );
    assert_eq!(
        line(&in_grace, "state"),
        "in grace: nothing grants, and `sub_bob` is in grace"
    );
    let over = live_with(&["grace: { canceled: 12h }"])
        .explain("usr_bob", "")
        .with_status(1);
    assert!(
        line(&over, "counts").ends_with("ended 2026-11-22T12:00:00Z"),
        "{}",
        over.stdout
    );
}

#[test]
fn an_exempt_account_is_shown_and_not_judged() {
    let live = live_with(&["exempt: [usr_bob]"]);
    let ran = live.explain("usr_bob", "").with_status(0);
    assert_eq!(
        line(&ran, "(exempt)"),
        "never judged: the contract lists it under `exempt`"
    );
    assert!(
        line(&ran, "wrongful-access").starts_with("n/a     the user is exempt"),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_account_without_a_customer_takes_no_request() {
    let live = live_with(&["fail_on: low"]);
    let ran = live.explain("usr_gift", "").with_status(1);
    assert_eq!(line(&ran, "stripe_customer_id"), "null");
    assert!(!ran.stdout.contains("customer:"), "{}", ran.stdout);
    ran.says(&[
        "[LOW] accounts:unlinked",
        "Read 1 account and 0 subscriptions.\n",
    ]);
    assert_eq!(live.requests(), [""; 0]);
}

#[test]
fn a_customer_of_two_accounts_is_shown_with_both() {
    let live = live_with(&[]);
    let ran = live.explain("user:usr_dave", "").with_status(0);
    assert_eq!(
        line(&ran, "revenue-leak usr_carol"),
        "holds   `has_paid_access` is true"
    );
    assert_eq!(
        line(&ran, "revenue-leak usr_dave"),
        "holds   `has_paid_access` is true"
    );
    assert_eq!(line(&ran, "duplicate-customer"), "BROKEN  medium");
    ran.says(&[
        "\nuser:usr_dave\n",
        "user:usr_carol\n",
        "linked to 2 users",
        "VERDICT: WARN",
    ]);
    assert_eq!(live.requests().len(), 1);
}

#[test]
fn a_customer_without_an_account_is_known_from_the_provider_alone() {
    let live = live_with(&["fail_on: medium"]);
    for entity in ["cus_olga", "customer:cus_olga"] {
        let ran = live.explain(entity, "").with_status(1);
        assert_eq!(line(&ran, "orphan-subscription"), "BROKEN  medium");
        assert_eq!(
            line(&ran, "revenue-leak"),
            "n/a     no user is linked to the customer"
        );
    }
    // A customer without subscriptions is not a finding; one that Stripe may not know is reported as such.
    let ran = live.explain("cus_new", "").with_status(0);
    assert_eq!(
        line(&ran, "state"),
        "none: Stripe knows the customer, and it has no subscription at all"
    );
    let ran = live.explain("cus_staff", "").with_status(1);
    assert_eq!(
        line(&ran, "state"),
        "none: Stripe shows no subscription of it, nor that there is such a customer"
    );
}

#[test]
fn an_unknown_entity_gives_no_answer() {
    let live = live_with(&[]);
    // An account is searched in the database only, anything else at the provider too.
    for (entity, requests) in [
        ("user:nobody", 0),
        ("customer:cus_nobody", 2),
        ("nobody", 2),
        ("", 0),
    ] {
        live.stripe.clear_requests();
        let ran = live.explain(entity, "").unanswered();
        let says = format!("the provider knows an account or customer `{entity}`");
        ran.says(&[
            &says,
            "write `user:<id>`, `customer:<id>` or `subscription:<id>`",
            "Nothing was explained.",
        ]);
        assert_eq!(
            live.requests().len(),
            requests,
            "{entity}: {:?}",
            live.requests()
        );
    }
    let ran = live.explain("usr_alice", "--contract teams").unanswered();
    ran.says(&["there is no contract `teams`", "name one of `users`"]);
}

#[test]
fn a_key_of_the_other_mode_causes_no_findings() {
    let live = live_with(&[]);
    live.stripe.world(|world| world.livemode = false);
    live.explain("usr_bob", "").unanswered();
}

#[test]
fn every_contract_that_knows_an_account_explains_it() {
    let live = live_with(&[]);
    let users = contract_with(&["plan: plan"], &[PLANS]);
    let teams = contract(&["entity: team", "exempt: [usr_bob]"])
        .replace("version: 1\ncontracts:\n", "")
        .replace("name: users", "name: teams");
    live.configure(&format!("{users}{teams}"));
    let ran = live.explain("usr_bob", "").with_status(1);
    ran.says(&[
        "contract users\n",
        "contract teams\n",
        "user:usr_bob\n",
        "team:usr_bob\n",
    ]);
    let ran = live.explain("team:usr_bob", "").with_status(0);
    assert!(!ran.stdout.contains("user:usr_bob"), "{}", ran.stdout);
    live.explain("usr_bob", "--contract teams").with_status(0);
    live.configure(&format!(
        "{users}{}",
        teams.replace("users_table: users", "users_table: nowhere")
    ));
    let ran = live.explain("usr_bob", "").with_status(2);
    ran.says(&[
        "[HIGH] user:usr_bob (contract users)",
        "error[database-mapping]: no verdict (contract teams)",
        "nowhere",
    ]);
}

#[test]
fn columns_are_shown_as_they_are_mapped() {
    let live = live_with(&[]);
    let configuration = contract(&[]).replace(
        "has_paid_access: has_paid_access",
        "has_paid_access: { column: plan, in: [pro, team] }\n        exempt: { sql: \"plan = 'free'\" }\n        \
         updated_at: { sql: \"timestamp '2026-11-01 12:00'\" }",
    );
    live.configure(&configuration);
    let ran = live.explain("usr_alice", "").with_status(0);
    assert_eq!(line(&ran, "has_paid_access"), "false  (plan in pro, team)");
    assert_eq!(line(&ran, "exempt"), "true  (computed)");
    assert_eq!(line(&ran, "updated_at"), "2026-11-01T12:00:00Z  (computed)");
}

#[test]
fn a_stored_subscription_leads_to_its_customer() {
    let live = live_with(&[]);
    live.stripe.world(|world| {
        world.subscription(subscription("old", Status::Canceled).with(|details| {
            details.ended_at = Some(NOW - 30 * DAY);
        }));
        let moved = Subscription::new("cus_old", Status::Active).id("sub_now");
        world.subscription(moved.price("price_pro"));
    });
    live.database.run(
        "create table members (id text, sub text, paid boolean); \
         insert into members values ('usr_1', 'sub_old', false), ('usr_2', 'sub_now', true), ('usr_3', 'sub_gone', true)",
    );
    let role = format!("{}_reader", live.database.name);
    live.database
        .run(&format!("grant select on members to {role}"));
    let configuration = contract(&[])
        .replace(
            "users_table: users",
            "users_table: members\n      match_on: subscription_id",
        )
        .replace(
            "stripe_customer_id: stripe_customer_id",
            "subscription_id: sub",
        )
        .replace("has_paid_access: has_paid_access", "has_paid_access: paid");
    live.configure(&configuration);
    // Each account is judged by its own subscription.
    let ran = live.explain("usr_1", "").with_status(0).says(&[
        "Stripe customer:cus_old",
        "subscription:sub_now (decides)",
        "subscription:sub_old (decides)",
        "user:usr_2\n",
    ]);
    let requests = live.requests();
    assert_eq!(
        requests,
        [
            "/v1/subscriptions/sub_old?",
            "/v1/subscriptions?customer=cus_old&status=all&limit=100"
        ]
    );
    let by_customer = live.explain("customer:cus_old", "").with_status(0);
    assert_eq!(by_customer.stdout, ran.stdout);
    live.database
        .run("update members set paid = true where id = 'usr_1'");
    let ran = live.explain("usr_1", "").with_status(1);
    assert!(
        ran.stdout.contains("wrongful-access         BROKEN  high"),
        "{}",
        ran.stdout
    );
    // A subscription that Stripe does not know belongs to nobody.
    let ran = live.explain("usr_3", "").with_status(1);
    assert_eq!(
        line(&ran, "state"),
        "none: Stripe does not know the stored subscription"
    );
    assert_eq!(line(&ran, "no-subscription"), "BROKEN  high");
}

#[test]
fn entitlements_are_explained_as_such() {
    let live = live_with(&[]);
    live.stripe
        .world(|world| world.entitle("cus_alice", "feat_reports"));
    let configuration = contract(&["source_of_truth: stripe_entitlements"])
        .replace("    stripe: {", "    entitlements: {");
    live.configure(&configuration);
    let ran = live.explain("usr_alice", "").with_status(1);
    assert_eq!(
        line(&ran, "feature"),
        "feat_reports (plans are not checked)"
    );
    assert_eq!(
        line(&ran, "state"),
        "granting: it has an active entitlement, and one is enough"
    );
    assert_eq!(live.requests().len(), 1);
}

#[test]
fn paddle_is_explained_by_its_own_statuses() {
    let paddle = contract(&["source_of_truth: paddle"]).replace(
        "    stripe: { secret_env: STRIPE_SECRET_KEY }\n",
        "    paddle: { api_key_env: PADDLE_API_KEY }\n",
    );
    let subscriptions = json!([
        {"id": "sub_1", "customerId": "ctm_1", "status": "past_due", "priceIds": ["pri_1"]},
        {"id": "sub_2", "customerId": "ctm_2", "status": "active", "priceIds": ["pri_1"]},
    ]);
    let rows = json!([{"id": 1, "stripe_customer_id": "ctm_1", "has_paid_access": true}]);
    let folder = folder(&[
        ("prodverdict.yml", &paddle),
        (
            "fixtures/paddle/subscriptions.json",
            &subscriptions.to_string(),
        ),
        ("fixtures/db/users.json", &rows.to_string()),
    ]);
    let explain = |entity: &str| {
        let program = prodverdict("explain --fixtures").argument(entity);
        program.within(folder.path()).run()
    };
    let ran = explain("1").with_status(1);
    assert_eq!(
        line(&ran, "counts"),
        "does not grant: `past_due` does not grant"
    );
    assert_eq!(line(&ran, "price"), "pri_1 (plans are not checked)");
    ran.says(&[
        "Paddle customer:ctm_1",
        "[HIGH] user:1\n",
        "Read 1 account and 1 subscription.\n",
    ]);
    explain("ctm_2")
        .with_status(0)
        .says(&["Paddle customer:ctm_2", "VERDICT: WARN"]);
}

#[test]
fn credentials_that_are_missing_are_named() {
    let live = live_with(&[]);
    let program = live
        .program("explain usr_alice")
        .without("STRIPE_SECRET_KEY");
    live.run(program)
        .unanswered()
        .says(&["`STRIPE_SECRET_KEY` is not set"]);
    let program = live.program("explain usr_alice --config nowhere.yml");
    live.run(program)
        .unanswered()
        .says(&["`nowhere.yml` cannot be read"]);
}

#[test]
fn a_key_that_may_not_read_events_still_explains() {
    let live = live_with(&["evidence: on"]);
    live.stripe.world(|world| {
        let may = [Permission::SubscriptionRead, Permission::CustomerRead];
        world.keys.add(Key::restricted(KEY, may));
    });
    let ran = live.explain("usr_alice", "").with_status(1);
    assert_eq!(ran.stderr.matches("[WARNING]").count(), 1, "{}", ran.stderr);
    ran.says(&["`evidence: off` skips this"]);
}

#[test]
fn hidden_rows_and_unreadable_rows_give_no_answer() {
    let live = live_with(&[]);
    live.database.run(
        "insert into users values ('usr_twice', 'cus_alice', true, 'pro'), ('usr_twice', 'cus_bob', false, 'pro')",
    );
    let ran = live.explain("usr_twice", "").unanswered();
    ran.says(&[
        "account `usr_twice` is on more than one row",
        "customer:cus_alice",
        "customer:cus_bob",
    ]);
    live.explain("customer:cus_bob", "").unanswered();
    live.database
        .run("alter table users alter has_paid_access type text using id");
    live.explain("usr_alice", "")
        .unanswered()
        .says(&["`has_paid_access` of the row with id `usr_alice`"]);
    live.database
        .run("alter table users enable row level security");
    live.explain("usr_alice", "")
        .unanswered()
        .says(&["row-level security", "bypassrls"]);
}

#[test]
fn an_id_in_another_case_is_another_account() {
    let live = live_with(&[]);
    live.database.run(
        "create collation insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
         alter table users alter id type text collate insensitive; \
         insert into users values ('USR_ALICE', 'cus_alice2', true, 'pro')",
    );
    let ran = live.explain("usr_alice", "").with_status(1);
    assert!(!ran.stdout.contains("USR_ALICE"), "{}", ran.stdout);
}

#[test]
fn recorded_explanations_match_the_schema() {
    let schema = include_str!("../../../schema/explanation.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let example = "--config examples/nextjs-stripe/prodverdict.yml --fixtures --fixtures-dir \
         examples/nextjs-stripe/scenarios/fail-wrongful-access";
    let explain = |entity: &str, more: &str| {
        prodverdict(&format!("explain {entity} {example} --format json {more}")).run()
    };
    for (entity, status) in [("usr_alice", 1), ("cus_alice", 1), ("nobody", 2)] {
        let ran = explain(entity, "").with_status(status);
        let errors: Vec<_> = validator
            .iter_errors(&ran.json())
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let document = explain("usr_alice", AT).with_status(1).json();
    let customer = &document["contracts"][0]["customers"][0];
    assert_eq!(customer["id"], "cus_alice");
    assert_eq!(customer["state"]["state"], "not granting");
    assert_eq!(
        customer["accounts"][0]["fields"][2],
        json!({"key": "has_paid_access", "column": "has_paid_access", "value": true})
    );
    let is_broken = |rule: &&Value| rule["outcome"] == "broken";
    let rules = customer["rules"].as_array().expect("an array");
    let broken: Vec<_> = rules
        .iter()
        .filter(is_broken)
        .map(|rule| rule["rule"].clone())
        .collect();
    assert_eq!(broken, ["wrongful-access"]);
    assert_eq!(
        document["contracts"][0]["findings"][0]["entity"],
        "user:usr_alice"
    );
    let missing = prodverdict("explain x --config no-such-file.yml --format json").run();
    assert!(validator.is_valid(&missing.with_status(2).json()));
}

#[test]
fn the_tour_shows_the_actual_output() {
    let page = include_str!("../../../docs/tour.md").replace("\\\n", " ");
    let (_, block) = page
        .split_once("$ prodverdict explain ")
        .expect("an example");
    let (arguments, shown) = block.split_once('\n').expect("a line");
    let (shown, _) = shown.split_once("```").expect("an end");
    let ran = prodverdict(&format!("explain {arguments}"))
        .run()
        .with_status(1);
    let mut printed = ran.stdout.lines();
    for line in shown
        .lines()
        .filter(|line| !["", "…", "  …"].contains(line))
    {
        assert!(
            printed.any(|printed| printed == line),
            "`{line}` is not printed there:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn hostile_ids_have_no_effect() {
    let folder = folder(&[("prodverdict.yml", &contract_with(&["plan: plan"], &[PLANS]))]);
    for text in [
        "\u{1b}[2J\u{1b}[31mred\u{7}",
        "a\n::error::VERDICT\nb",
        "::add-mask::b",
        "##[error]a",
        "x\n\nVERDICT: PASS\n",
        "\u{202e}desrever\u{2066}\u{2028}",
        "**bold** [link](https://evil.example) <img src=x> @everyone ` | ~~~",
        "--config",
        "user:user:7",
    ] {
        let subscription = |id: &str, status: &str, price: &str| json!({"id": id, "customerId": text, "status": status, "priceIds": [price]});
        let subscriptions = json!([
            subscription(text, "active", "price_pro"),
            subscription("sub_b", text, text)
        ]);
        let rows = json!([{"id": text, "stripe_customer_id": text, "has_paid_access": false, "plan": text}]);
        write(
            folder.path(),
            "fixtures/stripe/subscriptions.json",
            &subscriptions.to_string(),
        );
        write(folder.path(), "fixtures/db/users.json", &rows.to_string());
        for entity in [
            text.to_owned(),
            format!("user:{text}"),
            format!("customer:{text}"),
            format!("{text}?"),
        ] {
            let program = prodverdict("-vv explain --fixtures --").within(folder.path());
            let ran = program.argument(&entity).run();
            // Text with an `@` is never a customer id.
            let is_known = !entity.ends_with('?') && !text.contains('@');
            let (status, verdict) = if is_known { (1, "FAIL") } else { (2, "ERROR") };
            let ran = ran.with_status(status);
            for line in ran.all().lines() {
                assert!(!line.chars().any(char::is_control), "{line:?}");
                assert!(
                    !line.contains(['\u{202e}', '\u{2066}', '\u{2028}']),
                    "{line:?}"
                );
                assert!(
                    !line.trim_start().starts_with("::") && !line.contains("##["),
                    "{line:?}"
                );
                assert!(
                    !line.starts_with("VERDICT") || line == format!("VERDICT: {verdict}"),
                    "{line:?}"
                );
            }
        }
    }
}
