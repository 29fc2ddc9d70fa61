//! Checks if the workflow run exists that a text names as its author. Whoever may edit our texts may have changed it.

use super::{
    client::{Call, Client},
    context::{Repository, Run},
};

/// Returns true if GitHub does not know the run, although it knows ours. Without `actions: read`, GitHub does not show
/// runs, and the text is believed.
pub(super) async fn is_forged(
    client: &mut Client,
    repository: &Repository,
    own_run: &Run,
    (id, attempt): (u64, u64),
) -> bool {
    let path =
        |id: u64, attempt: u64| format!("/repos/{repository}/actions/runs/{id}/attempts/{attempt}");
    let claimed = client.send(Call::get(path(id, attempt))).await;
    if !matches!(claimed, Err(error) if error.status() == Some(404)) {
        return false;
    }
    client
        .send(Call::get(path(own_run.id, own_run.attempt)))
        .await
        .is_ok()
}
