//! Readers of the billing providers: live objects into facts, complete or not at all.
