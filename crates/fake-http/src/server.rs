//! The public interface of the fake: start, change, inject faults, inspect requests and stop.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
    time::Instant,
};

use axum::{
    Router,
    extract::{ConnectInfo, Path, Request},
    http::{Extensions, HeaderMap, StatusCode, Version},
    routing::{MethodFilter, on},
};
use tokio::sync::oneshot;
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate},
};

#[cfg(feature = "tls")]
use super::tls::{Certificates, TlsListener};
use super::{
    answer::Uncompressed,
    api::{Api, ApiRoute as _, FakeWorld as _},
    connection::{ConnectionReset, ResettableListener},
    engine::Engine,
    faults::{Fault, FaultHandle, RequestFilter, Times},
    incoming::IncomingRequest,
    latency::Latency,
    limits::{Limiter, Limits},
    recorder::RecordedRequest,
};

/// A fake of an API on a local port. It runs on a separate thread, so that it also serves a blocking test, and stops when
/// dropped.
#[derive(Debug)]
pub struct Fake<A: Api> {
    address: SocketAddr,
    scheme: &'static str,
    engine: Arc<Engine<A>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// The protocol below HTTP.
#[derive(Debug)]
pub enum Transport {
    Plain,
    #[cfg(feature = "tls")]
    Tls(Certificates),
}

impl Transport {
    fn scheme(&self) -> &'static str {
        match self {
            Self::Plain => "http",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "https",
        }
    }

    /// Returns the file of the authority that a client has to trust.
    pub fn authority(&self) -> Option<&std::path::Path> {
        match self {
            Self::Plain => None,
            #[cfg(feature = "tls")]
            Self::Tls(certificates) => Some(certificates.authority()),
        }
    }
}

impl<A: Api> Fake<A> {
    /// Serves a world. Port 0 selects a free one.
    pub fn start(listen: SocketAddr, world: A::World) -> io::Result<Self> {
        Self::start_with(listen, world, Transport::Plain)
    }

    /// Serves a world over TLS.
    #[cfg(feature = "tls")]
    pub fn start_over_tls(
        listen: SocketAddr,
        world: A::World,
        certificates: Certificates,
    ) -> io::Result<Self> {
        Self::start_with(listen, world, Transport::Tls(certificates))
    }

    pub fn start_with(
        listen: SocketAddr,
        world: A::World,
        transport: Transport,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let engine = Arc::new(Engine::new(world));
        let scheme = transport.scheme();
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&engine);
        let thread = std::thread::Builder::new()
            .name(A::HOSTS.program.to_owned())
            .spawn(move || serve(listener, &transport, &serving, stopped))?;
        Ok(Self {
            address,
            scheme,
            engine,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Serves a world on a free port of the loopback interface.
    pub fn start_anywhere(world: A::World) -> io::Result<Self> {
        Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), world)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the replacement for the API's base URL, without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Reads or changes the world between two requests.
    pub fn world<R>(&self, change: impl FnOnce(&mut A::World) -> R) -> R {
        change(&mut self.engine.world())
    }

    /// Changes the world just before the `number`th request since the start is answered.
    pub fn before_request(&self, number: u64, change: impl FnOnce(&mut A::World) + Send + 'static) {
        let mut state = self.engine.state();
        state
            .changes
            .entry(number)
            .or_default()
            .push(Box::new(change));
    }

    /// Injects a fault. Requests count from now.
    pub fn fail(&self, fault: Fault, times: Times) {
        let mut state = self.engine.state();
        state.faults.add(RequestFilter::All, fault, times);
    }

    /// Injects a fault into requests to one endpoint; only those count.
    pub fn fail_at(&self, endpoint: A::Endpoint, fault: Fault, times: Times) {
        let mut state = self.engine.state();
        state
            .faults
            .add(RequestFilter::Endpoint(endpoint), fault, times);
    }

    /// Injects a fault into requests that mention one of these ids (or other words, such as an e-mail) in their path,
    /// query or body; only those count. `Times::Nth(1)` is the next one. The returned handle reports whether the fault
    /// has occurred.
    pub fn fail_mentioning(
        &self,
        ids: impl IntoIterator<Item = String>,
        fault: Fault,
        times: Times,
    ) -> FaultHandle {
        let mut state = self.engine.state();
        state
            .faults
            .add(RequestFilter::Ids(ids.into_iter().collect()), fault, times)
    }

    /// Removes the remaining occurrences of a fault.
    pub fn disarm(&self, armed: &FaultHandle) {
        self.engine.state().faults.remove(armed);
    }

    /// Removes all faults.
    pub fn heal(&self) {
        self.engine.state().faults.clear();
    }

    /// Sets the limits and resets the counters.
    pub fn limit(&self, limits: Limits) {
        self.engine.state().limiter = Limiter::new(limits);
    }

    /// Sets the distribution of response times.
    pub fn delay(&self, latency: Option<Latency>) {
        self.engine.state().latency = latency;
    }

    /// Lets the fake's clock run in real time from now on.
    pub fn follow_time(&self) {
        let clock = self.engine.world().clock();
        self.engine.state().follows = Some((Instant::now(), clock));
    }

    /// Turns off compression, whatever a client accepts.
    pub fn do_not_compress(&self) {
        self.engine.state().is_plain = true;
    }

    /// Returns the requests in the order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest<A::Endpoint>> {
        self.engine.state().recorder.requests().to_vec()
    }

    /// Returns the number of the last request; 0 before the first.
    pub fn last_request(&self) -> u64 {
        self.engine.state().recorder.last()
    }

    /// Returns the requests after this number.
    pub fn requests_since(&self, number: u64) -> Vec<RecordedRequest<A::Endpoint>> {
        self.engine.state().recorder.since(number).to_vec()
    }

    /// Returns the requests after this number that refer to something created in this namespace.
    pub fn requests_about(
        &self,
        number: u64,
        namespace: &str,
    ) -> Vec<RecordedRequest<A::Endpoint>> {
        let state = self.engine.state();
        let later = state.recorder.since(number).iter();
        later
            .filter(|request| request.namespaces.contains(namespace))
            .cloned()
            .collect()
    }

    /// Returns the requests after this number that refer to nothing from any namespace, but for example to a price.
    /// While several scenarios run in parallel, they cannot be attributed to one of them.
    pub fn requests_about_nobody(&self, number: u64) -> Vec<RecordedRequest<A::Endpoint>> {
        let state = self.engine.state();
        let later = state.recorder.since(number).iter();
        later
            .filter(|request| request.namespaces.is_empty())
            .cloned()
            .collect()
    }

    /// Returns the number of requests by endpoint.
    pub fn counts(&self) -> BTreeMap<A::Endpoint, usize> {
        let mut counts = BTreeMap::new();
        for request in self.engine.state().recorder.requests() {
            let count: &mut usize = counts.entry(request.endpoint).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Removes the recorded requests; numbering continues.
    pub fn clear_requests(&self) {
        self.engine.state().recorder.clear();
    }

    /// Stops listening, closes every connection, and frees the port.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the fake provider's thread panicked")),
            None => Ok(()),
        }
    }
}

impl<A: Api> Drop for Fake<A> {
    fn drop(&mut self) {
        self.end().ok();
    }
}

fn serve<A: Api>(
    listener: TcpListener,
    transport: &Transport,
    engine: &Arc<Engine<A>>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let app = router(engine).into_make_service_with_connect_info::<ConnectionReset>();
        let serving = async {
            match transport {
                Transport::Plain => axum::serve(ResettableListener(listener), app).await,
                #[cfg(feature = "tls")]
                Transport::Tls(certificates) => {
                    axum::serve(TlsListener::new(listener, certificates), app).await
                }
            }
        };
        tokio::select! {
            served = serving => served,
            _ = stopped => Ok(()),
        }
    })
}

fn router<A: Api>(engine: &Arc<Engine<A>>) -> Router {
    let fallback = Arc::clone(engine);
    let unrecognized = move |ConnectInfo(reset): ConnectInfo<ConnectionReset>, request: Request| async {
        let incoming = read::<A>(request).await;
        fallback.handle(None, reset, incoming).await
    };
    let router = A::routes().fold(Router::new(), |router, route| {
        let engine = Arc::clone(engine);
        let handler = move |id: Option<Path<Vec<String>>>,
                            ConnectInfo(reset): ConnectInfo<ConnectionReset>,
                            request: Request| async move {
            let incoming = if route.has_body() {
                read::<A>(request).await
            } else {
                IncomingRequest::without_body(request.into_parts().0)
            };
            let route = (route, first_id(id));
            engine.handle(Some(route), reset, incoming).await
        };
        // Only `CONNECT` has no filter, and no API has it.
        let method = MethodFilter::try_from(route.method()).unwrap_or(MethodFilter::GET);
        router.route(route.path(), on(method, handler))
    });
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(Compressible);
    router
        .fallback(unrecognized.clone())
        .method_not_allowed_fallback(unrecognized)
        .layer(compression)
}

/// Receives a request with its body.
async fn read<A: Api>(request: Request) -> IncomingRequest<A::Body> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, A::MAX_BODY_BYTES).await.ok();
    let body = A::parse_body(&parts.headers, bytes);
    IncomingRequest { parts, body }
}

/// Returns the first id of a path; handlers read the others from the path itself.
fn first_id(ids: Option<Path<Vec<String>>>) -> String {
    let first = ids.and_then(|Path(ids)| ids.into_iter().next());
    first.unwrap_or_default()
}

/// A predicate for responses without an injected fault, which may be compressed.
#[derive(Debug, Clone, Copy)]
struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B>(&self, response: &http::Response<B>) -> bool
    where
        B: axum::body::HttpBody,
    {
        let _: (StatusCode, Version, &HeaderMap) =
            (response.status(), response.version(), response.headers());
        let extensions: &Extensions = response.extensions();
        extensions.get::<Uncompressed>().is_none()
    }
}
