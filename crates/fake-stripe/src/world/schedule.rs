//! Subscription schedules: the future phases of a subscription.

use compact_str::CompactString;

use super::{Item, Metadata, Period, collection::implement_object};

#[derive(Debug, Clone, Default)]
pub struct Schedule {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    /// Subscription of the schedule; after a release it is kept and shown as released.
    pub subscription: CompactString,
    pub status: ScheduleStatus,
    pub phases: Vec<Phase>,
    /// `release` or `cancel`.
    pub end_behavior: CompactString,
    pub canceled_at: Option<i64>,
    pub completed_at: Option<i64>,
    pub released_at: Option<i64>,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScheduleStatus {
    #[default]
    NotStarted,
    Active,
    Completed,
    Released,
    Canceled,
}

impl ScheduleStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Released => "released",
            Self::Canceled => "canceled",
        }
    }
}

/// A part of a schedule in which the subscription has these items.
#[derive(Debug, Clone)]
pub struct Phase {
    pub period: Period,
    pub items: Vec<Item>,
}

impl Schedule {
    /// Returns the phase at a moment.
    pub(crate) fn phase_at(&self, moment: i64) -> Option<&Phase> {
        let is_now = |phase: &&Phase| (phase.period.start..phase.period.end).contains(&moment);
        self.phases.iter().find(is_now)
    }
}

implement_object!(Schedule);
