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
    sync::{mpsc, watch},
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

/// Number of bytes of messages, and of refusals, that wait for the library.
const WAITING_BYTES: usize = 64 * 1024;
const WAITING_REFUSALS: usize = 16;

/// Time for calls to clean up after the client has gone: an application has five seconds to exit.
const CLEANING_UP: Duration = Duration::from_secs(10);

/// Time to clean up after a signal, shorter because the next signal may kill the process.
const CLEANING_UP_AFTER_SIGNAL: Duration = Duration::from_millis(1_500);

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
    let (presence, is_client_there) = watch::channel(true);
    let session = Session::new(arguments, environment, is_client_there);
    let running_calls = session.running_calls();
    let (input, output) = stdio();
    let (messages, passed_on) = tokio::io::duplex(WAITING_BYTES);
    let (refusals, refused) = mpsc::channel(WAITING_REFUSALS);
    let client = ClientInput {
        messages,
        refusals,
        is_client_there: presence,
    };
    drop(tokio::spawn(client.pass_on(input)));
    let transport = AsyncRwTransport::new_server(passed_on, output);
    let transport = RefusingTransport::new(transport, refused);
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
            drop(timeout(CLEANING_UP_AFTER_SIGNAL, running_calls.write()).await);
            return Ok(());
        }
    };
    // Calls hold the other side of the lock.
    tokio::select! {
        cleaned = timeout(CLEANING_UP, running_calls.write()) => drop(cleaned),
        () = signals.cancelled() => {
            drop(timeout(CLEANING_UP_AFTER_SIGNAL, running_calls.write()).await);
        }
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

/// Returns the problem of a client that does not follow the protocol. What it sent is not repeated.
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
