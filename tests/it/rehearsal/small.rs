//! An app of a few lines in Node: a schema, a contract, a handler.

use std::path::Path;

use tempfile::TempDir;
use testing::{
    database::Database,
    node_app::{NodeApp, Packages},
    program::{folder, write},
};

use super::example_app::{SETTLE, in_node};

const SERVER: &str = include_str!("small.js");

/// The parts that differ between such apps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Small<'s> {
    pub(crate) schema: &'s str,
    /// The lines of the contract after `stripe:`.
    pub(crate) contract: &'s str,
    /// `account.sql`.
    pub(crate) account: &'s str,
    /// More lines of `rehearsal:`.
    pub(crate) rehearsal: &'s str,
    /// The body of `handle(event, { db, stripe, response })`.
    pub(crate) handler: &'s str,
    /// The body of `visit(query, { db, stripe })`, which handles any GET; it redirects to another host.
    pub(crate) visit: &'s str,
    pub(crate) settle: &'s str,
}

/// Accounts with a customer and a status, and their contract.
pub(crate) const ACCOUNTS: Small<'static> = Small {
    schema: "create table accts (id text primary key, email text, stripe_customer_id text unique, status text)",
    contract: "    database:
      url_env: DATABASE_URL
      users_table: accts
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: { column: status, in: [active, trialing] }
",
    account: "insert into accts (id, email, stripe_customer_id) values ({account_id}, {email}, {customer_id})",
    rehearsal: "",
    handler: "",
    visit: "",
    settle: SETTLE,
};

impl Small<'_> {
    pub(crate) fn configuration(&self, handler: &str, listen: &str) -> String {
        let Self {
            contract,
            account,
            rehearsal,
            settle,
            ..
        } = self;
        let base = handler.trim_end_matches("/api/stripe/webhook");
        let rehearsal = rehearsal.replace("{base}", base);
        format!(
            "version: 1
contracts:
  - type: access
    name: shop
    source_of_truth: stripe
    stripe: {{ secret_env: STRIPE_SECRET_KEY }}
{contract}rehearsal:
  handler: {handler}
  secret_env: STRIPE_WEBHOOK_SECRET
  database: {{ url_env: REHEARSAL_DATABASE_URL }}
  fake_stripe: {{ listen: {listen} }}
  account: {{ sql: \"{account}\" }}
  settle: {settle}
{rehearsal}"
        )
    }
}

/// Starts it, redirected to the fake.
pub(crate) fn start(
    packages: &Packages,
    small: &Small<'_>,
    database: &Database,
    listen: &str,
    preload: &Path,
) -> NodeApp {
    let directory: TempDir = folder(&[]);
    let Small { handler, visit, .. } = small;
    let handler = format!(
        "export async function handle(event, {{ db, stripe, response }}) {{\n{handler}\n}}\n\
         export async function visit(query, {{ db, stripe }}) {{\n{visit}\n}}\n"
    );
    write(directory.path(), "package.json", "{\"type\": \"module\"}");
    write(directory.path(), "server.js", SERVER);
    write(directory.path(), "handler.js", &handler);
    in_node(database, listen, preload, |environment| {
        NodeApp::run(packages, directory, environment)
    })
}

/// A handler that stores the status from the API whenever a subscription changes.
pub(crate) const RIGHT: &str = "
    if (!event.type.startsWith('customer.subscription.')) return;
    const { data } = await stripe.subscriptions.list({ customer: event.data.object.customer, status: 'all' });
    const one = data.find((one) => ['active', 'trialing'].includes(one.status)) ?? data[0];
    if (!one) return;
    await db.query('update accts set status = $1 where stripe_customer_id = $2', [one.status, one.customer]);";
