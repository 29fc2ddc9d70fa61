//! Proposes a contract for a database that no preset describes, from the values in a sample of its rows.

mod access;
mod account;
mod column;
mod joining;
mod measured;
mod plan;
mod plan_use;
mod proposal;
mod recognition;
mod wording;

pub use proposal::{Proposal, propose};
