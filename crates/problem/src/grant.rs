//! The answer to a request that needs a permission.

use super::Warning;

/// A server's answer to a request that needs a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionGrant {
    Granted,
    Denied,
    /// The server answered something else.
    Unknown(Warning),
}
