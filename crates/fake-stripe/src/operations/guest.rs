//! A one-off guest purchase, without subscription or customer.

use compact_str::CompactString;

use super::events::EventObject;
use crate::world::{
    CheckoutSession, Item, PaymentIntent, PaymentStatus, SessionMode, SessionStatus, World,
};

impl World {
    /// Completes a Checkout session in `payment` mode with a null customer. Returns the id of the session.
    pub fn guest_payment(&mut self, price: &str) -> CompactString {
        self.begin_for_person();
        let id = self.numbers.next("cs_test_a1", 55);
        let mut session = CheckoutSession {
            id: id.clone(),
            created: self.clock,
            expires_at: self.clock.saturating_add(super::DAY),
            status: SessionStatus::Complete,
            payment_status: PaymentStatus::Paid,
            mode: SessionMode::Payment,
            buyer_email: Some("guest@example.com".into()),
            items: vec![Item::new(price)],
            ..CheckoutSession::default()
        };
        session.payment_intent = Some(self.payment_intent(PaymentIntent {
            currency: "usd".into(),
            amount: self.session_subtotal(&session),
            ..PaymentIntent::default()
        }));
        self.checkout_session(session);
        self.record_event("checkout.session.completed", EventObject::Session(&id));
        id
    }
}
