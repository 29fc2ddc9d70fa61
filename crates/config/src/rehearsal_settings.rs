//! A valid `rehearsal:` section.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use super::{
    place_tree::PlaceTree,
    placeholder::{Placeholder, Template},
    sql::{CheckedSql, SqlPiece},
};
use contract::Source;
use problem::Place;

/// The `rehearsal:` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// Index of the contract that judges the rows.
    pub contract_index: usize,
    /// Source of that contract.
    pub source: Source,
    /// URL of the webhook handler, http or https.
    pub handler: String,
    /// Environment variable with the secret that the handler verifies signatures with.
    pub secret_env: String,
    /// Sender's address that deliveries name in `X-Forwarded-For`.
    pub source_ip: Option<IpAddr>,
    /// Environment variable with the URL of the scratch database.
    pub url_env: String,
    /// Shell command that creates the tables. With it, the URL is that of a server on which a database is created.
    pub migrate: Option<String>,
    /// API version as written. Its form is valid, but the version may not exist.
    pub api_version: String,
    /// API versions, as written, in which `api-shapes` is played; the final rows must be equal. Empty: only `api_version`.
    pub api_versions: Vec<String>,
    pub fake: FakeSettings,
    pub app: AppSettings,
    /// Statements that create an account, in order; at least one.
    pub account: Vec<AccountStatement>,
    pub checkout: CheckoutSettings,
    pub subscription_metadata: BTreeMap<String, Template>,
    pub gate: Option<Gate>,
    /// Time in which the handler may still write after it responded.
    pub settle: Duration,
    /// Scenarios to skip, with their places in the file.
    pub skip: BTreeMap<String, Place>,
    /// The only scenarios to play, with their places in the file; `None` for all.
    pub only: Option<BTreeMap<String, Place>>,
    pub scenarios_dir: Option<String>,
    /// Event types that the endpoint is registered for; `None` for all.
    pub events: Option<BTreeSet<String>>,
    /// Paths in the repository, or patterns for them.
    pub handler_paths: Vec<String>,
    pub allow_remote: bool,
    pub allow_rows: bool,
    pub places: RehearsalPlaces,
}

impl Rehearsal {
    /// Returns the names of the environment variables that a rehearsal needs besides those of its contract.
    pub fn variables(&self) -> [&str; 2] {
        [&self.secret_env, &self.url_env]
    }

    /// Returns true if an account stores its customer from the start.
    pub fn stores_customer(&self) -> bool {
        let pieces = self
            .account
            .iter()
            .flat_map(|statement| &statement.sql.pieces);
        let customer = SqlPiece::Value(Placeholder::CustomerId);
        pieces.into_iter().any(|piece| *piece == customer)
    }

    /// Returns true if the application's subscriptions identify the account in their metadata.
    pub fn names_account(&self) -> bool {
        let of_checkout = &self.checkout.custom_data;
        let mut templates = self
            .subscription_metadata
            .values()
            .chain(of_checkout.values());
        templates.any(|template| {
            [Placeholder::AccountId, Placeholder::Email]
                .into_iter()
                .any(|placeholder| template.contains(placeholder))
        })
    }
}

/// Places for problems of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalPlaces {
    pub section: Place,
    pub handler: Place,
    /// Place of the version; `None` for the default.
    pub api_version: Option<Place>,
    pub api_versions: Option<Place>,
    pub scenarios_dir: Option<Place>,
    tree: PlaceTree,
}

impl RehearsalPlaces {
    /// Creates the places from those of the section.
    pub(super) fn new(tree: PlaceTree) -> Self {
        let place = |key| tree.find(key, None).cloned();
        let section = tree.place().clone();
        Self {
            handler: place("handler").unwrap_or_else(|| section.clone()),
            api_version: place("api_version"),
            api_versions: place("api_versions"),
            scenarios_dir: place("scenarios_dir"),
            section,
            tree,
        }
    }

    /// Returns the place of the entry under a key of the section, such as `scenarios.only`, or else of the key, or else
    /// of the section.
    pub(super) fn of_key(&self, key: &str, entry: Option<&str>) -> &Place {
        self.tree.find(key, entry).unwrap_or(&self.section)
    }
}

/// The fake provider that the application connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeSettings {
    /// IP address and port.
    pub listen: String,
    /// Folder with the objects that exist at the start.
    pub fixtures: Option<String>,
    /// File that holds the address during a rehearsal.
    pub address_file: Option<String>,
}

/// The application, if the rehearsal starts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppSettings {
    /// Shell command.
    pub command: Option<String>,
    /// An http or https URL that responds once the application is ready.
    pub ready: Option<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
}

/// A statement that creates an account, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStatement {
    /// The text as written.
    pub text: String,
    pub sql: CheckedSql<Placeholder>,
}

/// Parameters that the application passes to a Checkout session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckoutSettings {
    pub client_reference_id: Option<Template>,
    pub metadata: BTreeMap<String, Template>,
    pub custom_data: BTreeMap<String, Template>,
    pub visit: Option<Visit>,
}

/// The success page that a browser would request after Checkout: its URL, split at each `{session_id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit(pub(super) Vec<Template>);

impl Visit {
    /// Placeholder for the id of the session.
    pub const SESSION: &str = "{session_id}";

    /// Returns its URL. Values have to be percent-encoded.
    pub fn url<S: AsRef<str>>(&self, session: &str, value_of: impl Fn(Placeholder) -> S) -> String {
        let parts: Vec<_> = self.0.iter().map(|part| part.fill(&value_of)).collect();
        parts.join(session)
    }
}

/// Endpoint of the application that returns whether an account has paid access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Values have to be percent-encoded before they are filled in.
    pub url: Template,
    /// Path of the answer as written, such as `$.user.paid`.
    pub paid: String,
    /// The path as a JSON pointer, such as `/user/paid`.
    pub paid_pointer: String,
}
