//! Whole reads against small servers on loopback.

mod both_ends;
mod derived;
mod events;
mod example_objects;
mod extras;
mod faults;
mod keys;
mod limits;
mod other_sources;
mod scripted;
mod stripe_reads;
mod third_provider;
