//! The section `rehearsal` as written in the file, before validation.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use super::{
    entry::{Entry, Pairs},
    scalars::{DurationText, Literal},
};

/// Rehearsal of billing lifecycles against the application's webhook handler, with a scratch database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
#[schemars(rename = "Rehearsal")]
pub(super) struct RawRehearsal {
    /// Name of the contract to check. Default: the only contract, or the only one that is not about entitlements; otherwise required.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) contract: Entry<String>,
    /// URL of the webhook handler.
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) handler: Entry<String>,
    /// Name of the environment variable with the handler's webhook signing secret. Default: `STRIPE_WEBHOOK_SECRET`, with Paddle `PADDLE_WEBHOOK_SECRET`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) secret_env: Entry<String>,
    /// IP address that deliveries name in `X-Forwarded-For`, for a handler that accepts only the provider's addresses. Default: none.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) source_ip: Entry<String>,
    /// Scratch database that the application writes to.
    #[serde(default)]
    pub(super) database: Entry<RawRehearsalDatabase>,
    /// Stripe's API version of the events and their objects. Default: `2026-10-28.endive`.
    #[serde(default)]
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$"))]
    pub(super) api_version: Entry<String>,
    /// Stripe's API versions in which `api-shapes` is played; the final rows must be equal. Default: only `api_version`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) api_versions: Entry<Vec<Entry<String>>>,
    /// Fake provider that the application talks to.
    #[serde(default)]
    pub(super) fake: Entry<Fake>,
    /// Old name of `fake`.
    #[serde(default)]
    pub(super) fake_stripe: Entry<Fake>,
    /// Application, if the rehearsal starts it. Default: you start it before the rehearsal.
    #[serde(default)]
    pub(super) app: Entry<RawApp>,
    /// SQL that creates an account.
    pub(super) account: Entry<RawAccount>,
    /// Fields that the application sets on a checkout.
    #[serde(default)]
    pub(super) checkout: Entry<RawCheckout>,
    /// Metadata that the application sets on a Stripe subscription. `{account_id}`, `{email}` and `{customer_id}` are replaced.
    #[serde(default)]
    pub(super) subscription_metadata: Entry<Pairs<Literal>>,
    /// Endpoint of the application that says whether an account has access. Default: none.
    #[serde(default)]
    pub(super) gate: Entry<RawGate>,
    /// Time for the handler to write after it answered; at most `10m`. Default: `5s`.
    #[serde(default)]
    pub(super) settle: Entry<DurationText>,
    /// Scenarios to play. Default: all.
    #[serde(default)]
    pub(super) scenarios: Entry<Scenarios>,
    /// Folder with your own scenarios and those that `record` writes, relative to this file. Default: none.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) scenarios_dir: Entry<String>,
    /// Event types that the webhook endpoint is registered for; no others are sent. Default: all.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) events: Entry<Vec<Entry<String>>>,
    /// Files of the handler, whose changed lines are annotated, and which `rehearse --watch` watches: paths from the root of the repository, or patterns with `*` and `**`. Default: every changed source file.
    #[serde(default)]
    pub(super) handler_paths: Entry<Vec<Entry<String>>>,
    /// Accepts a handler and a database that are neither on this machine nor on its network. Default: false.
    #[serde(default)]
    pub(super) allow_remote: Entry<bool>,
    /// Accepts a database that has accounts already. Default: false.
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
pub(super) struct RawRehearsalDatabase {
    /// Name of the environment variable with the connection URL. Default: `REHEARSAL_DATABASE_URL`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub(super) url_env: Entry<String>,
    /// Shell command that creates the application's tables, run in the folder of this file. The rehearsal runs it on a database that it creates on the server of `url_env` and drops at the end. Default: none; the tables must exist in the database of `url_env`.
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
pub(super) struct Fake {
    /// Address and port to listen on. Default: `127.0.0.1:12111`, with Paddle `127.0.0.1:12112`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) listen: Entry<String>,
    /// Folder with initial objects, relative to this file.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) fixtures: Entry<String>,
    /// File that contains the fake's address while a rehearsal runs, relative to this file. If `PRODVERDICT_STRIPE_API` or `PRODVERDICT_PADDLE_API` of the application is the path of this file, its requests go to that address. Default: none.
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
pub(super) struct RawApp {
    /// Command for `/bin/sh` that runs the application in the foreground, in the folder of this file. A command after `--` on the command line overrides it.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) command: Entry<String>,
    /// URL that answers with success when the application is ready. Default: the port of `handler` accepts connections.
    #[serde(default)]
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) ready: Entry<String>,
    /// Additional environment variables for the application. Values that look like API keys, or are URLs with a password, are refused, except dummy test keys such as `sk_test_dummy`.
    #[serde(default)]
    pub(super) env: Entry<Pairs<Literal>>,
}

/// SQL that creates an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping such as `{sql: …}`")]
#[schemars(rename = "Account")]
pub(super) struct RawAccount {
    /// One statement, or a list. `{account_id}`, `{email}` and `{customer_id}` are bound as parameters.
    pub(super) sql: Entry<Statements>,
}

/// Fields that the application sets on a checkout.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `client_reference_id`, `metadata`, `custom_data` and `visit`"
)]
#[schemars(rename = "Checkout")]
pub(super) struct RawCheckout {
    /// `client_reference_id` of a Stripe session. `{account_id}`, `{email}` and `{customer_id}` are replaced.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) client_reference_id: Entry<String>,
    /// `metadata` of a Stripe session. `{account_id}`, `{email}` and `{customer_id}` are replaced.
    #[serde(default)]
    pub(super) metadata: Entry<Pairs<Literal>>,
    /// `custom_data` of a Paddle checkout. `{account_id}`, `{email}` and `{customer_id}` are replaced.
    #[serde(default)]
    pub(super) custom_data: Entry<Pairs<Literal>>,
    /// Success page of the application, requested with GET after each Checkout and before any event. Redirects to another host are not followed. `{session_id}`, `{account_id}`, `{email}` and `{customer_id}` are replaced. Default: none.
    #[serde(default)]
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) visit: Entry<String>,
}

/// Endpoint of the application that says whether an account has access.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `url` and `paid`")]
#[schemars(rename = "Gate")]
pub(super) struct RawGate {
    /// URL to request with GET. `{account_id}`, `{email}` and `{customer_id}` are replaced.
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) url: Entry<String>,
    /// Path of the boolean in the JSON response, such as `$.user.paid`.
    #[schemars(regex(pattern = r"^\$"))]
    pub(super) paid: Entry<String>,
}

/// Scenarios to play.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{skip: [quantity]}`"
)]
pub(super) struct Scenarios {
    /// Ids of scenarios to skip.
    #[serde(default)]
    pub(super) skip: Entry<Vec<Entry<String>>>,
    /// Ids of the only scenarios to play.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) only: Entry<Vec<Entry<String>>>,
}

/// One SQL statement, or a list of them.
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
