//! What a report says of the contract itself, before it accuses anybody. It never changes a verdict.

use super::{Field, PlanKey};

/// The key of the contract that advice is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContractKey {
    /// The entry as a whole.
    Contract,
    /// `plans`, or one entry of it.
    Plans(Option<PlanKey>),
    /// `columns.<field>`, or `query` where there are no columns.
    Column(Field),
    GracePastDue,
    MetadataAccount,
}

/// One thing to look at in prodverdict.yml.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advice {
    pub about: ContractKey,
    pub message: String,
    pub hint: String,
}
