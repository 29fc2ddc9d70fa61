//! Chat notifications: builds a message about what has changed and posts it to a Slack-compatible incoming webhook.

mod delivery;
mod message;
mod mrkdwn;

pub use delivery::{DeliveryError, Webhook, WebhookError};
pub use message::{MessageInput, message};
