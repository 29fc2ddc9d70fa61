//! Turns production lifecycles into scenarios: strips events, derives actions from a customer's events, and merges equal
//! sequences of actions into one shape. Nothing that identifies a customer leaves this module.

mod action_events;
mod coverage;
mod file;
mod item_change;
mod lifecycle;
mod lifecycle_reader;
mod log;
mod looking_ahead;
mod price_parts;
mod purchase;
mod shape;
mod stripped_event;
mod subscription_change;
mod subscription_state;
#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;

pub(super) use self::file::{is_recorded, parse};
pub use self::{
    file::render,
    lifecycle_reader::ExpectedState,
    log::{ProductionLog, Recording},
    shape::LifecycleShape,
};

/// The reason why a scenario cannot play a lifecycle. The texts describe the lifecycles that are counted under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unplayable {
    #[error("a purchase of a free plan, which scenarios do not play")]
    FreePlan,
    #[error("prices of more than three plans")]
    FourthPlan,
    #[error("more prices of a plan, or more plans, than `plans` maps")]
    NoSuchPrice,
    #[error("a purchase of only a price that is neither in `plans` nor in `ignore_prices`")]
    UnknownPriceBought,
    #[error(
        "a change to a price that the contract does not map, followed by one that it cannot judge"
    )]
    UnknownPriceLater,
    #[error("a customer whose purchases are not in the log")]
    NothingBought,
    #[error("a subscription without items")]
    NoItems,
    #[error("items in different quantities")]
    QuantitiesDiffer,
    #[error("more than four subscriptions of one customer")]
    ManySubscriptions,
    #[error("a subscription that is active before its late payment arrived")]
    ActiveBeforePaid,
    #[error("a subscription that is paused, overdue or scheduled to end from the start")]
    UnusualBeginning,
    #[error("a failed payment that changed nothing")]
    FailureWithoutConsequence,
    #[error("a single payment that takes days")]
    LateSinglePayment,
    #[error("a schedule whose change is not in the log")]
    ScheduleOutside,
    #[error("a change of status that no action of a scenario causes")]
    StatusChange,
    #[error("a status that the provider does not document")]
    UnknownStatus,
    #[error("more than thirty changes")]
    TooLong,
    #[error("the fake provider does not reach the same states")]
    OtherStates,
}
