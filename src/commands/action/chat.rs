//! Tells a chat what has changed on the default branch; what goes wrong there changes no verdict.

use secrecy::SecretString;

use crate::{
    baseline::{Earlier, State},
    chat::{News, Webhook, WebhookError, message},
    cli::Environment,
    github::{Context, Issued},
    problem::Problem,
    report::{Mask, Outcome},
};

/// A chat, as far as its address can be used.
pub(super) struct Chat {
    webhook: Result<Webhook, WebhookError>,
    http: reqwest::Client,
    mask: Mask,
}

/// The webhook of the input or of the environment; all that could give it away is added to `secrets`.
pub(super) fn webhook(
    environment: &Environment,
    secrets: &mut Vec<SecretString>,
) -> Option<Result<Webhook, WebhookError>> {
    let address = environment
        .input("slack_webhook_url")
        .or_else(|| environment.get("SLACK_WEBHOOK_URL"))
        .map(SecretString::from)?;
    let webhook = Webhook::new(&address);
    secrets.push(address);
    if let Ok(webhook) = &webhook {
        secrets.extend(webhook.secrets());
    }
    Some(webhook)
}

impl Chat {
    pub(super) fn new(
        webhook: Result<Webhook, WebhookError>,
        http: reqwest::Client,
        mask: Mask,
    ) -> Self {
        Self {
            webhook,
            http,
            mask,
        }
    }

    /// Nothing off the default branch, and nothing when nothing has changed since the last run: what the issue was
    /// about, or else what is `remembered`.
    pub(super) async fn tell(
        &self,
        context: &Context,
        outcome: &Outcome,
        issue: Option<&Issued>,
        remembered: Option<State>,
    ) -> Result<(), Problem> {
        // A later run has told, or will.
        if !context.is_default_branch || issue.is_some_and(|issue| issue.is_outdated) {
            return Ok(());
        }
        let webhook = match &self.webhook {
            Ok(webhook) => webhook,
            Err(error) => return Err(Problem::of(error)),
        };
        let earlier = match issue {
            Some(issue) => issue.earlier.clone(),
            None => remembered.map_or(Earlier::Unknown, Earlier::Found),
        };
        let run_url = context.run_url();
        let news = News {
            outcome,
            earlier: &earlier,
            repository: context.repository.as_ref().map(ToString::to_string),
            issue_url: issue.and_then(|issue| issue.url.as_deref()),
            run_url: run_url.as_deref(),
            mask: &self.mask,
        };
        let Some(message) = message(&news) else {
            return Ok(());
        };
        webhook
            .send(&self.http, &message)
            .await
            .map_err(|error| Problem::of(&error))
    }
}
