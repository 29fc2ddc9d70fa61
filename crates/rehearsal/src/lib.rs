//! Rehearsals as plain values: scenarios, their runs under a contract, the observations of a step, and findings.
//! Nothing here does I/O; the command talks to the handler, the provider and the database.

mod action;
mod judgement;
mod library;
mod observed;
mod parse_error;
mod provider;
mod provider_parts;
mod recording;
mod runs;
mod scenario;
mod sending;
mod subject;
mod test_prices;

pub use self::{
    action::{
        BoughtBy, BuyerEmail, CancelEncoding, Checkout, CheckoutPayment, EndOfTrial, FirstPayment,
        GivenUp, Label, NewEmail, PauseBehavior, PaymentOutcome, ProviderAction, RefundedAmount,
        Subscribe, YesNo,
    },
    judgement::{
        FindingCause, JudgedFinding, StepContext, endings_differ, ends_play, fold, judge,
        one_per_cause, worst_then_first,
    },
    library::{built_in, parse},
    observed::{
        BystanderChange, ColumnChange, Delivery, GateAnswer, HandlerResponse, InjectedFault,
        Observed, ProviderCall, RowState, Unsupported, VisitedPage,
    },
    parse_error::ParseError,
    provider::Provider,
    recording::{ExpectedState, LifecycleShape, ProductionLog, Recording, Unplayable, render},
    runs::{Links, ScenarioRun, ScenarioRuns, Variant, scenario_runs},
    scenario::{
        Access, AccountEmail, Answered, Each, EventOrder, ExpectedRow, FailingRequest, Need, Play,
        RecordedTimes, Scenario, Step, Then,
    },
    sending::{Sending, Signing, Until},
    test_prices::{PaidPrice, PriceRole, TestPrices},
};
