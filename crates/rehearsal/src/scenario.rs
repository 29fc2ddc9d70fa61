//! The format of a scenario file: plays made of steps. A step defines the provider's actions, the events that it sends,
//! and the conditions afterwards.

use serde::{Deserialize, Serialize};

use super::{
    action::{ProviderAction, YesNo, is_default},
    provider::Provider,
    sending::{Sending, Sendings, Signing},
};

/// A scenario: lifecycles in billing that test one subject.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Lower-case words joined by hyphens.
    pub id: String,
    /// A one-line summary.
    pub title: String,
    /// The end state of a correct application.
    pub ends: String,
    /// The consequences in an incorrect application.
    pub why: String,
    /// Mappings that the contract must have.
    #[serde(default)]
    pub needs: Vec<Need>,
    pub plays: Vec<Play>,
    /// Plays that the provider does not have, with the reason.
    #[serde(skip)]
    pub not_played: Vec<String>,
    /// True for a user-defined scenario. Its expectations hold in addition to the contract's.
    #[serde(skip)]
    pub is_own: bool,
    /// The recording, if it was made from the provider's events.
    #[serde(skip)]
    pub recorded: Option<RecordedTimes>,
}

/// The `recorded` key of a scenario file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTimes {
    /// Number of customers with this lifecycle.
    #[serde(rename = "times")]
    pub customers: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// `columns: {seats: …}`.
    Seats,
    /// `plans`, or `ignore_prices`: they separate subscriptions to a plan from those to other products.
    Plans,
    /// A checkout in which the buyer chooses the e-mail: the account has no customer before it.
    OpenCheckout,
}

/// Steps in the life of one account, which is created for them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// A name that is unique in the scenario.
    #[serde(default)]
    pub name: Option<String>,
    /// Mappings that the contract must have.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The values to run the play for, each with a separate account.
    #[serde(default)]
    pub each: Option<Each>,
    /// The only provider that has it.
    #[serde(default)]
    pub only: Option<Provider>,
    /// The reason why it is not played for a contract about entitlements.
    #[serde(default)]
    pub not_with_entitlements: Option<String>,
    /// The e-mail of the account.
    #[serde(default)]
    pub email: AccountEmail,
    pub steps: Vec<Step>,
}

impl Play {
    /// Returns true if nothing but a paid purchase has happened up to this step.
    pub fn is_first_purchase(&self, index: usize) -> bool {
        let steps = self.steps.iter().take(index.saturating_add(1));
        let mut actions = steps.flat_map(|step| &step.provider).peekable();
        actions.peek().is_some() && actions.all(ProviderAction::is_purchase)
    }
}

/// The letters of an account's e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountEmail {
    #[default]
    LowerCase,
    MixedCase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// Every paid price of the contract.
    Price,
    /// Every version of `api_versions`, or the configured one. The rows must end the same.
    Shape,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the scenario.
    pub id: String,
    /// A description in one sentence.
    pub does: String,
    /// Actions of the provider, one after the other.
    #[serde(default, with = "serde_yaml::with::singleton_map_recursive")]
    pub provider: Vec<ProviderAction>,
    /// Events to send. All the actions above happen before the first event is sent.
    #[serde(default, rename = "send")]
    pub(crate) written: Sendings,
    /// Those of the provider.
    #[serde(skip)]
    pub send: Vec<Sending>,
    /// Steps whose events are all sent again, with the same ids.
    #[serde(default)]
    pub again: Vec<String>,
    /// `yes` to send the rest of the previous step: the event that failed, and those after it.
    #[serde(default)]
    pub rest: Option<YesNo>,
    #[serde(default)]
    pub order: EventOrder,
    /// `yes` to give all events of the step's actions one `occurred_at`. Only with Paddle.
    #[serde(default)]
    pub one_time: Option<YesNo>,
    /// The failure to inject during the deliveries. They stop at the first that hits it.
    #[serde(default, with = "serde_yaml::with::singleton_map_recursive")]
    pub fails: Option<FailingRequest>,
    #[serde(default)]
    pub then: Then,
}

impl Step {
    /// Returns true if the step tests signatures rather than purchases.
    pub fn is_signed_otherwise(&self) -> bool {
        let mut sends = self.send.iter();
        sends.any(|sending| sending.signed != Signing::AsDocumented)
    }

    /// Returns true if the handler must refuse or ignore the step's events.
    pub fn changes_nothing(&self) -> bool {
        self.then.answer == Answered::Refused || self.then.row == ExpectedRow::Untouched
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventOrder {
    #[default]
    AsWritten,
    /// One run for each order, and one that sends all events at once.
    Every,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailingRequest {
    /// The nth write to the account's rows.
    Write(u8),
    /// The handler's first request to the provider, which gets this status.
    Call(u16),
}

/// Conditions after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    /// The expected access. In built-in scenarios it is the result of a usual contract, and the contract decides; in
    /// others it must hold besides the contract.
    #[serde(skip_serializing_if = "is_default")]
    pub access: Access,
    #[serde(skip_serializing_if = "is_default")]
    pub answer: Answered,
    #[serde(skip_serializing_if = "is_default")]
    pub row: ExpectedRow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    Yes,
    No,
    /// Either: `statuses`, `grace` and `plans` of the contract decide.
    #[default]
    Either,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// Every event gets a 2xx response.
    #[default]
    Accepted,
    /// Every event gets a 4xx response.
    Refused,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedRow {
    /// The row matches the contract.
    #[default]
    Follows,
    /// Like `follows`, and the step changes nothing but timestamps.
    Same,
    /// Nothing is written to the row.
    Untouched,
    /// Access and plan are unchanged; the other columns follow.
    Kept,
}
