//! Stripe: its API, its keys, and its subscriptions as a source.
//!
//! Stripe omits subscriptions on test clocks from every list that is not filtered by clock or customer. In test mode
//! each clock is listed separately, and its subscriptions are marked.

mod answers;
mod customers;
mod estimate;
pub(super) mod events;
mod listing;
mod lookups;
pub mod objects;
mod page;
mod partitions;
pub(super) mod permissions;
mod price_objects;
mod test_clocks;

use std::num::NonZeroUsize;

use super::{
    RateLimit,
    keys::KeyFormat,
    provider::{Hosts, Provider},
    source::{Events, OptionalExtra, RecordedForm, SourceDefinition, WantedWhen},
};
pub(crate) use listing::{EXPAND, PAGE_SIZE, is_possible_id, listing, listing_of, subscriptions};
pub(crate) use lookups::StripeLookups;

/// Page with the form for a restricted key.
pub(super) const KEY_FORM: &str = "https://dashboard.stripe.com/apikeys/create?name=ProdVerdict";

/// Page that creates a restricted key for subscriptions, with the form filled in.
const KEY_PAGE: &str = "https://dashboard.stripe.com/apikeys/create?name=ProdVerdict&permissions[]=rak_subscription_read\
                        &permissions[]=rak_customer_read&permissions[]=rak_event_read\
                        &permissions[]=rak_billing_clock_read";

pub(crate) static PROVIDER: Provider = Provider {
    name: "Stripe",
    hosts: Hosts::One("https://api.stripe.com"),
    base_variable: "STRIPE_API_BASE",
    // Other versions reject `status=all`, or have the periods in other fields.
    version_header: ("stripe-version", "2026-10-28.endive"),
    request_id_header: "request-id",
    keys: KeyFormat {
        prefixes: &["sk_", "rk_", "rkcs_"],
        kinds: &[
            ("rk_", "a restricted key"),
            ("rkcs_", "a restricted key of a claimable sandbox"),
            ("sk_", "a secret key"),
        ],
        hexadecimal: None,
        mismatch: "it begins with neither `rk_` nor `sk_`",
        lookalikes: &[
            ("pk_", "a publishable key"),
            ("whsec_", "a webhook signing secret"),
            ("pdl_", "a Paddle key"),
        ],
        live: &["sk_live_", "rk_live_"],
        test: &["sk_test_", "rk_test_", "rkcs_test_"],
        unrestricted: Some("sk_"),
        creation: "create a restricted key",
    },
    key_form: Some(KEY_FORM),
    live_limit: RateLimit::per_second(25, 100, 8),
    // The concurrency limit is not published; sandboxes are known to object to more than about five.
    test_limit: RateLimit::per_second(25, 25, 4),
    customer_ids: "cus_",
    subscription_ids: "sub_",
    customer_permission: "rak_customer_read",
    refusal: answers::refusal,
};

/// Stripe's subscriptions.
pub(crate) static SUBSCRIPTIONS: SourceDefinition = SourceDefinition {
    provider: &PROVIDER,
    lists: &customers::StripeLists,
    lookups: &StripeLookups,
    events: Some(Events::Log {
        log: &events::SUBSCRIPTION_EVENTS,
        max_requests: events::MAX_REQUESTS,
    }),
    has_subscriptions: true,
    listed_by_customer: false,
    customers_at_once: NonZeroUsize::MIN,
    extras: &[
        OptionalExtra {
            extra: listing::INVOICES,
            when: WantedWhen::Invoices,
        },
        OptionalExtra {
            extra: test_clocks::TEST_CLOCKS,
            when: WantedWhen::TestMode,
        },
    ],
    permissions: permissions::SUBSCRIPTIONS,
    active_prices: Some(listing::active_prices),
    key_page: Some(KEY_PAGE),
    recorded_file: "stripe/subscriptions.json",
    recorded_form: RecordedForm::Subscriptions {
        from_text: objects::decode_recorded_text,
        from_value: objects::decode_recorded_value,
    },
    recorded_refunds: None,
};
