//! The definition of a check: its name and its function.

use futures::future::LocalBoxFuture;

use super::{contract_facts::ContractFacts, rehearsal_facts::RehearsalFacts, setup::Setup};
use crate::report::StepResult;

/// A check of one step of the setup. `R` is the type of its function.
#[derive(Debug)]
pub(super) struct DoctorCheck<R> {
    /// Name in reports.
    pub(super) id: &'static str,
    pub(super) run: R,
}

pub(super) type CheckFuture<'a> = LocalBoxFuture<'a, StepResult>;

/// A check of the whole setup.
pub(super) type SetupCheck = DoctorCheck<for<'a> fn(&'a Setup<'_>) -> CheckFuture<'a>>;

/// A check that is made for each contract. It finds facts for later ones.
pub(super) type ContractCheck =
    DoctorCheck<for<'a> fn(&'a mut ContractFacts<'_>) -> CheckFuture<'a>>;

/// A check of the rehearsal. It finds facts for later ones.
pub(super) type RehearsalCheck =
    DoctorCheck<for<'a> fn(&'a mut RehearsalFacts<'_>) -> CheckFuture<'a>>;
