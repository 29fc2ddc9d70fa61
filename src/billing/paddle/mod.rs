//! Paddle: its API, its keys, and its subscriptions as a source.

mod answers;
mod both_ends;
mod customers;
mod estimate;
mod listing;
mod lookups;
mod notifications;
pub(crate) mod objects;
mod page;
mod permissions;
mod refunds;

use super::{
    RateLimit,
    keys::{KeyFormat, ModeHost, ModeHosts},
    provider::{Hosts, Provider},
    source::{Events, RecordedForm, SourceDefinition},
};
use crate::contract::CustomerId;

pub(crate) static PROVIDER: Provider = Provider {
    name: "Paddle",
    hosts: Hosts::PerMode(ModeHosts {
        variable: "PADDLE_ENVIRONMENT",
        test: ModeHost {
            name: "sandbox",
            base: "https://sandbox-api.paddle.com",
        },
        live: ModeHost {
            name: "production",
            base: "https://api.paddle.com",
        },
    }),
    base_variable: "PADDLE_API_BASE",
    version_header: ("paddle-version", "1"),
    request_id_header: "x-request-id",
    keys: KeyFormat {
        prefixes: &["pdl_"],
        kinds: &[],
        // Keys from before May 2025.
        hexadecimal: Some(50),
        mismatch: "it neither begins with `pdl_` nor is 50 hexadecimal digits",
        lookalikes: &[
            ("pdl_ntfset_", "a webhook signing secret"),
            ("live_", "a client-side token"),
            ("test_", "a client-side token"),
            ("sk_", "a Stripe key"),
            ("rk_", "a Stripe key"),
            ("pk_", "a Stripe key"),
        ],
        live: &["pdl_live_"],
        test: &["pdl_sdbx_"],
        unrestricted: None,
        creation: "create an API key with the permissions `subscription.read`, `customer.read` and \
                   `notification.read` under Developer tools > Authentication",
    },
    key_form: None,
    // For each IP address.
    live_limit: RateLimit::per_minute(240, 8),
    test_limit: RateLimit::per_minute(240, 8),
    customer_ids: "ctm_",
    subscription_ids: "sub_",
    customer_permission: "customer.read",
    refusal: answers::refusal,
};

/// Paddle's subscriptions. They cannot include an invoice, and there are no test clocks.
pub(crate) static SUBSCRIPTIONS: SourceDefinition = SourceDefinition {
    provider: &PROVIDER,
    lists: &customers::PaddleLists,
    lookups: &lookups::PaddleLookups,
    events: Some(Events::Deliveries {
        reads: &notifications::PaddleNotifications,
        max_subscriptions: notifications::MAX_SUBSCRIPTIONS,
        max_requests: notifications::MAX_REQUESTS,
    }),
    has_subscriptions: true,
    listed_by_customer: false,
    customers_at_once: customers::AT_ONCE,
    extras: &[],
    permissions: permissions::SUBSCRIPTIONS,
    active_prices: Some(listing::active_prices),
    key_page: None,
    recorded_file: "paddle/subscriptions.json",
    recorded_form: RecordedForm::Subscriptions {
        from_text: objects::decode_recorded_text,
        from_value: objects::decode_recorded_value,
    },
    recorded_refunds: Some(refunds::RECORDED),
};

/// Twice the length of Paddle's ids.
const MAX_ID_LENGTH: usize = 60;

/// Returns true if `customer` can be an id of Paddle. Ids come from the database and may be anything; invalid ones are
/// not sent, since nobody can have them. A comma would select two customers at once.
fn is_possible_id(customer: &CustomerId) -> bool {
    let id = customer.as_str();
    (1..=MAX_ID_LENGTH).contains(&id.len())
        && id
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}
