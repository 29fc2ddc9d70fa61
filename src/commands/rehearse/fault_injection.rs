//! Injects a failure during deliveries, and finds the delivery that hits it.

use super::{
    delivery::deliver,
    fake_provider::ArmedFault,
    row_watch::column_changes,
    run::{ActiveRun, OutgoingEvent},
    systems::Systems,
    waiting::wait,
};
use crate::{
    commands::failure::Failure,
    rehearsal::{Delivery, FailingRequest, InjectedFault, Step},
    scratch::FailedWrite,
};

/// Delivers the events one by one until one hits the failure and gets an error response; the rest waits for a later
/// step. After a success the failure stays armed until a request hits it, the row is right, or the time limit is
/// reached.
pub(super) async fn until_failure(
    systems: &Systems<'_>,
    step: &Step,
    failure: FailingRequest,
    outgoing: Vec<OutgoingEvent>,
    run: &mut ActiveRun<'_>,
) -> Result<(Vec<Delivery>, InjectedFault), Failure> {
    let tokens = run.account.tokens();
    let failure = ArmedFailure::arm(systems, failure, &tokens).await?;
    let mut fault = InjectedFault {
        what: failure.description(),
        hit: None,
        is_late: false,
        half_written: Vec::new(),
    };
    let mut deliveries = Vec::new();
    let mut waiting = outgoing.into_iter();
    for event in waiting.by_ref() {
        let before = systems.database.rows_of(&tokens).await?;
        let delivery = deliver(systems, step, &event, &run.events).await;
        let has_failed = !delivery.answer.is_success();
        deliveries.push(delivery);
        let is_hit = fault.hit.is_none() && failure.has_occurred().await?;
        if is_hit {
            fault.hit = deliveries.len().checked_sub(1);
        }
        if has_failed {
            run.events.left.push(event);
        }
        if is_hit && has_failed {
            let after = systems.database.rows_of(&tokens).await?;
            fault.half_written =
                column_changes(before.changes(&after).iter(), &systems.database.clock());
            break;
        }
    }
    run.events.left.extend(waiting);
    if fault.hit.is_none() && run.events.left.is_empty() && !deliveries.is_empty() {
        let until_hit = async || failure.has_occurred().await;
        wait(systems, step, run, until_hit).await?;
        if failure.has_occurred().await? {
            fault.hit = deliveries.len().checked_sub(1);
            fault.is_late = true;
        }
    }
    failure.disarm().await?;
    Ok((deliveries, fault))
}

/// An injected failure.
enum ArmedFailure<'r> {
    Write(u8, FailedWrite<'r>),
    Request(u16, Box<dyn ArmedFault + 'r>),
}

impl<'r> ArmedFailure<'r> {
    async fn arm(
        systems: &'r Systems<'_>,
        failure: FailingRequest,
        tokens: &[String],
    ) -> Result<Self, Failure> {
        Ok(match failure {
            FailingRequest::Write(nth) => {
                Self::Write(nth, systems.database.fail_write(tokens, nth).await?)
            }
            FailingRequest::Call(status) => {
                let fake = &systems.provider.fake;
                Self::Request(status, fake.fail_request(tokens.to_vec(), status))
            }
        })
    }

    fn description(&self) -> String {
        match self {
            Self::Write(1, _) => "The first write to the account's rows".to_owned(),
            Self::Write(2, _) => "The second write to the account's rows".to_owned(),
            Self::Write(nth, _) => format!("Write {nth} to the account's rows"),
            Self::Request(status, _) => format!("The first request to the provider ({status})"),
        }
    }

    async fn has_occurred(&self) -> Result<bool, Failure> {
        match self {
            Self::Write(_, write) => Ok(write.writes().await?.failed),
            Self::Request(_, fault) => Ok(fault.has_occurred()),
        }
    }

    async fn disarm(self) -> Result<(), Failure> {
        match self {
            Self::Write(_, write) => {
                write.end().await?;
            }
            Self::Request(_, fault) => drop(fault),
        }
        Ok(())
    }
}
