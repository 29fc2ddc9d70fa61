//! Matches the plans that rows hold with the provider's prices.

use std::collections::BTreeSet;

use super::{PlanPair, PlanStorage};

/// Maximum number of plans. With more, the contract would be a catalog.
const MAX_PLANS: usize = 200;

/// Longest key and longest word that are filled in.
const LONGEST: usize = 200;

/// A plan as rows hold it: at least one of the two is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredPlan {
    /// Price or product.
    pub key: Option<String>,
    /// Word for it.
    pub word: Option<String>,
}

/// An active price of the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogEntry {
    pub price: String,
    pub product: String,
    /// Name of the product.
    pub name: String,
    pub lookup_key: Option<String>,
    pub nickname: Option<String>,
}

/// The plans of a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilledPlans {
    /// The plans, sorted. Unknown parts are placeholders.
    pub pairs: Vec<PlanPair>,
    /// Number of values that no contract can hold, such as a word with control characters.
    pub unusable: usize,
}

/// Combines the plans of the rows with the provider's prices. `words` are the application's words for plans, if the
/// preset defines them.
pub fn fill_plans(
    storage: PlanStorage,
    words: &[String],
    stored: &[StoredPlan],
    catalog: &[CatalogEntry],
) -> FilledPlans {
    let mut pairs = BTreeSet::new();
    for plan in stored {
        match (&plan.key, &plan.word) {
            (Some(key), Some(word)) => {
                pairs.insert(PlanPair::new(key, word));
            }
            (Some(key), None) if storage.holds_ids() => {
                pairs.insert(PlanPair::new(key, key));
            }
            (Some(key), None) => {
                let entry = catalog
                    .iter()
                    .find(|entry| entry.price == *key || entry.product == *key);
                pairs.insert(entry.map_or_else(
                    || PlanPair::without_word(key),
                    |entry| PlanPair::new(key, &entry.name),
                ));
            }
            (None, Some(word)) => pairs.extend(pairs_of_word(word, catalog)),
            (None, None) => {}
        }
    }
    for entry in catalog {
        let is_known = |pair: &PlanPair| pair.key == entry.price || pair.key == entry.product;
        if !pairs.iter().any(is_known) {
            pairs.extend(not_stored_yet(storage, words, entry));
        }
    }
    let found = pairs.len();
    let usable = pairs.into_iter().filter(is_usable).take(MAX_PLANS);
    let pairs: Vec<_> = usable.collect();
    FilledPlans {
        unusable: found.saturating_sub(pairs.len()),
        pairs,
    }
}

/// Returns each price of the product that the word means: by name, lookup key or nickname, or else the only product whose
/// name contains it as a word.
fn pairs_of_word(word: &str, catalog: &[CatalogEntry]) -> Vec<PlanPair> {
    let wanted = normalized(word);
    let is_wanted = |text: &str| normalized(text) == wanted;
    let exact = catalog.iter().filter(|entry| {
        let others = [&entry.lookup_key, &entry.nickname];
        is_wanted(&entry.name) || others.into_iter().flatten().any(|other| is_wanted(other))
    });
    let mut found: Vec<_> = exact.collect();
    if found.is_empty() {
        let names_it = |entry: &&CatalogEntry| words_of(&entry.name).contains(&wanted);
        found = catalog.iter().filter(names_it).collect();
        let products: BTreeSet<_> = found.iter().map(|entry| &entry.product).collect();
        if products.len() > 1 {
            found.clear();
        }
    }
    if found.is_empty() {
        return vec![PlanPair::without_key(word)];
    }
    let pairs = found.iter().map(|entry| PlanPair::new(&entry.price, word));
    pairs.collect()
}

/// Returns the plan of a price that no row holds. Its word is known only if the application uses the product's name.
fn not_stored_yet(
    storage: PlanStorage,
    words: &[String],
    entry: &CatalogEntry,
) -> Option<PlanPair> {
    match storage {
        PlanStorage::Price => Some(PlanPair::new(&entry.price, &entry.price)),
        PlanStorage::Product => Some(PlanPair::new(&entry.product, &entry.product)),
        PlanStorage::ProductName => Some(PlanPair::new(&entry.product, &entry.name)),
        PlanStorage::Word => {
            let word = words
                .iter()
                .find(|word| words_of(&entry.name).contains(&normalized(word)))?;
            Some(PlanPair::new(&entry.price, word))
        }
    }
}

/// Returns true if the contract can hold the plan: keys are plain ids, and words show everything that they contain.
fn is_usable(pair: &PlanPair) -> bool {
    let is_id = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let is_shown = |letter: char| {
        !letter.is_control()
            && !matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    let (key, word) = (&pair.key, &pair.word);
    let are_short = key.len() <= LONGEST && word.len() <= LONGEST;
    are_short
        && key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.chars().all(is_id)
        && !word.trim().is_empty()
        && word.chars().all(is_shown)
        && !word.contains("{{")
}

/// Returns the text without case, spaces and hyphens.
fn normalized(text: &str) -> String {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.map(normalized).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(price: &str, product: &str, name: &str) -> CatalogEntry {
        CatalogEntry {
            price: price.to_owned(),
            product: product.to_owned(),
            name: name.to_owned(),
            ..CatalogEntry::default()
        }
    }

    fn stored(key: Option<&str>, word: Option<&str>) -> StoredPlan {
        StoredPlan {
            key: key.map(str::to_owned),
            word: word.map(str::to_owned),
        }
    }

    fn filled(
        storage: PlanStorage,
        stored: &[StoredPlan],
        catalog: &[CatalogEntry],
    ) -> Vec<String> {
        let plans = fill_plans(storage, &[], stored, catalog);
        let pairs = plans
            .pairs
            .iter()
            .map(|pair| format!("{} = {}", pair.key, pair.word));
        pairs.collect()
    }

    #[test]
    fn a_stored_id_is_its_own_word() {
        let catalog = [
            entry("price_a", "prod_a", "Pro"),
            entry("price_b", "prod_a", "Pro"),
        ];
        let rows = [
            stored(Some("price_a"), None),
            stored(Some("price_old"), None),
        ];
        let plans = filled(PlanStorage::Price, &rows, &catalog);
        assert_eq!(
            plans,
            [
                "price_a = price_a",
                "price_b = price_b",
                "price_old = price_old"
            ]
        );
        let plans = filled(PlanStorage::Product, &[], &catalog);
        assert_eq!(plans, ["prod_a = prod_a"]);
    }

    #[test]
    fn a_stored_product_without_a_name_has_that_of_the_provider() {
        let catalog = [entry("price_a", "prod_a", "Pro")];
        let rows = [stored(Some("prod_a"), None), stored(Some("prod_old"), None)];
        let plans = filled(PlanStorage::ProductName, &rows, &catalog);
        assert_eq!(plans, ["prod_a = Pro", "prod_old = your_plan"]);
    }

    #[test]
    fn a_stored_word_has_every_price_of_its_product() {
        let catalog = [
            entry("price_m", "prod_a", "Pro plan"),
            entry("price_y", "prod_a", "Pro plan"),
            entry("price_t", "prod_t", "Team"),
        ];
        let rows = [stored(None, Some("pro")), stored(None, Some("gold"))];
        let plans = filled(PlanStorage::Word, &rows, &catalog);
        assert_eq!(
            plans,
            ["price_m = pro", "price_y = pro", "price_your_gold = gold"]
        );
    }

    #[test]
    fn a_word_of_two_products_is_not_guessed() {
        let catalog = [
            entry("price_m", "prod_a", "Pro S"),
            entry("price_y", "prod_b", "Pro L"),
        ];
        let plans = filled(PlanStorage::Word, &[stored(None, Some("pro"))], &catalog);
        assert_eq!(plans, ["price_your_pro = pro"]);
    }

    #[test]
    fn hostile_keys_and_words_are_left_out() {
        let rows = [
            stored(Some("price_a: {x: y}\n"), Some("A")),
            stored(Some("price_b"), Some("B\u{202E}")),
            stored(Some("price_c"), Some("{{now}}")),
            stored(Some("price_d"), Some("D's \"own\"")),
        ];
        let plans = fill_plans(PlanStorage::Word, &[], &rows, &[]);
        assert_eq!(plans.pairs, [PlanPair::new("price_d", "D's \"own\"")]);
        assert_eq!(plans.unusable, 3);
    }
}
