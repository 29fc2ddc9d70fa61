//! The fake as its users hold it: started, changed, disturbed, asked what it saw, and stopped.

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
    extract::{ConnectInfo, Path, Request as Asked},
    http::{Extensions, HeaderMap, StatusCode, Version, request::Parts},
    routing::{MethodFilter, get, on},
};
use tokio::sync::oneshot;
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate},
};

use super::{
    answer::AsItIs,
    arrival::Arrival,
    endpoints::{Endpoint, Method, Routed, routes, writes},
    exchange::Engine,
    faults::{About, Armed, Fault, Times},
    latency::Latency,
    limits::{Limiter, Limits},
    line::{Cutter, Lines},
    recorder::Request,
    tls::{Certificates, TlsLines},
    world::World,
};

/// A provider on a port of this machine. It runs on a thread of its own, so it also serves a test that blocks, and
/// stops when it is dropped.
#[derive(Debug)]
pub struct FakeStripe {
    address: SocketAddr,
    is_secure: bool,
    engine: Arc<Engine>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl FakeStripe {
    /// Serves a world. Port 0 takes a free one.
    pub fn start(listen: SocketAddr, world: World) -> io::Result<Self> {
        Self::start_with(listen, world, None)
    }

    /// As `start`, over TLS.
    pub fn start_over_tls(
        listen: SocketAddr,
        world: World,
        certificates: Certificates,
    ) -> io::Result<Self> {
        Self::start_with(listen, world, Some(certificates))
    }

    fn start_with(
        listen: SocketAddr,
        world: World,
        certificates: Option<Certificates>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let engine = Arc::new(Engine::new(world));
        let is_secure = certificates.is_some();
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&engine);
        let thread = std::thread::Builder::new()
            .name("fake-stripe".to_owned())
            .spawn(move || serve(listener, certificates.as_ref(), &serving, stopped))?;
        Ok(Self {
            address,
            is_secure,
            engine,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Serves a world on a free port of the loopback interface.
    pub fn start_anywhere(world: World) -> io::Result<Self> {
        Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), world)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client is given in place of `https://api.stripe.com`; no slash at the end.
    pub fn base_url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Looks at the world, or changes it, between two requests.
    pub fn world<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        change(&mut self.engine.world())
    }

    /// Changes the world just before the `number`th request since the start is answered.
    pub fn before_request(&self, number: u64, change: impl FnOnce(&mut World) + Send + 'static) {
        let mut desk = self.engine.desk();
        desk.changes
            .entry(number)
            .or_default()
            .push(Box::new(change));
    }

    /// Makes something go wrong. Requests count from now.
    pub fn fail(&self, fault: Fault, times: Times) {
        let mut desk = self.engine.desk();
        desk.faults.add(About::All, fault, times);
    }

    /// As `fail`, for one endpoint; only its requests count.
    pub fn fail_at(&self, endpoint: Endpoint, fault: Fault, times: Times) {
        let mut desk = self.engine.desk();
        desk.faults.add(About::Endpoint(endpoint), fault, times);
    }

    /// As `fail`, for requests that mention one of these ids (or other words, such as an e-mail) in their path, query or
    /// body; only those count. `Times::Nth(1)` is the next one. Tells whether it came to that.
    pub fn fail_mentioning(
        &self,
        ids: impl IntoIterator<Item = String>,
        fault: Fault,
        times: Times,
    ) -> Armed {
        let mut desk = self.engine.desk();
        desk.faults
            .add(About::Ids(ids.into_iter().collect()), fault, times)
    }

    /// Takes back what has not come to pass of a fault.
    pub fn disarm(&self, armed: &Armed) {
        self.engine.desk().faults.remove(armed);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.engine.desk().faults.clear();
    }

    /// Sets the limits anew; what was counted is forgotten.
    pub fn limit(&self, limits: Limits) {
        self.engine.desk().limiter = Limiter::new(limits);
    }

    /// How long answers take.
    pub fn delay(&self, latency: Option<Latency>) {
        self.engine.desk().latency = latency;
    }

    /// The provider's clock goes on by itself from now, as real time does.
    pub fn follow_time(&self) {
        let clock = self.engine.world().clock;
        self.engine.desk().follows = Some((Instant::now(), clock));
    }

    /// Answers are not compressed any more, whatever a client accepts.
    pub fn do_not_compress(&self) {
        self.engine.desk().is_plain = true;
    }

    /// What was asked, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.engine.desk().recorder.requests().to_vec()
    }

    /// The number of the last request that arrived; 0 before the first.
    pub fn last_request(&self) -> u64 {
        self.engine.desk().recorder.last()
    }

    /// What was asked after the request of this number.
    pub fn requests_since(&self, number: u64) -> Vec<Request> {
        self.engine.desk().recorder.since(number).to_vec()
    }

    /// What was asked after the request of this number and names something that was made on a stage of this namespace.
    pub fn requests_about(&self, number: u64, namespace: &str) -> Vec<Request> {
        let desk = self.engine.desk();
        let later = desk.recorder.since(number).iter();
        later
            .filter(|request| request.namespaces.contains(namespace))
            .cloned()
            .collect()
    }

    /// What was asked after the request of this number and names nothing that was made on any stage, such as a price:
    /// whose play it belongs to cannot be told while several are under way.
    pub fn requests_about_nobody(&self, number: u64) -> Vec<Request> {
        let desk = self.engine.desk();
        let later = desk.recorder.since(number).iter();
        later
            .filter(|request| request.namespaces.is_empty())
            .cloned()
            .collect()
    }

    /// How often each endpoint was asked.
    pub fn counts(&self) -> BTreeMap<Endpoint, usize> {
        let mut counts = BTreeMap::new();
        for request in self.engine.desk().recorder.requests() {
            let count: &mut usize = counts.entry(request.endpoint).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Forgets what was asked so far; request numbers go on.
    pub fn forget_requests(&self) {
        self.engine.desk().recorder.forget();
    }

    /// Stops listening, breaks every connection, and frees the port.
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

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.end().ok();
    }
}

fn serve(
    listener: TcpListener,
    certificates: Option<&Certificates>,
    engine: &Arc<Engine>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let app = router(engine).into_make_service_with_connect_info::<Cutter>();
        let serving = async {
            match certificates {
                Some(certificates) => axum::serve(TlsLines::new(listener, certificates), app).await,
                None => axum::serve(Lines(listener), app).await,
            }
        };
        tokio::select! {
            served = serving => served,
            _ = stopped => Ok(()),
        }
    })
}

fn router(engine: &Arc<Engine>) -> Router {
    let fallback = Arc::clone(engine);
    let unrecognized = move |ConnectInfo(cutter): ConnectInfo<Cutter>, request: Asked| async {
        let arrival = Arrival::read(request).await;
        fallback.exchange(None, cutter, arrival).await
    };
    let router = routes().fold(Router::new(), |router, route| {
        let engine = Arc::clone(engine);
        let handler = move |id: Option<Path<Vec<String>>>,
                            ConnectInfo(cutter): ConnectInfo<Cutter>,
                            parts: Parts| {
            let route = (Routed::Read(route), named(id));
            Arc::clone(&engine).exchange(Some(route), cutter, Arrival::without_body(parts))
        };
        router.route(route.path, get(handler))
    });
    let router = writes().fold(router, |router, write| {
        let engine = Arc::clone(engine);
        let handler = move |id: Option<Path<Vec<String>>>,
                            ConnectInfo(cutter): ConnectInfo<Cutter>,
                            request: Asked| async move {
            let route = (Routed::Write(write), named(id));
            let arrival = Arrival::read(request).await;
            engine.exchange(Some(route), cutter, arrival).await
        };
        let method = match write.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Delete => MethodFilter::DELETE,
        };
        router.route(write.path, on(method, handler))
    });
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(Compressible);
    router
        .fallback(unrecognized.clone())
        .method_not_allowed_fallback(unrecognized)
        .layer(compression)
}

/// The first id of a path; what it has besides says the path itself.
fn named(ids: Option<Path<Vec<String>>>) -> String {
    let first = ids.and_then(|Path(ids)| ids.into_iter().next());
    first.unwrap_or_default()
}

/// Answers that a fault has not laid a hand on.
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
        extensions.get::<AsItIs>().is_none()
    }
}
