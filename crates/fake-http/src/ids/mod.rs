//! Ids that are the same in every run.

mod counters;
mod identifiers;

pub use self::{
    counters::IdCounters,
    identifiers::{identifier, mix, ulid},
};
