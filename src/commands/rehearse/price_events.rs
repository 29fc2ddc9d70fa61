//! Sends the events about the rehearsal's products and prices before any purchase, for applications that mirror them.

use super::{
    fake_provider::{DeliveryReply, DeliveryTiming},
    real_now,
    systems::Systems,
};
use crate::{commands::failure::Failure, rehearsal::Signing};

/// Sends the events to the handler. Its responses do not matter: other scenarios test unknown events.
pub(super) async fn deliver_price_events(systems: &Systems<'_>) -> Result<(), Failure> {
    let provider = &systems.provider;
    let responses = &systems.handler.responses;
    systems.database.note(&provider.price_events).await?;
    for id in &provider.price_events {
        let Some(event) = provider.fake.event(id) else {
            continue;
        };
        if !systems.config.is_registered(&event.kind) {
            continue;
        }
        let timing = DeliveryTiming {
            now: real_now(),
            timeout: responses.limit(&event.kind),
        };
        let reply = provider
            .fake
            .deliver(&event.body, Signing::AsDocumented, timing);
        match reply.await {
            DeliveryReply::Status { .. } => {}
            // If the handler does not respond, the first purchase will report that.
            DeliveryReply::Timeout => {
                responses.timed_out(&event.kind);
                break;
            }
            DeliveryReply::Nothing(why) => {
                tracing::debug!(why, "the events about prices are not delivered");
                break;
            }
        }
    }
    Ok(())
}
