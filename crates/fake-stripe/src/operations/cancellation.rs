//! Cancellations: scheduled, undone, immediate, and at the end of the period.

use super::{Impossible, events::EventObject};
use crate::world::{ScheduleStatus, Status, World};

/// The representation of a scheduled end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndForm {
    /// `cancel_at_period_end` and `cancel_at`: classic billing.
    FlagAndTime,
    /// `cancel_at` alone: flexible billing, and ends at a date.
    TimeOnly,
}

const REQUESTED: &str = "cancellation_requested";

impl World {
    /// Schedules the cancellation at the end of the period.
    pub fn schedule_cancel(&mut self, id: &str, form: EndForm) -> Result<(), Impossible> {
        self.find_active(id, "scheduling its end")?;
        self.begin_user_operation();
        let clock = self.clock;
        self.update_subscription_and_record(id, |subscription| {
            let periods = subscription.items.iter().filter_map(|item| item.period);
            let end = periods.map(|period| period.end).max();
            let details = &mut subscription.details;
            details.cancel_at_period_end = form == EndForm::FlagAndTime;
            details.cancel_at = end;
            details.canceled_at = Some(clock);
            details.cancellation_reason = Some(REQUESTED.into());
        });
        Ok(())
    }

    /// Undoes a scheduled cancellation.
    pub fn keep_subscription(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "undoing its cancellation")?;
        if subscription.details.cancel_at.is_none() && !subscription.details.cancel_at_period_end {
            return Err(unscheduled(id, "undoing its cancellation"));
        }
        self.begin_user_operation();
        self.update_subscription_and_record(id, |subscription| {
            let details = &mut subscription.details;
            details.cancel_at = None;
            details.cancel_at_period_end = false;
            details.canceled_at = None;
            details.cancellation_reason = None;
        });
        Ok(())
    }

    /// Cancels a subscription immediately. An incomplete one expires.
    pub fn cancel_now(&mut self, id: &str) -> Result<(), Impossible> {
        self.find_active(id, "canceling it")?;
        self.begin_user_operation();
        self.end_subscription_and_record(id, REQUESTED);
        Ok(())
    }

    /// Ends a subscription at its scheduled time.
    pub fn end_at_period_end(&mut self, id: &str) -> Result<(), Impossible> {
        let subscription = self.find_active(id, "its scheduled end")?;
        let Some(end) = subscription.details.cancel_at else {
            return Err(unscheduled(id, "its scheduled end"));
        };
        self.begin_provider_operation();
        self.change_subscription_silently(id, |subscription| {
            subscription.status = Status::Canceled;
            subscription.details.ended_at = Some(end);
            subscription.details.canceled_at.get_or_insert(end);
        });
        self.cancel_schedule_and_record(id);
        self.record_event(
            "customer.subscription.deleted",
            EventObject::Subscription(id),
        );
        Ok(())
    }

    /// Ends a subscription now, cancels its schedule, and stops collecting its open invoice.
    pub(super) fn end_subscription_and_record(&mut self, id: &str, reason: &str) {
        let Some(subscription) = self.find_subscription(id).cloned() else {
            return;
        };
        let owed = self
            .unpaid_invoice(&subscription)
            .map(|invoice| invoice.id.clone());
        if subscription.status == Status::Incomplete {
            self.expire_and_record(id, &owed.unwrap_or_default());
            return;
        }
        let clock = self.clock;
        self.change_subscription_silently(id, |subscription| {
            subscription.status = Status::Canceled;
            let details = &mut subscription.details;
            details.ended_at = Some(clock);
            details.canceled_at = Some(clock);
            details.cancel_at = None;
            details.cancel_at_period_end = false;
            details.cancellation_reason = Some(reason.into());
        });
        self.cancel_schedule_and_record(id);
        self.record_event(
            "customer.subscription.deleted",
            EventObject::Subscription(id),
        );
        if let Some(invoice) = owed {
            self.stop_collecting_and_record(&invoice);
        }
    }

    /// Ends the schedule of an ended subscription.
    fn cancel_schedule_and_record(&mut self, id: &str) {
        let subscription = self.find_subscription(id);
        let schedule = subscription.and_then(|subscription| subscription.details.schedule.clone());
        let schedule = schedule.and_then(|id| self.objects.schedules.get(&id).cloned());
        if let Some(mut schedule) = schedule {
            schedule.status = ScheduleStatus::Canceled;
            schedule.canceled_at = Some(self.clock);
            let schedule = self.put_schedule(schedule);
            self.record_event(
                "subscription_schedule.canceled",
                EventObject::Schedule(&schedule),
            );
        }
    }
}

fn unscheduled(id: &str, action: &'static str) -> Impossible {
    Impossible::NotNow {
        kind: "subscription",
        id: id.into(),
        state: "not scheduled to end".into(),
        action,
    }
}
