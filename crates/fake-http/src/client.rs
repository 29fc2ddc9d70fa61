//! The builder of this crate's HTTP clients.

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
