//! The permissions of API keys that reads of Paddle need.

use super::{notifications, refunds};
use crate::billing::{
    permissions::LOST_WITHOUT_CUSTOMERS,
    source::{PermissionDefinition, WantedWhen},
};

const ONE_OBJECT: &[(&str, &str)] = &[("per_page", "1")];

pub(super) const SUBSCRIPTIONS: &[PermissionDefinition] = &[
    PermissionDefinition {
        name: "subscription.read",
        objects: "subscriptions",
        when: WantedWhen::Always,
        lost: None,
        path: "subscriptions",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: "customer.read",
        objects: "customers",
        when: WantedWhen::Always,
        lost: Some(LOST_WITHOUT_CUSTOMERS),
        path: "customers",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: notifications::PERMISSION,
        objects: "notifications",
        when: WantedWhen::Evidence,
        lost: Some("findings do not say whether a notification was delivered"),
        path: "notifications",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: refunds::ADJUSTMENTS_PERMISSION,
        objects: "adjustments",
        when: WantedWhen::Refunds,
        lost: None,
        path: "adjustments",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: refunds::TRANSACTIONS_PERMISSION,
        objects: "transactions",
        when: WantedWhen::Refunds,
        lost: None,
        path: "transactions",
        query: ONE_OBJECT,
    },
];
