//! The part of the event payload that is read. The payload is untrusted, so every field may be missing or have another
//! type.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(deserialize_with = "lenient")]
    pub pull_request: Option<PullRequest>,
    #[serde(deserialize_with = "lenient")]
    pub issue: Option<EventIssue>,
    #[serde(deserialize_with = "lenient")]
    pub merge_group: Option<MergeGroup>,
    #[serde(deserialize_with = "lenient")]
    pub workflow_run: Option<WorkflowRun>,
    #[serde(deserialize_with = "lenient")]
    pub sender: Option<User>,
    #[serde(deserialize_with = "lenient")]
    pub repository: Option<OwnRepository>,
    #[serde(deserialize_with = "lenient")]
    pub after: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub before: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub deleted: Option<bool>,
    /// Inputs of a `workflow_dispatch` form.
    #[serde(deserialize_with = "lenient")]
    pub inputs: Option<Value>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct PullRequest {
    #[serde(deserialize_with = "lenient")]
    pub number: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub user: Option<User>,
    #[serde(deserialize_with = "lenient")]
    pub head: Option<Branch>,
    #[serde(deserialize_with = "lenient")]
    pub base: Option<Branch>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Branch {
    #[serde(deserialize_with = "lenient")]
    pub sha: Option<String>,
    /// Null if the fork was deleted.
    #[serde(deserialize_with = "lenient")]
    pub repo: Option<NamedRepository>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct NamedRepository {
    #[serde(deserialize_with = "lenient")]
    pub full_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub owner: Option<User>,
    /// Id of the repository. In the pull requests of a workflow run, only the id and the URL identify it.
    #[serde(deserialize_with = "lenient")]
    pub id: Option<u64>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct OwnRepository {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub default_branch: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct User {
    #[serde(deserialize_with = "lenient")]
    pub login: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct EventIssue {
    #[serde(deserialize_with = "lenient")]
    pub number: Option<u64>,
    /// Present if the issue is a pull request.
    #[serde(deserialize_with = "lenient")]
    pub pull_request: Option<Value>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct MergeGroup {
    #[serde(deserialize_with = "lenient")]
    pub head_sha: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub head_ref: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub base_sha: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct WorkflowRun {
    #[serde(deserialize_with = "lenient")]
    pub head_sha: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub head_branch: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub head_repository: Option<NamedRepository>,
    /// Open pull requests whose head has the commit or the branch of the run, in any repository. Empty for forks.
    #[serde(deserialize_with = "lenient")]
    pub pull_requests: Option<Vec<PullRequest>>,
}

/// Treats a field of an unexpected type as missing, so that one odd field does not hide the others.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_kind_hides_no_other() {
        let event: Event = serde_json::from_str(
            r#"{"after": 7, "deleted": false, "pull_request": {"number": "x", "head": {"sha": "abc", "repo": null}}}"#,
        )
        .unwrap();
        assert_eq!(event.after, None);
        assert_eq!(event.deleted, Some(false));
        let pull = event.pull_request.unwrap();
        assert_eq!(pull.number, None);
        let head = pull.head.unwrap();
        assert_eq!(head.sha.as_deref(), Some("abc"));
        assert!(head.repo.is_none());
    }
}
