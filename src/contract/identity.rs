//! The ids of accounts, customers, subscriptions and prices: opaque text, compared byte for byte.

use std::fmt;

use compact_str::CompactString;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(CompactString);

        impl $name {
            /// The id as its owner spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(CompactString::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(CompactString::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// One row of the application that can hold paid access, as its `id` column spells it.
    AccountId
);
id!(
    /// A customer of the provider: `cus_…` at Stripe, `ctm_…` at Paddle.
    CustomerId
);
id!(
    /// A subscription of the provider: `sub_…`.
    SubscriptionId
);
id!(
    /// A price of the provider (`price_…`, `pri_…`), or a feature key where entitlements are the source.
    PriceId
);
