//! Steps as they go wrong, and what is said of them.
