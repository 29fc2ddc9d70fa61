//! Objects of the less numerous kinds: invoices, payments and hosted pages.

use compact_str::CompactString;

use super::{
    Charge, CheckoutSession, Collection, Coupon, Dispute, Invoice, InvoiceItem, InvoicePayment,
    PaymentIntent, PaymentMethod, PortalSession, Record, Refund, Schedule, World,
};

/// One collection of each kind.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) invoices: Collection<Invoice>,
    pub(crate) invoice_items: Collection<InvoiceItem>,
    pub(crate) invoice_payments: Collection<InvoicePayment>,
    pub(crate) payment_intents: Collection<PaymentIntent>,
    pub(crate) payment_methods: Collection<PaymentMethod>,
    pub(crate) charges: Collection<Charge>,
    pub(crate) refunds: Collection<Refund>,
    pub(crate) disputes: Collection<Dispute>,
    pub(crate) sessions: Collection<CheckoutSession>,
    pub(crate) portal_sessions: Collection<PortalSession>,
    pub(crate) schedules: Collection<Schedule>,
    pub(crate) coupons: Collection<Coupon>,
    pub(crate) records: Collection<Record>,
}

impl Objects {
    /// Sorts the listed collections into list order.
    pub(super) fn put_in_order(&mut self) {
        self.invoices.put_in_order();
        self.invoice_payments.put_in_order();
        self.payment_intents.put_in_order();
        self.charges.put_in_order();
        self.sessions.put_in_order();
        self.schedules.put_in_order();
        self.coupons.put_in_order();
        self.invoice_items.put_in_order();
        self.payment_methods.put_in_order();
        self.refunds.put_in_order();
        self.disputes.put_in_order();
        self.records.put_in_order();
    }
}

/// Declares methods that add or replace an object; an empty id and a `created` of 0 are filled in.
macro_rules! put_methods {
    ($($(#[$doc:meta])* $name:ident: $kind:ty, $collection:ident, $prefix:literal, $length:literal;)*) => {
        impl World {$(
            $(#[$doc])*
            pub fn $name(&mut self, mut object: $kind) -> CompactString {
                self.fill(&mut object.id, $prefix, $length);
                self.stamp(&mut object.created);
                let id = object.id.clone();
                self.objects.$collection.put(object);
                id
            }
        )*}
    };
}

put_methods! {
    /// Adds or replaces an invoice. Records no event.
    put_invoice: Invoice, invoices, "in_1", 19;
    /// Adds or replaces an invoice item.
    put_invoice_item: InvoiceItem, invoice_items, "ii_1", 19;
    /// Adds or replaces a payment of an invoice.
    put_invoice_payment: InvoicePayment, invoice_payments, "inpay_1", 17;
    /// Adds or replaces a payment intent.
    put_payment_intent: PaymentIntent, payment_intents, "pi_3", 20;
    /// Adds or replaces a payment method.
    put_payment_method: PaymentMethod, payment_methods, "pm_1", 20;
    /// Adds or replaces a charge.
    put_charge: Charge, charges, "ch_3", 20;
    /// Adds or replaces a refund.
    put_refund: Refund, refunds, "re_3", 20;
    /// Adds or replaces a dispute.
    put_dispute: Dispute, disputes, "dp_1", 20;
    /// Adds or replaces a Checkout session.
    put_checkout_session: CheckoutSession, sessions, "cs_test_a1", 56;
    /// Adds or replaces a session of the billing portal.
    put_portal_session: PortalSession, portal_sessions, "bps_1", 19;
    /// Adds or replaces a schedule.
    put_schedule: Schedule, schedules, "sub_sched_1", 16;
    /// Adds or replaces a coupon.
    put_coupon: Coupon, coupons, "", 8;
}
