//! One-off payments: a Checkout in `payment` mode, an invoice without subscription.

use compact_str::CompactString;

use super::{DAY, Impossible, events::EventObject};
use crate::world::{
    CheckoutSession, Invoice, InvoiceItem, InvoiceLine, Item, PaymentIntent, PaymentStatus,
    SessionMode, SessionStatus, World,
};

impl World {
    /// Opens a Checkout session without a subscription, and pays it. Returns the id of the charge.
    pub fn pay_once(&mut self, session: CheckoutSession) -> Result<CompactString, Impossible> {
        let id = self.open_checkout(session)?;
        let mut session = self.open_session(&id, "completing it")?;
        let customer = session.customer.clone().unwrap_or_default();
        let known = self.find_customer(&customer);
        session.buyer_email = known.and_then(|customer| customer.email.clone());
        self.begin_user_operation();
        let intent = self.put_payment_intent(PaymentIntent {
            customer,
            currency: "usd".into(),
            amount: self.session_subtotal(&session),
            ..PaymentIntent::default()
        });
        self.record_event(
            "payment_intent.created",
            EventObject::PaymentIntent(&intent),
        );
        self.charge_and_record(&intent);
        session.status = SessionStatus::Complete;
        session.payment_status = PaymentStatus::Paid;
        session.payment_intent = Some(intent.clone());
        self.put_checkout_session(session);
        self.record_event("checkout.session.completed", EventObject::Session(&id));
        let paid = self.objects.payment_intents.get(&intent);
        let charge = paid.and_then(|intent| intent.latest_charge.clone());
        Ok(charge.unwrap_or_default())
    }

    /// Completes a Checkout session in `payment` mode without a customer. Returns the id of the session.
    pub fn pay_as_guest(&mut self, price: &str) -> CompactString {
        self.begin_user_operation();
        let id = self.id_counters.next("cs_test_a1", 55);
        let mut session = CheckoutSession {
            id: id.clone(),
            created: self.clock,
            expires_at: self.clock.saturating_add(DAY),
            status: SessionStatus::Complete,
            payment_status: PaymentStatus::Paid,
            mode: SessionMode::Payment,
            buyer_email: Some("guest@example.com".into()),
            items: vec![Item::new(price)],
            ..CheckoutSession::default()
        };
        session.payment_intent = Some(self.put_payment_intent(PaymentIntent {
            currency: "usd".into(),
            amount: self.session_subtotal(&session),
            ..PaymentIntent::default()
        }));
        self.put_checkout_session(session);
        self.record_event("checkout.session.completed", EventObject::Session(&id));
        id
    }

    /// Creates an invoice for a one-off purchase, and pays it or declines its payment. Returns the id of the invoice.
    pub fn create_one_off_invoice(
        &mut self,
        customer: &str,
        price: &str,
        is_paid: bool,
    ) -> Result<CompactString, Impossible> {
        let known = self.find_customer(customer);
        let known = known.ok_or_else(|| Impossible::unknown("customer", customer))?;
        let (email, name) = (known.email.clone(), known.details.name.clone());
        let unit = self.find_price(price).and_then(|price| price.unit_amount);
        self.create_invoice_item(InvoiceItem {
            customer: customer.into(),
            currency: "usd".into(),
            line: InvoiceLine {
                amount: unit.unwrap_or_default(),
                description: "Credits".into(),
                price: price.into(),
                quantity: Some(1),
                ..InvoiceLine::default()
            },
            ..InvoiceItem::default()
        });
        let draft = Invoice {
            customer: customer.into(),
            billing_reason: "manual".into(),
            currency: "usd".into(),
            customer_email: email,
            customer_name: name,
            ..Invoice::default()
        };
        let invoice = self.create_invoice(draft, true);
        if is_paid {
            self.pay_invoice(&invoice)?;
        } else {
            let next = self.clock.saturating_add(DAY.saturating_mul(3));
            self.begin_provider_operation();
            self.decline_and_record(&invoice, Some(next));
        }
        Ok(invoice)
    }
}
