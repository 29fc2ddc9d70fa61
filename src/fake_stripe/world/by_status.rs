//! Subscriptions by status, in the order of listing: a page of the few past-due ones among a million costs no walk past
//! the others.

use std::collections::BTreeMap;

use super::{Collection, Slot, Status, Subscription};

/// The slots of a collection of subscriptions as it was when it had this revision.
#[derive(Debug, Default)]
pub(crate) struct ByStatus {
    revision: u64,
    each: BTreeMap<Status, Vec<Slot>>,
    not_canceled: Vec<Slot>,
    ended: Vec<Slot>,
}

impl ByStatus {
    /// Catches up with a collection that is in order.
    pub(crate) fn follow(&mut self, subscriptions: &Collection<Subscription>) {
        if self.revision == subscriptions.revision() {
            return;
        }
        *self = Self {
            revision: subscriptions.revision(),
            ..Self::default()
        };
        for slot in subscriptions.ordered_slots() {
            let Some(status) = subscriptions.at(*slot).map(|found| &found.status) else {
                continue;
            };
            match self.each.get_mut(status) {
                Some(slots) => slots.push(*slot),
                None => {
                    self.each.insert(status.clone(), vec![*slot]);
                }
            }
            if *status != Status::Canceled {
                self.not_canceled.push(*slot);
            }
            if status.is_ended() {
                self.ended.push(*slot);
            }
        }
    }

    /// Oldest first, as all of these.
    pub(crate) fn of(&self, status: &Status) -> &[Slot] {
        self.each.get(status).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn not_canceled(&self) -> &[Slot] {
        &self.not_canceled
    }

    pub(crate) fn ended(&self) -> &[Slot] {
        &self.ended
    }
}
