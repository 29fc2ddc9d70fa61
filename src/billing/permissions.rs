//! The permissions that a read needs, and the requests that show whether a key has them.

use serde::de::IgnoredAny;

use super::{Error, RefusalMeaning, source::PermissionDefinition, transport::ReadSession};
use crate::problem::{PermissionGrant, Warning};

/// Consequence of a check without customers.
pub(crate) const LOST_WITHOUT_CUSTOMERS: &str =
    "the check cannot see whose account a customer's metadata names";

/// A permission that a check uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPermission {
    /// Name in the provider's spelling.
    pub name: &'static str,
    /// The objects that it lets a key read.
    pub objects: &'static str,
    /// Effect on a check whose key lacks the permission; `None` if no check is possible then.
    pub lost: Option<&'static str>,
    pub grant: PermissionGrant,
}

/// Sends the request that needs the permission.
pub(crate) async fn ask(
    session: ReadSession<'_>,
    permission: &PermissionDefinition,
) -> Result<PermissionGrant, Error> {
    let address = session.address(permission.path.split('/'), permission.query);
    let error = match session.get::<IgnoredAny>(permission.path, &address).await {
        Ok(IgnoredAny) => return Ok(PermissionGrant::Granted),
        Err(error) => error,
    };
    match error.refusal().map(|refusal| &refusal.meaning) {
        Some(RefusalMeaning::MissingPermission(_)) => Ok(PermissionGrant::Denied),
        // The key may ask; it is the object of the request that does not exist.
        Some(
            RefusalMeaning::NoSuchObject(_)
            | RefusalMeaning::OtherMode(_)
            | RefusalMeaning::BadParameter(_),
        ) => Ok(PermissionGrant::Granted),
        Some(RefusalMeaning::Other) => Ok(PermissionGrant::Unknown(Warning::from(error))),
        _ => Err(error),
    }
}
