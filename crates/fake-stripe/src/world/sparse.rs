//! Values that nearly every object leaves at their default and therefore share.

use std::ops::{Deref, DerefMut};

/// A type whose default is known at compile time.
pub trait Blank: Clone + 'static {
    const BLANK: &'static Self;
}

/// A `T` that takes one pointer until it is first written. Only few of a million subscriptions are paused, and
/// otherwise each would reserve space for it.
#[derive(Debug, Clone)]
pub struct Sparse<T>(Option<Box<T>>);

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Blank> Deref for Sparse<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::BLANK)
    }
}

impl<T: Blank> DerefMut for Sparse<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::BLANK.clone()))
    }
}
