//! Warning about an application whose requests do not reach the fake provider.

use super::systems::Systems;
use crate::{problem::Warning, rehearsal::Provider};

/// Returns a warning if the first purchase granted no access and the fake received no request, or its certificate was
/// rejected.
pub(super) fn warning(systems: &Systems<'_>) -> Option<Warning> {
    let (provider, handler) = (&systems.provider, &systems.handler);
    if *handler.first_sale.get()? || handler.responses.are_missing() {
        return None;
    }
    let name = Provider::for_source(systems.config.settings.source).name();
    let running = systems.application.as_ref();
    if running.is_some_and(|running| running.redirection.is_certificate_rejected()) {
        return Some(certificate_rejected(name));
    }
    (provider.fake.last_request() == 0)
        .then(|| not_reached(name, &provider.base_url(), running.is_some()))
}

fn certificate_rejected(name: &str) -> Warning {
    Warning::new(format!(
        "the application rejected the TLS certificate of the fake {name}"
    ))
    .hint(
        "make its HTTP client trust the certificate authorities in the file that \
         `SSL_CERT_FILE` names; docs/rehearsal.md shows how for each language",
    )
}

/// The text states only the observation, because a handler that uses nothing but the events needs no request.
fn not_reached(name: &str, address: &str, is_started: bool) -> Warning {
    let check = if is_started {
        "see docs/rehearsal.md for what its language needs, and that the process that handles events gets the \
         environment variables of the rehearsal"
    } else {
        "let the rehearsal start the application (`prodverdict rehearse -- npm start`), or redirect it as \
         docs/rehearsal.md describes"
    };
    Warning::new(format!(
        "the fake {name} at {address} received no request from the application, and the \
         first purchase granted no access"
    ))
    .hint(format!(
        "if the handler calls {name}, its requests go to another address: {check}; a \
         handler that uses the events alone needs no request"
    ))
}
