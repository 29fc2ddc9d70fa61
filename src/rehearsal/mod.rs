//! Rehearsals as plain values: scenarios, their runs under a contract, the observations of a step, and findings.
//! Nothing here does I/O; the command talks to the handler, the provider and the database.

mod act;
mod due;
mod judgement;
mod library;
mod observed;
mod recording;
mod scenario;
mod test_prices;

pub use self::{
    act::{
        BoughtBy, CancelEncoding, Checkout, CheckoutPayment, EndOfTrial, FirstPayment, GivenUp,
        Label, NewEmail, PauseBehavior, PaymentOutcome, ProviderAction, RefundedAmount, Subscribe,
        YesNo,
    },
    due::{Links, ScenarioRun, ScenarioRuns, Variant, due},
    judgement::{
        FindingCause, JudgedFinding, OnRow, endings_differ, ends_play, fold, judge, one_a_cause,
        worst_then_first,
    },
    library::{ParseError, built_in, parse},
    observed::{
        BystanderChange, ColumnChange, Delivery, GateAnswer, HandlerResponse, InjectedFault,
        Observed, ProviderCall, RowState, Unplayed, Visited,
    },
    recording::{
        ExpectedState, LifecycleShape, ProductionLog, RecordedTimes, Recording, Unplayable, render,
    },
    scenario::{
        Access, Answered, Each, EventOrder, ExpectedRow, FailingRequest, Need, Play, Scenario,
        Sending, Signing, Step, Then, Until,
    },
    test_prices::{PriceRole, TestPrices},
};
