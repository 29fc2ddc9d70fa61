//! Context of a change: clock, event API version, id namespace, and the events recorded so far.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use compact_str::CompactString;
use fake_http::{FakeWorld, ids::IdCounters};
use serde_json::Value;

use super::World;
use crate::version::ApiVersion;

/// The context of operations: time, event API version and id namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub clock: i64,
    pub events_version: ApiVersion,
    /// Namespace of ids; empty for the world's default.
    pub namespace: CompactString,
}

/// The cause of an event: a request, or Stripe itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// Request id; `None` for Stripe's own actions.
    pub request: Option<CompactString>,
    pub idempotency_key: Option<CompactString>,
}

/// The current context of a world.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// Version of events; `None` for the account's default.
    pub(crate) events_version: Option<ApiVersion>,
    /// Cause of the current operation's events.
    pub(crate) cause: Cause,
    /// Current request of the application.
    request: Option<Cause>,
    /// Events recorded since the stage was entered.
    recorded: Option<Vec<CompactString>>,
    /// Id counters of the inactive namespaces.
    waiting: BTreeMap<CompactString, IdCounters>,
    /// Stage of each customer's last change.
    stages: BTreeMap<CompactString, Stage>,
    /// Namespace of an id or another word, such as an e-mail.
    namespaces: BTreeMap<CompactString, CompactString>,
}

impl Context {
    pub(crate) fn note_event(&mut self, event: &CompactString) {
        if let Some(recorded) = &mut self.recorded {
            recorded.push(event.clone());
        }
    }
}

impl World {
    /// Runs operations in a stage, then restores the world's clock, version and ids. Returns the ids of the recorded
    /// events, in the order that Stripe documents.
    ///
    /// The ids created in a stage depend only on its namespace and on the number of earlier ids of the kind in it,
    /// whatever else happens in the world meanwhile.
    pub fn on_stage<R>(
        &mut self,
        stage: &Stage,
        acts: impl FnOnce(&mut Self) -> R,
    ) -> (R, Vec<CompactString>) {
        let clock = mem::replace(&mut self.clock, stage.clock);
        let version = self
            .context
            .events_version
            .replace(stage.events_version.clone());
        let recorded = self.context.recorded.replace(Vec::new());
        let numbers = (!stage.namespace.is_empty()).then(|| {
            let waiting = self.context.waiting.remove(&stage.namespace);
            let theirs = waiting.unwrap_or_else(|| IdCounters::new(&stage.namespace));
            mem::replace(&mut self.id_counters, theirs)
        });
        let result = acts(self);
        if let Some(ours) = numbers {
            let mut theirs = mem::replace(&mut self.id_counters, ours);
            for id in theirs.take_fresh() {
                self.note(&stage.namespace, &id);
            }
            self.context.waiting.insert(stage.namespace.clone(), theirs);
        }
        self.clock = clock;
        self.context.events_version = version;
        let events = mem::replace(&mut self.context.recorded, recorded).unwrap_or_default();
        for customer in self.customers_in(&events) {
            self.context.stages.insert(customer, stage.clone());
        }
        (result, events)
    }

    /// Returns the stage of a customer's last change, which the application's own changes to the customer should use.
    pub fn stage_of(&self, customer: &str) -> Option<&Stage> {
        self.context.stages.get(customer)
    }

    /// Assigns a word, such as an e-mail or an account's id, to a namespace: requests that contain it belong there.
    pub fn note(&mut self, namespace: &str, word: &str) {
        let namespaces = &mut self.context.namespaces;
        namespaces.insert(word.into(), namespace.into());
    }

    /// Runs operations as a request of the application. Their events refer to it.
    pub fn by_request<R>(&mut self, cause: Cause, acts: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.context.request.replace(cause);
        let result = acts(self);
        self.context.request = before;
        result
    }

    /// Starts an operation that a user requested. Its events share a request.
    pub(crate) fn begin_user_operation(&mut self) {
        self.context.cause = match self.context.request.clone() {
            Some(cause) => cause,
            None => Cause {
                request: Some(self.id_counters.next("req_", 14)),
                idempotency_key: None,
            },
        };
    }

    /// Starts an operation of Stripe itself. Its events have no request unless the application sent one.
    pub(crate) fn begin_provider_operation(&mut self) {
        self.context.cause = self.context.request.clone().unwrap_or_default();
    }

    fn customers_in(&self, events: &[CompactString]) -> Vec<CompactString> {
        let events = events.iter().filter_map(|id| self.events.get(id));
        let customer = |object: &Value| {
            let is_one = object.get("object").is_some_and(|kind| kind == "customer");
            let key = if is_one { "id" } else { "customer" };
            object
                .get(key)
                .and_then(Value::as_str)
                .map(CompactString::from)
        };
        events.filter_map(|event| customer(&event.object)).collect()
    }
}

impl FakeWorld for World {
    fn clock(&self) -> i64 {
        self.clock
    }

    fn set_clock(&mut self, clock: i64) {
        self.clock = clock;
    }

    fn namespaces_of<'r>(&self, words: impl Iterator<Item = &'r str>) -> BTreeSet<CompactString> {
        words
            .filter_map(|word| self.context.namespaces.get(word).cloned())
            .collect()
    }
}
