//! A purchase that has nothing to do with subscriptions or customers.

use compact_str::CompactString;
use serde_json::{Value, json};

use super::super::{CheckoutSession, PaymentStatus, SessionStatus, World};
use crate::fake_stripe::shapes::{self, View};

impl World {
    /// Somebody pays once, as a guest: a Checkout session in `payment` mode whose customer is null. Gives the id of the
    /// session, which is told of and not kept.
    pub fn guest_payment(&mut self, amount: i64) -> CompactString {
        self.by_person();
        let id = self.numbers.next("cs_test_a1", 55);
        let intent = self.numbers.next("pi_3", 23);
        let session = CheckoutSession {
            id: id.clone(),
            created: self.clock,
            expires_at: self.clock.saturating_add(super::DAY),
            status: SessionStatus::Complete,
            payment_status: PaymentStatus::Paid,
            buyer_email: Some("guest@example.com".into()),
            ..CheckoutSession::default()
        };
        let view = View {
            world: self,
            version: &self.default_version,
        };
        let mut object = shapes::checkout_session(&session, view);
        if let Value::Object(fields) = &mut object {
            for (name, value) in [
                ("mode", json!("payment")),
                ("amount_subtotal", json!(amount)),
                ("amount_total", json!(amount)),
                ("payment_intent", json!(intent.as_str())),
                ("customer", Value::Null),
                ("subscription", Value::Null),
                ("invoice", Value::Null),
            ] {
                fields.insert(name.to_owned(), value);
            }
        }
        self.record("checkout.session.completed", object, None);
        id
    }
}
