//! Provider actions of a step, with the words of a scenario file.

use serde::{Deserialize, Serialize};

use super::test_prices::PriceRole;

/// The label of one of the customer's subscriptions: `main` by default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Label(pub String);

impl Default for Label {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

/// An action at the provider. Written as a mapping with one key: `- renew: {}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProviderAction {
    /// Time passes and nothing else happens.
    Wait { days: u16 },
    /// The customer goes through Checkout.
    Checkout(Checkout),
    /// A subscription is created without Checkout.
    Subscribe(Subscribe),
    /// The first invoice of an incomplete subscription is paid.
    Pay {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// An incomplete subscription expires after 23 hours.
    ExpireIncomplete {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// A delayed payment succeeds or fails.
    AsyncPayment {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        outcome: PaymentOutcome,
    },
    /// A trial ends in three days.
    TrialWillEnd {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// A trial ends.
    EndTrial {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        then: EndOfTrial,
    },
    /// A period ends and the next one begins.
    Renew {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        /// `yes` if the invoice is paid an hour later, `no` if it is still a draft.
        #[serde(default, skip_serializing_if = "is_default")]
        paid: YesNo,
    },
    /// The payment of the period's invoice fails.
    PaymentFailed {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The unpaid invoice is paid after all.
    Recover {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The last retry fails.
    GiveUp {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        then: GivenUp,
    },
    /// The subscription is scheduled to end with the current period.
    ScheduleCancel {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        #[serde(default, rename = "as", skip_serializing_if = "is_default")]
        encoding: CancelEncoding,
    },
    /// A scheduled cancellation is revoked.
    Keep {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The subscription ends immediately.
    CancelNow {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The period ends, and with it a subscription that is scheduled to end then.
    EndAtPeriodEnd {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// Several new features are attached to the product of the first item.
    AttachFeatures {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        times: u8,
    },
    /// The price of the first item with a plan changes.
    ChangePrice {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        price: PriceRole,
    },
    /// A schedule will change the price when the next period begins.
    ScheduleChange {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        price: PriceRole,
    },
    /// The next phase of the schedule begins.
    EnterPhase {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    ChangeQuantity {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        quantity: u32,
    },
    AddItem {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        price: PriceRole,
    },
    RemoveItem {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        price: PriceRole,
    },
    PauseCollection {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        behavior: PauseBehavior,
    },
    /// `pause_collection` is cleared.
    ClearPause {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The status becomes `paused`.
    Pause {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    Resume {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
        /// `no` if the payment of the new period fails. Only with Paddle.
        #[serde(default, skip_serializing_if = "is_default")]
        paid: YesNo,
    },
    /// The subscription is scheduled to be paused at the end of the period. Only with Paddle.
    SchedulePause {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The subscription is charged once for something else. Only with Paddle.
    ChargeOnce {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The customer stores another card, with a transaction of zero. Only with Paddle.
    ChangeCard {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// A subscription is migrated from another system. Only with Paddle.
    Import {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// A card is declined in a checkout, which stays open. Only with Paddle.
    Decline {},
    /// The invoice of a subscription is not paid in time. Only with Paddle.
    InvoiceOverdue {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// The customer's e-mail address changes.
    ChangeEmail {
        #[serde(default, skip_serializing_if = "is_default")]
        to: NewEmail,
    },
    /// The customer is deleted, and its subscriptions end.
    DeleteCustomer {},
    /// The API no longer knows the subscription.
    Forget {
        #[serde(default, skip_serializing_if = "is_default")]
        subscription: Label,
    },
    /// A one-time payment in a Checkout without a customer.
    GuestPayment {},
    /// A customer without an account subscribes, changes the subscription and cancels it.
    Stranger {},
    /// The same action for a customer without an account, as if of another application that shares the provider
    /// account.
    NotOurs(Box<ProviderAction>),
    /// Several subscriptions are started one after the other and never paid.
    Abandon { times: u8 },
    /// The customer makes a one-time payment in a Checkout without a subscription.
    PayOnce {},
    /// An invoice without a subscription is paid, or its payment fails.
    OneOffInvoice {
        #[serde(default, skip_serializing_if = "is_default")]
        paid: YesNo,
    },
    /// The last one-time payment, or else the last payment of a subscription, is refunded.
    Refund {
        #[serde(default, skip_serializing_if = "is_default")]
        amount: RefundedAmount,
        /// `no` if the provider rejects the request. Only with Paddle.
        #[serde(default, skip_serializing_if = "is_default")]
        approved: YesNo,
    },
    /// An event of an unknown type with an unknown object: `billing.novelty.materialized`.
    Invent {},
}

/// A purchase through Checkout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    #[serde(default, skip_serializing_if = "is_default")]
    pub subscription: Label,
    #[serde(default, skip_serializing_if = "is_default")]
    pub price: PriceRole,
    /// Several items, in this order, instead of `price`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub items: Vec<PriceRole>,
    #[serde(
        default = "default_quantity",
        skip_serializing_if = "is_default_quantity"
    )]
    pub quantity: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub trial_days: Option<u16>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub percent_off: Option<u8>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub payment: CheckoutPayment,
    /// The e-mail that the buyer enters.
    #[serde(default, skip_serializing_if = "is_default")]
    pub email: BuyerEmail,
}

/// The e-mail address that a buyer enters in a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuyerEmail {
    /// The account's.
    #[default]
    Account,
    /// Another than the account's, so that the buyer becomes another customer. Only with Paddle.
    Another,
}

/// A subscription created without Checkout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    #[serde(default, skip_serializing_if = "is_default")]
    pub subscription: Label,
    #[serde(default, skip_serializing_if = "is_default")]
    pub price: PriceRole,
    /// Several items, in this order, instead of `price`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub items: Vec<PriceRole>,
    #[serde(
        default = "default_quantity",
        skip_serializing_if = "is_default_quantity"
    )]
    pub quantity: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub trial_days: Option<u16>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: BoughtBy,
    #[serde(default, skip_serializing_if = "is_default")]
    pub payment: FirstPayment,
}

fn default_quantity() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_default_quantity(quantity: &u32) -> bool {
    *quantity == default_quantity()
}

/// Returns true if the key can be omitted from a file.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutPayment {
    #[default]
    Paid,
    /// Checkout is complete, but the money is still on its way: `payment_status` is `unpaid`.
    Unpaid,
    /// Checkout is opened and expires.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstPayment {
    #[default]
    Paid,
    Waits,
    Fails,
}

/// The creator of a subscription, which determines its metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BoughtBy {
    /// The application, which sets its own metadata.
    #[default]
    Api,
    /// A person, without metadata.
    Dashboard,
    /// Another application on the same provider account, with its own metadata. Only with Paddle.
    AnotherApp,
    /// A person, billed by invoice and active before it is paid. Only with Paddle.
    Invoice,
}

/// The new e-mail address of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewEmail {
    /// An unused address.
    #[default]
    Fresh,
    /// The address of another account.
    OfAnotherAccount,
}

/// The amount of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundedAmount {
    /// The remaining amount.
    #[default]
    Rest,
    Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentOutcome {
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndOfTrial {
    Convert,
    /// The first period begins, and an hour later its payment fails.
    PaymentFails,
    Cancel,
    Pause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenUp {
    Cancel,
    Unpaid,
    /// Only with Paddle.
    Pause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelEncoding {
    /// `cancel_at_period_end` and `cancel_at`: classic billing.
    #[default]
    Flag,
    /// `cancel_at` alone: flexible billing.
    Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseBehavior {
    KeepAsDraft,
    MarkUncollectible,
    Void,
}

impl PauseBehavior {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeepAsDraft => "keep_as_draft",
            Self::MarkUncollectible => "mark_uncollectible",
            Self::Void => "void",
        }
    }
}

/// `yes` or `no`, which YAML 1.2 reads as strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum YesNo {
    #[default]
    Yes,
    No,
}

impl ProviderAction {
    /// Returns its key in a scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Wait { .. } => "wait",
            Self::Checkout(_) => "checkout",
            Self::Subscribe(_) => "subscribe",
            Self::Pay { .. } => "pay",
            Self::ExpireIncomplete { .. } => "expire_incomplete",
            Self::AsyncPayment { .. } => "async_payment",
            Self::TrialWillEnd { .. } => "trial_will_end",
            Self::EndTrial { .. } => "end_trial",
            Self::Renew { .. } => "renew",
            Self::PaymentFailed { .. } => "payment_failed",
            Self::Recover { .. } => "recover",
            Self::GiveUp { .. } => "give_up",
            Self::ScheduleCancel { .. } => "schedule_cancel",
            Self::Keep { .. } => "keep",
            Self::CancelNow { .. } => "cancel_now",
            Self::EndAtPeriodEnd { .. } => "end_at_period_end",
            Self::AttachFeatures { .. } => "attach_features",
            Self::ChangePrice { .. } => "change_price",
            Self::ScheduleChange { .. } => "schedule_change",
            Self::EnterPhase { .. } => "enter_phase",
            Self::ChangeQuantity { .. } => "change_quantity",
            Self::AddItem { .. } => "add_item",
            Self::RemoveItem { .. } => "remove_item",
            Self::PauseCollection { .. } => "pause_collection",
            Self::ClearPause { .. } => "clear_pause",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::SchedulePause { .. } => "schedule_pause",
            Self::ChargeOnce { .. } => "charge_once",
            Self::ChangeCard { .. } => "change_card",
            Self::Import { .. } => "import",
            Self::Decline { .. } => "decline",
            Self::InvoiceOverdue { .. } => "invoice_overdue",
            Self::ChangeEmail { .. } => "change_email",
            Self::DeleteCustomer { .. } => "delete_customer",
            Self::Forget { .. } => "forget",
            Self::GuestPayment { .. } => "guest_payment",
            Self::Stranger { .. } => "stranger",
            Self::NotOurs(_) => "not_ours",
            Self::Abandon { .. } => "abandon",
            Self::PayOnce { .. } => "pay_once",
            Self::OneOffInvoice { .. } => "one_off_invoice",
            Self::Refund { .. } => "refund",
            Self::Invent { .. } => "invent",
        }
    }

    pub(crate) fn is_wait(&self) -> bool {
        matches!(self, Self::Wait { .. })
    }

    /// Returns true for a purchase and the steps that belong to one.
    pub(crate) fn is_purchase(&self) -> bool {
        matches!(
            self,
            Self::Checkout(_)
                | Self::Subscribe(_)
                | Self::Pay { .. }
                | Self::AsyncPayment { .. }
                | Self::Wait { .. }
        )
    }

    /// Lists the prices that it uses.
    pub fn roles(&self) -> Vec<PriceRole> {
        match self {
            Self::Checkout(checkout) if !checkout.items.is_empty() => checkout.items.clone(),
            Self::Checkout(checkout) => vec![checkout.price],
            Self::Subscribe(subscribe) if !subscribe.items.is_empty() => subscribe.items.clone(),
            Self::Subscribe(subscribe) => vec![subscribe.price],
            Self::ChangePrice { price, .. }
            | Self::ScheduleChange { price, .. }
            | Self::AddItem { price, .. }
            | Self::RemoveItem { price, .. } => vec![*price],
            Self::NotOurs(action) => action.roles(),
            Self::PayOnce {} | Self::OneOffInvoice { .. } | Self::ChargeOnce { .. } => {
                vec![PriceRole::Once]
            }
            Self::Import { .. } | Self::Decline {} => vec![PriceRole::Main],
            Self::Wait { .. }
            | Self::Pay { .. }
            | Self::ExpireIncomplete { .. }
            | Self::AsyncPayment { .. }
            | Self::TrialWillEnd { .. }
            | Self::EndTrial { .. }
            | Self::Renew { .. }
            | Self::PaymentFailed { .. }
            | Self::Recover { .. }
            | Self::GiveUp { .. }
            | Self::ScheduleCancel { .. }
            | Self::Keep { .. }
            | Self::CancelNow { .. }
            | Self::EndAtPeriodEnd { .. }
            | Self::AttachFeatures { .. }
            | Self::EnterPhase { .. }
            | Self::ChangeQuantity { .. }
            | Self::PauseCollection { .. }
            | Self::ClearPause { .. }
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::SchedulePause { .. }
            | Self::ChangeCard { .. }
            | Self::InvoiceOverdue { .. }
            | Self::ChangeEmail { .. }
            | Self::DeleteCustomer {}
            | Self::Forget { .. }
            | Self::GuestPayment {}
            | Self::Stranger {}
            | Self::Abandon { .. }
            | Self::Refund { .. }
            | Self::Invent {} => Vec::new(),
        }
    }
}
