//! API keys, their permissions, and the error messages for others.

use std::{collections::BTreeSet, fmt};

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};

use super::error::ApiError;

/// A permission of a restricted key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    AccountRead,
    ChargeRead,
    CheckoutSessionRead,
    CouponRead,
    CustomerRead,
    EntitlementRead,
    EventRead,
    InvoiceRead,
    PaymentIntentRead,
    PaymentMethodRead,
    PriceRead,
    ProductRead,
    SubscriptionRead,
    TestClockRead,
    WebhookRead,
    CheckoutSessionWrite,
    CustomerWrite,
    EntitlementWrite,
    InvoiceWrite,
    PaymentIntentWrite,
    PaymentMethodWrite,
    PortalWrite,
    PriceWrite,
    ProductWrite,
    SubscriptionWrite,
    WebhookWrite,
    ChargeWrite,
    BalanceRead,
    CouponWrite,
    DisputeRead,
    DisputeWrite,
    PaymentLinkRead,
    PaymentLinkWrite,
    PortalRead,
    PromotionCodeRead,
    PromotionCodeWrite,
    SetupIntentRead,
    SetupIntentWrite,
    TaxRateRead,
    TaxRateWrite,
}

impl Permission {
    /// Returns Stripe's identifier; prices are still called plans there.
    pub fn slug(self) -> &'static str {
        match self {
            Self::AccountRead => "accounts_kyc_basic_read",
            Self::ChargeRead => "charge_read",
            Self::CheckoutSessionRead => "checkout_session_read",
            Self::CouponRead => "coupon_read",
            Self::CustomerRead => "customer_read",
            Self::EntitlementRead => "entitlement_read",
            Self::EventRead => "event_read",
            Self::InvoiceRead => "invoice_read",
            Self::PaymentIntentRead => "payment_intent_read",
            Self::PaymentMethodRead => "payment_method_read",
            Self::PriceRead => "plan_read",
            Self::ProductRead => "product_read",
            Self::SubscriptionRead => "subscription_read",
            Self::TestClockRead => "billing_clock_read",
            Self::WebhookRead => "webhook_read",
            Self::CheckoutSessionWrite => "checkout_session_write",
            Self::CustomerWrite => "customer_write",
            Self::EntitlementWrite => "entitlement_write",
            Self::InvoiceWrite => "invoice_write",
            Self::PaymentIntentWrite => "payment_intent_write",
            Self::PaymentMethodWrite => "payment_method_write",
            Self::PortalWrite => "customer_portal_write",
            Self::PriceWrite => "plan_write",
            Self::ProductWrite => "product_write",
            Self::SubscriptionWrite => "subscription_write",
            Self::WebhookWrite => "webhook_write",
            Self::ChargeWrite => "charge_write",
            Self::BalanceRead => "balance_transaction_source_read",
            Self::CouponWrite => "coupon_write",
            Self::DisputeRead => "dispute_read",
            Self::DisputeWrite => "dispute_write",
            Self::PaymentLinkRead => "payment_links_read",
            Self::PaymentLinkWrite => "payment_links_write",
            Self::PortalRead => "customer_portal_read",
            Self::PromotionCodeRead => "promotion_code_read",
            Self::PromotionCodeWrite => "promotion_code_write",
            Self::SetupIntentRead => "setup_intent_read",
            Self::SetupIntentWrite => "setup_intent_write",
            Self::TaxRateRead => "tax_rate_read",
            Self::TaxRateWrite => "tax_rate_write",
        }
    }

    /// Returns the name in the dashboard.
    fn title(self) -> &'static str {
        match self {
            Self::AccountRead => "Accounts Read",
            Self::ChargeRead => "Charges Read",
            Self::CheckoutSessionRead => "Checkout Sessions Read",
            Self::CouponRead => "Coupons Read",
            Self::CustomerRead => "Customers Read",
            Self::EntitlementRead => "Entitlements Read",
            Self::EventRead => "Events Read",
            Self::InvoiceRead => "Invoices Read",
            Self::PaymentIntentRead => "PaymentIntents Read",
            Self::PaymentMethodRead => "PaymentMethods Read",
            Self::PriceRead => "Prices Read",
            Self::ProductRead => "Products Read",
            Self::SubscriptionRead => "Subscriptions Read",
            Self::TestClockRead => "Test clocks Read",
            Self::WebhookRead => "Webhook Endpoints Read",
            Self::CheckoutSessionWrite => "Checkout Sessions Write",
            Self::CustomerWrite => "Customers Write",
            Self::EntitlementWrite => "Entitlements Write",
            Self::InvoiceWrite => "Invoices Write",
            Self::PaymentIntentWrite => "PaymentIntents Write",
            Self::PaymentMethodWrite => "PaymentMethods Write",
            Self::PortalWrite => "Customer portal Write",
            Self::PriceWrite => "Prices Write",
            Self::ProductWrite => "Products Write",
            Self::SubscriptionWrite => "Subscriptions Write",
            Self::WebhookWrite => "Webhook Endpoints Write",
            Self::ChargeWrite => "Charges Write",
            Self::BalanceRead => "Balance transaction sources Read",
            Self::CouponWrite => "Coupons Write",
            Self::DisputeRead => "Disputes Read",
            Self::DisputeWrite => "Disputes Write",
            Self::PaymentLinkRead => "Payment Links Read",
            Self::PaymentLinkWrite => "Payment Links Write",
            Self::PortalRead => "Customer portal Read",
            Self::PromotionCodeRead => "Promotion Codes Read",
            Self::PromotionCodeWrite => "Promotion Codes Write",
            Self::SetupIntentRead => "SetupIntents Read",
            Self::SetupIntentWrite => "SetupIntents Write",
            Self::TaxRateRead => "Tax Rates Read",
            Self::TaxRateWrite => "Tax Rates Write",
        }
    }
}

/// An API key. Its value is compared and, masked as at Stripe, included in error messages; it is never recorded.
#[derive(Debug, Clone)]
pub struct Key {
    secret: SecretString,
    state: KeyState,
    /// `None` permits everything.
    permissions: Option<BTreeSet<Permission>>,
    old_wording: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyState {
    Valid,
    Revoked,
    Expired,
    /// The key is restricted to other addresses.
    AddressNotAllowed,
}

impl Key {
    /// Returns a key with all permissions, like `sk_…` keys.
    pub fn unrestricted(secret: &str) -> Self {
        Self {
            secret: SecretString::from(secret),
            state: KeyState::Valid,
            permissions: None,
            old_wording: false,
        }
    }

    /// Returns a key with just these permissions, like `rk_…` keys.
    pub fn restricted(secret: &str, permissions: impl IntoIterator<Item = Permission>) -> Self {
        Self {
            permissions: Some(permissions.into_iter().collect()),
            ..Self::unrestricted(secret)
        }
    }

    #[must_use]
    pub fn revoked(self) -> Self {
        Self {
            state: KeyState::Revoked,
            ..self
        }
    }

    #[must_use]
    pub fn expired(self) -> Self {
        Self {
            state: KeyState::Expired,
            ..self
        }
    }

    #[must_use]
    pub fn from_another_address_only(self) -> Self {
        Self {
            state: KeyState::AddressNotAllowed,
            ..self
        }
    }

    /// Makes errors about missing permissions look as until 2025, without an error code.
    #[must_use]
    pub fn with_old_wording(self) -> Self {
        Self {
            old_wording: true,
            ..self
        }
    }
}

/// The keys of an account. As long as none is added, every well-formed key is accepted with all permissions.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    known: Vec<Key>,
    refuses_live: bool,
}

impl Keys {
    /// Adds a key, or replaces the one with the same value.
    pub fn add(&mut self, key: Key) {
        self.known
            .retain(|other| other.secret.expose_secret() != key.secret.expose_secret());
        self.known.push(key);
    }

    /// Refuses live keys from now on, with an explanation.
    pub fn refuse_live(&mut self) {
        self.refuses_live = true;
    }

    /// Revokes all keys.
    pub fn revoke_all(&mut self) {
        for key in &mut self.known {
            key.state = KeyState::Revoked;
        }
    }

    /// Looks up a presented key and returns its mode and permissions.
    pub(crate) fn admit(&self, presented: Option<&SecretString>) -> Result<AcceptedKey, ApiError> {
        let secret = presented
            .map(ExposeSecret::expose_secret)
            .filter(|secret| !secret.is_empty());
        let Some(secret) = secret else {
            return Err(ApiError::unauthorized(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using \
                 Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication \
                 for details, or we can help at https://support.stripe.com/.",
            ));
        };
        let masked = MaskedKey::new(secret);
        if secret.starts_with("pk_") {
            return Err(ApiError::unauthorized(
                "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list \
                 of your API keys at https://dashboard.stripe.com/account/apikeys.",
            )
            .code("secret_key_required"));
        }
        if self.refuses_live
            && ["sk_live_", "rk_live_"]
                .iter()
                .any(|live| secret.starts_with(live))
        {
            return Err(ApiError::unauthorized(format!(
                "Live API key provided: {masked}. This is not Stripe but the fake of prodverdict, which takes test keys \
                 only. Change the key here, and roll it at https://dashboard.stripe.com/apikeys if others could read it."
            )));
        }
        let known = self
            .known
            .iter()
            .find(|key| key.secret.expose_secret() == secret);
        let anyone = self.known.is_empty()
            && ["sk_", "rk_"]
                .iter()
                .any(|prefix| secret.starts_with(prefix));
        let (state, permissions, old_wording) = match known {
            Some(key) => (key.state, key.permissions.clone(), key.old_wording),
            None if anyone => (KeyState::Valid, None, false),
            None => (KeyState::Revoked, None, false),
        };
        match state {
            KeyState::Valid => Ok(AcceptedKey {
                live: secret.split('_').nth(1) == Some("live"),
                masked,
                permissions,
                old_wording,
            }),
            KeyState::Revoked => Err(ApiError::unauthorized(format!(
                "Invalid API Key provided: {masked}"
            ))),
            KeyState::Expired => Err(ApiError::unauthorized(format!(
                "Expired API Key provided: {masked}"
            ))
            .code("api_key_expired")),
            KeyState::AddressNotAllowed => Err(ApiError::unauthorized(
                "The API key provided does not allow requests from your IP address.",
            )),
        }
    }
}

/// An accepted key.
#[derive(Debug)]
pub(crate) struct AcceptedKey {
    pub(crate) live: bool,
    masked: MaskedKey,
    permissions: Option<BTreeSet<Permission>>,
    old_wording: bool,
}

impl AcceptedKey {
    /// Checks a permission. This comes before the lookup, so that an error does not reveal which objects exist.
    pub(crate) fn require(&self, permission: Permission, account: &str) -> Result<(), ApiError> {
        let allowed = self
            .permissions
            .as_ref()
            .is_none_or(|allowed| allowed.contains(&permission));
        if allowed {
            return Ok(());
        }
        let (slug, masked) = (permission.slug(), &self.masked);
        let refused = format!(
            "The provided key '{masked}' does not have the required permissions for this endpoint on account '{account}'."
        );
        Err(if self.old_wording {
            ApiError::invalid(format!(
                "{refused} Having the 'rak_{slug}' permission would allow this request to continue."
            ))
        } else {
            ApiError::invalid(format!(
                "Permission denied. {refused} Enabling \"{}\" ('{slug}') permissions on this key would allow this \
                 request to continue. You can edit permissions at https://dashboard.stripe.com/b/{account}",
                permission.title()
            ))
            .code("more_permissions_required")
        }
        .status(StatusCode::FORBIDDEN))
    }
}

/// A key with a masked middle, as in Stripe's error messages.
#[derive(Debug)]
struct MaskedKey(String);

impl MaskedKey {
    fn new(secret: &str) -> Self {
        /// Number of trailing characters shown by Stripe.
        const SHOWN: usize = 4;
        let letters: Vec<char> = secret.chars().collect();
        let prefix = secret
            .match_indices('_')
            .nth(1)
            .map_or(0, |(at, _)| at.saturating_add(1));
        let end = letters.len().saturating_sub(SHOWN);
        let star = |(position, letter): (usize, &char)| match position {
            hidden if hidden >= prefix && hidden < end => '*',
            _ => *letter,
        };
        Self(letters.iter().enumerate().map(star).collect())
    }
}

impl fmt::Display for MaskedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(keys: &Keys, secret: &str) -> ApiError {
        keys.admit(Some(&SecretString::from(secret))).unwrap_err()
    }

    #[test]
    fn any_well_formed_key_is_accepted_until_one_is_added() {
        let mut keys = Keys::default();
        assert!(
            keys.admit(Some(&SecretString::from("sk_test_anything")))
                .is_ok()
        );
        assert_eq!(
            refusal(&keys, "nonsense").message,
            "Invalid API Key provided: ****ense"
        );
        keys.add(Key::unrestricted("sk_test_mine"));
        assert_eq!(
            refusal(&keys, "sk_test_anything").message,
            "Invalid API Key provided: sk_test_****hing"
        );
    }

    #[test]
    fn a_key_is_live_by_its_prefix() {
        let keys = Keys::default();
        assert!(
            keys.admit(Some(&SecretString::from("rk_live_abcdefgh")))
                .unwrap()
                .live
        );
        assert!(
            !keys
                .admit(Some(&SecretString::from("rk_test_abcdefgh")))
                .unwrap()
                .live
        );
    }

    #[test]
    fn a_missing_permission_is_named_in_both_wordings() {
        let mut keys = Keys::default();
        let key = Key::restricted("rk_live_abcdefgh", [Permission::CustomerRead]);
        let admit = |keys: &Keys| {
            keys.admit(Some(&SecretString::from("rk_live_abcdefgh")))
                .unwrap()
        };
        keys.add(key.clone());
        let error = admit(&keys)
            .require(Permission::PriceRead, "acct_1")
            .unwrap_err();
        assert!(
            error
                .message
                .contains("Enabling \"Prices Read\" ('plan_read') permissions"),
            "{}",
            error.message
        );
        assert_eq!(error.code, Some("more_permissions_required"));
        assert_eq!(error.status, StatusCode::FORBIDDEN);
        keys.add(key.with_old_wording());
        let error = admit(&keys)
            .require(Permission::PriceRead, "acct_1")
            .unwrap_err();
        assert!(error.message.ends_with(
            "Having the 'rak_plan_read' permission would allow this request to continue."
        ));
        assert_eq!(error.code, None);
        assert!(
            admit(&keys)
                .require(Permission::CustomerRead, "acct_1")
                .is_ok()
        );
    }
}
