//! Saves memory on values that nearly every object leaves at their default.

use std::ops::{Deref, DerefMut};

/// A type with one shared default value.
pub trait SharedDefault: Clone + 'static {
    fn shared() -> &'static Self;
}

/// A `T` that is allocated on its first write, and is the shared default until then. Of a million subscriptions, only a
/// few are paused, and the others should not reserve space for a pause.
#[derive(Debug, Clone)]
pub struct Boxed<T>(Option<Box<T>>);

impl<T> Default for Boxed<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: SharedDefault> Deref for Boxed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::shared())
    }
}

impl<T: SharedDefault> DerefMut for Boxed<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::shared().clone()))
    }
}
