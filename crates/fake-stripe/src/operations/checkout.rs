//! Checkout sessions: opened, completed or expired; delayed payments.

use compact_str::{CompactString, format_compact};

use super::{DAY, Impossible, events::EventObject};
use crate::world::{
    CheckoutSession, Customer, Discount, PaymentStatus, SessionStatus, Status, Subscription, World,
};

/// The objects created by a completed purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub session: CompactString,
    pub customer: CompactString,
    pub subscription: CompactString,
    pub invoice: CompactString,
}

/// The buyer's payment. If nothing is due (a trial, a 100 % coupon), it makes no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    Paid,
    /// The payment takes days; until then the subscription is incomplete.
    Pending,
    /// The payment takes days while the subscription is already active, as with some bank debits.
    PendingWhileActive,
}

/// The successful completion of a Checkout session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub payment: Payment,
    /// E-mail entered by the buyer if the session has neither customer nor e-mail.
    pub email: Option<CompactString>,
}

/// A purchase whose objects exist, before its events are recorded.
pub(super) struct UnrecordedPurchase {
    pub(super) purchase: Purchase,
    pub(super) is_new_customer: bool,
    pub(super) card: CompactString,
    /// Payment intent, if anything is due.
    pub(super) intent: Option<CompactString>,
    pub(super) payment: Payment,
}

impl World {
    /// Creates a Checkout session. Stripe sends no event for that.
    pub fn open_checkout(
        &mut self,
        mut session: CheckoutSession,
    ) -> Result<CompactString, Impossible> {
        for item in &mut session.items {
            if self.prices.get(&item.price).is_none() {
                return Err(Impossible::unknown("price", &item.price));
            }
            self.fill(&mut item.id, "si_", 14);
        }
        if let Some(customer) = session.customer.as_deref() {
            let known = self
                .find_customer(customer)
                .filter(|customer| !customer.deleted);
            known.ok_or_else(|| Impossible::unknown("customer", customer))?;
        }
        if let Some(coupon) = session.coupon.as_deref() {
            let known = self.objects.coupons.get(coupon);
            known.ok_or_else(|| Impossible::unknown("coupon", coupon))?;
        }
        if session.expires_at == 0 {
            session.expires_at = self.clock.saturating_add(DAY);
        }
        Ok(self.put_checkout_session(session))
    }

    /// Creates and immediately completes a Checkout session.
    pub fn checkout(
        &mut self,
        session: CheckoutSession,
        payment: Payment,
    ) -> Result<Purchase, Impossible> {
        let session = self.open_checkout(session)?;
        let completion = Completion {
            payment,
            email: None,
        };
        self.complete_checkout(&session, &completion)
    }

    /// Completes a Checkout session as the buyer.
    pub fn complete_checkout(
        &mut self,
        id: &str,
        completion: &Completion,
    ) -> Result<Purchase, Impossible> {
        let session = self.open_session(id, "completing it")?;
        self.begin_user_operation();
        let purchase_made = self.create_purchase(session, completion);
        if self.has_basil_events() {
            self.record_purchase(&purchase_made);
        } else {
            self.record_purchase_before_basil(&purchase_made);
        }
        Ok(purchase_made.purchase)
    }

    /// Expires a Checkout session that nobody completed in time.
    pub fn expire_checkout(&mut self, id: &str) -> Result<(), Impossible> {
        let mut session = self.open_session(id, "expiring it")?;
        self.begin_provider_operation();
        session.status = SessionStatus::Expired;
        self.put_checkout_session(session);
        self.record_event("checkout.session.expired", EventObject::Session(id));
        Ok(())
    }

    /// Completes a delayed payment.
    pub fn async_payment_succeeds(&mut self, id: &str) -> Result<(), Impossible> {
        let (mut session, invoice) = self.awaiting_payment(id, "its late payment")?;
        self.begin_provider_operation();
        session.payment_status = PaymentStatus::Paid;
        let subscription = session.subscription.clone().unwrap_or_default();
        self.put_checkout_session(session);
        self.record_event(
            "checkout.session.async_payment_succeeded",
            EventObject::Session(id),
        );
        self.pay_and_record(&invoice);
        let card = self
            .find_subscription(&subscription)
            .map(|one| one.customer.clone());
        let card = card.map(|customer| self.find_or_create_card(&customer));
        self.update_subscription_and_record(&subscription, |subscription| {
            subscription.details.default_payment_method = card;
            if subscription.status == Status::Incomplete {
                subscription.status = Status::Active;
            }
        });
        Ok(())
    }

    /// Fails a delayed payment. The subscription keeps its status, incomplete or active; the invoice of an active one
    /// is voided.
    pub fn async_payment_fails(&mut self, id: &str) -> Result<(), Impossible> {
        let (session, invoice) = self.awaiting_payment(id, "its late payment")?;
        self.begin_provider_operation();
        self.record_event(
            "checkout.session.async_payment_failed",
            EventObject::Session(id),
        );
        self.decline_and_record(&invoice, None);
        let subscription = session.subscription.unwrap_or_default();
        let is_active = self
            .find_subscription(&subscription)
            .is_some_and(|subscription| subscription.status == Status::Active);
        if is_active {
            self.void_and_record(&invoice);
        }
        Ok(())
    }

    pub(super) fn open_session(
        &self,
        id: &str,
        action: &'static str,
    ) -> Result<CheckoutSession, Impossible> {
        let session = self.find_session(id);
        let session = session.ok_or_else(|| Impossible::unknown("checkout session", id))?;
        match session.status {
            SessionStatus::Open => Ok(session.clone()),
            SessionStatus::Complete | SessionStatus::Expired => Err(Impossible::NotNow {
                kind: "checkout session",
                id: id.into(),
                state: session.status.as_str().into(),
                action,
            }),
        }
    }

    /// Returns a complete session with an outstanding payment, and its invoice.
    fn awaiting_payment(
        &self,
        id: &str,
        action: &'static str,
    ) -> Result<(CheckoutSession, CompactString), Impossible> {
        let session = self.find_session(id);
        let session = session.ok_or_else(|| Impossible::unknown("checkout session", id))?;
        let is_late = session.payment_status == PaymentStatus::Unpaid;
        match session.invoice.clone().filter(|_| is_late) {
            Some(invoice) => Ok((session.clone(), invoice)),
            None => Err(Impossible::NotNow {
                kind: "checkout session",
                id: id.into(),
                state: format_compact!(
                    "{} and {}",
                    session.status.as_str(),
                    session.payment_status.as_str()
                ),
                action,
            }),
        }
    }

    /// Creates all objects of a purchase except its payment.
    fn create_purchase(
        &mut self,
        mut session: CheckoutSession,
        completion: &Completion,
    ) -> UnrecordedPurchase {
        let (customer, is_new_customer) = self.buyer(&mut session, completion);
        let subscription = self.create_bought_subscription(&session, &customer);
        let invoice = self.draft_invoice(&subscription, "subscription_create");
        let card = self.find_or_create_card(&customer);
        let intent = self.find_or_create_intent(&invoice);
        session.status = SessionStatus::Complete;
        session.payment_status = match (&intent, completion.payment) {
            (None, _) if session.trial_days.is_some() => PaymentStatus::NotRequired,
            (None, _) | (Some(_), Payment::Paid) => PaymentStatus::Paid,
            (Some(_), Payment::Pending | Payment::PendingWhileActive) => PaymentStatus::Unpaid,
        };
        session.customer = Some(customer.clone());
        session.subscription = Some(subscription.clone());
        session.invoice = Some(invoice.clone());
        let session = self.put_checkout_session(session);
        UnrecordedPurchase {
            purchase: Purchase {
                session,
                customer,
                subscription,
                invoice,
            },
            is_new_customer,
            card,
            intent,
            payment: completion.payment,
        }
    }

    fn buyer(
        &mut self,
        session: &mut CheckoutSession,
        completion: &Completion,
    ) -> (CompactString, bool) {
        if let Some(customer) = session.customer.clone() {
            let known = self.find_customer(&customer);
            session.buyer_email = known.and_then(|customer| customer.email.clone());
            return (customer, false);
        }
        let email = session
            .customer_email
            .clone()
            .or_else(|| completion.email.clone());
        let email = email.unwrap_or_else(|| "buyer@example.com".into());
        session.buyer_email = Some(email.clone());
        (self.customer(Customer::new("").email(&email)), true)
    }

    /// Creates the subscription of a purchase, before its payment.
    fn create_bought_subscription(
        &mut self,
        session: &CheckoutSession,
        customer: &str,
    ) -> CompactString {
        let status = if session.trial_days.is_some() {
            Status::Trialing
        } else {
            Status::Incomplete
        };
        let mut subscription = Subscription::new(customer, status).created(self.clock);
        subscription.items.clone_from(&session.items);
        if let Some(days) = session.trial_days {
            let end = self.clock.saturating_add(DAY.saturating_mul(days.into()));
            subscription.details.trial_start = Some(self.clock);
            subscription.details.trial_end = Some(end);
        }
        if !session.subscription_metadata.is_empty() {
            subscription.details.metadata = session.subscription_metadata.clone();
        }
        if let Some(ending) = session.missing_payment_method.clone() {
            subscription.details.missing_payment_method = Some(ending);
        }
        if let Some(coupon) = session.coupon.clone() {
            subscription.details.discount = Some(Discount {
                id: self.id_counters.next("di_1", 20),
                coupon,
                start: self.clock,
                checkout_session: Some(session.id.clone()),
            });
        }
        self.subscription(subscription)
    }

    pub(super) fn activate(&mut self, subscription: &str) {
        self.change_subscription_silently(subscription, begin);
    }

    pub(super) fn set_card_and_record(&mut self, subscription: &str, card: &CompactString) {
        self.update_subscription_and_record(subscription, |subscription| {
            subscription.details.default_payment_method = Some(card.clone());
        });
    }
}

/// Activates the subscription after its first payment, or without one if nothing is due. A trial continues.
pub(super) fn begin(subscription: &mut Subscription) {
    if subscription.status == Status::Incomplete {
        subscription.status = Status::Active;
    }
}
