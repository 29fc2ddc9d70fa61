//! Turns the stripped events of one customer into actions for the fake provider.

use std::collections::BTreeMap;

use super::{
    Unplayable,
    lifecycle_reader::{KnownSubscription, LifecycleChange, LifecycleReader, TimedAction},
    looking_ahead::within_event_window,
    price_parts::PriceParts,
    purchase,
    stripped_event::{CheckoutEvent, CheckoutMode, EventContent, StrippedEvent, SubscriptionEvent},
    subscription_change,
};
use crate::{
    action::{
        Checkout, CheckoutPayment, NewEmail, PaymentOutcome, ProviderAction, RefundedAmount, YesNo,
    },
    test_prices::PriceRole,
};
use contract::{Contract, Status};

/// Derives the actions of a lifecycle from its events, which must be in order.
pub(super) fn actions(
    events: &[StrippedEvent],
    contract: &Contract,
) -> Result<Vec<TimedAction>, Unplayable> {
    let mut reader = LifecycleReader {
        events,
        parts: PriceParts::new(contract, events),
        actions: Vec::new(),
        subscriptions: BTreeMap::new(),
    };
    reader.begin_earlier()?;
    for (index, event) in events.iter().enumerate() {
        reader.read(index, event)?;
    }
    Ok(reader.actions)
}

impl<'l> LifecycleReader<'l> {
    /// Adds the actions that lead to the first known state of subscriptions older than the log.
    fn begin_earlier(&mut self) -> Result<(), Unplayable> {
        let mut seen: Vec<&str> = Vec::new();
        let events = self.events;
        for event in events {
            let EventContent::Subscription {
                id,
                kind,
                now,
                before,
            } = &event.content
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
        match &event.content {
            EventContent::Subscription { id, kind, now, .. } => match kind {
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
                    subscription_change::add_actions(self, change)
                }
            },
            EventContent::Checkout {
                subscription,
                kind,
                mode,
            } => self.checkout(at, subscription.as_deref(), (*kind, *mode)),
            EventContent::Invoice {
                subscription,
                is_paid,
            } => match subscription {
                Some(id) if *is_paid => {
                    self.forget_failed_payment(id);
                    Ok(())
                }
                Some(id) => self.payment_failed(index, at, id),
                None => {
                    let paid = if *is_paid { YesNo::Yes } else { YesNo::No };
                    self.push(at, ProviderAction::OneOffInvoice { paid });
                    Ok(())
                }
            },
            EventContent::EmailChanged => {
                self.push(
                    at,
                    ProviderAction::ChangeEmail {
                        to: NewEmail::Fresh,
                    },
                );
                Ok(())
            }
            EventContent::CustomerDeleted => {
                self.delete_customer(at);
                Ok(())
            }
            EventContent::Refunded { is_full } => {
                let amount = if *is_full {
                    RefundedAmount::Rest
                } else {
                    RefundedAmount::Part
                };
                self.push(
                    at,
                    ProviderAction::Refund {
                        amount,
                        approved: YesNo::Yes,
                    },
                );
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
                    let action = ProviderAction::AsyncPayment {
                        subscription,
                        outcome,
                    };
                    self.push(at, action);
                }
            }
            // A purchased subscription is read from its own events, and an unsuccessful one-off payment is left out.
            (CheckoutEvent::Completed { .. }, CheckoutMode::Subscription)
            | (_, CheckoutMode::Payment) => {}
        }
        Ok(())
    }

    /// Forgets a failed payment once the invoice is paid.
    fn forget_failed_payment(&mut self, id: &str) {
        if let Some(known) = self.subscriptions.get_mut(id) {
            known.failed_at = None;
        }
    }

    fn payment_failed(&mut self, index: usize, at: i64, id: &str) -> Result<(), Unplayable> {
        let Some(known) = self.subscriptions.get(id) else {
            return Ok(());
        };
        let is_reported = known
            .failed_at
            .is_some_and(|failed| within_event_window(failed, at));
        let subscription = known.label.clone();
        match known.state.status {
            Status::PastDue | Status::Unpaid if is_reported || self.is_given_up(index, at, id) => {
                Ok(())
            }
            Status::PastDue | Status::Unpaid => {
                self.push(at, ProviderAction::PaymentFailed { subscription });
                // The status does not change, so the provider sends no update.
                self.drop_event("customer.subscription.updated");
                self.store_failed_payment(id, at);
                Ok(())
            }
            Status::Active | Status::Trialing => {
                let next = self.next_state(index, at, id);
                let is_shown = next.is_some_and(|(_, now)| {
                    !matches!(now.status, Status::Active | Status::Trialing)
                });
                if is_shown || is_reported {
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

    fn delete_customer(&mut self, at: i64) {
        let mut known: Vec<&mut KnownSubscription> = self.subscriptions.values_mut().collect();
        let had_active = known.iter().any(|known| !known.state.is_over());
        for known in &mut known {
            known.state.status = Status::Canceled;
        }
        self.push(at, ProviderAction::DeleteCustomer {});
        if !had_active {
            self.drop_event("customer.subscription.deleted");
        }
    }
}
