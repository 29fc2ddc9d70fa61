//! Random numbers for names and secrets.

use crate::problem::{ErrorCode, Problem};

/// Returns a random hexadecimal number, for a name or a secret.
pub(super) fn random() -> Result<String, Problem> {
    let number = getrandom::u64().map_err(|error| {
        Problem::new(
            ErrorCode::System,
            format!("the system provides no random numbers: {error}"),
        )
    })?;
    Ok(format!("{number:016x}"))
}
