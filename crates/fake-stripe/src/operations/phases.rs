//! Schedules: a change at the end of the period, the next phase, and the release.

use compact_str::CompactString;

use super::{Impossible, dunning::Renewal, events::EventObject};
use crate::world::{
    Item, Period, Phase, Schedule, ScheduleStatus, Status, Subscription, World, period_length,
};

impl World {
    /// Schedules another price for the first item at the end of the period.
    pub fn schedule_change(&mut self, id: &str, price: &str) -> Result<CompactString, Impossible> {
        let subscription = self.unscheduled(id)?;
        if self.prices.get(price).is_none() {
            return Err(Impossible::unknown("price", price));
        }
        let now = subscription.items.first().and_then(|item| item.period);
        let Some(now) = now else {
            return Err(Impossible::not_now(&subscription, "scheduling a change"));
        };
        self.begin_user_operation();
        let mut items = subscription.items.clone();
        if let Some(first) = items.first_mut() {
            first.price = price.into();
        }
        let end = now.end.saturating_add(period_length(&self.prices, price));
        let next = Period {
            start: now.end,
            end,
        };
        let schedule = self.put_schedule(Schedule {
            customer: subscription.customer.clone(),
            subscription: id.into(),
            phases: vec![phase(now, subscription.items), phase(next, items)],
            end_behavior: "release".into(),
            ..Schedule::default()
        });
        self.record_event(
            "subscription_schedule.created",
            EventObject::Schedule(&schedule),
        );
        self.update_subscription_and_record(id, |subscription| {
            subscription.details.schedule = Some(schedule.clone());
        });
        self.update_schedule_and_record(&schedule, |schedule| {
            schedule.status = ScheduleStatus::Active;
        });
        Ok(schedule)
    }

    /// Returns a subscription that has not ended and has no schedule.
    pub(super) fn unscheduled(&self, id: &str) -> Result<Subscription, Impossible> {
        let subscription = self.find_active(id, "scheduling a change")?;
        match &subscription.details.schedule {
            None => Ok(subscription),
            Some(schedule) => Err(Impossible::NotNow {
                kind: "subscription",
                id: id.into(),
                state: compact_str::format_compact!("managed by the schedule `{schedule}`"),
                action: "another schedule",
            }),
        }
    }

    /// Starts the next phase together with the next period: the prices change, and it is billed.
    pub fn enter_next_phase(&mut self, id: &str, how: Renewal) -> Result<(), Impossible> {
        let (subscription, schedule) = self.scheduled(id, "its next phase")?;
        let period = subscription.items.first().and_then(|item| item.period);
        let starts = period.map(|period| period.end);
        let next = schedule
            .phases
            .iter()
            .find(|phase| Some(phase.period.start) == starts);
        let Some(next) = next.cloned() else {
            return Err(Impossible::not_now(&subscription, "its next phase"));
        };
        self.begin_provider_operation();
        let before = self.render(EventObject::Subscription(id));
        self.change_subscription_silently(id, |subscription| subscription.items = next.items);
        self.begin_periods(id, next.period.start);
        let invoice = self.draft_invoice(id, "subscription_cycle");
        self.record_event("invoice.created", EventObject::Invoice(&invoice));
        self.record_difference(
            "customer.subscription.updated",
            EventObject::Subscription(id),
            &before,
        );
        if how == Renewal::Paid && subscription.status == Status::Active {
            self.pay_and_record(&invoice);
        }
        Ok(())
    }

    pub(super) fn update_schedule_and_record(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Schedule),
    ) {
        let updated = "subscription_schedule.updated";
        self.record_change(updated, EventObject::Schedule(id), |world| {
            world.change_schedule(id, change);
        });
    }

    /// Changes a schedule that ends. Only events of updates have the previous attributes.
    pub(super) fn close_schedule_and_record(
        &mut self,
        kind: &str,
        id: &str,
        change: impl FnOnce(&mut Schedule),
    ) {
        self.change_schedule(id, change);
        self.record_event(kind, EventObject::Schedule(id));
    }

    fn change_schedule(&mut self, id: &str, change: impl FnOnce(&mut Schedule)) {
        if let Some(mut schedule) = self.objects.schedules.get(id).cloned() {
            change(&mut schedule);
            self.put_schedule(schedule);
        }
    }

    fn scheduled(
        &self,
        id: &str,
        action: &'static str,
    ) -> Result<(Subscription, Schedule), Impossible> {
        let subscription = self.find_active(id, action)?;
        let schedule = subscription.details.schedule.as_deref();
        match schedule.and_then(|id| self.find_schedule(id)).cloned() {
            Some(schedule) => Ok((subscription, schedule)),
            None => Err(Impossible::NotNow {
                kind: "subscription",
                id: id.into(),
                state: "managed by no schedule".into(),
                action,
            }),
        }
    }
}

fn phase(period: Period, items: Vec<Item>) -> Phase {
    Phase { period, items }
}
