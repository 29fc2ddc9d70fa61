//! Subscription schedules: create for a subscription or a customer, update, cancel and release.

use compact_str::CompactString;

use super::{WriteRequest, customers::new_metadata, items::WantedItem};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter, merge},
    keys::Permission,
    operations::{NewSchedule, PhaseLength, WantedPhase},
    shapes,
    world::{Interval, Schedule, World},
};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        Endpoint::CreateSubscriptionSchedule,
        "/v1/subscription_schedules",
        Permission::SubscriptionWrite,
        create,
    ),
    Route::post(
        Endpoint::UpdateSubscriptionSchedule,
        "/v1/subscription_schedules/{id}",
        Permission::SubscriptionWrite,
        update,
    ),
    Route::post(
        Endpoint::CancelSubscriptionSchedule,
        "/v1/subscription_schedules/{id}/cancel",
        Permission::SubscriptionWrite,
        cancel,
    ),
    Route::post(
        Endpoint::ReleaseSubscriptionSchedule,
        "/v1/subscription_schedules/{id}/release",
        Permission::SubscriptionWrite,
        release,
    ),
];

/// A phase of a request, before its prices are created.
struct RequestedPhase {
    items: Vec<WantedItem>,
    start: Option<i64>,
    length: PhaseLength,
}

/// Parameters that Stripe accepts but that have no effect here.
const IGNORED_FOR_PHASES: [&str; 17] = [
    "add_invoice_items",
    "application_fee_percent",
    "automatic_tax",
    "billing_cycle_anchor",
    "billing_thresholds",
    "collection_method",
    "currency",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "discounts",
    "invoice_settings",
    "metadata",
    "proration_behavior",
    "transfer_data",
    "trial",
    "trial_end",
];

impl RequestedPhase {
    fn all(form: &mut Form, clock: i64) -> Result<Vec<Self>, ApiError> {
        let forms = form.list("phases")?;
        let read = |mut form: Form| {
            let phase = Self {
                items: WantedItem::all(&mut form, "items")?,
                start: moment(&mut form, "start_date", clock)?,
                length: length(&mut form, clock)?,
            };
            form.ignore(&IGNORED_FOR_PHASES);
            form.reject_unread_parameters()?;
            Ok(phase)
        };
        forms.into_iter().map(read).collect()
    }

    fn make(self, world: &mut World) -> WantedPhase {
        let made = self.items.into_iter().filter_map(|item| item.make(world));
        WantedPhase {
            items: made.collect(),
            start: self.start,
            length: self.length,
        }
    }
}

/// Reads a timestamp, or `now`.
fn moment(form: &mut Form, name: &str, clock: i64) -> Result<Option<i64>, ApiError> {
    match form.optional_text(name)?.as_deref() {
        None => Ok(None),
        Some("now") => Ok(Some(clock)),
        Some(text) => text.parse().map(Some).map_err(|_no_number| {
            ApiError::invalid(format!("Invalid timestamp: {text}")).param(name)
        }),
    }
}

fn length(form: &mut Form, clock: i64) -> Result<PhaseLength, ApiError> {
    let end = moment(form, "end_date", clock)?;
    let iterations = form.count("iterations")?;
    if let Parameter::Set(mut duration) = form.hash("duration")? {
        let words = ["day", "week", "month", "year"];
        let interval = match duration.choice("interval", &words)?.into_option() {
            Some("day") => Interval::Day,
            Some("week") => Interval::Week,
            Some("year") => Interval::Year,
            Some(_) | None => Interval::Month,
        };
        let count = i64::from(duration.count("interval_count")?.unwrap_or(1));
        duration.reject_unread_parameters()?;
        return Ok(PhaseLength::For(interval.seconds().saturating_mul(count)));
    }
    Ok(match end {
        Some(end) => PhaseLength::Until(end),
        None => PhaseLength::Periods(iterations.unwrap_or(1)),
    })
}

fn create(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let form = &mut request.call.form;
    let from = form.optional_text("from_subscription")?;
    let customer = form.optional_text("customer")?;
    let start = moment(form, "start_date", world.clock)?;
    let ending = form
        .choice("end_behavior", &["cancel", "release"])?
        .into_option();
    let phases = RequestedPhase::all(form, world.clock)?;
    let metadata = new_metadata(form)?;
    form.ignore(&["billing_mode", "customer_account", "default_settings"]);
    request.reject_unread_parameters()?;
    check(&phases, request, world)?;
    let owner = match (&from, &customer) {
        (Some(id), _) => {
            let subscriptions = (&*world, &world.subscriptions);
            request
                .call
                .find_by_parameter(
                    subscriptions,
                    "subscription",
                    id.as_str(),
                    "from_subscription",
                )?
                .customer
                .clone()
        }
        (None, Some(id)) => {
            let customers = (&*world, &world.customers);
            request
                .call
                .find_by_parameter(customers, "customer", id, "customer")?;
            id.clone()
        }
        (None, None) => return Err(ApiError::missing_parameter("customer")),
    };
    let id = request.apply(world, Some(&owner), |world| {
        let phases = phases.into_iter().map(|phase| phase.make(world)).collect();
        world.create_schedule(NewSchedule {
            customer: owner.clone(),
            from,
            start,
            end_behavior: ending.unwrap_or("release").into(),
            phases,
            metadata,
        })
    })?;
    schedule_response(request, world, &id)
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let schedule = schedule(request, world)?.clone();
    let form = &mut request.call.form;
    let ending = form
        .choice("end_behavior", &["cancel", "release"])?
        .into_option();
    let phases = RequestedPhase::all(form, world.clock)?;
    let metadata = form.metadata()?;
    form.ignore(&["default_settings", "proration_behavior"]);
    request.reject_unread_parameters()?;
    check(&phases, request, world)?;
    request.apply(world, Some(&schedule.customer), |world| {
        let phases: Vec<_> = phases.into_iter().map(|phase| phase.make(world)).collect();
        world.update_schedule(&schedule.id, phases, |schedule| {
            merge(&mut schedule.metadata, metadata);
            if let Some(ending) = ending {
                schedule.end_behavior = ending.into();
            }
        });
    });
    schedule_response(request, world, &schedule.id)
}

fn check(
    phases: &[RequestedPhase],
    request: &WriteRequest<'_>,
    world: &World,
) -> Result<(), ApiError> {
    let mut items = phases.iter().flat_map(|phase| &phase.items);
    items.try_for_each(|item| item.check(request, world, "phases[items][price]"))
}

fn cancel(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    request.call.form.ignore(&["invoice_now", "prorate"]);
    end(request, world, World::cancel_schedule)
}

fn release(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    request.call.form.ignore(&["preserve_cancel_date"]);
    end(request, world, World::release_schedule)
}

fn end(
    request: &mut WriteRequest<'_>,
    world: &mut World,
    end: fn(&mut World, &str),
) -> Result<Vec<u8>, ApiError> {
    let schedule = schedule(request, world)?;
    let (id, customer) = (schedule.id.clone(), schedule.customer.clone());
    if schedule.canceled_at.is_some() || schedule.released_at.is_some() {
        return Err(ApiError::invalid(format!(
            "You cannot end a subscription schedule that is {}.",
            schedule.status.as_str()
        )));
    }
    request.reject_unread_parameters()?;
    request.apply(world, Some(&customer), |world| end(world, &id));
    schedule_response(request, world, &id)
}

fn schedule<'w>(request: &WriteRequest<'_>, world: &'w World) -> Result<&'w Schedule, ApiError> {
    find(request, world, request.call.id)
}

fn find<'w>(
    request: &WriteRequest<'_>,
    world: &'w World,
    id: &str,
) -> Result<&'w Schedule, ApiError> {
    let schedules = (world, &world.objects.schedules);
    let kind = "subscription_schedule";
    request.call.find(schedules, kind, id)
}

fn schedule_response(
    request: &WriteRequest<'_>,
    world: &World,
    id: &CompactString,
) -> Result<Vec<u8>, ApiError> {
    let schedule = find(request, world, id)?;
    request.body(world, &shapes::schedule(schedule, request.call.view(world)))
}
