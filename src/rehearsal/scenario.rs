//! A scenario file: plays of steps; each step says what the provider does, what it sends, and what must hold.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    act::{Act, YesNo, is_default},
    recording::Recorded,
};

/// One way in which billing goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Lower-case words joined by hyphens.
    pub id: String,
    /// What it plays, in one line.
    pub title: String,
    /// What a correct application ends with.
    pub ends: String,
    /// What goes wrong in applications that do not.
    pub why: String,
    /// What the contract has to map.
    #[serde(default)]
    pub needs: Vec<Need>,
    pub plays: Vec<Play>,
    /// It is not one of the program's: it says itself what there has to be, and the contract is not asked.
    #[serde(skip)]
    pub is_own: bool,
    /// It was made of the provider's events.
    #[serde(skip)]
    pub recorded: Option<Recorded>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// `columns: {seats: …}`.
    Seats,
    /// `plans`, or `ignore_prices`: a subscription to something else is told from one to a plan.
    Plans,
}

/// Steps in the life of one account, which is made for them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// Tells the plays of a scenario apart.
    #[serde(default)]
    pub name: Option<String>,
    /// What the contract has to map.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Played once for each of these, each time with an account of its own.
    #[serde(default)]
    pub each: Option<Each>,
    pub steps: Vec<Step>,
}

impl Play {
    /// Whether nothing has happened up to this step but that somebody bought, and paid for it.
    pub fn is_first_purchase(&self, index: usize) -> bool {
        let steps = self.steps.iter().take(index.saturating_add(1));
        let mut acts = steps.flat_map(|step| &step.provider).peekable();
        acts.peek().is_some() && acts.all(Act::is_purchase)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// Every paid price of the contract.
    Price,
    /// Every version of `api_versions`, or the configured one. The rows have to end the same.
    Shape,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the scenario.
    pub id: String,
    /// What happens, in one sentence.
    pub does: String,
    /// What the provider does, one after the other.
    #[serde(default, with = "serde_yaml::with::singleton_map_recursive")]
    pub provider: Vec<Act>,
    /// What it sends then. By the time it sends the first event, everything above has happened.
    #[serde(default)]
    pub send: Vec<Sending>,
    /// Every event of these steps once more, with the same ids.
    #[serde(default)]
    pub again: Vec<String>,
    /// What the step before did not get through: the event that failed, and those after it.
    #[serde(default)]
    pub rest: Option<YesNo>,
    #[serde(default)]
    pub order: Order,
    /// What is made to fail while the events are delivered. They stop with the first that ran into it.
    #[serde(default, with = "serde_yaml::with::singleton_map_recursive")]
    pub fails: Option<Failure>,
    #[serde(default)]
    pub then: Then,
}

/// An event to deliver. Written as its type, or as a mapping that says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub event: String,
    /// The step at which it was made; none: this one.
    pub of: Option<String>,
    pub signed: Signing,
    /// Sent only where events have a version before this one.
    pub until: Option<Until>,
}

/// A version with which the provider stopped sending an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// 2025-03-31: Checkout makes a subscription once it is paid for, so it begins active.
    Basil,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detailed {
    event: String,
    #[serde(default)]
    of: Option<String>,
    #[serde(default)]
    signed: Signing,
    #[serde(default)]
    until: Option<Until>,
}

/// How the header is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signing {
    #[default]
    AsDocumented,
    /// Two signatures, as while a secret is rolled; the second one is right.
    WithTwoSecrets,
    /// No header at all.
    NotAtAll,
    WithAnotherSecret,
    /// Signed, and then a byte of the body changes.
    ThenTamperedWith,
    TenMinutesAgo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    #[default]
    AsWritten,
    /// The play is played once for each order, and once more with all of them at once.
    Every,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The so-maniest write of a row of the account.
    Write(u8),
    /// The handler's first request to the provider is answered with this status.
    Call(u16),
}

/// What must hold after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    /// In the program's scenarios it is what a usual contract comes to, and the contract decides. In others it holds
    /// beside the contract.
    #[serde(skip_serializing_if = "is_default")]
    pub access: Access,
    #[serde(skip_serializing_if = "is_default")]
    pub answer: Answered,
    #[serde(skip_serializing_if = "is_default")]
    pub row: Row,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    Yes,
    No,
    /// As `statuses`, `grace` and `plans` say.
    #[default]
    Either,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// Every event with 2xx.
    #[default]
    Accepted,
    /// Every event with 4xx.
    Refused,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// It is what the contract says.
    #[default]
    Follows,
    /// So it is, and the step changed nothing but stamps of the time.
    Same,
    /// Nothing at all was written to it.
    Untouched,
    /// Access and plan are what they were before; the other columns follow.
    Kept,
}

impl<'de> Deserialize<'de> for Sending {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Sending;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event type, or a mapping with `event`")
            }

            fn visit_str<E: serde::de::Error>(self, event: &str) -> Result<Sending, E> {
                Ok(Sending {
                    event: event.to_owned(),
                    of: None,
                    signed: Signing::default(),
                    until: None,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sending, A::Error> {
                let detailed = Detailed::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Sending {
                    event: detailed.event,
                    of: detailed.of,
                    signed: detailed.signed,
                    until: detailed.until,
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}
