//! Whether the application's requests reach the fake provider.

use super::Rehearsing;
use crate::problem::Problem;

/// What seems to be wrong with the way to the fake, where the first purchase gave no access.
pub(super) fn warning(rehearsing: &Rehearsing<'_>) -> Option<Problem> {
    if *rehearsing.first_sale.get()? || rehearsing.silence.is_total() {
        return None;
    }
    let running = rehearsing.application.as_ref();
    if running.is_some_and(|running| running.redirection.is_distrusted()) {
        return Some(distrusted());
    }
    (rehearsing.fake.last_request() == 0)
        .then(|| not_reached(&rehearsing.fake.base_url(), running.is_some()))
}

fn distrusted() -> Problem {
    Problem {
        message: "the application broke off its connections to the fake Stripe: it does not trust the certificate"
            .to_owned(),
        hint: "let its HTTP client trust the authorities in the file that `SSL_CERT_FILE` names; docs/rehearsal.md has \
               the line for each language"
            .to_owned(),
        place: None,
    }
}

/// A handler may need no request at all, so that nothing more is said than what was seen.
fn not_reached(address: &str, is_started: bool) -> Problem {
    let check = if is_started {
        "see which line the language needs in docs/rehearsal.md, and whether the process that handles events still has \
         the variables that the rehearsal sets"
    } else {
        "let the rehearsal start the application (`prodverdict rehearse -- npm start`), or redirect it as \
         docs/rehearsal.md says"
    };
    Problem {
        message: format!(
            "no request of the application has reached the fake Stripe at {address}, and its first customer got no access"
        ),
        hint: format!(
            "if the handler asks Stripe, its requests go elsewhere: {check}; a handler that goes by its events alone \
             needs none"
        ),
        place: None,
    }
}
