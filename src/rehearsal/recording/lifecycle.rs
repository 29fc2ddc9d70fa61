//! Turns the stripped events of one customer into acts for the fake provider.

use std::collections::BTreeMap;

use super::{
    Unplayable,
    looking_ahead::near,
    price_parts::{PricePart, PriceParts},
    purchase,
    stripped_event::{CheckoutEvent, CheckoutMode, StrippedEvent, SubscriptionEvent, What},
    subscription_change::{self, LifecycleChange},
    subscription_state::SubscriptionState,
    telling::tells,
};
use crate::{
    contract::{Contract, Status},
    rehearsal::{
        act::{
            CancelEncoding, Checkout, CheckoutPayment, Label, NewEmail, PauseBehavior,
            PaymentOutcome, ProviderAction, RefundedAmount, YesNo,
        },
        scenario::Sending,
        test_prices::PriceRole,
    },
};

/// Labels of subscriptions, in the order of purchase.
pub(super) const LABELS: [&str; 4] = ["main", "second", "third", "fourth"];

/// An act and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TimedAct {
    pub(super) at: i64,
    pub(super) act: ProviderAction,
    /// Events that the act sends.
    pub(super) tells: Vec<Sending>,
    pub(super) after: Option<ExpectedState>,
}

/// The expected state of a subscription after an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedState {
    pub label: Label,
    pub status: Status,
    pub items: Vec<PricePart>,
    pub cancel: Option<CancelEncoding>,
    pub pause: Option<PauseBehavior>,
}

/// A subscription and its state after the events read so far.
#[derive(Debug, Clone)]
pub(super) struct KnownSubscription {
    pub(super) label: Label,
    pub(super) state: SubscriptionState,
    /// Time of the last failed payment, to recognize further events about it.
    pub(super) failed_at: Option<i64>,
}

#[derive(Debug)]
pub(super) struct LifecycleReader<'l> {
    pub(super) events: &'l [StrippedEvent],
    pub(super) parts: PriceParts<'l>,
    pub(super) moves: Vec<TimedAct>,
    pub(super) subscriptions: BTreeMap<&'l str, KnownSubscription>,
}

/// Derives the acts of a lifecycle from its events, which must be in order.
pub(super) fn moves(
    events: &[StrippedEvent],
    contract: &Contract,
) -> Result<Vec<TimedAct>, Unplayable> {
    let mut reader = LifecycleReader {
        events,
        parts: PriceParts::new(contract, events),
        moves: Vec::new(),
        subscriptions: BTreeMap::new(),
    };
    reader.begin_earlier()?;
    for (index, event) in events.iter().enumerate() {
        reader.read(index, event)?;
    }
    Ok(reader.moves)
}

impl<'l> LifecycleReader<'l> {
    /// Adds the acts that lead to the first known state of subscriptions older than the log.
    fn begin_earlier(&mut self) -> Result<(), Unplayable> {
        let mut seen: Vec<&str> = Vec::new();
        let events = self.events;
        for event in events {
            let What::Subscription {
                id,
                kind,
                now,
                before,
            } = &event.what
            else {
                continue;
            };
            if seen.contains(&id.as_str()) {
                continue;
            }
            seen.push(id);
            if *kind == SubscriptionEvent::Created {
                continue;
            }
            let state = match before {
                Some(before) => (**before).clone(),
                None => subscription_change::state_before(*kind, now, event.at),
            };
            purchase::begin_earlier(self, id, event.at, state)?;
        }
        Ok(())
    }

    fn read(&mut self, index: usize, event: &'l StrippedEvent) -> Result<(), Unplayable> {
        let at = event.at;
        match &event.what {
            What::Subscription { id, kind, now, .. } => match kind {
                SubscriptionEvent::Created => purchase::begin(self, (index, at), id, now),
                SubscriptionEvent::Changed
                | SubscriptionEvent::TrialWillEnd
                | SubscriptionEvent::Deleted => {
                    let change = LifecycleChange {
                        index,
                        at,
                        id,
                        kind: *kind,
                        now,
                    };
                    subscription_change::read(self, change)
                }
            },
            What::Checkout {
                subscription,
                kind,
                mode,
            } => self.checkout(at, subscription.as_deref(), (*kind, *mode)),
            What::Invoice {
                subscription,
                is_paid,
            } => match subscription {
                Some(id) if *is_paid => {
                    self.settled(id);
                    Ok(())
                }
                Some(id) => self.payment_failed(index, at, id),
                None => {
                    let paid = if *is_paid { YesNo::Yes } else { YesNo::No };
                    self.push(at, ProviderAction::OneOffInvoice { paid });
                    Ok(())
                }
            },
            What::EmailChanged => {
                self.push(
                    at,
                    ProviderAction::ChangeEmail {
                        to: NewEmail::Fresh,
                    },
                );
                Ok(())
            }
            What::CustomerDeleted => {
                self.delete_customer(at);
                Ok(())
            }
            What::Refunded { is_whole } => {
                let amount = if *is_whole {
                    RefundedAmount::Rest
                } else {
                    RefundedAmount::Part
                };
                self.push(at, ProviderAction::Refund { amount });
                Ok(())
            }
        }
    }

    fn checkout(
        &mut self,
        at: i64,
        subscription: Option<&str>,
        (kind, mode): (CheckoutEvent, CheckoutMode),
    ) -> Result<(), Unplayable> {
        let label = subscription.and_then(|id| self.subscriptions.get(id));
        let label = label.map(|known| known.label.clone());
        match (kind, mode) {
            (CheckoutEvent::Completed { is_paid, .. }, CheckoutMode::Payment) => {
                if !is_paid {
                    return Err(Unplayable::LateSinglePayment);
                }
                self.push(at, ProviderAction::PayOnce {});
            }
            (CheckoutEvent::Expired, CheckoutMode::Subscription) => {
                let never = Checkout {
                    payment: CheckoutPayment::Never,
                    ..Checkout::for_price(PriceRole::Main)
                };
                self.push(at, ProviderAction::Checkout(never));
            }
            (
                CheckoutEvent::PaymentSucceeded | CheckoutEvent::PaymentFailed,
                CheckoutMode::Subscription,
            ) => {
                let outcome = if kind == CheckoutEvent::PaymentSucceeded {
                    PaymentOutcome::Succeeded
                } else {
                    PaymentOutcome::Failed
                };
                if let Some(subscription) = label {
                    let act = ProviderAction::AsyncPayment {
                        subscription,
                        outcome,
                    };
                    self.push(at, act);
                }
            }
            // The subscription's own events show its purchase; of a one-off payment only the success counts.
            (CheckoutEvent::Completed { .. }, CheckoutMode::Subscription)
            | (_, CheckoutMode::Payment) => {}
        }
        Ok(())
    }

    /// Forgets a failed payment once the invoice is paid.
    fn settled(&mut self, id: &str) {
        if let Some(known) = self.subscriptions.get_mut(id) {
            known.failed_at = None;
        }
    }

    fn payment_failed(&mut self, index: usize, at: i64, id: &str) -> Result<(), Unplayable> {
        let Some(known) = self.subscriptions.get(id) else {
            return Ok(());
        };
        let is_told = known.failed_at.is_some_and(|failed| near(failed, at));
        let subscription = known.label.clone();
        match known.state.status {
            Status::PastDue | Status::Unpaid if is_told || self.is_given_up(index, at, id) => {
                Ok(())
            }
            Status::PastDue | Status::Unpaid => {
                self.push(at, ProviderAction::PaymentFailed { subscription });
                // The status does not change, so there is no update.
                self.tell_without("customer.subscription.updated");
                self.failed(id, at);
                Ok(())
            }
            Status::Active | Status::Trialing => {
                let next = self.next_state(index, at, id);
                let tells = next.is_some_and(|(_, now)| {
                    !matches!(now.status, Status::Active | Status::Trialing)
                });
                if tells || is_told {
                    Ok(())
                } else {
                    Err(Unplayable::FailureWithoutConsequence)
                }
            }
            Status::Incomplete
            | Status::IncompleteExpired
            | Status::Canceled
            | Status::Paused
            | Status::Other(_) => Ok(()),
        }
    }

    /// Stores the time of a failed payment, which several events report.
    pub(super) fn failed(&mut self, id: &str, at: i64) {
        if let Some(known) = self.subscriptions.get_mut(id) {
            known.failed_at = Some(at);
        }
    }

    fn delete_customer(&mut self, at: i64) {
        let mut known: Vec<&mut KnownSubscription> = self.subscriptions.values_mut().collect();
        let is_any_living = known.iter().any(|known| !known.state.is_over());
        for known in &mut known {
            known.state.status = Status::Canceled;
        }
        self.push(at, ProviderAction::DeleteCustomer {});
        if !is_any_living {
            self.tell_without("customer.subscription.deleted");
        }
    }

    /// Removes an event that the last act does not send in this case.
    pub(super) fn tell_without(&mut self, event: &str) {
        if let Some(last) = self.moves.last_mut() {
            last.tells.retain(|sending| sending.event != event);
        }
    }

    pub(super) fn push(&mut self, at: i64, act: ProviderAction) {
        let tells = tells(&act);
        self.moves.push(TimedAct {
            at,
            act,
            tells,
            after: None,
        });
    }

    /// Sets the expected state of a subscription after the last act.
    pub(super) fn expect(&mut self, id: &str) -> Result<(), Unplayable> {
        let Some(known) = self.subscriptions.get(id) else {
            return Ok(());
        };
        let expected = ExpectedState {
            label: known.label.clone(),
            status: known.state.status.clone(),
            items: self.parts.all_parts(&known.state)?,
            cancel: known.state.cancel,
            pause: known.state.pause,
        };
        if let Some(last) = self.moves.last_mut() {
            last.after = Some(expected);
        }
        Ok(())
    }

    pub(super) fn next_label(&self) -> Result<Label, Unplayable> {
        let label = LABELS.get(self.subscriptions.len());
        let label = label.ok_or(Unplayable::ManySubscriptions)?;
        Ok(Label((*label).to_owned()))
    }
}
