//! Objects of one kind, looked up by id and listed newest first, as in Stripe's lists.

use std::{collections::BTreeSet, hash::BuildHasher as _};

use hashbrown::{DefaultHashBuilder, HashTable};

/// The common fields of listed objects.
pub(crate) trait Object {
    fn id(&self) -> &str;
    fn created(&self) -> i64;
}

/// Implements `Object` for types with the fields `id` and `created`.
macro_rules! objects {
    ($($name:ty),*) => {$(
        impl $crate::world::Object for $name {
            fn id(&self) -> &str {
                &self.id
            }

            fn created(&self) -> i64 {
                self.created
            }
        }
    )*};
}
pub(super) use objects;

/// The index of an object in its collection. Slots are assigned in insertion order and never change.
pub(crate) type Slot = u32;

/// Objects in insertion order, an index by id, and the list order. No id is stored twice: a million objects have to fit
/// into memory beside the tested program.
#[derive(Debug)]
pub(crate) struct Collection<T> {
    objects: Vec<T>,
    by_id: HashTable<Slot>,
    hasher: DefaultHashBuilder,
    /// Slots by (created, slot), oldest first.
    order: Vec<Slot>,
    ordered: bool,
    /// Revision, which differs after every change.
    revision: u64,
    /// Slots of removed objects.
    forgotten: BTreeSet<Slot>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            by_id: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            order: Vec::new(),
            ordered: true,
            revision: 0,
            forgotten: BTreeSet::new(),
        }
    }
}

impl<T: Object> Collection<T> {
    /// Adds an object, or replaces the one with the same id.
    pub(crate) fn put(&mut self, object: T) -> Slot {
        self.revision = self.revision.wrapping_add(1);
        if let Some(slot) = self.slot(object.id()) {
            if let Some(place) = self.objects.get_mut(index(slot)) {
                self.ordered &= place.created() == object.created();
                *place = object;
            }
            return slot;
        }
        let slot = Slot::try_from(self.objects.len()).unwrap_or(Slot::MAX);
        self.ordered &= self.order.last().is_none_or(|last| {
            self.objects
                .get(index(*last))
                .is_some_and(|newest| newest.created() <= object.created())
        });
        let hash = self.hasher.hash_one(object.id());
        self.order.push(slot);
        self.objects.push(object);
        let (objects, hasher) = (&self.objects, &self.hasher);
        self.by_id.insert_unique(hash, slot, |slot| {
            objects
                .get(index(*slot))
                .map_or(0, |object| hasher.hash_one(object.id()))
        });
        slot
    }

    /// Removes an object from lookups and lists.
    pub(crate) fn forget(&mut self, id: &str) -> bool {
        let hash = self.hasher.hash_one(id);
        let objects = &self.objects;
        let found = self.by_id.find_entry(hash, |slot| {
            objects
                .get(index(*slot))
                .is_some_and(|object| object.id() == id)
        });
        let Ok(found) = found else {
            return false;
        };
        let (slot, _) = found.remove();
        self.order.retain(|other| *other != slot);
        self.forgotten.insert(slot);
        self.revision = self.revision.wrapping_add(1);
        true
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.objects.get(index(self.slot(id)?))
    }

    pub(crate) fn slot(&self, id: &str) -> Option<Slot> {
        let hash = self.hasher.hash_one(id);
        let same = |slot: &Slot| {
            self.objects
                .get(index(*slot))
                .is_some_and(|object| object.id() == id)
        };
        self.by_id.find(hash, same).copied()
    }

    pub(crate) fn at(&self, slot: Slot) -> Option<&T> {
        self.objects.get(index(slot))
    }

    /// Returns the slots sorted, oldest first; within one second in insertion order.
    pub(crate) fn order(&mut self) -> &[Slot] {
        if !self.ordered {
            let objects = &self.objects;
            self.order
                .sort_by_key(|slot| (objects.get(index(*slot)).map(Object::created), *slot));
            self.ordered = true;
        }
        &self.order
    }

    /// Returns the slots as last sorted by `order`, for a caller that also borrows the objects.
    pub(crate) fn ordered_slots(&self) -> &[Slot] {
        &self.order
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let slots = 0..=Slot::MAX;
        let objects = slots.zip(&self.objects);
        objects
            .filter(|(slot, _)| self.forgotten.is_empty() || !self.forgotten.contains(slot))
            .map(|(_, object)| object)
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.objects.reserve_exact(additional);
        self.order.reserve_exact(additional);
        let (objects, hasher) = (&self.objects, &self.hasher);
        self.by_id.reserve(additional, |slot| {
            objects
                .get(index(*slot))
                .map_or(0, |object| hasher.hash_one(object.id()))
        });
    }
}

fn index(slot: Slot) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use compact_str::CompactString;

    use super::*;

    #[derive(Debug)]
    struct Thing(CompactString, i64);

    impl Object for Thing {
        fn id(&self) -> &str {
            &self.0
        }
        fn created(&self) -> i64 {
            self.1
        }
    }

    fn oldest_first(things: &mut Collection<Thing>) -> Vec<String> {
        let slots = things.order().to_vec();
        slots
            .iter()
            .map(|slot| things.at(*slot).unwrap().0.to_string())
            .collect()
    }

    #[test]
    fn the_order_follows_creation_and_then_insertion() {
        let mut things = Collection::default();
        for (id, created) in [("b", 5), ("a", 5), ("old", 1), ("new", 9), ("c", 5)] {
            things.put(Thing(id.into(), created));
        }
        assert_eq!(oldest_first(&mut things), ["old", "b", "a", "c", "new"]);
    }

    #[test]
    fn putting_the_same_id_again_replaces_the_object_and_reorders() {
        let mut things = Collection::default();
        things.put(Thing("a".into(), 1));
        things.put(Thing("b".into(), 2));
        things.put(Thing("a".into(), 3));
        assert_eq!(things.len(), 2);
        assert_eq!(oldest_first(&mut things), ["b", "a"]);
    }

    #[test]
    fn a_forgotten_object_is_neither_found_nor_listed() {
        let mut things = Collection::default();
        things.put(Thing("a".into(), 1));
        things.put(Thing("b".into(), 2));
        assert!(things.forget("a"));
        assert!(!things.forget("a"));
        assert!(things.get("a").is_none());
        assert_eq!(things.iter().count(), 1);
        assert_eq!(oldest_first(&mut things), ["b"]);
        things.put(Thing("a".into(), 3));
        assert_eq!(oldest_first(&mut things), ["b", "a"]);
        assert_eq!(things.len(), 2);
    }
}
