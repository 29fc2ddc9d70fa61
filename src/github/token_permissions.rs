//! Finds out where a token may write, by requests that GitHub refuses in any case: for their content if the token has
//! the permission.

use serde_json::json;

use super::{
    client::{Call, Client, ClientError},
    context::{Context, Repository, Target},
};
use crate::problem::{PermissionGrant, Warning};

/// A commit that no repository has.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// A permission that the report about an event needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPermission {
    /// As in a workflow, such as `checks: write`.
    pub name: &'static str,
    pub grant: PermissionGrant,
}

impl Client {
    /// Asks for the permissions that a report about this event needs. None of the requests can create anything: a check
    /// run needs a commit that exists, a comment a text, and an issue a title.
    pub async fn token_permissions(&mut self, context: &Context) -> Vec<TokenPermission> {
        let Some(repository) = &context.repository else {
            return Vec::new();
        };
        let check_run = Call::post(
            format!("/repos/{repository}/check-runs"),
            json!({"name": "ProdVerdict", "head_sha": NO_COMMIT}),
        );
        let mut found = vec![self.ask("checks: write", check_run).await];
        if let Some(place) = place_of_event(context, repository) {
            found.push(self.ask(place.0, place.1).await);
        }
        found
    }

    async fn ask(&mut self, name: &'static str, call: Call) -> TokenPermission {
        let grant = match self.send(call).await {
            Err(error) if error.status() == Some(422) => PermissionGrant::Granted,
            Err(error) if error.is_missing_permission() => PermissionGrant::Denied,
            Err(error) => PermissionGrant::Unknown(Warning::from(error)),
            Ok(answer) => PermissionGrant::Unknown(Warning::from(ClientError::Ignored {
                call: answer.call().to_owned(),
            })),
        };
        TokenPermission { name, grant }
    }
}

/// Returns the permission for the other place of the report: the comment of a pull request, or the issue about the
/// default branch.
fn place_of_event(context: &Context, repository: &Repository) -> Option<(&'static str, Call)> {
    match (context.target(), context.pull_request) {
        (Target::PullRequest, Some(number)) => Some((
            "pull-requests: write",
            Call::post(
                format!("/repos/{repository}/issues/{number}/comments"),
                json!({"body": ""}),
            ),
        )),
        (Target::DefaultBranch, _) => Some((
            "issues: write",
            Call::post(format!("/repos/{repository}/issues"), json!({"title": ""})),
        )),
        (Target::PullRequest | Target::Other, _) => None,
    }
}
