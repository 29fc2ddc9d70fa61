//! `/v1/subscriptions`: read requests. The writes are in a separate module.

use std::borrow::Cow;

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes::SubscriptionShape,
    version::ApiVersion,
    world::{Status, Subscription, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListSubscriptions,
        "/v1/subscriptions",
        Permission::SubscriptionRead,
        list,
    ),
    Route::retrieve(
        Endpoint::RetrieveSubscription,
        "/v1/subscriptions/{id}",
        Permission::SubscriptionRead,
        retrieve,
    ),
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let subscription = call.find((world, &world.subscriptions), "subscription", call.id)?;
    call.body(
        world,
        &SubscriptionShape::new(subscription, call.view(world)),
    )
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    const METHODS: [&str; 2] = ["charge_automatically", "send_invoice"];
    let form = &mut call.form;
    let created = form.times("created")?;
    let starts = form.times("current_period_start")?;
    let ends = form.times("current_period_end")?;
    let status = form.optional_text("status")?;
    let collection_method = form.optional_choice("collection_method", &METHODS)?;
    let price = form.optional_text("price")?;
    let plan = form.optional_text("plan")?;
    let customer = form.optional_text("customer")?;
    let customer_account = form.optional_text("customer_account")?;
    let clock = form.optional_text("test_clock")?;
    let automatic_tax = form.field("automatic_tax", "enabled")?;
    let window = call.window()?;
    let status = StatusFilter::parse(status.as_deref(), call.version)?;
    let param = if price.is_some() { "price" } else { "plan" };
    let price = price.or(plan);
    if let Some(price) = &price {
        call.find_by_parameter((world, &world.prices), param, price, param)?;
    }
    let mut listing = Listing::new(&world.subscriptions, "subscription", window).created(created);
    if let Some(customer) = &customer {
        call.find_by_parameter((world, &world.customers), "customer", customer, "customer")?;
        let mut slots: Vec<_> = world.slots_of(customer).collect();
        slots.sort_by_key(|slot| {
            (
                world.subscriptions.at(*slot).map(|found| found.created),
                *slot,
            )
        });
        listing.slots = Cow::Owned(slots);
    }
    let clocks_count = clock.is_some() || customer.is_some();
    let wanted = |subscription: &Subscription| {
        let details = &*subscription.details;
        let mut items = subscription.items.iter();
        status.admits(&subscription.status)
            && price
                .as_ref()
                .is_none_or(|price| items.any(|item| item.price == *price))
            && collection_method.is_none_or(|method| subscription.collection_method() == method)
            && matches_filter(
                customer_account.as_ref(),
                details.customer_account.as_deref(),
            )
            && automatic_tax
                .as_ref()
                .is_none_or(|enabled| details.automatic_tax == (enabled == "true"))
            && (clocks_count || details.test_clock.is_none())
            && matches_filter(clock.as_ref(), details.test_clock.as_deref())
            && starts.admits(subscription.latest_period_start())
            && ends.admits(subscription.earliest_period_end())
    };
    call.list(world, &listing, wanted, |subscription| {
        SubscriptionShape::new(subscription, call.view(world))
    })
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
    fn parse(requested: Option<&str>, version: &ApiVersion) -> Result<Self, ApiError> {
        /// Statuses known to versions before 2016-07-06.
        const OLD_STATUSES: [&str; 6] = [
            "active",
            "past_due",
            "unpaid",
            "incomplete",
            "incomplete_expired",
            "trialing",
        ];
        let Some(requested) = requested else {
            return Ok(Self::NotCanceled);
        };
        if !version.lists_ended() && !OLD_STATUSES.contains(&requested) {
            return Err(ApiError::none_of("status", &OLD_STATUSES));
        }
        match requested {
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
                    ApiError::none_of("status", &words)
                })
            }
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
