//! The libraries that applications use, unmodified, against the fake: `scripts/test --test sdk`.

#![expect(clippy::expect_used, reason = "a test may panic")]

mod installed;
mod node;
mod python;
mod shop;
