//! The functions that all fake providers share: deliver events, list requests, and inject a fault.

use fake_http::{
    Api, Fake, Fault, FaultHandle, Times,
    webhook::{Endpoint, Reply, Signature},
};
use futures::future::BoxFuture;

use super::fake_provider::{ArmedFault, DeliveryReply, DeliveryTiming};
use crate::rehearsal::Signing;

/// A fake with the endpoint that its events go to.
#[derive(Debug)]
pub(super) struct ServedFake<A: Api> {
    pub(super) fake: Fake<A>,
    pub(super) endpoint: Endpoint,
}

impl<A: Api> ServedFake<A> {
    pub(super) fn deliver<'a>(
        &'a self,
        body: &'a [u8],
        signing: Signing,
        timing: DeliveryTiming,
    ) -> BoxFuture<'a, DeliveryReply> {
        let signature = match signing {
            Signing::AsDocumented => Signature::Right,
            Signing::WithTwoSecrets => Signature::Second,
            Signing::NotAtAll => Signature::None,
            Signing::WithAnotherSecret => Signature::WrongSecret,
            Signing::ThenTamperedWith => Signature::Tampered,
            Signing::TenMinutesAgo => Signature::TooOld,
        };
        Box::pin(async move {
            let timing = (timing.now.0, timing.timeout);
            match self.endpoint.deliver(body, signature, timing).await {
                Reply::Status { code, body } => DeliveryReply::Status { code, body },
                Reply::Silence => DeliveryReply::Timeout,
                Reply::Nothing(reason) => DeliveryReply::Nothing(reason),
            }
        })
    }

    pub(super) fn fail_request(&self, texts: Vec<String>, status: u16) -> Box<dyn ArmedFault + '_> {
        let fault = match status {
            429 => Fault::RateLimited(None),
            status => Fault::ServerError {
                status,
                should_retry: Some(false),
            },
        };
        Box::new(InjectedFault {
            armed: self.fake.fail_mentioning(texts, fault, Times::Nth(1)),
            fake: &self.fake,
        })
    }
}

/// A fault injected into one request.
#[derive(Debug)]
struct InjectedFault<'f, A: Api> {
    armed: FaultHandle,
    fake: &'f Fake<A>,
}

impl<A: Api> ArmedFault for InjectedFault<'_, A> {
    fn has_occurred(&self) -> bool {
        self.armed.has_fired()
    }
}

impl<A: Api> Drop for InjectedFault<'_, A> {
    fn drop(&mut self) {
        self.fake.disarm(&self.armed);
    }
}
