//! The builders of HTTP clients.

/// Starts a client whose TLS uses ring.
///
/// reqwest takes the process' provider of cryptography, so this sets it unless the program has set its own.
pub fn client_builder() -> reqwest::ClientBuilder {
    // An error means that a provider is set already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
}

/// Starts a client for requests to the application under test. It uses no proxy, and a new connection for each request:
/// a server may close an idle connection while the next request is on its way, and that would look like its failure.
pub fn application_client_builder() -> reqwest::ClientBuilder {
    client_builder().no_proxy().pool_max_idle_per_host(0)
}
