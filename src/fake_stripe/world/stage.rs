//! How things happen: at what time, in which shape they are told, whose ids are handed out, and what was told.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use compact_str::CompactString;
use serde_json::Value;

use super::{World, numbers::Numbers};
use crate::fake_stripe::version::ApiVersion;

/// How acts happen: when, in which shape their events are, whose ids they hand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub clock: i64,
    pub events_version: ApiVersion,
    /// Empty: the world's own.
    pub namespace: CompactString,
}

/// What caused an event: a request of somebody, or the provider itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// None for what the provider does by itself.
    pub request: Option<CompactString>,
    pub idempotency_key: Option<CompactString>,
}

/// What is going on in a world just now.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// None: the version of the account.
    pub(super) events_version: Option<ApiVersion>,
    /// What the events of the present act are said to be caused by.
    pub(super) cause: Cause,
    /// The request through which the application acts.
    request: Option<Cause>,
    /// The events since the stage was entered.
    told: Option<Vec<CompactString>>,
    /// The ids of the namespaces that are not on stage.
    waiting: BTreeMap<CompactString, Numbers>,
    /// Where something last happened to a customer.
    stages: BTreeMap<CompactString, Stage>,
    /// The namespace that an id, or another word such as an e-mail, belongs to.
    namespaces: BTreeMap<CompactString, CompactString>,
}

impl Scene {
    pub(super) fn tell(&mut self, event: &CompactString) {
        if let Some(told) = &mut self.told {
            told.push(event.clone());
        }
    }
}

impl World {
    /// Lets something happen at a stage; afterwards the world's clock, version and ids are what they were. Gives the
    /// ids of the events that were recorded, in the order in which the provider documents them.
    ///
    /// Ids that are made on a stage depend on its namespace and on how many of their kind were made in it before,
    /// whatever else happens in the world meanwhile.
    pub fn on_stage<R>(
        &mut self,
        stage: &Stage,
        acts: impl FnOnce(&mut Self) -> R,
    ) -> (R, Vec<CompactString>) {
        let clock = mem::replace(&mut self.clock, stage.clock);
        let version = self
            .scene
            .events_version
            .replace(stage.events_version.clone());
        let told = self.scene.told.replace(Vec::new());
        let numbers = (!stage.namespace.is_empty()).then(|| {
            let waiting = self.scene.waiting.remove(&stage.namespace);
            let theirs = waiting.unwrap_or_else(|| Numbers::of(&stage.namespace));
            mem::replace(&mut self.numbers, theirs)
        });
        let result = acts(self);
        if let Some(ours) = numbers {
            let mut theirs = mem::replace(&mut self.numbers, ours);
            for id in theirs.take_fresh() {
                self.note(&stage.namespace, &id);
            }
            self.scene.waiting.insert(stage.namespace.clone(), theirs);
        }
        self.clock = clock;
        self.scene.events_version = version;
        let events = mem::replace(&mut self.scene.told, told).unwrap_or_default();
        for customer in self.customers_in(&events) {
            self.scene.stages.insert(customer, stage.clone());
        }
        (result, events)
    }

    /// The stage at which something last happened to a customer: where what the application does to it belongs.
    pub fn stage_of(&self, customer: &str) -> Option<&Stage> {
        self.scene.stages.get(customer)
    }

    /// Says that a word, such as an e-mail or an account's id, belongs to a namespace: requests that hold it are about
    /// what happens there.
    pub fn note(&mut self, namespace: &str, word: &str) {
        let namespaces = &mut self.scene.namespaces;
        namespaces.insert(word.into(), namespace.into());
    }

    /// The namespaces that some words belong to.
    pub(crate) fn namespaces_of<'r>(
        &self,
        words: impl Iterator<Item = &'r str>,
    ) -> BTreeSet<CompactString> {
        words
            .filter_map(|word| self.scene.namespaces.get(word).cloned())
            .collect()
    }

    /// Acts as a request of the application: the events name it.
    pub fn by_request<R>(&mut self, cause: Cause, acts: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.scene.request.replace(cause);
        let result = acts(self);
        self.scene.request = before;
        result
    }

    /// Begins an act of a person: its events share a request.
    pub(super) fn by_person(&mut self) {
        self.scene.cause = match self.scene.request.clone() {
            Some(cause) => cause,
            None => Cause {
                request: Some(self.numbers.next("req_", 14)),
                idempotency_key: None,
            },
        };
    }

    /// Begins an act of the provider itself: its events have no request, unless the application asked for it.
    pub(super) fn by_itself(&mut self) {
        self.scene.cause = self.scene.request.clone().unwrap_or_default();
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
