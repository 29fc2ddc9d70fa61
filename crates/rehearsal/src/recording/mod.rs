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
    #[error("a price of a free plan, which scenarios have no word for")]
    FreePlan,
    #[error("prices of a fourth plan, where scenarios have three")]
    FourthPlan,
    #[error("a second price of one plan or one of a second or third plan, where `plans` maps none")]
    NoSuchPrice,
    #[error("a purchase of nothing but a price that neither `plans` nor `ignore_prices` knows")]
    UnknownPriceBought,
    #[error(
        "a price that the contract does not know, and then something that the contract cannot judge there"
    )]
    UnknownPriceLater,
    #[error("a customer of whom the log does not show what it subscribes to")]
    NothingBought,
    #[error("a subscription that shows no items")]
    NoItems,
    #[error("items in different quantities")]
    QuantitiesDiffer,
    #[error("more than four subscriptions of one customer")]
    ManySubscriptions,
    #[error("a subscription that is active before its late payment arrived")]
    ActiveBeforePaid,
    #[error("a subscription that begins paused, owing or scheduled to end")]
    UnusualBeginning,
    #[error("a failed payment that changed nothing")]
    FailureWithoutConsequence,
    #[error("a single payment that takes days")]
    LateSinglePayment,
    #[error("a schedule whose change is not in the log")]
    ScheduleOutside,
    #[error("a change of status that no act of a scenario makes")]
    StatusChange,
    #[error("a status that the documentation does not have")]
    UnknownStatus,
    #[error("more than thirty changes")]
    TooLong,
    #[error("the fake provider does not come to the same states")]
    OtherStates,
}
