//! The last result of the default branch, kept in what was written on GitHub about it: a check run, or an issue.

mod key;

pub(super) use key::{issue_key, issue_marker};
