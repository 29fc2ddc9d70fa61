//! Posts to a chat when findings of the default branch change. A failure to post changes no verdict.

use secrecy::SecretString;

use crate::{
    baseline::{FindingsSnapshot, PreviousRun},
    chat::{MessageInput, Webhook, WebhookError, message},
    cli::Environment,
    github::{Context, PublishedIssue},
    problem::Warning,
    report::{Mask, Outcome},
};

/// Client for the chat's webhook, or the reason why its address cannot be used.
pub(super) struct Chat {
    webhook: Result<Webhook, WebhookError>,
    http: reqwest::Client,
    mask: Mask,
}

/// Reads the webhook's address from the input or the environment, and adds its secret parts to `secrets`.
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

    /// Posts the changes on the default branch since the last run, whose findings are known from the issue or else from
    /// `stored`. Sends nothing without changes.
    pub(super) async fn notify(
        &self,
        context: &Context,
        outcome: &Outcome,
        issue: Option<&PublishedIssue>,
        stored: Option<FindingsSnapshot>,
    ) -> Result<(), Warning> {
        // A later run has posted the changes, or will do so.
        if !context.is_default_branch() || issue.is_some_and(|issue| issue.is_outdated) {
            return Ok(());
        }
        let webhook = match &self.webhook {
            Ok(webhook) => webhook,
            Err(error) => return Err(Warning::from(error)),
        };
        let earlier = match issue {
            Some(issue) => issue.earlier.clone(),
            None => stored.map_or(PreviousRun::Unknown, PreviousRun::Found),
        };
        let run_url = context.run_url();
        let input = MessageInput {
            outcome,
            earlier: &earlier,
            repository: context.repository.as_ref().map(ToString::to_string),
            issue_url: issue.and_then(|issue| issue.url.as_deref()),
            run_url: run_url.as_deref(),
            mask: &self.mask,
        };
        let Some(message) = message(&input) else {
            return Ok(());
        };
        webhook
            .send(&self.http, &message)
            .await
            .map_err(Warning::from)
    }
}
