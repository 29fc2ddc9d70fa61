//! An index of subscriptions by status, in list order: a page of the few past-due ones among a million does not have to
//! skip the others.

use std::collections::BTreeMap;

use super::{Collection, Slot, Status, Subscription};

/// The slots of subscriptions by status, at a revision of their collection.
#[derive(Debug, Default)]
pub(crate) struct ByStatus {
    revision: u64,
    each: BTreeMap<Status, Vec<Slot>>,
    not_canceled: Vec<Slot>,
    ended: Vec<Slot>,
}

impl ByStatus {
    /// Rebuilds the index if the collection, which must be sorted, has changed.
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

    /// Returns the slots with a status, oldest first.
    pub(crate) fn with(&self, status: &Status) -> &[Slot] {
        self.each.get(status).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn not_canceled(&self) -> &[Slot] {
        &self.not_canceled
    }

    pub(crate) fn ended(&self) -> &[Slot] {
        &self.ended
    }
}
