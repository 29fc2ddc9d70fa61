//! Which places are said of findings, on a corpus of pull requests as people write them.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "a test may panic, and its numbers are printed"
)]

mod corpus;
mod hostile;
