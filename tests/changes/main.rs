//! Checks the places that findings refer to, on a corpus of realistic pull requests.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod corpus;
mod hostile;
