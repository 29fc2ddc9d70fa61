//! Names in the texts of a finding, as in the JSON report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use contract::{EntityKind, EventMention, Mentions};

/// Kind of an entity. account: written with the contract's word for its accounts. accounts: all linked accounts of a
/// contract, or all that should be linked. step: a step of a rehearsed scenario.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "EntityKind")]
pub(super) enum ReportEntityKind {
    Account,
    Accounts,
    Customer,
    Subscription,
    Price,
    Feature,
    Status,
    Step,
}

/// Columns and events that the texts of a finding name, apart from those of its rule.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Mentions")]
pub(super) struct ReportMentions<'a> {
    /// Keys in the contract's `columns:`.
    fields: Vec<&'static str>,
    /// Most important first.
    events: Vec<ReportEvent<'a>>,
}

/// An event of the provider.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event")]
struct ReportEvent<'a> {
    /// Event type, such as `customer.subscription.updated`.
    kind: &'a str,
    /// Id in the provider's event log; null if unknown.
    id: Option<&'a str>,
    /// True if it was delivered at an earlier step of the rehearsal.
    is_earlier: bool,
}

impl From<EntityKind> for ReportEntityKind {
    fn from(kind: EntityKind) -> Self {
        match kind {
            EntityKind::Account => Self::Account,
            EntityKind::Accounts => Self::Accounts,
            EntityKind::Customer => Self::Customer,
            EntityKind::Subscription => Self::Subscription,
            EntityKind::Price => Self::Price,
            EntityKind::Feature => Self::Feature,
            EntityKind::Status => Self::Status,
            EntityKind::Step => Self::Step,
        }
    }
}

impl ReportEntityKind {
    pub(super) fn kind(&self) -> EntityKind {
        match self {
            Self::Account => EntityKind::Account,
            Self::Accounts => EntityKind::Accounts,
            Self::Customer => EntityKind::Customer,
            Self::Subscription => EntityKind::Subscription,
            Self::Price => EntityKind::Price,
            Self::Feature => EntityKind::Feature,
            Self::Status => EntityKind::Status,
            Self::Step => EntityKind::Step,
        }
    }
}

impl<'a> From<&'a Mentions> for ReportMentions<'a> {
    fn from(mentions: &'a Mentions) -> Self {
        let event = |event: &'a EventMention| ReportEvent {
            kind: &event.kind,
            id: event.id.as_deref(),
            is_earlier: event.is_earlier,
        };
        Self {
            fields: mentions.fields.iter().map(|field| field.as_str()).collect(),
            events: mentions.events.iter().map(event).collect(),
        }
    }
}
