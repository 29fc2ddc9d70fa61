//! Determines the commit and the pull request that the event of the job refers to.

use super::inputs::Inputs;
use crate::{
    cli::Environment,
    commands::job,
    github::{Client, CommentMode, Context},
};

/// Reads the context of the job from the environment and the event file.
pub(super) fn read(environment: &Environment, inputs: &Inputs) -> Context {
    let mut context = job::context(environment);
    if let Some(number) = inputs.pull_request {
        context.name_pull_request(number);
    }
    context
}

/// Looks up the pull request, if the event or an input leaves it open. Errors are ignored here: the code that needs the
/// pull request looks it up again and reports them.
pub(super) async fn locate(context: &mut Context, inputs: &Inputs, client: &mut Client) {
    let comment = inputs
        .destinations
        .comment
        .map(|mode| mode != CommentMode::Off);
    if context.needs_locating(comment) {
        // Leaves time for the report.
        let _kept = client.keep_share();
        drop(context.locate(client).await);
    }
}
