//! An app of a few lines in Node: a handler, and the columns that it writes.

use tempfile::TempDir;
use testing::{
    node_app::Packages,
    program::{folder, write},
};

use super::PaddleApp;

const SERVER: &str = include_str!("small.js");

/// The table of all these apps.
const SCHEMA: &str =
    "create table accts (id text primary key, email text not null, ctm text, sub text, status text,
  plan text not null default 'free', ends timestamptz, ending boolean not null default false)";

/// The parts that differ between such apps.
#[derive(Debug, Clone, Copy)]
pub(super) struct SmallPaddle<'s> {
    /// The body of `handle(event, { db, paddle, find, store, headers })`.
    pub(super) handler: &'s str,
    /// More lines of `columns:`.
    pub(super) columns: &'s str,
    /// More lines of the contract.
    pub(super) contract: &'s str,
    /// More lines of `rehearsal:`.
    pub(super) rehearsal: &'s str,
    /// `account.sql`.
    pub(super) account: &'s str,
}

/// An app whose accounts have no customer before the first purchase.
pub(super) const SMALL: SmallPaddle<'static> = SmallPaddle {
    handler: "",
    columns: "",
    contract: "",
    rehearsal: "",
    account: "insert into accts (id, email) values ({account_id}, {email})",
};

impl SmallPaddle<'_> {
    pub(super) fn start(&self, packages: &Packages) -> PaddleApp {
        let files: TempDir = folder(&[]);
        let handler = self.handler;
        let module = format!(
            "export async function handle(event, {{ db, paddle, find, store, headers }}) {{\n{handler}\n}}\n"
        );
        write(files.path(), "package.json", "{\"type\": \"module\"}");
        write(files.path(), "server.js", SERVER);
        write(files.path(), "handler.js", &module);
        PaddleApp::start(packages, (SCHEMA, files), |base, listen| {
            self.configuration(base, listen)
        })
    }

    fn configuration(&self, base: &str, listen: &str) -> String {
        let Self {
            columns,
            contract,
            rehearsal,
            account,
            ..
        } = self;
        format!(
            "version: 1
contracts:
  - type: access
    name: shop
    source_of_truth: paddle
    paddle: {{ api_key_env: PADDLE_API_KEY }}
    database:
      url_env: DATABASE_URL
      users_table: accts
      columns:
        id: id
        customer_id: ctm
        has_paid_access: {{ column: status, in: [active, trialing] }}
{columns}
    fail_on: medium
{contract}
rehearsal:
  handler: {base}/webhook
  database: {{ url_env: REHEARSAL_DATABASE_URL }}
  fake: {{ listen: {listen} }}
  account: {{ sql: \"{account}\" }}
  checkout: {{ custom_data: {{ userId: \"{{account_id}}\" }} }}
{rehearsal}
"
        )
    }
}
