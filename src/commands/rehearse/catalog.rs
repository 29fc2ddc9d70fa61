//! Sends the events about the rehearsal's products and prices before any purchase, for applications that mirror them.

use fake_stripe::webhook::{Reply, Signature};

use super::Rehearsing;
use crate::commands::failure::Failure;

/// Sends the events. The responses do not matter: other scenarios test unknown events.
pub(super) async fn tell(rehearsing: &Rehearsing<'_>) -> Result<(), Failure> {
    let ids: Vec<String> = rehearsing.catalog.iter().map(ToString::to_string).collect();
    rehearsing.scratch.note(&ids).await?;
    for id in &rehearsing.catalog {
        let event = rehearsing.fake.world(|world| {
            let kind = world.find_event(id)?.kind.to_string();
            Some((kind, world.event_body(id)?))
        });
        let Some((kind, body)) = event else { continue };
        let registered = rehearsing.settings.events.as_ref();
        if registered.is_some_and(|registered| !registered.contains(&kind)) {
            continue;
        }
        let told = (super::real_now().0, rehearsing.silence.limit(&kind));
        let reply = rehearsing.endpoint.deliver(&body, Signature::Right, told);
        match reply.await {
            Reply::Status { .. } => {}
            // Without any response, the first purchase will report it.
            Reply::Silence => {
                rehearsing.silence.was_in_vain(&kind);
                break;
            }
            Reply::Nothing(why) => {
                tracing::debug!(why, "the catalogue is not told");
                break;
            }
        }
    }
    Ok(())
}
