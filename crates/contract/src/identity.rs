//! The ids of accounts, customers, subscriptions and prices: opaque text, compared byte for byte.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use compact_str::CompactString;

/// Text that stores up to `N` bytes in place. Millions of ids are held at a time, and an allocation for each would take
/// more than the id itself. `N` is two less than a multiple of eight, so that no space is wasted.
#[derive(Clone)]
enum InlineText<const N: usize> {
    Short { length: u8, bytes: [u8; N] },
    Long(Box<str>),
}

impl<const N: usize> InlineText<N> {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(text) => text.as_bytes(),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            // The bytes came from a whole `str`.
            Self::Short { .. } => str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Long(text) => text,
        }
    }
}

impl<const N: usize> From<&str> for InlineText<N> {
    fn from(text: &str) -> Self {
        let mut bytes = [0; N];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short { length, bytes }
            }
            _ => Self::Long(text.into()),
        }
    }
}

impl<const N: usize> PartialEq for InlineText<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for InlineText<N> {}

impl<const N: usize> PartialOrd for InlineText<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for InlineText<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl<const N: usize> Hash for InlineText<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl<const N: usize> fmt::Debug for InlineText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $text:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($text);

        impl $name {
            /// Returns the id, exactly as the database or the provider spells it.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.as_str().into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

id!(
    /// Id of a row of the application that can hold paid access, as its `id` column spells it.
    // A UUID has 36 bytes.
    AccountId, InlineText<38>
);
id!(
    /// Id of a customer of the provider: `cus_…` at Stripe, `ctm_…` at Paddle.
    // Stripe's ids have 18 bytes.
    CustomerId, CompactString
);
id!(
    /// Id of a subscription of the provider: `sub_…`.
    // Stripe's ids have 28 bytes, Paddle's 30.
    SubscriptionId, InlineText<30>
);
id!(
    /// Id of a price of the provider (`price_…`, `pri_…`), or a feature key if entitlements are the source.
    PriceId, CompactString
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_length_come_back_and_compare_byte_for_byte() {
        let lengths = [0, 1, 29, 30, 31, 37, 38, 39, 255, 256, 70_000];
        let texts: Vec<_> = lengths
            .map(|length| "é".repeat(length / 2) + &"x".repeat(length % 2))
            .into();
        for text in &texts {
            assert_eq!(AccountId::from(text.as_str()).as_str(), text);
            assert_eq!(SubscriptionId::from(text.clone()).as_str(), text);
            for other in &texts {
                let (id, other_id) = (
                    AccountId::from(text.as_str()),
                    AccountId::from(other.as_str()),
                );
                assert_eq!(id.cmp(&other_id), text.cmp(other));
                assert_eq!(id == other_id, text == other);
            }
        }
    }

    #[test]
    fn an_id_takes_no_extra_space() {
        assert_eq!(size_of::<AccountId>(), 40);
        assert_eq!(size_of::<SubscriptionId>(), 32);
        assert_eq!(size_of::<Option<SubscriptionId>>(), 32);
        assert_eq!(size_of::<Option<CustomerId>>(), 24);
    }

    #[test]
    fn ids_are_compared_like_their_texts() {
        let (a, b) = (AccountId::from("a"), AccountId::from("b"));
        assert!(a < b);
        assert!(b > a);
    }
}
