//! The libraries that applications use, unmodified, against the fake: `scripts/test --test sdk`.

mod installed;
mod node;
mod python;
mod shop;
