//! `rehearsal:` as it is written.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use super::{
    document::{Lasting, Literal},
    entry::{Entry, Pairs},
};

/// Plays billing lifecycles against the application's own webhook handler, beside a scratch database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
#[schemars(rename = "Rehearsal")]
pub(super) struct Written {
    /// Name of the contract that judges. Default: the only one.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) contract: Entry<String>,
    /// URL of the webhook handler.
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) handler: Entry<String>,
    /// Name of the environment variable that holds the test secret that the handler verifies with. Default: `STRIPE_WEBHOOK_SECRET`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) secret_env: Entry<String>,
    /// The scratch database that the application writes to.
    #[serde(default)]
    pub(super) database: Entry<Database>,
    /// API version of the events, and so the shape of their objects. Default: `2026-10-28.endive`.
    #[serde(default)]
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$"))]
    pub(super) api_version: Entry<String>,
    /// API versions in which `api-shapes` is played; the rows have to end the same. Default: that of `api_version` alone.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) api_versions: Entry<Vec<Entry<String>>>,
    /// The fake provider that the application talks to.
    #[serde(default)]
    pub(super) fake_stripe: Entry<FakeStripe>,
    /// The application, where the rehearsal starts it. Default: it runs already.
    #[serde(default)]
    pub(super) app: Entry<App>,
    /// How an account comes to be.
    pub(super) account: Entry<Account>,
    /// What the application gives to a Checkout session.
    #[serde(default)]
    pub(super) checkout: Entry<Checkout>,
    /// Metadata that the application gives to a subscription. Placeholders are filled in.
    #[serde(default)]
    pub(super) subscription_metadata: Entry<Pairs<Literal>>,
    /// Asks the application itself whether an account has paid access. Default: it is not asked.
    #[serde(default)]
    pub(super) gate: Entry<Gate>,
    /// How long the handler may take to write after it answered. Default: `5s`.
    #[serde(default)]
    pub(super) settle: Entry<Lasting>,
    /// Which scenarios are played. Default: all.
    #[serde(default)]
    pub(super) scenarios: Entry<Scenarios>,
    /// Folder with scenarios of your own, relative to this file.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) scenarios_dir: Entry<String>,
    /// The event types that the webhook endpoint is registered for; no others are sent to it. Default: all.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) events: Entry<Vec<Entry<String>>>,
    /// Files of the handler, whose changed lines findings are shown at: paths, or patterns with `*` and `**`. Default: every changed file that decides something.
    #[serde(default)]
    pub(super) handler_paths: Entry<Vec<Entry<String>>>,
    /// Accepts a handler and a database that are neither on this machine nor on its network. Default: false.
    #[serde(default)]
    pub(super) allow_remote: Entry<bool>,
    /// Accepts a database that holds accounts already. Default: false.
    #[serde(default)]
    pub(super) allow_rows: Entry<bool>,
}

/// The scratch database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{url_env: REHEARSAL_DATABASE_URL}`"
)]
#[schemars(rename = "RehearsalDatabase")]
pub(super) struct Database {
    /// Name of the environment variable that holds the connection URL. Default: `REHEARSAL_DATABASE_URL`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) url_env: Entry<String>,
    /// Shell command that makes the application's tables, in the folder of this file. It runs on a database that the rehearsal creates on the server of `url_env` and drops at its end. Default: the database of `url_env` has them.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) migrate: Entry<String>,
}

/// The fake provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{listen: 127.0.0.1:12111}`"
)]
pub(super) struct FakeStripe {
    /// Address and port that it listens on. Default: `127.0.0.1:12111`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) listen: Entry<String>,
    /// Folder with objects that it holds from the start, relative to this file.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) fixtures: Entry<String>,
    /// File that holds its address while a rehearsal runs, relative to this file. The redirect reads it where `PRODVERDICT_STRIPE_API` names it. Default: none is written.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) address_file: Entry<String>,
}

/// The application that a rehearsal starts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{command: npm start}`"
)]
#[schemars(rename = "RehearsalApp")]
pub(super) struct App {
    /// Shell command that runs the application in the foreground, in the folder of this file. The words behind `--` on the command line take its place.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) command: Entry<String>,
    /// URL that answers with success as soon as the application is ready. Default: the port of `handler`.
    #[serde(default)]
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) ready: Entry<String>,
    /// Variables for the application, beside those that the rehearsal sets.
    #[serde(default)]
    pub(super) env: Entry<Pairs<Literal>>,
}

/// How an account comes to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping such as `{sql: …}`")]
pub(super) struct Account {
    /// One statement, or a list of them. `{account_id}`, `{email}` and `{customer_id}` in it are bound as parameters.
    pub(super) sql: Entry<Statements>,
}

/// What the application gives to a Checkout session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `client_reference_id`, `metadata` and `visit`"
)]
pub(super) struct Checkout {
    /// Its `client_reference_id`. Placeholders are filled in.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) client_reference_id: Entry<String>,
    /// Its `metadata`. Placeholders are filled in.
    #[serde(default)]
    pub(super) metadata: Entry<Pairs<Literal>>,
    /// The success page of the application, which is asked for with GET after each Checkout. `{session_id}` and the placeholders are filled in. Default: none.
    #[serde(default)]
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) visit: Entry<String>,
}

/// Where the application itself says whether an account has paid access.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `url` and `paid`")]
pub(super) struct Gate {
    /// What is asked, with GET. Placeholders are filled in.
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) url: Entry<String>,
    /// Where the boolean is in the JSON that is answered, such as `$.user.paid`.
    #[schemars(regex(pattern = r"^\$"))]
    pub(super) paid: Entry<String>,
}

/// Which scenarios are played.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{skip: [quantity]}`"
)]
pub(super) struct Scenarios {
    /// Ids of scenarios that are left out.
    #[serde(default)]
    pub(super) skip: Entry<Vec<Entry<String>>>,
    /// Ids of the scenarios that are played, and no others.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) only: Entry<Vec<Entry<String>>>,
}

/// One text, or a list of them.
#[derive(Debug)]
pub(super) enum Statements {
    One(String),
    List(Vec<Entry<String>>),
}

impl<'de> Deserialize<'de> for Statements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatementsVisitor)
    }
}

struct StatementsVisitor;

impl<'de> Visitor<'de> for StatementsVisitor {
    type Value = Statements;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one SQL statement as text, or a list of them")
    }

    fn visit_str<E>(self, text: &str) -> Result<Statements, E> {
        Ok(Statements::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Statements, A::Error> {
        let mut statements = Vec::new();
        while let Some(statement) = list.next_element()? {
            statements.push(statement);
        }
        if statements.is_empty() {
            return Err(A::Error::custom("at least one SQL statement"));
        }
        Ok(Statements::List(statements))
    }
}

impl JsonSchema for Statements {
    fn schema_name() -> Cow<'static, str> {
        "Statements".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
            ]
        })
    }
}
