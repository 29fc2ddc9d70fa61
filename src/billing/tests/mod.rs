//! Whole reads against small servers.
