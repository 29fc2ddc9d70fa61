//! Subscription schedules: what a subscription will become, and when.

use compact_str::CompactString;

use super::{Item, Metadata, Period, collection::Object, invoice::objects};

#[derive(Debug, Clone, Default)]
pub struct Schedule {
    pub id: CompactString,
    pub created: i64,
    pub customer: CompactString,
    /// The subscription that it steers; kept when it is released, and then shown as such.
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
    /// The phase in which a moment lies.
    pub(crate) fn phase_at(&self, moment: i64) -> Option<&Phase> {
        let is_now = |phase: &&Phase| (phase.period.start..phase.period.end).contains(&moment);
        self.phases.iter().find(is_now)
    }
}

objects!(Schedule);
