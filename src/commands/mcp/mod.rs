//! `prodverdict mcp`: serves the commands to a coding agent, in the Model Context Protocol over standard input and
//! output. Standard output is the protocol's alone.

mod answer;
mod call;
mod client_input;
mod definition;
mod prompt;
mod reporting;
mod resources;
mod server;
mod session;
mod tools;
mod transport;

use std::time::Duration;

use rmcp::{
    service::{QuitReason, ServerInitializeError},
    transport::{async_rw::AsyncRwTransport, stdio},
};
use tokio::{
    sync::{RwLock, mpsc, watch},
    task::LocalSet,
    time::timeout,
};

use self::{
    client_input::ClientInput, server::BillingServer, session::Session,
    transport::RefusingTransport,
};
use super::{failure::fail, output::Output, signals::Signals};
use crate::{
    cli::{Environment, McpArgs},
    problem::{ErrorCode, Problem},
    report::Mask,
};

/// Maximum number of bytes of messages that wait for the protocol's library to read them.
const WAITING_BYTES: usize = 64 * 1024;

/// Maximum number of refusals that wait to be sent.
const WAITING_REFUSALS: usize = 16;

/// Time for calls to clean up after the client has gone. It includes the five seconds that an application has to exit.
const CLEAN_UP_TIME: Duration = Duration::from_secs(10);

/// Time to clean up after a signal, shorter because the next signal may kill the process.
const CLEAN_UP_TIME_AFTER_SIGNAL: Duration = Duration::from_millis(1_500);

pub(super) async fn run(arguments: McpArgs, environment: &Environment) -> u8 {
    let serving = Box::pin(serve(arguments, environment.clone()));
    match LocalSet::new().run_until(serving).await {
        Ok(()) => 0,
        Err(problem) => fail(&Output::of_process(Mask::default()), &[problem]),
    }
}

/// Serves one client until it goes away, and waits until its calls have cleaned up.
async fn serve(arguments: McpArgs, environment: Environment) -> Result<(), Problem> {
    let mut signals = Signals::listen();
    let (client_presence, is_client_there) = watch::channel(true);
    let session = Session::new(arguments, environment, is_client_there);
    let running_calls = session.running_calls();
    let (input, output) = stdio();
    let (messages, library_input) = tokio::io::duplex(WAITING_BYTES);
    let (refusals, refusals_to_send) = mpsc::channel(WAITING_REFUSALS);
    let client = ClientInput {
        messages,
        refusals,
        client_presence,
    };
    drop(tokio::spawn(client.pass_on(input)));
    let transport = AsyncRwTransport::new_server(library_input, output);
    let transport = RefusingTransport::new(transport, refusals_to_send);
    let started = tokio::select! {
        started = rmcp::serve_server(BillingServer::new(session), transport) => started,
        () = signals.cancelled() => return Ok(()),
    };
    let service = match started {
        Ok(service) => service,
        // The client has gone before it said anything.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(protocol_problem(&error)),
    };
    let stop = service.cancellation_token();
    let mut served = std::pin::pin!(service.waiting());
    let quit = tokio::select! {
        quit = &mut served => quit,
        () = signals.cancelled() => {
            stop.cancel();
            clean_up(&running_calls, CLEAN_UP_TIME_AFTER_SIGNAL).await;
            return Ok(());
        }
    };
    tokio::select! {
        () = clean_up(&running_calls, CLEAN_UP_TIME) => {}
        () = signals.cancelled() => clean_up(&running_calls, CLEAN_UP_TIME_AFTER_SIGNAL).await,
    }
    match quit {
        Ok(QuitReason::Closed | QuitReason::Cancelled) => Ok(()),
        Ok(_) | Err(_) => Err(Problem::new(
            ErrorCode::Internal,
            "the server stopped because one of its tasks failed",
        )
        .hint("report this as a bug")),
    }
}

/// Waits until all calls have cleaned up, but no longer than the limit.
async fn clean_up(running_calls: &RwLock<()>, limit: Duration) {
    // Each call holds the reading side of the lock.
    drop(timeout(limit, running_calls.write()).await);
}

/// Returns the problem of a client that does not follow the protocol, without what it sent.
fn protocol_problem(error: &ServerInitializeError) -> Problem {
    let why = match error {
        ServerInitializeError::ExpectedInitializeRequest(_) => {
            "its first message is neither a request nor `initialize`"
        }
        ServerInitializeError::TransportError { .. } => "it does not read the answers",
        ServerInitializeError::ConnectionClosed(_)
        | ServerInitializeError::UnexpectedInitializeResponse(_)
        | ServerInitializeError::InitializeFailed(_)
        | ServerInitializeError::Cancelled
        | _ => "the protocol's revision cannot be agreed on",
    };
    Problem::new(
        ErrorCode::InvalidSetting,
        format!("the client on standard input does not speak the Model Context Protocol: {why}"),
    )
    .hint("an agent starts this command: docs/agents.md says how to configure it")
}
