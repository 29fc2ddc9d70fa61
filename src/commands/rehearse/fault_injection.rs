//! Injects a failure during deliveries, and finds the delivery that hits it.

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
    rehearsal::{Delivery, FailingRequest as Injected, InjectedFault, Step},
    scratch::FailedWrite,
};

/// Delivers the events one by one until one hits the failure and gets an error response; the rest waits for a later
/// step. After a success the failure stays armed, until something hits it, the row is right, or the handler's time is
/// over.
pub(super) async fn until_failure(
    rehearsing: &Rehearsing<'_>,
    step: &Step,
    failure: Injected,
    (actor, parcels): (&TestAccount, Vec<Parcel>),
    memory: &mut Memory<'_>,
) -> Result<(Vec<Delivery>, Option<InjectedFault>), Failure> {
    let tokens = actor.tokens();
    let trap = Trap::set(rehearsing, failure, &tokens).await?;
    let mut fault = InjectedFault {
        what: trap.what(),
        hit: None,
        half_written: Vec::new(),
    };
    let mut deliveries = Vec::new();
    let mut waiting = parcels.into_iter();
    for parcel in waiting.by_ref() {
        let before = look(rehearsing, &tokens).await?;
        let delivery = deliver(rehearsing, step, &parcel, memory).await;
        let has_failed = !delivery.answer.is_success();
        deliveries.push(delivery);
        let is_hit = fault.hit.is_none() && trap.is_sprung().await?;
        if is_hit {
            fault.hit = deliveries.len().checked_sub(1);
        }
        if has_failed {
            memory.rest.push(parcel);
        }
        if is_hit && has_failed {
            let after = look(rehearsing, &tokens).await?;
            fault.half_written = plain(before.changes(&after).iter(), super::real_now());
            break;
        }
    }
    memory.rest.extend(waiting);
    if fault.hit.is_none() && memory.rest.is_empty() && !deliveries.is_empty() {
        let until_hit = async || trap.is_sprung().await;
        wait(rehearsing, step, actor, memory, until_hit).await?;
        if trap.is_sprung().await? {
            fault.hit = deliveries.len().checked_sub(1);
        }
    }
    trap.end().await?;
    Ok((deliveries, Some(fault)))
}

/// An injected failure.
enum Trap<'r> {
    Write(u8, FailedWrite<'r>),
    Call(u16, &'r FakeStripe, Armed),
}

/// Returns the provider's fault for a status.
fn refusal(status: u16) -> fake_stripe::Fault {
    match status {
        429 => fake_stripe::Fault::RateLimited(None),
        status => fake_stripe::Fault::ServerError {
            status,
            should_retry: Some(false),
        },
    }
}

impl<'r> Trap<'r> {
    async fn set(
        rehearsing: &'r Rehearsing<'_>,
        failure: Injected,
        tokens: &[String],
    ) -> Result<Self, Failure> {
        Ok(match failure {
            Injected::Write(nth) => {
                let write = rehearsing.scratch.fail_write(tokens, nth.into()).await;
                Self::Write(nth, write?)
            }
            Injected::Call(status) => {
                let tokens = tokens.iter().cloned();
                let armed = rehearsing
                    .fake
                    .fail_mentioning(tokens, refusal(status), Times::Nth(1));
                Self::Call(status, &rehearsing.fake, armed)
            }
        })
    }

    fn what(&self) -> String {
        match self {
            Self::Write(1, _) => "The first write to the account's rows".to_owned(),
            Self::Write(2, _) => "The second write to the account's rows".to_owned(),
            Self::Write(nth, _) => format!("Write {nth} to the account's rows"),
            Self::Call(status, ..) => format!("The first request to the provider ({status})"),
        }
    }

    async fn is_sprung(&self) -> Result<bool, Failure> {
        match self {
            Self::Write(_, write) => {
                let writes = write.writes().await?;
                Ok(writes.failed)
            }
            Self::Call(_, _, armed) => Ok(armed.has_fired()),
        }
    }

    async fn end(self) -> Result<(), Failure> {
        match self {
            Self::Write(_, write) => write.end().await.map_err(Failure::from).map(drop),
            Self::Call(_, fake, armed) => {
                fake.disarm(&armed);
                Ok(())
            }
        }
    }
}
