//! Selects the objects on a page of a list.

use compact_str::CompactString;
use fake_http::MalformedList;

use super::{
    error::ApiError,
    form::{Form, TimeRange},
    world::{Collection, Object, Slot},
};

/// The start of a page, and its maximum length.
#[derive(Debug)]
pub(crate) struct Window {
    cursor: Cursor,
    limit: usize,
    malformed: Option<MalformedList>,
}

#[derive(Debug)]
enum Cursor {
    /// The start of the list, which is its newest object.
    Start,
    /// `starting_after`: towards older objects.
    After(CompactString),
    /// `ending_before`: towards newer objects.
    Before(CompactString),
}

/// The content of a page.
#[derive(Debug)]
pub(crate) struct Page<'a, T> {
    pub(crate) objects: Vec<&'a T>,
    pub(crate) has_more: bool,
}

impl Window {
    /// Reads `starting_after`, `ending_before` and `limit`.
    pub(crate) fn read(
        form: &mut Form,
        malformed: Option<MalformedList>,
    ) -> Result<Self, ApiError> {
        let limit = form.limit()?;
        let after = form.optional_text("starting_after")?;
        let before = form.optional_text("ending_before")?;
        let cursor = match (after, before) {
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid(
                    "Received both starting_after and ending_before parameters. Please pass in only one.",
                ));
            }
            (Some(id), None) => Cursor::After(id),
            (None, Some(id)) => Cursor::Before(id),
            (None, None) => Cursor::Start,
        };
        Ok(Self {
            cursor: match malformed {
                Some(MalformedList::RepeatedPage | MalformedList::UnknownCursor) => Cursor::Start,
                Some(
                    MalformedList::ObjectTwice
                    | MalformedList::HasMoreWithoutData
                    | MalformedList::OldestFirst,
                )
                | None => cursor,
            },
            limit,
            malformed,
        })
    }

    /// Returns a page of the objects at `slots` (oldest first) that were created within `times` and match `wanted`. The
    /// cursor may be any object of the collection, including ones that the filters exclude.
    pub(crate) fn page<'w, T: Object>(
        &self,
        (collection, slots): (&'w Collection<T>, &[Slot]),
        word: &str,
        times: TimeRange,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Page<'w, T>, ApiError> {
        let created = |slot: Slot| collection.at(slot).map_or(i64::MIN, Object::created);
        let first = slots.partition_point(|slot| created(*slot) < times.first);
        let end = slots.partition_point(|slot| created(*slot) <= times.last);
        let position = |id: &str, param: &str| {
            let slot = collection
                .slot(id)
                .ok_or_else(|| ApiError::missing(word, id, param))?;
            let key = (created(slot), slot);
            Ok::<_, ApiError>(slots.partition_point(|slot| (created(*slot), *slot) < key))
        };
        let range = |from: usize, to: usize| slots.get(from..to.max(from)).unwrap_or_default();
        let object = |slot: &Slot| collection.at(*slot).filter(|object| wanted(object));
        let is_reversed = self.malformed == Some(MalformedList::OldestFirst);
        Ok(match &self.cursor {
            Cursor::Start if is_reversed => self.take(range(first, end).iter().filter_map(object)),
            Cursor::After(id) if is_reversed => {
                let first = first.max(position(id, "starting_after")?.saturating_add(1));
                self.take(range(first, end).iter().filter_map(object))
            }
            Cursor::Start => self.take(range(first, end).iter().rev().filter_map(object)),
            Cursor::After(id) => {
                let kept = usize::from(self.malformed == Some(MalformedList::ObjectTwice));
                let end = end.min(position(id, "starting_after")?.saturating_add(kept));
                self.take(range(first, end).iter().rev().filter_map(object))
            }
            Cursor::Before(id) => {
                let after = position(id, "ending_before")?;
                let itself = slots.get(after).copied() == collection.slot(id);
                let first = first.max(after.saturating_add(usize::from(itself)));
                let mut page = self.take(range(first, end).iter().filter_map(object));
                page.objects.reverse();
                page
            }
        })
    }

    /// Returns a page of objects that are already in list order.
    pub(crate) fn page_of<'w, T>(
        &self,
        objects: &'w [T],
        word: &str,
        id: impl Fn(&T) -> &str,
    ) -> Result<Page<'w, T>, ApiError> {
        let position = |wanted: &str, param: &str| {
            let found = objects.iter().position(|object| id(object) == wanted);
            found.ok_or_else(|| ApiError::missing(word, wanted, param))
        };
        Ok(match &self.cursor {
            Cursor::Start => self.take(objects.iter()),
            Cursor::After(after) => self.take(
                objects
                    .iter()
                    .skip(position(after, "starting_after")?.saturating_add(1)),
            ),
            Cursor::Before(before) => {
                let end = position(before, "ending_before")?;
                let mut page = self.take(objects.iter().take(end).rev());
                page.objects.reverse();
                page
            }
        })
    }

    fn take<'w, T>(&self, mut objects: impl Iterator<Item = &'w T>) -> Page<'w, T> {
        if self.malformed == Some(MalformedList::HasMoreWithoutData) {
            return Page {
                objects: Vec::new(),
                has_more: true,
            };
        }
        let page: Vec<_> = objects.by_ref().take(self.limit).collect();
        Page {
            has_more: self.malformed == Some(MalformedList::RepeatedPage)
                || objects.next().is_some(),
            objects: page,
        }
    }
}
