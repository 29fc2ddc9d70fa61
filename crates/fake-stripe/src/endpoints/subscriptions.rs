//! `/v1/subscriptions`: read requests. The writes are in a separate module.

use std::borrow::Cow;

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, Known, LIST, RETRIEVE, known, one_of},
    shapes::SubscriptionShape,
    world::{Slot, Status, Subscription, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListSubscriptions,
        path: "/v1/subscriptions",
        permission: Permission::SubscriptionRead,
        parameters: &[&LIST, &FILTERS],
        answer: list,
    },
    Route {
        endpoint: Endpoint::RetrieveSubscription,
        path: "/v1/subscriptions/{id}",
        permission: Permission::SubscriptionRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
];

const FILTERS: [Known; 11] = [
    known("automatic_tax", Kind::Fields(&["enabled"])),
    known("collection_method", Kind::Text),
    known("created", Kind::Times),
    known("current_period_end", Kind::Times),
    known("current_period_start", Kind::Times),
    known("customer", Kind::Text),
    known("customer_account", Kind::Text),
    known("plan", Kind::Text),
    known("price", Kind::Text),
    known("status", Kind::Text),
    known("test_clock", Kind::Text),
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let subscription = call.find(
        (world, &world.subscriptions),
        "subscription",
        (call.id, "id"),
    )?;
    call.body(
        world,
        &SubscriptionShape::new(subscription, call.view(world)),
    )
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let parameters = call.parameters;
    let status = StatusFilter::from_call(call)?;
    let collection_method = collection_method(call)?;
    let price = parameters.text("price").or_else(|| parameters.text("plan"));
    if let Some(price) = price {
        let param = if parameters.text("price").is_some() {
            "price"
        } else {
            "plan"
        };
        call.find((world, &world.prices), param, (price, param))?;
    }
    let mut listing = Listing::new(&world.subscriptions, "subscription", call);
    listing.slots = Cow::Borrowed(status.slots(world));
    if let Some(customer) = parameters.text("customer") {
        call.find(
            (world, &world.customers),
            "customer",
            (customer, "customer"),
        )?;
        let mut slots: Vec<_> = world.slots_of(customer).collect();
        slots.sort_by_key(|slot| {
            (
                world.subscriptions.at(*slot).map(|found| found.created),
                *slot,
            )
        });
        listing.slots = Cow::Owned(slots);
    }
    let clock = parameters.text("test_clock");
    let clocks_count = clock.is_some() || parameters.text("customer").is_some();
    let starts = parameters.times("current_period_start");
    let ends = parameters.times("current_period_end");
    let customer_account = parameters.text("customer_account");
    let automatic_tax = parameters.field("automatic_tax", "enabled");
    let wanted = |subscription: &Subscription| {
        let details = &*subscription.details;
        status.admits(&subscription.status)
            && price.is_none_or(|price| subscription.items.iter().any(|item| item.price == price))
            && collection_method.is_none_or(|method| subscription.collection_method() == method)
            && customer_account
                .is_none_or(|account| details.customer_account.as_deref() == Some(account))
            && automatic_tax.is_none_or(|enabled| details.automatic_tax == (enabled == "true"))
            && (clocks_count || details.test_clock.is_none())
            && clock.is_none_or(|clock| details.test_clock.as_deref() == Some(clock))
            && starts.admits(subscription.latest_period_start())
            && ends.admits(subscription.earliest_period_end())
    };
    call.list(world, &listing, wanted, |subscription| {
        SubscriptionShape::new(subscription, call.view(world))
    })
}

fn collection_method<'a>(call: &'a Call<'_>) -> Result<Option<&'a str>, ApiError> {
    const METHODS: [&str; 2] = ["charge_automatically", "send_invoice"];
    match call.parameters.text("collection_method") {
        Some(method) if !METHODS.contains(&method) => Err(one_of("collection_method", &METHODS)),
        method => Ok(method),
    }
}

/// The statuses that a list includes.
enum StatusFilter {
    /// "Subscriptions that have not been canceled": the default. The documentation does not say whether
    /// `incomplete_expired` is included; taken literally, it is.
    NotCanceled,
    All,
    Ended,
    Only(Status),
}

impl StatusFilter {
    fn from_call(call: &Call<'_>) -> Result<Self, ApiError> {
        /// Statuses known to versions before 2016-07-06.
        const OLD: [&str; 6] = [
            "active",
            "past_due",
            "unpaid",
            "incomplete",
            "incomplete_expired",
            "trialing",
        ];
        let Some(asked) = call.parameters.text("status") else {
            return Ok(Self::NotCanceled);
        };
        if !call.version.lists_ended() && !OLD.contains(&asked) {
            return Err(one_of("status", &OLD));
        }
        match asked {
            "all" => Ok(Self::All),
            "ended" => Ok(Self::Ended),
            word => {
                let documented = Status::DOCUMENTED
                    .into_iter()
                    .find(|status| status.as_str() == word);
                documented.map(Self::Only).ok_or_else(|| {
                    let words: Vec<_> = Status::DOCUMENTED
                        .iter()
                        .map(Status::as_str)
                        .chain(["all", "ended"])
                        .collect();
                    one_of("status", &words)
                })
            }
        }
    }

    /// Returns the matching subscriptions, oldest first.
    fn slots<'w>(&self, world: &'w World) -> &'w [Slot] {
        match self {
            Self::NotCanceled => world.by_status.not_canceled(),
            Self::All => world.subscriptions.ordered_slots(),
            Self::Ended => world.by_status.ended(),
            Self::Only(only) => world.by_status.with(only),
        }
    }

    fn admits(&self, status: &Status) -> bool {
        match self {
            Self::NotCanceled => *status != Status::Canceled,
            Self::All => true,
            Self::Ended => status.is_ended(),
            Self::Only(only) => status == only,
        }
    }
}
