//! What the user types and what the environment holds.
