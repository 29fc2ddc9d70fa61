//! Schedules that an application creates, updates and ends itself.

use compact_str::CompactString;

use super::{Impossible, events::EventObject, subscribing::FirstPayment};
use crate::world::{
    Item, Metadata, Period, Phase, Schedule, ScheduleStatus, Status, Subscription, World,
    period_length,
};

/// A schedule to be created.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    pub customer: CompactString,
    /// Subscription to take over. `None` creates one when the schedule starts.
    pub from: Option<CompactString>,
    /// Start time; `None` means now.
    pub start: Option<i64>,
    pub end_behavior: CompactString,
    pub phases: Vec<WantedPhase>,
    pub metadata: Metadata,
}

/// A requested phase.
#[derive(Debug, Clone)]
pub struct WantedPhase {
    pub items: Vec<Item>,
    pub start: Option<i64>,
    pub length: PhaseLength,
}

/// The end of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseLength {
    Until(i64),
    /// Number of periods of its first price.
    Periods(u32),
    /// Duration in seconds.
    For(i64),
}

impl World {
    pub fn create_schedule(&mut self, new: NewSchedule) -> Result<CompactString, Impossible> {
        let start = new.start.unwrap_or(self.clock);
        let mut phases = self.phases_from(start, new.phases);
        let subscription = match &new.from {
            Some(id) => {
                let taken = self.unscheduled(id)?;
                let now = taken.items.first().and_then(|item| item.period);
                if let (true, Some(period)) = (phases.is_empty(), now) {
                    phases = vec![Phase {
                        period,
                        items: taken.items,
                    }];
                }
                Some(id.clone())
            }
            None if start <= self.clock => {
                let items = phases.first().map(|phase| phase.items.clone());
                let mut one = Subscription::new(&new.customer, Status::Incomplete);
                one.items = items.unwrap_or_default();
                Some(self.subscribe(one, FirstPayment::Paid)?)
            }
            None => None,
        };
        self.begin_user_operation();
        let is_active = subscription.is_some();
        let schedule = self.put_schedule(Schedule {
            customer: new.customer,
            subscription: subscription.clone().unwrap_or_default(),
            status: if is_active {
                ScheduleStatus::Active
            } else {
                ScheduleStatus::NotStarted
            },
            phases,
            end_behavior: new.end_behavior,
            metadata: new.metadata,
            ..Schedule::default()
        });
        self.record_event(
            "subscription_schedule.created",
            EventObject::Schedule(&schedule),
        );
        if let Some(id) = subscription {
            self.update_subscription_and_record(&id, |subscription| {
                subscription.details.schedule = Some(schedule.clone());
            });
        }
        Ok(schedule)
    }

    /// Updates a schedule and records the event. Without phases it keeps its own.
    pub fn update_schedule(
        &mut self,
        id: &str,
        phases: Vec<WantedPhase>,
        change: impl FnOnce(&mut Schedule),
    ) {
        self.begin_user_operation();
        let known = self.find_schedule(id);
        let first = known.and_then(|schedule| schedule.phases.first());
        let start = first.map_or(self.clock, |phase| phase.period.start);
        let phases = self.phases_from(start, phases);
        self.update_schedule_and_record(id, |schedule| {
            if !phases.is_empty() {
                schedule.phases = phases;
            }
            change(schedule);
        });
    }

    /// Cancels a schedule together with its subscription.
    pub fn cancel_schedule(&mut self, id: &str) {
        let subscription = self.active_subscription_of(id);
        let clock = self.clock;
        self.begin_user_operation();
        self.close_schedule_and_record("subscription_schedule.canceled", id, |schedule| {
            schedule.status = ScheduleStatus::Canceled;
            schedule.canceled_at = Some(clock);
        });
        if let Some(subscription) = subscription {
            self.end_subscription_and_record(&subscription, "cancellation_requested");
        }
    }

    /// Releases a schedule. Its subscription continues without it.
    pub fn release_schedule(&mut self, id: &str) {
        let subscription = self.active_subscription_of(id);
        let clock = self.clock;
        self.begin_user_operation();
        self.close_schedule_and_record("subscription_schedule.released", id, |schedule| {
            schedule.status = ScheduleStatus::Released;
            schedule.released_at = Some(clock);
        });
        if let Some(subscription) = subscription {
            self.update_subscription_and_record(&subscription, |subscription| {
                subscription.details.schedule = None;
            });
        }
    }

    /// Returns the subscription of a schedule unless it has ended.
    fn active_subscription_of(&self, id: &str) -> Option<CompactString> {
        let id = &self.find_schedule(id)?.subscription;
        let subscription = self.find_subscription(id)?;
        (!subscription.status.is_ended()).then(|| id.clone())
    }

    fn phases_from(&self, start: i64, wanted: Vec<WantedPhase>) -> Vec<Phase> {
        let mut phases: Vec<Phase> = Vec::with_capacity(wanted.len());
        let mut start = start;
        for phase in wanted {
            let begins = phase.start.unwrap_or(start);
            let price = phase.items.first().map(|item| item.price.clone());
            let period = period_length(&self.prices, &price.unwrap_or_default());
            let end = match phase.length {
                PhaseLength::Until(end) => end,
                PhaseLength::For(seconds) => begins.saturating_add(seconds),
                PhaseLength::Periods(periods) => {
                    begins.saturating_add(period.saturating_mul(i64::from(periods)))
                }
            };
            phases.push(Phase {
                period: Period { start: begins, end },
                items: phase.items,
            });
            start = end;
        }
        phases
    }
}
