//! A fake GitHub that is stricter than the real one: it keeps state, checks requests and its own responses by GitHub's
//! description of its API, enforces the limits that only the documentation states, and records every request and every
//! violation.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use tokio::{net::TcpListener, task::JoinHandle};

mod checks;
mod comments;
mod description;
mod faults;
mod issues;
mod reads;
mod reply;
mod routes;
mod world;

pub use faults::{Fault, Kind};
pub use world::{CheckRun, Comment, Issue, Pull, RecordedRequest, TOKEN, Token, World};

/// Maximum body size, above every limit of GitHub so that the fake's own rules reject bodies that are too long.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A running fake; it stops when dropped.
pub struct FakeGithub {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    server: JoinHandle<()>,
}

impl FakeGithub {
    pub async fn start(world: World) -> Self {
        Self::start_on("127.0.0.1:0", world).await
    }

    /// Starts the fake on any address, for clients in other processes and containers: `0.0.0.0:0` finds a free port.
    pub async fn start_on(address: &str, world: World) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free address");
        let address = listener.local_addr().expect("a bound address");
        let world = Arc::new(Mutex::new(world));
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&world));
        let server = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("a server that serves");
        });
        Self {
            address,
            world,
            server,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the value for `GITHUB_API_URL`.
    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port(), self.world().prefix)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// Lists the violated rules in order.
    pub fn violations(&self) -> Vec<String> {
        self.world().violations.clone()
    }

    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.world().requests.clone()
    }

    /// Counts the requests with this method whose path contains this.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let matches =
            |request: &&RecordedRequest| request.method == method && request.path.contains(path);
        self.world().requests.iter().filter(matches).count()
    }
}

impl Drop for FakeGithub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(world): State<Arc<Mutex<World>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, MAX_BYTES)
        .await
        .unwrap_or_default();
    let request = RecordedRequest::of(&parts, &body);
    let (fault, reply) = {
        let mut world = lock(&world);
        world.requests.push(request.clone());
        let fault = world.take_fault(&request);
        let refused = fault.as_ref().and_then(Kind::instead);
        let is_planned = refused.is_some();
        let reply = refused.unwrap_or_else(|| routes::route(&mut world, &request));
        if reply.status >= 400 && !is_planned {
            let refusal = format!("{} {} {}", reply.status, request.method, request.path);
            world.refusals.push(refusal);
        }
        (fault, reply)
    };
    match fault {
        // Unwinding ends the connection's task, so that the client sees it close without a response.
        Some(Kind::LoseAnswer | Kind::LoseRequest) => {
            std::panic::resume_unwind(Box::new("connection dropped"))
        }
        Some(Kind::Hang(time)) => {
            tokio::time::sleep(time).await;
            reply.into_response()
        }
        Some(Kind::CutAnswer) => {
            let mut response = reply.into_response();
            let pieces = vec![
                Ok(Bytes::from_static(b"{\"id\":")),
                Err(std::io::Error::other("cut")),
            ];
            *response.body_mut() = Body::from_stream(futures::stream::iter(pieces));
            response
        }
        _ => reply.into_response(),
    }
}
