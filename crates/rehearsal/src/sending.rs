//! The events that a step sends.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        Error as _, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use super::provider::{ENTITLEMENTS_CHANGED, Provider};

/// An event to deliver. Written as its type, or as a mapping with more keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub event: String,
    /// The step that created it; this one by default.
    pub of: Option<String>,
    pub signed: Signing,
    /// The version from which on the provider no longer sends the event.
    pub until: Option<Until>,
    /// True if it is sent only if the step that creates it did so.
    pub is_optional: bool,
}

/// The version with which the provider stopped sending an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// 2025-03-31: Checkout creates a subscription only after the payment, so it is active from the start.
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

/// The signature header of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signing {
    #[default]
    AsDocumented,
    /// Two signatures, as while a secret is rolled; the second one is correct.
    WithTwoSecrets,
    /// No header.
    NotAtAll,
    WithAnotherSecret,
    /// Correctly signed, but a byte of the body changes afterwards.
    ThenTamperedWith,
    TenMinutesAgo,
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
                    is_optional: false,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sending, A::Error> {
                let detailed = Detailed::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Sending {
                    event: detailed.event,
                    of: detailed.of,
                    signed: detailed.signed,
                    until: detailed.until,
                    is_optional: false,
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// The events of a step as written: a list is Stripe's, and a mapping has a list for each provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sendings {
    stripe: Vec<Sending>,
    entitlements: Vec<Sending>,
    paddle: Vec<Sending>,
}

impl Sendings {
    /// Returns the events that a provider sends. Without a list of their own, those of entitlements are Stripe's, followed
    /// by the summary of each change.
    pub(crate) fn sent_by(self, provider: Provider) -> Vec<Sending> {
        match provider {
            Provider::Stripe => self.stripe,
            Provider::Paddle => self.paddle,
            Provider::Entitlements if self.entitlements.is_empty() => with_summaries(self.stripe),
            Provider::Entitlements => self.entitlements,
        }
    }

    fn list(&mut self, provider: Provider) -> &mut Vec<Sending> {
        match provider {
            Provider::Stripe => &mut self.stripe,
            Provider::Entitlements => &mut self.entitlements,
            Provider::Paddle => &mut self.paddle,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stripe.is_empty() && self.entitlements.is_empty() && self.paddle.is_empty()
    }
}

/// Adds the summaries of the changes of entitlements, created at the same steps and signed in the same way.
pub(crate) fn with_summaries(mut sent: Vec<Sending>) -> Vec<Sending> {
    let mut summaries: Vec<Sending> = Vec::new();
    for sending in &sent {
        let summary = Sending {
            event: ENTITLEMENTS_CHANGED.to_owned(),
            of: sending.of.clone(),
            signed: sending.signed,
            until: None,
            is_optional: true,
        };
        if !summaries.contains(&summary) {
            summaries.push(summary);
        }
    }
    sent.append(&mut summaries);
    sent
}

impl<'de> Deserialize<'de> for Sendings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Sendings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a list of events, or a mapping with `stripe`, `entitlements` and `paddle`",
                )
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Sendings, A::Error> {
                Ok(Sendings {
                    stripe: Vec::deserialize(SeqAccessDeserializer::new(list))?,
                    ..Sendings::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sendings, A::Error> {
                let mut sendings = Sendings::default();
                while let Some(provider) = map.next_key::<Provider>()? {
                    let list = sendings.list(provider);
                    if !list.is_empty() {
                        return Err(A::Error::custom("a provider's events are listed twice"));
                    }
                    *list = map.next_value()?;
                }
                Ok(sendings)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
