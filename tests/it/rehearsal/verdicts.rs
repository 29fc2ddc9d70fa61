//! Verdicts of plays: each bug of a handler in an app of a few lines, and its message.

use testing::{node_app::Packages, program::write};

use super::{
    example_app::{ExampleApp, SETTLE},
    skipped,
    small::{ACCOUNTS, RIGHT, Small},
};

/// Starts an app; skips the test with a message if Node is missing.
fn example(small: &Small<'_>) -> Option<ExampleApp> {
    match Packages::install() {
        Ok(packages) => Some(ExampleApp::small(packages, small)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

const UNLISTED: &str =
    "called    requests that name no object of this play, such as for a price, are not listed";

/// Queries the API for the customer's subscriptions and stores the status of one; `past_due` and `unpaid` are ignored.
const FORGETS_DUNNING: &str = "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { customer } = event.data.object;
    const { data } = await stripe.subscriptions.list({ customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    const status = one?.status ?? 'canceled';
    if (['active', 'trialing', 'canceled', 'paused', 'incomplete', 'incomplete_expired'].includes(status)) {
      await db.query(
        'update accts set status = $1 where stripe_customer_id = $2 and status is distinct from $1',
        [status, customer],
      );
    }";

#[test]
fn a_medium_finding_does_not_hide_a_high_one() {
    for status in ["", "        status: status\n"] {
        let contract = format!(
            "{}{status}    grace: {{ past_due: 14d }}\n",
            ACCOUNTS.contract
        );
        let small = Small {
            contract: &contract,
            handler: FORGETS_DUNNING,
            ..ACCOUNTS
        };
        let Some(example) = example(&small) else {
            return;
        };
        let ran = example.rehearse("--scenario dunning").run().with_status(1);
        let first = ran.stdout.lines().next();
        assert_eq!(first, Some("[HIGH] scenario:dunning/unpaid"));
        // One cause is one finding.
        assert_eq!(ran.stdout.matches("scenario:").count(), 1, "{ran:?}");
        let medium = "The row is wrong since dunning/payment-fails-2 (status-drift).";
        assert_eq!(ran.stdout.contains(medium), !status.is_empty(), "{ran:?}");
    }
}

#[test]
fn a_finding_lists_the_calls_for_shared_objects() {
    let handler = format!("await stripe.prices.list({{ limit: 1 }});\n{FORGETS_DUNNING}");
    let small = Small {
        handler: &handler,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let rehearse = |jobs| {
        let arguments = format!("--scenario dunning --scenario cancel-now --jobs {jobs}");
        example.rehearse(&arguments).run().with_status(1)
    };
    let side_by_side = rehearse(8).says(&["called    GET /v1/prices?limit=1: 200"]);
    assert!(!side_by_side.stdout.contains(UNLISTED), "{side_by_side:?}");
    assert_eq!(rehearse(1).stdout, side_by_side.stdout);
}

#[test]
fn a_finding_that_a_replay_does_not_reproduce_has_a_note() {
    let handler = format!(
        "await stripe.prices.list({{ limit: 1 }});
    const {{ customer: buyer }} = event.data.object;
    if (event.type === 'invoice.payment_failed') globalThis.forgotten ??= buyer;
    if (globalThis.forgotten === buyer) return;
    {RIGHT}"
    );
    let small = Small {
        handler: &handler,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example.rehearse("--scenario dunning --jobs 1").run();
    ran.with_status(1)
        .says(&["[HIGH] scenario:dunning/payment-fails", UNLISTED]);
}

#[test]
fn a_handler_that_answers_first_and_writes_later_loses_writes() {
    let handler = format!(
        "response.writeHead(200).end();
    if (!event.type.startsWith('customer.subscription.')) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
    {RIGHT}"
    );
    let small = Small {
        handler: &handler,
        settle: "2s",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example
        .rehearse("--scenario failing-write")
        .run()
        .with_status(1);
    ran.says(&[
        "[HIGH] scenario:failing-write/end-not-written",
        "failed after the handler had answered 200 to customer.subscription.deleted",
        "the row was still wrong when the time `settle` was over",
        "If your queue repeats failed jobs, set `settle` above its first retry",
    ]);
}

#[test]
fn an_error_that_later_events_of_the_step_repair_is_not_a_finding() {
    let handler = format!(
        "if (event.type === 'checkout.session.completed') {{
      await stripe.subscriptions.retrieve(event.data.object.subscription).catch(() => {{}});
    }}
    if (!event.type.startsWith('customer.subscription.')) return;
    {RIGHT}"
    );
    let small = Small {
        handler: &handler,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    example
        .rehearse("--scenario failing-write")
        .run()
        .with_status(0);
}

#[test]
fn an_own_scenario_asserts_its_access() {
    let small = Small {
        handler: RIGHT,
        rehearsal: "  scenarios_dir: own\n",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    for (access, act, event, says) in [
        (
            "no",
            "checkout: { trial_days: 14 }",
            "customer.subscription.created",
            "The scenario expects no access, but the row grants it",
        ),
        (
            "yes",
            "pause: {}",
            "customer.subscription.paused",
            "The scenario expects access, but the row does not grant it",
        ),
    ] {
        let scenario = format!(
            "id: mine
title: t
ends: e
why: w
plays:
  - steps:
      - {{ id: begins, does: it begins, provider: [{{ checkout: {{}} }}], send: [customer.subscription.created] }}
      - {{ id: goes-on, does: it goes on, provider: [{{ {act} }}], send: [{event}], then: {{ access: {access} }} }}
"
        );
        std::fs::create_dir_all(example.folder.path().join("own")).expect("a folder");
        write(example.folder.path(), "own/mine.yml", &scenario);
        let ran = example.rehearse("--scenario mine").run().with_status(1);
        ran.says(&["scenario:mine/goes-on", says]);
    }
}

#[test]
fn a_rule_of_the_rehearsal_is_turned_off() {
    let handler = format!("try {{ {RIGHT} }} catch {{}}");
    let rules = "    rules: { swallowed-error: low }\n";
    let contract = format!("{}{rules}", ACCOUNTS.contract);
    let small = Small {
        handler: &handler,
        contract: &contract,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example
        .rehearse("--format json --scenario failing-write")
        .run();
    let found = "swallowed-error scenario:failing-write/end-not-written".to_owned();
    assert!(ran.findings().contains(&found), "{ran:?}");
    let ran = ran.json();
    let severities: Vec<_> = ran["findings"]
        .as_array()
        .expect("an array")
        .iter()
        .collect();
    let of_rule = |finding: &&&serde_json::Value| finding["rule"] == "swallowed-error";
    assert!(
        severities
            .iter()
            .filter(of_rule)
            .all(|finding| finding["severity"] == "low")
    );
    example.replace("swallowed-error: low", "swallowed-error: off");
    let ran = example
        .rehearse("--format json --scenario failing-write")
        .run();
    assert!(!ran.findings().contains(&found), "{ran:?}");
}

#[test]
fn a_column_that_two_fields_read_is_reported_once() {
    let contract = format!("{}        status: status\n", ACCOUNTS.contract);
    let small = Small {
        handler: "return;",
        contract: &contract,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example
        .rehearse("--scenario first-purchase")
        .run()
        .with_status(1);
    let row = ran.stdout.lines().find(|line| line.contains("row       "));
    let row = row.expect("a row");
    assert!(row.contains("has_paid_access false, status null"), "{row}");
}

#[test]
fn a_separate_cancel_at_column_needs_the_contract() {
    let handler = "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { data } = await stripe.subscriptions.list({ customer: event.data.object.customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    await db.query(
      'update accts set status = $1, ends = $3, ends_at = to_timestamp($4) where stripe_customer_id = $2',
      [one.status, one.customer, one.cancel_at_period_end, one.cancel_at],
    );"
    .replace("ends_at", "cancel_at");
    let contract = format!(
        "{}        cancel_at_period_end: ends\n    fail_on: medium\n",
        ACCOUNTS.contract
    );
    let small = Small {
        schema: "create table accts (id text primary key, email text, stripe_customer_id text unique, status text, \
                 ends boolean not null default false, cancel_at timestamptz)",
        handler: &handler,
        contract: &contract,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example
        .rehearse("--scenario cancel-at-period-end")
        .run()
        .with_status(1);
    ran.says(&[
        "the row keeps `cancel_at` apart",
        "cancel_at_period_end: \"(ends or cancel_at is not null)\"",
    ]);
}

/// Two tables with serial keys, and a handler that keeps one row per subscription.
const SERIAL: Small<'static> = Small {
    schema: "create table users (id serial primary key, email text, stripe_customer_id text unique);
             create table subscriptions (id serial primary key, user_id int not null references users (id), \
             stripe_subscription_id text not null unique, plan text not null, active boolean not null)",
    contract: "    database:
      url_env: DATABASE_URL
      query: |
        select users.id, users.stripe_customer_id, coalesce(live.active, false) as has_paid_access,
          coalesce(live.plan, 'free') as plan
        from users left join lateral (
          select plan, active from subscriptions where user_id = users.id and active order by id desc limit 1
        ) as live on true
    plans: { price_pro: pro, price_team: team }
",
    account: "insert into users (email, stripe_customer_id) values ({email}, {customer_id}) returning id",
    rehearsal: "",
    handler: "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { id, customer } = event.data.object;
    const { rows: [user] } = await db.query('select id from users where stripe_customer_id = $1', [customer]);
    if (!user) return;
    const one = await stripe.subscriptions.retrieve(id).catch((error) => {
      if (error.code !== 'resource_missing') throw error;
      return { status: 'canceled', items: { data: [] } };
    });
    const plans = { price_pro: 'pro', price_team: 'team' };
    const known = one.items.data.map((item) => plans[item.price.id]).find(Boolean);
    const { rows: [row] } = await db.query('select * from subscriptions where stripe_subscription_id = $1', [id]);
    const plan = known ?? row?.plan;
    if (!plan) return;
    const paused = one.pause_collection?.behavior === 'void';
    const active = ['active', 'trialing'].includes(one.status) && !paused;
    if (!row) {
      await db.query(
        'insert into subscriptions (user_id, stripe_subscription_id, plan, active) values ($1, $2, $3, $4)',
        [user.id, id, plan, active],
      ).catch((error) => { if (error.code !== '23505') throw error; });
    }
    await db.query(
      'update subscriptions set plan = $2, active = $3 where stripe_subscription_id = $1 \
       and (plan, active) is distinct from ($2, $3)',
      [id, plan, active],
    );",
    visit: "",
    settle: SETTLE,
};

#[test]
fn serial_ids_make_nobody_the_owner_of_a_row() {
    let Some(example) = example(&SERIAL) else {
        return;
    };
    let few = "--scenario first-purchase --scenario resubscribe --scenario bystanders";
    for run in 0..5 {
        example
            .database
            .run("truncate users, subscriptions restart identity");
        let ran = example.rehearse(few).run();
        assert_eq!(ran.status, Some(0), "run {run}: {ran:#?}");
    }
}

#[test]
fn columns_returned_by_a_query_are_mapped() {
    let contract = SERIAL
        .contract
        .replace("as plan\n", "as plan, 1 as seats\n");
    let small = Small {
        contract: &contract,
        ..SERIAL
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example.rehearse("--format json --scenario quantity").run();
    let findings = ran.with_status(1).findings();
    let first = findings.first().map(String::as_str);
    assert_eq!(first, Some("seat-drift scenario:quantity/bought"));
}

/// Queries the API for the customer's subscriptions and stores the status of one.
const FORGETS_NOTHING: &str = "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { customer } = event.data.object;
    const { data } = await stripe.subscriptions.list({ customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [one?.status ?? 'canceled', customer]);";

/// A table that mirrors the provider's customers gets its row of this customer only now.
#[test]
fn a_new_row_with_the_e_mail_of_another_is_the_customers() {
    let handler = format!(
        "
    if (event.type === 'customer.updated') {{
      const {{ id, email }} = event.data.object;
      await db.query('insert into mirror (id, email) values ($1, $2) on conflict (id) do update set email = $2', [id, email]);
    }}
    {FORGETS_NOTHING}"
    );
    let schema = format!(
        "{}; create table mirror (id text primary key, email text)",
        ACCOUNTS.schema
    );
    let small = Small {
        schema: &schema,
        handler: &handler,
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    example
        .rehearse("--scenario customer-gone")
        .run()
        .with_status(0);
}

#[test]
fn the_success_page_is_visited_after_checkout() {
    let small = Small {
        schema: "create table accts (id text primary key, email text, stripe_customer_id text unique, status text)",
        account: "insert into accts (id, email) values ({account_id}, {email})",
        rehearsal: "  checkout: { client_reference_id: \"{account_id}\", visit: \"{base}/done?session={session_id}&user={account_id}\" }\n",
        handler: RIGHT,
        visit: "
    const session = await stripe.checkout.sessions.retrieve(query.get('session'));
    if (session.client_reference_id !== query.get('user')) throw new Error('somebody else');
    const { status } = await stripe.subscriptions.retrieve(session.subscription);
    await db.query('update accts set stripe_customer_id = $2, status = $3 where id = $1', [query.get('user'), session.customer, status]);",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let few = "--scenario first-purchase --scenario cancel-now --scenario bystanders";
    example.rehearse(few).run().with_status(0);
    example.replace("visit: ", "metadata: {}, visit: ");
    example.replace("/done?session={session_id}", "/done?session=none");
    let ran = example
        .rehearse("--scenario first-purchase")
        .run()
        .with_status(1);
    ran.says(&["visited   http://127.0.0.1:"]);
}

#[test]
fn api_shapes_plays_the_listed_versions() {
    // Reads the field's place before basil, which the newest version no longer has.
    let contract = format!(
        "{}        period_end: ends\n    fail_on: medium\n",
        ACCOUNTS.contract
    );
    let small = Small {
        schema: "create table accts (id text primary key, email text, stripe_customer_id text unique, status text, ends timestamptz)",
        contract: &contract,
        handler: "
    if (!event.type.startsWith('customer.subscription.')) return;
    const one = event.data.object;
    await db.query(
      'update accts set status = $1, ends = to_timestamp($3) where stripe_customer_id = $2',
      [one.status, one.customer, one.current_period_end],
    );",
        rehearsal: "  api_version: 2024-06-20\n",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    example
        .rehearse("--scenario api-shapes")
        .run()
        .with_status(0);
    example.replace(
        "  api_version: 2024-06-20\n",
        "  api_versions: [2024-06-20, 2026-10-28.endive]\n",
    );
    let ran = example
        .rehearse("--scenario api-shapes")
        .run()
        .with_status(1);
    ran.says(&[
        "events of version 2026-10-28.endive",
        "`items.data[].current_period_end`",
    ]);
}

#[test]
fn a_local_time_without_zone_is_a_time_of_writing() {
    let small = Small {
        schema: "create table accts (id text primary key, email text, stripe_customer_id text unique, status text, \
                 updated_at timestamp not null default localtimestamp);
                 do $$ begin execute format('alter database %I set timezone to %L', current_database(), 'Asia/Tokyo'); \
                 end $$",
        handler: "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { data } = await stripe.subscriptions.list({ customer: event.data.object.customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    if (!one) return;
    await db.query(
      'update accts set status = $1, updated_at = localtimestamp where stripe_customer_id = $2',
      [one.status, one.customer],
    );",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example.rehearse("--scenario redelivery").run();
    ran.with_status(0).says(&["redelivery  held"]);
}

#[test]
fn a_late_write_is_not_charged_to_a_later_step() {
    let handler = format!(
        "response.writeHead(200).end();
    if (event.type.startsWith('invoice.')) {{
      const {{ id, customer }} = event.data.object;
      await new Promise((resolve) => setTimeout(resolve, 150));
      await db.query('update accts set invoice = coalesce(invoice, $1) where stripe_customer_id = $2', [id, customer]);
      return;
    }}
    {RIGHT}"
    );
    let small = Small {
        schema: "create table accts (id text primary key, email text, stripe_customer_id text unique, status text, \
                 invoice text)",
        handler: &handler,
        settle: "3s",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let few =
        "--scenario first-purchase --scenario redelivery --scenario unknown-event --scenario trial";
    example.rehearse(few).run().with_status(0);
}

#[test]
fn a_queue_that_restores_access_late_is_seen() {
    let small = Small {
        handler: "
    response.writeHead(200).end();
    if (!event.type.startsWith('customer.subscription.')) return;
    const { status, customer } = event.data.object;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [status, customer]);",
        settle: "3s",
        ..ACCOUNTS
    };
    let Some(example) = example(&small) else {
        return;
    };
    let ran = example
        .rehearse("--scenario first-purchase --scenario cancel-now")
        .run();
    ran.with_status(1)
        .says(&["[HIGH] scenario:cancel-now/stale-update"]);
}
