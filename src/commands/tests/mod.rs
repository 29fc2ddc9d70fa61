//! What holds for the use cases whatever is read, against the fake provider.

mod faults;
mod plans;
