//! Rehearsals as plain values: scenarios, their runs under a contract, the observations of a step, and findings.
//! Nothing here does I/O; the command talks to the handler, the provider and the database.

mod act;
mod cast;
mod due;
mod judgement;
mod library;
mod observed;
mod recording;
mod scenario;

pub use self::{
    act::{
        Act, BoughtBy, CancelEncoding, Checkout, CheckoutPayment, EndOfTrial, FirstPayment,
        GivenUp, Label, NewEmail, Outcome, PauseBehavior, RefundedAmount, Subscribe, YesNo,
    },
    cast::{Cast, Role},
    due::{Due, Links, Performance, Variation, due},
    judgement::{
        Cause, Judged, OnRow, endings_differ, ends_play, fold, judge, one_a_cause, worst_then_first,
    },
    library::{ParseError, built_in, parse},
    observed::{
        Answer, BystanderChange, Call, Change, Delivery, Fault, GateAnswer, Observed, RowState,
        Unplayed, Visited,
    },
    recording::{Expected, ProductionLog, Recorded, Recording, Shape, Unplayable, render},
    scenario::{
        Access, Answered, Each, Failure, Need, Order, Play, Row, Scenario, Sending, Signing, Step,
        Then, Until,
    },
};
