//! Handlers that store what is delivered: their inbox is no state of an account, but a ledger is.

use testing::node_app::Packages;

use super::{
    example_app::ExampleApp,
    skipped,
    small::{ACCOUNTS, RIGHT, Small},
};

/// Tables beside the accounts.
const TABLES: &str = "; create table webhook_events (id text primary key, type text not null, customer_id text, \
     payload jsonb not null, attempts integer not null default 1, last_error text, processed_at timestamptz);
     create table audit_log (id serial primary key, event_id text, action text, customer_id text); \
     create table credits (id serial primary key, event_id text, customer_id text, amount integer)";

/// Stores each event before it is processed, and how that went; answers a processed one at once.
const INBOX: &str = "
    const { object } = event.data;
    const customer = object.object === 'customer' ? object.id : object.customer ?? null;
    const { rows: [stored] } = await db.query(
      'insert into webhook_events (id, type, customer_id, payload) values ($1, $2, $3, $4) \
       on conflict (id) do update set attempts = webhook_events.attempts + 1 returning processed_at',
      [event.id, event.type, customer, event],
    );
    await db.query(
      'insert into audit_log (event_id, action, customer_id) values ($1, $2, $3)',
      [event.id, event.type, customer],
    );
    if (stored.processed_at) return;
    {apply}
    try {
      await apply();
    } catch (error) {
      await db.query('update webhook_events set last_error = $2 where id = $1', [event.id, String(error)]);
      throw error;
    }
    await db.query('update webhook_events set processed_at = now() where id = $1', [event.id]);";

/// Stores the status from the API, whatever page of the list it is on.
const APPLY: &str = "const apply = async () => {
      if (!event.type.startsWith('customer.subscription.')) return;
      const all = [];
      for await (const one of stripe.subscriptions.list({ customer, status: 'all' })) all.push(one);
      const status = (all.find((one) => ['active', 'trialing'].includes(one.status)) ?? all[0])?.status;
      await db.query('update accts set status = $1 where stripe_customer_id = $2', [status ?? 'canceled', customer]);
    };";

/// Starts an app with these tables; skips the test with a message if Node is missing.
fn example(handler: &str, contract: &str) -> Option<ExampleApp> {
    let schema = format!("{}{TABLES}", ACCOUNTS.schema);
    let small = Small {
        schema: &schema,
        handler,
        contract,
        ..ACCOUNTS
    };
    match Packages::install() {
        Ok(packages) => Some(ExampleApp::small(packages, &small)),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

#[test]
fn a_right_handler_with_an_inbox_passes_every_scenario() {
    let handler = INBOX.replace("{apply}", APPLY);
    let Some(example) = example(&handler, ACCOUNTS.contract) else {
        return;
    };
    example.rehearse("").run().with_status(0);
}

#[test]
fn an_event_that_is_remembered_before_the_write_fails_is_seen_behind_an_inbox() {
    let inbox = INBOX.replace(
        "if (stored.processed_at) return;",
        "if (stored.attempts > 1) return;",
    );
    let inbox = inbox.replace("returning processed_at", "returning attempts");
    let handler = inbox.replace("{apply}", APPLY);
    let Some(example) = example(&handler, ACCOUNTS.contract) else {
        return;
    };
    let ran = example.rehearse("--scenario failing-write").run();
    ran.with_status(1).says(&[
        "[HIGH] scenario:failing-write/end-delivered-again",
        "is the event's id remembered before the write that failed",
    ]);
}

#[test]
fn a_ledger_that_a_repeated_event_doubles_is_seen() {
    let handler = format!(
        "if (event.type === 'invoice.paid') {{
      await db.query(
        'insert into credits (event_id, customer_id, amount) values ($1, $2, 100)',
        [event.id, event.data.object.customer],
      );
    }}
    {RIGHT}"
    );
    let Some(example) = example(&handler, ACCOUNTS.contract) else {
        return;
    };
    let ran = example.rehearse("--scenario redelivery").run();
    ran.with_status(1).says(&[
        "scenario:redelivery/at-once",
        "A repeated event changed the row again: a row of credits was added",
    ]);
}

#[test]
fn events_that_the_contract_reads_are_state() {
    let contract = "    database:
      url_env: DATABASE_URL
      query: |
        select id, stripe_customer_id, coalesce((select action from audit_log
          where customer_id = stripe_customer_id order by audit_log.id desc limit 1)
          in ('customer.subscription.active', 'customer.subscription.trialing'), false) as has_paid_access from accts
";
    let handler = "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { data } = await stripe.subscriptions.list({ customer: event.data.object.customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    if (!one) return;
    await db.query(
      'insert into audit_log (event_id, action, customer_id) values ($1, $2, $3)',
      [event.id, `customer.subscription.${one.status}`, one.customer],
    );";
    let Some(example) = example(handler, contract) else {
        return;
    };
    let ran = example.rehearse("--scenario redelivery").run();
    ran.with_status(1).says(&[
        "scenario:redelivery/at-once",
        "A repeated event changed the row again: a row of audit_log was added",
    ]);
}
