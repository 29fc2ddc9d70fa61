//! Gaps of a fake.

/// An unsupported part of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsupported {
    /// The path, or the method on it.
    Endpoint,
    /// A parameter, as written.
    Parameter(String),
    /// A part of the response that a parameter asks to include, such as a path of `expand[]`.
    Expansion(String),
    /// The API version that a header asks for.
    Version(String),
}
