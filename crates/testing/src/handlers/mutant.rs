//! The broken variants of the handler, one for each patch in `examples/nextjs-stripe/app/mutants`.

/// A broken variant of the handler, checked wherever the handler differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    FlagLostInHelper,
    CancelFlowSimplified,
    SecretRenamed,
    DuplicateByObject,
    RememberedTooSoon,
    PlanRenamed,
    CreatedTrusted,
    StaleUpdateTrusted,
    LateDeletionWipes,
    NullCustomerUpdated,
    PeriodEndOldPlace,
    IncompleteGrants,
    ScheduledEndIsCanceled,
    TrialIsUnpaid,
    ErrorsSwallowed,
    SignatureUnchecked,
}

impl Mutant {
    pub const ALL: [Self; 16] = [
        Self::FlagLostInHelper,
        Self::CancelFlowSimplified,
        Self::SecretRenamed,
        Self::DuplicateByObject,
        Self::RememberedTooSoon,
        Self::PlanRenamed,
        Self::CreatedTrusted,
        Self::StaleUpdateTrusted,
        Self::LateDeletionWipes,
        Self::NullCustomerUpdated,
        Self::PeriodEndOldPlace,
        Self::IncompleteGrants,
        Self::ScheduledEndIsCanceled,
        Self::TrialIsUnpaid,
        Self::ErrorsSwallowed,
        Self::SignatureUnchecked,
    ];

    /// Returns the name of the patch, without `.patch`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FlagLostInHelper => "01-flag-lost-in-helper",
            Self::CancelFlowSimplified => "02-cancel-flow-simplified",
            Self::SecretRenamed => "03-secret-renamed",
            Self::DuplicateByObject => "04a-duplicate-by-object",
            Self::RememberedTooSoon => "04b-remembered-too-soon",
            Self::PlanRenamed => "05-plan-renamed",
            Self::CreatedTrusted => "06-created-trusted",
            Self::StaleUpdateTrusted => "07-stale-update-trusted",
            Self::LateDeletionWipes => "08-late-deletion-wipes",
            Self::NullCustomerUpdated => "09-null-customer-updated",
            Self::PeriodEndOldPlace => "10-period-end-old-place",
            Self::IncompleteGrants => "11-incomplete-grants",
            Self::ScheduledEndIsCanceled => "12-scheduled-end-is-canceled",
            Self::TrialIsUnpaid => "13-trial-is-unpaid",
            Self::ErrorsSwallowed => "14-errors-swallowed",
            Self::SignatureUnchecked => "15-signature-unchecked",
        }
    }
}
