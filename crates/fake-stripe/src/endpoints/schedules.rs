//! `/v1/subscription_schedules`.

use super::{Call, Endpoint, Listing, Route, matches_filter};
use crate::{
    error::ApiError,
    keys::Permission,
    shapes,
    world::{Schedule, ScheduleStatus, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListSubscriptionSchedules,
        "/v1/subscription_schedules",
        Permission::SubscriptionRead,
        list,
    ),
    Route::retrieve(
        Endpoint::RetrieveSubscriptionSchedule,
        "/v1/subscription_schedules/{id}",
        Permission::SubscriptionRead,
        retrieve,
    ),
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let schedules = &world.objects.schedules;
    let schedule = call.find((world, schedules), "subscription_schedule", call.id)?;
    call.body(world, &shapes::schedule(schedule, call.view(world)))
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let form = &mut call.form;
    let created = form.times("created")?;
    let customer = form.optional_text("customer")?;
    let account = form.optional_text("customer_account")?;
    let canceled = form.times("canceled_at")?;
    let completed = form.times("completed_at")?;
    let released = form.times("released_at")?;
    let not_started = form.boolean("scheduled")?.unwrap_or(false);
    let window = call.window()?;
    let wanted = |schedule: &Schedule| {
        matches_filter(customer.as_ref(), schedule.customer.as_str())
            && account.is_none()
            && canceled.admits(schedule.canceled_at)
            && completed.admits(schedule.completed_at)
            && released.admits(schedule.released_at)
            && (!not_started || schedule.status == ScheduleStatus::NotStarted)
    };
    let schedules = &world.objects.schedules;
    let listing = Listing::new(schedules, "subscription_schedule", window).created(created);
    call.list(world, &listing, wanted, |schedule| {
        shapes::schedule(schedule, call.view(world))
    })
}
