//! Unmodified client libraries against the fake: `scripts/test --test sdk`.

#![expect(clippy::expect_used, reason = "a test may panic")]

mod node;
mod python;
mod shop;
