//! Objects of one kind, looked up by id and listed newest first, as in Stripe's lists.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
};

use indexmap::IndexSet;

/// The common fields of listed objects.
pub(crate) trait Object {
    fn id(&self) -> &str;
    fn created(&self) -> i64;
}

/// Implements `Object` for types with the fields `id` and `created`.
macro_rules! implement_object {
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
pub(super) use implement_object;

/// The position of an object in its collection, in insertion order. Only `remove` changes the slots of others.
pub(crate) type Slot = usize;

/// An object that is hashed and compared by its id, so that the id is not stored twice: a million objects have to fit
/// into memory beside the tested program.
#[derive(Debug)]
struct ById<T>(T);

impl<T: Object> Borrow<str> for ById<T> {
    fn borrow(&self) -> &str {
        self.0.id()
    }
}

impl<T: Object> Hash for ById<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id().hash(state);
    }
}

impl<T: Object> PartialEq for ById<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl<T: Object> Eq for ById<T> {}

/// Objects in insertion order, and their list order.
#[derive(Debug)]
pub(crate) struct Collection<T> {
    objects: IndexSet<ById<T>>,
    /// Slots by (created, slot), oldest first.
    order: Vec<Slot>,
    ordered: bool,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self {
            objects: IndexSet::new(),
            order: Vec::new(),
            ordered: true,
        }
    }
}

impl<T: Object> Collection<T> {
    /// Adds an object, or replaces the one with the same id.
    pub(crate) fn put(&mut self, object: T) -> Slot {
        let created = object.created();
        let newest = self.order.last().and_then(|newest| self.at(*newest));
        let is_newest = newest.is_none_or(|newest| newest.created() <= created);
        let (slot, replaced) = self.objects.replace_full(ById(object));
        if let Some(ById(replaced)) = replaced {
            self.ordered &= replaced.created() == created;
        } else {
            self.ordered &= is_newest;
            self.order.push(slot);
        }
        slot
    }

    /// Removes an object from lookups and lists.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let Some((removed, _)) = self.objects.shift_remove_full(id) else {
            return false;
        };
        self.order.retain(|slot| *slot != removed);
        for slot in self.order.iter_mut().filter(|slot| **slot > removed) {
            *slot = slot.saturating_sub(1);
        }
        true
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.objects.get(id).map(|ById(object)| object)
    }

    pub(crate) fn slot(&self, id: &str) -> Option<Slot> {
        self.objects.get_index_of(id)
    }

    pub(crate) fn at(&self, slot: Slot) -> Option<&T> {
        self.objects.get_index(slot).map(|ById(object)| object)
    }

    /// Sorts the slots, oldest first; within one second in insertion order.
    pub(crate) fn put_in_order(&mut self) {
        if !self.ordered {
            let objects = &self.objects;
            let created = |slot| objects.get_index(slot).map(|ById(object)| object.created());
            self.order.sort_by_key(|slot| (created(*slot), *slot));
            self.ordered = true;
        }
    }

    /// Returns the slots as last sorted by `put_in_order`.
    pub(crate) fn ordered_slots(&self) -> &[Slot] {
        &self.order
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Returns the objects in insertion order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.objects.iter().map(|ById(object)| object)
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.objects.reserve_exact(additional);
        self.order.reserve_exact(additional);
    }
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
        things.put_in_order();
        let slots = things.ordered_slots().iter();
        slots
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
        assert!(things.remove("a"));
        assert!(!things.remove("a"));
        assert!(things.get("a").is_none());
        assert_eq!(things.iter().count(), 1);
        assert_eq!(oldest_first(&mut things), ["b"]);
        things.put(Thing("a".into(), 3));
        assert_eq!(oldest_first(&mut things), ["b", "a"]);
        assert_eq!(things.len(), 2);
    }
}
