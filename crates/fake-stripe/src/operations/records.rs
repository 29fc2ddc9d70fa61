//! Objects stored as requested: created, updated and deleted, with events.

use compact_str::CompactString;
use serde_json::Value;

use crate::world::{Record, RecordKind, World};

impl World {
    /// Creates an object from its id and time, and records the event.
    pub(crate) fn create_record(
        &mut self,
        kind: RecordKind,
        customer: Option<CompactString>,
        write: impl FnOnce(&str, i64) -> Value,
    ) -> CompactString {
        self.begin_user_operation();
        let mut id = CompactString::default();
        let (prefix, length) = kind.prefix();
        self.fill(&mut id, prefix, length);
        let record = Record {
            object: write(&id, self.clock),
            id: id.clone(),
            created: self.clock,
            kind,
            customer,
        };
        self.record_stored_event("created", &record);
        self.objects.records.put(record);
        id
    }

    /// Updates an object and records an event of the kind, such as `updated`.
    pub(crate) fn change_record(
        &mut self,
        id: &str,
        happened: &str,
        change: impl FnOnce(&mut Value),
    ) {
        if let Some(mut record) = self.objects.records.get(id).cloned() {
            self.begin_user_operation();
            change(&mut record.object);
            self.record_stored_event(happened, &record);
            self.objects.records.put(record);
        }
    }

    pub(crate) fn delete_record(&mut self, id: &str) {
        if let Some(record) = self.objects.records.get(id).cloned() {
            self.begin_user_operation();
            self.record_stored_event("deleted", &record);
            self.objects.records.remove(id);
        }
    }

    fn record_stored_event(&mut self, happened: &str, record: &Record) {
        let kind = format!("{}.{happened}", record.kind.event());
        self.record_object(&kind, record.object.clone(), None);
    }
}
