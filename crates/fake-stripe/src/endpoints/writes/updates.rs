//! Updates of subscriptions: everything that one request may change at once.

use compact_str::CompactString;

use super::{
    WriteRequest,
    customers::check_card_exists,
    items::{ItemPrice, WantedItem},
    prices::boxed,
    subscriptions::{BEHAVIORS, IGNORED, coupon, subscription_response},
};
use crate::{
    endpoint::Endpoint,
    endpoints::Route,
    error::ApiError,
    form::{Form, Parameter, merge},
    keys::Permission,
    operations::{EndForm, Impossible, TrialEnd},
    world::{PauseCollection, Status, Subscription, World},
};

pub(super) const ROUTES: &[Route] = &[Route::post(
    Endpoint::UpdateSubscription,
    "/v1/subscriptions/{id}",
    Permission::SubscriptionWrite,
    update,
)];

/// The changes that a request wants.
struct SubscriptionChanges {
    items: Vec<WantedItem>,
    metadata: Parameter<Vec<(String, String)>>,
    description: Parameter<CompactString>,
    card: Parameter<CompactString>,
    pause: Parameter<PauseCollection>,
    flag: Option<bool>,
    cancel_at: Parameter<CancelAt>,
    trial_end: Parameter<Option<i64>>,
    days_until_due: Parameter<u32>,
}

#[derive(Debug, PartialEq, Eq)]
enum CancelAt {
    PeriodEnd,
    Time(i64),
}

impl SubscriptionChanges {
    fn read(form: &mut Form) -> Result<Self, ApiError> {
        let days = form.count("days_until_due")?;
        let method = form
            .choice(
                "collection_method",
                &["charge_automatically", "send_invoice"],
            )?
            .into_option();
        let days_until_due = match (method, days) {
            (Some("charge_automatically"), _) => Parameter::Unset,
            (Some(_), days) => Parameter::Set(days.unwrap_or(30)),
            (None, Some(days)) => Parameter::Set(days),
            (None, None) => Parameter::Absent,
        };
        let wanted = Self {
            items: WantedItem::all(form, "items")?,
            metadata: form.metadata()?,
            description: form.text("description")?,
            card: form.text("default_payment_method")?,
            pause: pause(form)?,
            flag: form.boolean("cancel_at_period_end")?,
            cancel_at: cancel_at(form)?,
            trial_end: trial_end(form)?,
            days_until_due,
        };
        form.choice("payment_behavior", &BEHAVIORS)?;
        coupon(form)?;
        form.ignore(&IGNORED);
        form.ignore(&[
            "billing_cycle_anchor",
            "cancellation_details",
            "trial_from_plan",
            "trial_settings",
        ]);
        Ok(wanted)
    }

    fn wants_more_than_metadata(&self) -> bool {
        !self.items.is_empty()
            || self.description != Parameter::Absent
            || self.card != Parameter::Absent
            || self.pause != Parameter::Absent
            || self.flag.is_some()
            || self.cancel_at != Parameter::Absent
            || self.trial_end != Parameter::Absent
            || self.days_until_due != Parameter::Absent
    }

    fn apply(self, world: &mut World, id: &str) -> Result<(), Impossible> {
        let clock = world.clock;
        let details_changes = (
            self.metadata,
            self.description,
            self.card,
            self.days_until_due,
        );
        world.update_subscription(id, |subscription| {
            let (metadata, description, card, days) = details_changes;
            let is_unchanged = metadata == Parameter::Absent
                && description == Parameter::Absent
                && card == Parameter::Absent
                && days == Parameter::Absent;
            if !is_unchanged {
                let details = &mut subscription.details;
                merge(&mut details.metadata, metadata);
                description.put_in(&mut details.description);
                card.put_in(&mut details.default_payment_method);
                days.put_in(&mut details.days_until_due);
            }
        })?;
        match self.trial_end {
            Parameter::Set(None) => world.end_trial(id, TrialEnd::Convert)?,
            Parameter::Set(Some(end)) => world.update_subscription(id, |subscription| {
                begin_trial(subscription, clock, end);
            })?,
            Parameter::Absent | Parameter::Unset => {}
        }
        for item in self.items {
            apply_item(world, id, item)?;
        }
        match self.pause {
            Parameter::Set(pause) => world.pause_collection(id, pause)?,
            Parameter::Unset => world.resume_collection(id)?,
            Parameter::Absent => {}
        }
        apply_end(world, id, self.flag, &self.cancel_at)
    }
}

fn begin_trial(subscription: &mut Subscription, clock: i64, end: i64) {
    subscription.status = Status::Trialing;
    subscription.details.trial_start.get_or_insert(clock);
    subscription.details.trial_end = Some(end);
    for period in subscription
        .items
        .iter_mut()
        .filter_map(|item| item.period.as_mut())
    {
        period.end = end;
    }
}

/// Updates the item, adds it if it has no id, or removes it.
pub(super) fn apply_item(
    world: &mut World,
    subscription: &str,
    item: WantedItem,
) -> Result<CompactString, Impossible> {
    let Some(id) = item.id.clone() else {
        return match item.make(world) {
            Some(item) => world.add_item(subscription, item),
            None => Ok(CompactString::default()),
        };
    };
    if item.deleted {
        world.remove_item(subscription, &id)?;
        return Ok(id);
    }
    let price = match item.price {
        Some(ItemPrice::Known(price)) => Some(price),
        Some(ItemPrice::New(data)) => Some(data.make(world)),
        None => None,
    };
    if let Some(price) = price {
        world.change_price(subscription, Some(&id), &price)?;
    }
    if let Some(quantity) = item.quantity {
        world.change_quantity(subscription, Some(&id), quantity)?;
    }
    if item.metadata != Parameter::Absent {
        world.update_subscription(subscription, |subscription| {
            let mut items = subscription.items.iter_mut();
            if let Some(found) = items.find(|found| found.id == id) {
                let mut metadata = found.metadata.as_deref().cloned().unwrap_or_default();
                merge(&mut metadata, item.metadata);
                found.metadata = boxed(metadata);
            }
        })?;
    }
    Ok(id)
}

fn apply_end(
    world: &mut World,
    id: &str,
    flag: Option<bool>,
    cancel_at: &Parameter<CancelAt>,
) -> Result<(), Impossible> {
    let details = world.find_subscription(id).map(|found| &found.details);
    let is_ending =
        details.is_some_and(|found| found.cancel_at.is_some() || found.cancel_at_period_end);
    let is_flexible = details.is_some_and(|found| found.flexible_billing);
    let clock = world.clock;
    match (flag, cancel_at) {
        (Some(true), _) if is_flexible => world.schedule_cancel(id, EndForm::TimeOnly),
        (Some(true), _) => world.schedule_cancel(id, EndForm::FlagAndTime),
        (_, Parameter::Set(CancelAt::PeriodEnd)) => world.schedule_cancel(id, EndForm::TimeOnly),
        (_, Parameter::Set(CancelAt::Time(time))) => {
            world.update_subscription(id, |subscription| {
                let details = &mut subscription.details;
                details.cancel_at = Some(*time);
                details.cancel_at_period_end = false;
                details.canceled_at = Some(clock);
                details.cancellation_reason = Some("cancellation_requested".into());
            })
        }
        (Some(false), _) | (None, Parameter::Unset) if is_ending => world.keep_subscription(id),
        (Some(false) | None, Parameter::Absent | Parameter::Unset) => Ok(()),
    }
}

fn pause(form: &mut Form) -> Result<Parameter<PauseCollection>, ApiError> {
    const BEHAVIORS: [&str; 3] = ["keep_as_draft", "mark_uncollectible", "void"];
    let mut form = match form.hash("pause_collection")? {
        Parameter::Absent => return Ok(Parameter::Absent),
        Parameter::Unset => return Ok(Parameter::Unset),
        Parameter::Set(form) => form,
    };
    let behavior = form.choice("behavior", &BEHAVIORS)?.into_option();
    let Some(behavior) = behavior else {
        return Err(form.missing("behavior"));
    };
    let pause = PauseCollection {
        behavior: behavior.into(),
        resumes_at: form.integer("resumes_at")?.into_option(),
    };
    form.reject_unread_parameters()?;
    Ok(Parameter::Set(pause))
}

fn cancel_at(form: &mut Form) -> Result<Parameter<CancelAt>, ApiError> {
    Ok(match form.text("cancel_at")? {
        Parameter::Absent => Parameter::Absent,
        Parameter::Unset => Parameter::Unset,
        Parameter::Set(word) if word == "min_period_end" || word == "max_period_end" => {
            Parameter::Set(CancelAt::PeriodEnd)
        }
        Parameter::Set(text) => {
            Parameter::Set(CancelAt::Time(parse_timestamp("cancel_at", &text)?))
        }
    })
}

/// Reads `trial_end`; `now` is set to `None`.
fn trial_end(form: &mut Form) -> Result<Parameter<Option<i64>>, ApiError> {
    Ok(match form.text("trial_end")? {
        Parameter::Absent => Parameter::Absent,
        Parameter::Unset => Parameter::Unset,
        Parameter::Set(now) if now == "now" => Parameter::Set(None),
        Parameter::Set(text) => Parameter::Set(Some(parse_timestamp("trial_end", &text)?)),
    })
}

fn parse_timestamp(name: &str, text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_malformed| {
        ApiError::invalid(format!("Invalid integer: {text}"))
            .code("parameter_invalid_integer")
            .param(name)
    })
}

fn update(request: &mut WriteRequest<'_>, world: &mut World) -> Result<Vec<u8>, ApiError> {
    let id = request.call.id;
    let subscriptions = (&*world, &world.subscriptions);
    let found = request.call.find(subscriptions, "subscription", id)?;
    let (customer, is_over) = (found.customer.clone(), found.status.is_ended());
    let is_trial = found.status == Status::Trialing;
    let ids: Vec<CompactString> = found.items.iter().map(|item| item.id.clone()).collect();
    let mut wanted = SubscriptionChanges::read(&mut request.call.form)?;
    request.reject_unread_parameters()?;
    if is_over && wanted.wants_more_than_metadata() {
        return Err(ApiError::invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
        ));
    }
    if wanted.trial_end == Parameter::Set(None) && !is_trial {
        wanted.trial_end = Parameter::Absent;
    }
    if let Parameter::Set(card) = &wanted.card {
        check_card_exists(world, card)?;
    }
    for (position, item) in wanted.items.iter().enumerate() {
        let param = format!("items[{position}][id]");
        if let Some(id) = item.id.as_ref().filter(|id| !ids.contains(*id)) {
            return Err(ApiError::missing("subscription item", id, &param));
        }
        item.check(request, world, &format!("items[{position}][price]"))?;
    }
    request.apply(world, Some(&customer), |world| wanted.apply(world, id))?;
    subscription_response(request, world, id)
}
