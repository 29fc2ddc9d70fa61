//! Ids that are the same in every run.

mod identifiers;
mod numbers;

pub use self::{
    identifiers::{identifier, mix, ulid},
    numbers::Numbers,
};
