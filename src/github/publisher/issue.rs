//! The issue's part of the publisher.

use super::{Fallback, PublishedIssue, Publisher, fallback};
use crate::{
    baseline::PreviousRun,
    github::{
        client::Client,
        issue::{self, IssueResult, IssueTarget},
        publication::Publication,
    },
    problem::Warning,
};

impl Publisher {
    pub(super) async fn issue(
        &mut self,
        client: &mut Client,
        publication: &Publication,
    ) -> Option<PublishedIssue> {
        if !self.context.policies.issue.is_wanted(self.options.issue) {
            return None;
        }
        let body = publication.issue.as_ref()?;
        let target = IssueTarget {
            repository: self.context.repository.as_ref()?,
            run: &self.context.run,
            sha: self.context.commits.head.as_deref().unwrap_or_default(),
            config: &self.options.config,
            report_kind: self.options.report_kind,
            label: &self.options.issue_label,
        };
        match issue::publish(client, &mut self.identity, &target, body).await {
            Ok(IssueResult::Done {
                url,
                earlier,
                comment_error,
            }) => {
                if let Some(error) = comment_error {
                    self.warn(Fallback::IssueComment, &error);
                }
                Some(PublishedIssue {
                    url,
                    earlier,
                    is_outdated: false,
                })
            }
            Ok(IssueResult::Newer(url)) => {
                self.warnings.push(Warning::new(
                    "a newer run has written the issue already; its report stays",
                ));
                Some(PublishedIssue {
                    url,
                    earlier: PreviousRun::Unknown,
                    is_outdated: true,
                })
            }
            Ok(IssueResult::TooMany) => {
                self.warnings.push(Warning::new(
                    "too many issues have the label to look for ours; none was opened",
                ));
                None
            }
            Ok(IssueResult::Unclear) => {
                self.warnings.push(fallback::author_unknown(
                    "an issue of this job stands, and GitHub does not say which account the token is; none was written",
                ));
                None
            }
            Err(error) => {
                self.warn(Fallback::Issue, &error);
                None
            }
        }
    }
}
