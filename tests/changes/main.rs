//! Which places are said of findings, on a corpus of pull requests as people write them.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod corpus;
mod hostile;
