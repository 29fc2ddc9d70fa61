//! Injects a fault during deliveries, and finds the delivery that triggers it.

use fake_stripe::{Armed, FakeStripe, Times};

use super::{
    Rehearsing,
    delivery::{Parcel, deliver},
    row_watch::{look, plain},
    step::{Memory, wait},
    test_accounts::TestAccount,
};
use crate::{
    commands::failure::Failure,
    rehearsal::{Delivery, FailingRequest, InjectedFault, Step},
    scratch::FailedWrite,
};

/// Delivers the events one by one, and stops at the one that triggers the fault and gets an error response; the others
/// wait for a later step. If every delivery succeeds without the fault, it stays armed until the handler triggers it
/// later, the row is right, or the handler's time is over.
pub(super) async fn until_failure(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    failure: FailingRequest,
    (actor, parcels): (&TestAccount, Vec<Parcel>),
    memory: &mut Memory<'_>,
) -> Result<(Vec<Delivery>, Option<InjectedFault>), Failure> {
    let tokens = actor.tokens();
    let armed_fault = ArmedFault::arm(rehearsing, failure, &tokens).await?;
    let mut fault = InjectedFault {
        what: armed_fault.description(),
        hit: None,
        half_written: Vec::new(),
    };
    let mut deliveries = Vec::new();
    let mut waiting = parcels.into_iter();
    for parcel in waiting.by_ref() {
        let before = look(rehearsing, &tokens).await?;
        let delivery = deliver(rehearsing, step, &parcel, memory).await;
        let is_rejected = !delivery.answer.is_success();
        deliveries.push(delivery);
        let fired_now = fault.hit.is_none() && armed_fault.has_fired().await?;
        if fired_now {
            fault.hit = deliveries.len().checked_sub(1);
        }
        if is_rejected {
            memory.rest.push(parcel);
        }
        if fired_now && is_rejected {
            let after = look(rehearsing, &tokens).await?;
            fault.half_written = plain(before.changes(&after).iter(), super::real_now());
            break;
        }
    }
    memory.rest.extend(waiting);
    if fault.hit.is_none() && memory.rest.is_empty() && !deliveries.is_empty() {
        let until_fired = async || armed_fault.has_fired().await;
        wait(rehearsing, step, actor, memory, until_fired).await?;
        if armed_fault.has_fired().await? {
            fault.hit = deliveries.len().checked_sub(1);
        }
    }
    armed_fault.disarm().await?;
    Ok((deliveries, Some(fault)))
}

/// A fault that is armed in the scratch database or in the fake provider.
enum ArmedFault<'r> {
    Write(u8, FailedWrite<'r>),
    Call(u16, &'r FakeStripe, Armed),
}

/// Returns the fake provider's fault that answers with the status.
fn provider_fault(status: u16) -> fake_stripe::Fault {
    match status {
        429 => fake_stripe::Fault::RateLimited(None),
        status => fake_stripe::Fault::ServerError {
            status,
            should_retry: Some(false),
        },
    }
}

impl<'r> ArmedFault<'r> {
    async fn arm(
        rehearsing: &'r Rehearsing<'_>,
        failure: FailingRequest,
        tokens: &[String],
    ) -> Result<Self, Failure> {
        Ok(match failure {
            FailingRequest::Write(nth) => {
                let write = rehearsing.scratch.fail_write(tokens, nth.into()).await;
                Self::Write(nth, write?)
            }
            FailingRequest::Call(status) => {
                let tokens = tokens.iter().cloned();
                let armed =
                    rehearsing
                        .fake
                        .fail_mentioning(tokens, provider_fault(status), Times::Nth(1));
                Self::Call(status, &rehearsing.fake, armed)
            }
        })
    }

    fn description(&self) -> String {
        match self {
            Self::Write(1, _) => "The first write to the account's rows".to_owned(),
            Self::Write(2, _) => "The second write to the account's rows".to_owned(),
            Self::Write(nth, _) => format!("Write {nth} to the account's rows"),
            Self::Call(status, ..) => format!("The first request to the provider ({status})"),
        }
    }

    async fn has_fired(&self) -> Result<bool, Failure> {
        match self {
            Self::Write(_, write) => {
                let writes = write.writes().await?;
                Ok(writes.failed)
            }
            Self::Call(_, _, armed) => Ok(armed.has_fired()),
        }
    }

    async fn disarm(self) -> Result<(), Failure> {
        match self {
            Self::Write(_, write) => write.end().await.map_err(Failure::from).map(drop),
            Self::Call(_, fake, armed) => {
                fake.disarm(&armed);
                Ok(())
            }
        }
    }
}
