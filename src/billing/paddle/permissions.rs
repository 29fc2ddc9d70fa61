//! The permissions of API keys that reads of Paddle need.

use crate::billing::{
    permissions::LOST_WITHOUT_CUSTOMERS,
    source::{PermissionDefinition, WantedWhen},
};

const ONE: &[(&str, &str)] = &[("per_page", "1")];

pub(super) const SUBSCRIPTIONS: &[PermissionDefinition] = &[
    PermissionDefinition {
        name: "subscription.read",
        objects: "subscriptions",
        when: WantedWhen::Always,
        lost: None,
        path: "subscriptions",
        query: ONE,
    },
    PermissionDefinition {
        name: "customer.read",
        objects: "customers",
        when: WantedWhen::Always,
        lost: Some(LOST_WITHOUT_CUSTOMERS),
        path: "customers",
        query: ONE,
    },
];
