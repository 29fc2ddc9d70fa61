//! The result of the default branch: stores this one for later runs, and finds the last one.

use super::Publisher;
use crate::{
    baseline::FindingsSnapshot,
    github::{
        context::Target,
        previous_result::{self, PreviousResult, ResultQuery},
    },
};

impl Publisher {
    /// Stores a result in the check run, for later runs to find. Returns false if the result is too large.
    pub fn store_result(&mut self, state: &FindingsSnapshot) -> bool {
        let block = previous_result::block(&self.options.config, self.options.report_kind, state);
        let is_kept = block.is_some();
        self.check.keep(block);
        is_kept
    }

    /// Finds the last result of the default branch in its check runs and issue. Makes no request if the event concerns
    /// neither that branch nor a proposed change.
    pub async fn previous_result(&mut self) -> PreviousResult {
        if self.context.target() == Target::Other {
            return PreviousResult::default();
        }
        let Some(mut client) = self.client.clone() else {
            return PreviousResult::default();
        };
        let _share = client.limit_to_share();
        let query = ResultQuery {
            context: &self.context,
            check_name: &self.options.check_name,
            config: &self.options.config,
            report_kind: self.options.report_kind,
            issue_label: &self.options.issue_label,
        };
        let found = previous_result::find(&mut client, &mut self.identity, &query).await;
        PreviousResult {
            problem: found.problem.map(|problem| self.masked(problem)),
            ..found
        }
    }
}
