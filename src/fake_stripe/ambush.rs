//! A failure that waits for the next request about somebody, and leaves everybody else's alone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::Uri;

use super::faults::Fault;

/// Waits until it is dropped; strikes once.
#[derive(Debug)]
pub struct Ambush(Arc<Waiting>);

#[derive(Debug)]
pub(crate) struct Waiting {
    ids: Vec<String>,
    fault: Fault,
    sprung: AtomicBool,
}

impl Ambush {
    pub(crate) fn new(ids: &[String], fault: Fault) -> (Self, Arc<Waiting>) {
        let waiting = Arc::new(Waiting {
            ids: ids.to_vec(),
            fault,
            sprung: AtomicBool::new(false),
        });
        (Self(Arc::clone(&waiting)), waiting)
    }

    /// Whether a request ran into it.
    pub fn is_sprung(&self) -> bool {
        self.0.sprung.load(Ordering::Acquire)
    }
}

impl Drop for Ambush {
    fn drop(&mut self) {
        self.0.sprung.store(true, Ordering::Release);
    }
}

impl Waiting {
    /// The fault, for the first request that names one of the ids.
    pub(crate) fn strike(&self, uri: &Uri) -> Option<Fault> {
        let target = uri.path_and_query()?.as_str();
        let names = self.ids.iter().any(|id| target.contains(id.as_str()));
        (names && !self.sprung.swap(true, Ordering::AcqRel)).then(|| self.fault.clone())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.sprung.load(Ordering::Acquire)
    }
}
