//! A valid `rehearsal:` section, ready to be played.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    key_places::KeyPlaces,
    placeholder::{Placeholder, Template},
    sql::{CheckedSql, Piece},
};
use crate::problem::Place;

/// The `rehearsal:` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// Which of the contracts judges, by its position in the file. It reads Stripe.
    pub contract_index: usize,
    /// The webhook handler: an http or https URL.
    pub handler: String,
    /// The environment variable that holds the secret that the handler verifies with.
    pub secret_env: String,
    /// The environment variable that holds the URL of the scratch database.
    pub url_env: String,
    /// Makes the tables, for the shell; then the URL is that of a server on which a database is created.
    pub migrate: Option<String>,
    /// As written, of the right form; whether there is such a version is not known here.
    pub api_version: String,
    /// Of the same form: the versions of which the rows have to end the same. Empty: only the one above.
    pub api_versions: Vec<String>,
    pub fake_stripe: FakeStripeSettings,
    pub app: AppSettings,
    /// What makes an account, in order; at least one.
    pub account: Vec<AccountStatement>,
    pub checkout: CheckoutSettings,
    pub subscription_metadata: BTreeMap<String, Template>,
    pub gate: Option<Gate>,
    /// How long the handler may take to write after it answered.
    pub settle: Duration,
    /// The scenarios that are left out, and where the file says so.
    pub skip: BTreeMap<String, Place>,
    /// The only scenarios that are played, and where the file says so; none: all.
    pub only: Option<BTreeMap<String, Place>>,
    pub scenarios_dir: Option<String>,
    /// The event types that the endpoint is registered for; none: all.
    pub events: Option<BTreeSet<String>>,
    /// Paths in the repository, or patterns of them.
    pub handler_paths: Vec<String>,
    pub allow_remote: bool,
    pub allow_rows: bool,
    pub places: RehearsalPlaces,
}

impl Rehearsal {
    /// Whether an account stores its customer from the start.
    pub fn stores_customer(&self) -> bool {
        let pieces = self.account.iter().flat_map(|one| &one.sql.pieces);
        let customer = Piece::Value(Placeholder::CustomerId);
        pieces.into_iter().any(|piece| *piece == customer)
    }

    /// Whether the subscriptions that the application makes say in their metadata whose they are.
    pub fn names_account(&self) -> bool {
        let mut templates = self.subscription_metadata.values();
        templates.any(|template| {
            [Placeholder::AccountId, Placeholder::Email]
                .into_iter()
                .any(|placeholder| template.holds(placeholder))
        })
    }
}

/// The lines that problems of a rehearsal are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalPlaces {
    pub section: Place,
    pub handler: Place,
    pub account: Place,
    /// The version that is written; none where it is the default.
    pub api_version: Option<Place>,
    pub api_versions: Option<Place>,
    pub gate: Option<Place>,
    pub scenarios_dir: Option<Place>,
    pub(super) keys: KeyPlaces,
}

impl RehearsalPlaces {
    /// The key of the section, or the entry under it, or else the section.
    pub(super) fn of_key(&self, key: &str, entry: Option<&str>) -> &Place {
        self.keys.of(key, entry).unwrap_or(&self.section)
    }
}

/// The fake provider that the application talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeStripeSettings {
    /// An IP address and a port.
    pub listen: String,
    /// A folder with objects that it holds from the start.
    pub fixtures: Option<String>,
    /// A file that holds its address while a rehearsal runs.
    pub address_file: Option<String>,
}

/// The application, where the rehearsal starts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppSettings {
    /// For the shell.
    pub command: Option<String>,
    /// An http or https URL that answers as soon as the application is ready.
    pub ready: Option<String>,
    /// Variables of its environment.
    pub env: BTreeMap<String, String>,
}

/// One statement of those that make an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStatement {
    /// As written.
    pub text: String,
    pub(crate) sql: CheckedSql<Placeholder>,
}

/// What the application gives to a Checkout session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckoutSettings {
    pub client_reference_id: Option<Template>,
    pub metadata: BTreeMap<String, Template>,
    pub visit: Option<Visit>,
}

/// The success page that a browser would ask for after Checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit(pub(super) Vec<Template>);

impl Visit {
    /// As it is written in the configuration.
    pub const SESSION: &str = "{session_id}";

    /// Its URL. Values have to be percent-encoded.
    pub fn url<S: AsRef<str>>(&self, session: &str, value_of: impl Fn(Placeholder) -> S) -> String {
        let parts: Vec<_> = self.0.iter().map(|part| part.fill(&value_of)).collect();
        parts.join(session)
    }
}

/// Where the application itself says whether an account has paid access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Its values have to be percent-encoded before they are filled in.
    pub url: Template,
    /// As written, such as `$.user.paid`.
    pub paid: String,
    /// The same as a JSON pointer, such as `/user/paid`.
    pub paid_pointer: String,
}
