//! `/v1/subscription_schedules`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes,
    world::{Schedule, ScheduleStatus, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListSubscriptionSchedules,
        path: "/v1/subscription_schedules",
        permission: Permission::SubscriptionRead,
        parameters: &[
            &LIST,
            &[
                known("canceled_at", Kind::Times),
                known("completed_at", Kind::Times),
                known("created", Kind::Times),
                known("customer", Kind::Text),
                known("customer_account", Kind::Text),
                known("released_at", Kind::Times),
                known("scheduled", Kind::Boolean),
            ],
        ],
        answer: list,
    },
    Route {
        endpoint: Endpoint::RetrieveSubscriptionSchedule,
        path: "/v1/subscription_schedules/{id}",
        permission: Permission::SubscriptionRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let schedules = &world.objects.schedules;
    let schedule = call.find((world, schedules), "subscription_schedule", (call.id, "id"))?;
    call.body(world, &shapes::schedule(schedule, call.view(world)))
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let parameters = call.parameters;
    let customer = parameters.text("customer");
    let account = parameters.text("customer_account");
    let canceled = parameters.times("canceled_at");
    let completed = parameters.times("completed_at");
    let released = parameters.times("released_at");
    let not_started = parameters.boolean("scheduled").unwrap_or(false);
    let wanted = |schedule: &Schedule| {
        customer.is_none_or(|customer| schedule.customer == customer)
            && account.is_none()
            && canceled.admits(schedule.canceled_at)
            && completed.admits(schedule.completed_at)
            && released.admits(schedule.released_at)
            && (!not_started || schedule.status == ScheduleStatus::NotStarted)
    };
    let listing = Listing::new(&world.objects.schedules, "subscription_schedule", call);
    call.list(world, &listing, wanted, |schedule| {
        shapes::schedule(schedule, call.view(world))
    })
}
