//! The account itself.

use serde::Serialize;

use super::{NO_METADATA, View};
use crate::world::Metadata;

/// The keys that a standard account shows to its own key, without the trees of capabilities and requirements.
#[derive(Debug, Serialize)]
pub(crate) struct AccountShape<'w> {
    id: &'w str,
    object: &'static str,
    business_type: &'static str,
    charges_enabled: bool,
    country: &'static str,
    default_currency: &'static str,
    details_submitted: bool,
    email: &'static str,
    metadata: &'w Metadata,
    payouts_enabled: bool,
    settings: Settings,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Settings {
    dashboard: Dashboard,
}

#[derive(Debug, Serialize)]
struct Dashboard {
    display_name: &'static str,
    timezone: &'static str,
}

impl<'w> AccountShape<'w> {
    pub(crate) fn new(view: View<'w>) -> Self {
        Self {
            id: &view.world.account,
            object: "account",
            business_type: "company",
            charges_enabled: true,
            country: "US",
            default_currency: "usd",
            details_submitted: true,
            email: "owner@example.com",
            metadata: &NO_METADATA,
            payouts_enabled: true,
            settings: Settings {
                dashboard: Dashboard {
                    display_name: "Example",
                    timezone: "Etc/UTC",
                },
            },
            kind: "standard",
        }
    }
}
