//! `plans:`: maps prices to plans by price id, lookup key or product.

use std::fmt;

use super::{Price, Source};

/// Kind of a key of `plans:`. Keys of equal length are tried in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanKeyKind {
    /// The id of a price, or the key of a feature if entitlements are the source.
    Price,
    /// The `lookup_key` of a price, written `lookup_key:NAME`.
    LookupKey,
    /// The id of a price's product: `prod_…` at Stripe, `pro_…` at Paddle.
    Product,
}

/// One key of `plans:`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanKey {
    pub kind: PlanKeyKind,
    /// The key without `lookup_key:` and without the trailing `*`.
    pub text: String,
    /// True if written with a trailing `*`, to match everything that begins with `text`.
    pub is_prefix: bool,
}

const LOOKUP_KEY: &str = "lookup_key:";

impl PlanKey {
    /// Parses a key as it is written.
    pub fn parse(written: &str, source: Source) -> Self {
        let (whole, is_prefix) = match written.strip_suffix('*') {
            Some(prefix) => (prefix, true),
            None => (written, false),
        };
        let product = match source {
            Source::Stripe => Some("prod_"),
            Source::Paddle => Some("pro_"),
            Source::StripeEntitlements => None,
        };
        let (kind, text) = match whole.strip_prefix(LOOKUP_KEY) {
            Some(name) if source == Source::Stripe => (PlanKeyKind::LookupKey, name),
            _ if product.is_some_and(|prefix| whole.starts_with(prefix)) => {
                (PlanKeyKind::Product, whole)
            }
            _ => (PlanKeyKind::Price, whole),
        };
        Self {
            kind,
            text: text.to_owned(),
            is_prefix,
        }
    }

    /// Returns true if the key matches `price`.
    pub fn matches(&self, price: &Price) -> bool {
        let found = match self.kind {
            PlanKeyKind::Price => Some(price.id.as_str()),
            PlanKeyKind::LookupKey => price.lookup_key.as_deref(),
            PlanKeyKind::Product => price.product.as_deref(),
        };
        found.is_some_and(|found| {
            if self.is_prefix {
                found.starts_with(&self.text)
            } else {
                found == self.text
            }
        })
    }

    /// Returns the order in which keys are tried: exact ones by kind, then prefixes, the longest first.
    fn rank(&self) -> (bool, std::cmp::Reverse<usize>, PlanKeyKind, &str) {
        let length = if self.is_prefix { self.text.len() } else { 0 };
        (
            self.is_prefix,
            std::cmp::Reverse(length),
            self.kind,
            &self.text,
        )
    }
}

impl fmt::Display for PlanKey {
    /// Writes the key as in `plans:`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == PlanKeyKind::LookupKey {
            f.write_str(LOOKUP_KEY)?;
        }
        f.write_str(&self.text)?;
        if self.is_prefix {
            f.write_str("*")?;
        }
        Ok(())
    }
}

/// A plan as the application stores it: one word, or several with the same meaning. At least one, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanWords(Vec<String>);

impl PlanWords {
    /// Builds the plan of these words, or `None` if there is no word.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Option<Self> {
        let words = words.into_iter().map(Into::into);
        let words: Vec<_> = words.map(|word: String| word.trim().to_owned()).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Returns the word that messages, fixes and repairs use.
    pub fn name(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Returns true if a row that holds `stored` has this plan.
    pub fn is(&self, stored: &str) -> bool {
        self.0.iter().any(|word| word == stored)
    }

    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for PlanWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Content of `plans:`. If empty, plans are not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plans {
    /// Entries in the order in which keys are tried.
    entries: Vec<(PlanKey, PlanWords)>,
}

impl Plans {
    /// Builds plans from price ids.
    pub fn by_price<P: Into<String>, W: Into<String>>(
        entries: impl IntoIterator<Item = (P, W)>,
    ) -> Self {
        let entry = |(price, plan): (P, W)| {
            let key = PlanKey {
                kind: PlanKeyKind::Price,
                text: price.into(),
                is_prefix: false,
            };
            Some((key, PlanWords::new([plan])?))
        };
        entries.into_iter().filter_map(entry).collect()
    }

    /// Adds an entry; a later one with the same key replaces the earlier.
    pub fn insert(&mut self, key: PlanKey, plan: PlanWords) {
        let place = self
            .entries
            .binary_search_by(|(other, _)| other.rank().cmp(&key.rank()));
        match place {
            Ok(found) => {
                if let Some(entry) = self.entries.get_mut(found) {
                    entry.1 = plan;
                }
            }
            Err(missing) => self.entries.insert(missing, (key, plan)),
        }
    }

    /// Returns the plan of a price: by its id, else its lookup key, else its product, else the longest prefix.
    pub fn plan(&self, price: &Price) -> Option<&PlanWords> {
        self.entry(price).map(|(_, plan)| plan)
    }

    /// Returns the plan of a price, with the key that maps it.
    pub(crate) fn entry(&self, price: &Price) -> Option<(&PlanKey, &PlanWords)> {
        let exact = [
            (PlanKeyKind::Price, Some(price.id.as_str())),
            (PlanKeyKind::LookupKey, price.lookup_key.as_deref()),
            (PlanKeyKind::Product, price.product.as_deref()),
        ];
        let found = exact
            .into_iter()
            .find_map(|(kind, text)| self.exact(kind, text?));
        let found = found.or_else(|| {
            let first = self.entries.partition_point(|(key, _)| !key.is_prefix);
            let mut prefixes = self.entries.get(first..).unwrap_or_default().iter();
            prefixes.find(|(key, _)| key.matches(price))
        });
        found.map(|(key, plan)| (key, plan))
    }

    fn exact(&self, kind: PlanKeyKind, text: &str) -> Option<&(PlanKey, PlanWords)> {
        let wanted = (false, std::cmp::Reverse(0), kind, text);
        let place = self
            .entries
            .binary_search_by(|(key, _)| key.rank().cmp(&wanted));
        place.ok().and_then(|place| self.entries.get(place))
    }

    /// Returns the entry with exactly this key.
    pub fn get(&self, key: &PlanKey) -> Option<&PlanWords> {
        self.iter()
            .find(|(other, _)| *other == key)
            .map(|(_, plan)| plan)
    }

    /// Returns the entries in the order in which keys are tried.
    pub fn iter(&self) -> impl Iterator<Item = (&PlanKey, &PlanWords)> {
        self.entries.iter().map(|(key, plan)| (key, plan))
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl FromIterator<(PlanKey, PlanWords)> for Plans {
    fn from_iter<I: IntoIterator<Item = (PlanKey, PlanWords)>>(entries: I) -> Self {
        let mut plans = Self::default();
        for (key, plan) in entries {
            plans.insert(key, plan);
        }
        plans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(entries: &[(&str, &str)]) -> Plans {
        entries
            .iter()
            .map(|(key, plan)| {
                let plan = PlanWords::new([*plan]).expect("a word");
                (PlanKey::parse(key, Source::Stripe), plan)
            })
            .collect()
    }

    fn price(id: &str, lookup_key: Option<&str>, product: Option<&str>) -> Price {
        Price {
            lookup_key: lookup_key.map(Into::into),
            product: product.map(Into::into),
            ..Price::bare(id)
        }
    }

    #[test]
    fn the_most_specific_key_names_the_plan() {
        let mut entries = vec![
            ("price_*", "shortest"),
            ("price_1*", "shorter"),
            ("prod_gold", "product"),
            ("lookup_key:gold", "lookup"),
            ("price_1", "exact"),
        ];
        let gold = price("price_1", Some("gold"), Some("prod_gold"));
        for expected in ["exact", "lookup", "product", "shorter", "shortest"] {
            for _ in 0..2 {
                let found = plans(&entries);
                assert_eq!(found.plan(&gold).map(PlanWords::name), Some(expected));
                entries.reverse();
            }
            entries.retain(|(_, plan)| *plan != expected);
        }
        assert_eq!(plans(&entries).plan(&gold), None);
    }

    #[test]
    fn plan_keys_are_parsed_per_provider() {
        for written in ["price_1", "price_*", "lookup_key:a_*", "prod_1", "prod_*"] {
            assert_eq!(PlanKey::parse(written, Source::Stripe).to_string(), written);
        }
        let kind = |written, source| PlanKey::parse(written, source).kind;
        assert_eq!(kind("pro_1", Source::Paddle), PlanKeyKind::Product);
        assert_eq!(kind("pro_1", Source::Stripe), PlanKeyKind::Price);
        assert_eq!(
            kind("prod_1", Source::StripeEntitlements),
            PlanKeyKind::Price
        );
    }

    #[test]
    fn an_entry_is_found_by_its_key() {
        let found = plans(&[("price_1", "pro"), ("price_2", "team")]);
        let plan = |key: &str| {
            found
                .get(&PlanKey::parse(key, Source::Stripe))
                .map(PlanWords::name)
        };
        assert_eq!(plan("price_2"), Some("team"));
        assert_eq!(plan("price_3"), None);
        assert_eq!(found.len(), 2);
    }
}
