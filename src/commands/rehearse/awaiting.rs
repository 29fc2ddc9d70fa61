//! Waits for the application to listen.

use std::{io, time::Duration};

use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout_at},
};
use url::Url;

use super::address_file::{AddressFile, WrittenAddress};
use crate::{
    config::Rehearsal,
    problem::{ErrorCode, Problem},
};

/// Time for an application that was started in the background to listen.
const STARTING: Duration = Duration::from_secs(9);

const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// Waits until the application listens. Writes the address first, because the application may call the provider at
/// start.
pub(super) async fn awaited(
    settings: &Rehearsal,
    handler: &Url,
    address: Option<AddressFile>,
) -> Result<Option<WrittenAddress>, Problem> {
    let mut written = None;
    let host = handler
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = handler.port_or_known_default().unwrap_or(80);
    let end = Instant::now() + STARTING;
    let mut last = None;
    loop {
        if let Some(address) = address.as_ref().filter(|_| written.is_none()) {
            written = address.write((host.as_str(), port)).await?;
        }
        match timeout_at(end, TcpStream::connect((host.as_str(), port))).await {
            Ok(Ok(_)) => return Ok(written),
            Ok(Err(error)) => last = Some(error),
            Err(_elapsed) => return Err(absent(settings, (&host, port), last.as_ref())),
        }
        if Instant::now() >= end {
            return Err(absent(settings, (&host, port), last.as_ref()));
        }
        sleep(BETWEEN_TRIES).await;
    }
}

fn absent(settings: &Rehearsal, (host, port): (&str, u16), last: Option<&io::Error>) -> Problem {
    let why = match last {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "the connection was refused".to_owned()
        }
        Some(error) => error.to_string(),
        None => "nothing answered".to_owned(),
    };
    Problem::new(
        ErrorCode::HandlerUnreachable,
        format!(
            "nothing listens at {host}:{port}, where `rehearsal.handler` says the application \
         is: {why}"
        ),
    )
    .hint(format!(
        "let the rehearsal start it (`prodverdict rehearse -- npm start`), or start it \
         first, with `{}`, the scratch database's URL and the provider redirected; it may \
         take {} s to listen",
        settings.secret_env,
        STARTING.as_secs()
    ))
    .at(settings.places.handler.clone())
}
