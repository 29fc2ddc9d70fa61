//! Reports a verdict on GitHub: a check run with annotations, a comment, an issue, a job summary and outputs.

mod author;
mod check_run;
mod client;
mod comment;
mod context;
mod event;
mod files;
mod issue;
mod limits;
mod locate;
mod marker;
mod mask;
mod previous_result;
mod publication;
mod publisher;
mod pull_files;
mod runs;
mod scheduled_run;
mod shorten;
mod token_permissions;

pub use client::{Client, ClientError, Limit, Share};
pub use comment::CommentMode;
pub use context::{Context, ReportPolicy, Repository, Run, Search, Target, Trust, VARIABLES};
pub use files::{FileError, append_outputs, append_summary};
pub use limits::Limits;
pub use previous_result::PreviousResult;
pub use publication::{CommentBody, Conclusion, IssueBody, NamedFinding, Publication};
pub use publisher::{Options, Published, PublishedIssue, Publisher, ReportMode};
pub use scheduled_run::ScheduledRun;
pub use token_permissions::TokenPermission;
