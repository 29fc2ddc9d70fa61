//! The comment's part of the publisher.

use super::{Fallback, Publisher, fallback};
use crate::{
    github::{
        client::Client,
        comment::{self, CommentMode, CommentResult, CommentTarget},
        publication::Publication,
    },
    problem::Warning,
};

impl Publisher {
    /// Writes the comment, if one is wanted. Returns its URL.
    pub(super) async fn comment(
        &mut self,
        client: &mut Client,
        publication: &Publication,
    ) -> Option<String> {
        let mode = self.comment_mode()?;
        let body = publication.comment.as_ref()?;
        let target = CommentTarget {
            repository: self.context.repository.as_ref()?,
            number: self.context.pull_request?,
            run: &self.context.run,
            sha: self.context.commits.head.as_deref()?,
            check_name: &self.options.check_name,
            report_kind: self.options.report_kind,
        };
        match comment::publish(client, &mut self.identity, &target, (body, mode)).await {
            Ok(CommentResult::Written(url) | CommentResult::Unchanged(url)) => url,
            Ok(CommentResult::NotNeeded) => None,
            Ok(CommentResult::Newer(url)) => {
                self.warnings.push(Warning::new(
                    "a newer run has commented already; its comment stays",
                ));
                url
            }
            Ok(CommentResult::TooMany) => {
                self.warnings.push(Warning::new(
                    "the pull request has too many comments to look for ours; none was made",
                ));
                None
            }
            Ok(CommentResult::Unclear) => {
                self.warnings.push(fallback::author_unknown(
                    "a comment of this job stands on the pull request, and GitHub does not say which account the token is; \
                     none was written",
                ));
                None
            }
            Ok(CommentResult::Locked) => {
                self.warnings.push(fallback::locked());
                None
            }
            Err(error) => {
                self.warn(Fallback::Comment, &error);
                None
            }
        }
    }

    fn comment_mode(&self) -> Option<CommentMode> {
        let mode = self.options.comment;
        let is_wanted = self.context.policies.comment.is_wanted(self.comment_wish());
        is_wanted.then(|| mode.unwrap_or(CommentMode::On))
    }

    /// Returns the user's setting: to comment at all, or not.
    pub(super) fn comment_wish(&self) -> Option<bool> {
        self.options.comment.map(|mode| mode != CommentMode::Off)
    }
}
