//! The permissions of restricted keys that reads of Stripe need. The names are those of the dashboard's form.

use crate::billing::{
    permissions::LOST_WITHOUT_CUSTOMERS,
    source::{PermissionDefinition, WantedWhen},
};

const ONE_OBJECT: &[(&str, &str)] = &[("limit", "1")];

/// For subscriptions.
pub(super) const SUBSCRIPTIONS: &[PermissionDefinition] = &[
    PermissionDefinition {
        name: "rak_subscription_read",
        objects: "subscriptions",
        when: WantedWhen::Always,
        lost: None,
        path: "v1/subscriptions",
        query: ONE_OBJECT,
    },
    CUSTOMERS,
    PermissionDefinition {
        name: "rak_event_read",
        objects: "events",
        when: WantedWhen::Evidence,
        lost: Some("findings do not say whether a webhook was delivered"),
        path: "v1/events",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: "rak_invoice_read",
        objects: "invoices",
        when: WantedWhen::Invoices,
        lost: Some("the check cannot see since when payment is overdue"),
        path: "v1/invoices",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: "rak_billing_clock_read",
        objects: "test clocks",
        when: WantedWhen::TestMode,
        lost: Some("subscriptions on test clocks are not listed"),
        path: "v1/test_helpers/test_clocks",
        query: ONE_OBJECT,
    },
];

/// For entitlements. They are only listed by customer, so the request names one that does not exist.
pub(in crate::billing) const ENTITLEMENTS: &[PermissionDefinition] = &[
    PermissionDefinition {
        name: "rak_entitlement_read",
        objects: "entitlements",
        when: WantedWhen::Always,
        lost: None,
        path: "v1/entitlements/active_entitlements",
        query: &[("customer", "cus_prodverdict_doctor"), ("limit", "1")],
    },
    CUSTOMERS,
    PermissionDefinition {
        name: "rak_subscription_read",
        objects: "subscriptions",
        when: WantedWhen::Always,
        lost: Some(LOST_WITHOUT_DERIVATION),
        path: "v1/subscriptions",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: "rak_product_read",
        objects: "products",
        when: WantedWhen::Always,
        lost: Some(LOST_WITHOUT_DERIVATION),
        path: "v1/products",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: "rak_event_read",
        objects: "events",
        when: WantedWhen::Always,
        lost: Some(
            "a check of many customers takes one request for each of them, and findings do not say whether a webhook was delivered",
        ),
        path: "v1/events",
        query: ONE_OBJECT,
    },
    PermissionDefinition {
        name: "rak_invoice_read",
        objects: "invoices",
        when: WantedWhen::Always,
        lost: Some(LOST_WITHOUT_DERIVATION),
        path: "v1/invoices",
        query: ONE_OBJECT,
    },
];

const LOST_WITHOUT_DERIVATION: &str =
    "a check of many customers takes one request for each of them";

const CUSTOMERS: PermissionDefinition = PermissionDefinition {
    name: super::PROVIDER.customer_permission,
    objects: "customers",
    when: WantedWhen::Always,
    lost: Some(LOST_WITHOUT_CUSTOMERS),
    path: "v1/customers",
    query: ONE_OBJECT,
};

#[cfg(test)]
mod tests {
    use super::{
        super::{KEY_FORM, KEY_PAGE},
        *,
    };

    #[test]
    fn the_default_page_has_the_permissions_of_the_default_contract() {
        let mut page = KEY_FORM.to_owned();
        let needed = SUBSCRIPTIONS.iter();
        for permission in needed.filter(|one| !matches!(one.when, WantedWhen::Invoices)) {
            page.push_str("&permissions[]=");
            page.push_str(permission.name);
        }
        assert_eq!(page, KEY_PAGE);
    }
}
