//! Says what has changed in a chat, through an incoming webhook as Slack has them: what to say, and saying it.

mod delivery;
mod message;
mod mrkdwn;

pub use delivery::{DeliveryError, Webhook, WebhookError};
pub use message::{News, message};
