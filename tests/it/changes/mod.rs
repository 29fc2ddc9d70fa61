//! Tests which changed lines are matched to findings, on realistic and hostile diffs.

mod corpus;
mod hostile;
