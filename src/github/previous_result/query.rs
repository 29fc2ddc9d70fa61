//! Criteria of the search for the last result.

use crate::github::context::Context;

/// Search criteria.
#[derive(Debug)]
pub(in crate::github) struct ResultQuery<'a> {
    pub context: &'a Context,
    pub check_name: &'a str,
    pub config: &'a str,
    pub report_kind: Option<&'a str>,
    pub issue_label: &'a str,
}
