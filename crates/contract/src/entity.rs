//! The entity that a finding is about, written `user:usr_1`.

use std::{fmt, ops::Deref};

use compact_str::CompactString;

/// The kind of the entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntityKind {
    /// Written with the contract's word for its accounts.
    Account,
    /// All linked accounts of a contract, or all that should be linked.
    Accounts,
    Customer,
    Subscription,
    Price,
    Feature,
    Status,
    /// A step of a rehearsed scenario.
    Step,
}

impl EntityKind {
    /// Returns true if the id may identify a person.
    pub fn is_personal(self) -> bool {
        match self {
            Self::Account | Self::Customer | Self::Subscription => true,
            Self::Accounts | Self::Price | Self::Feature | Self::Status | Self::Step => false,
        }
    }
}

/// A kind and an id, joined by a colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    text: CompactString,
    kind: EntityKind,
    /// Byte offset of the id in `text`.
    id_offset: u32,
}

impl Entity {
    /// Prefix of every entity of a rehearsal.
    pub const STEP_PREFIX: &str = "scenario:";

    /// Creates the entity of an account. `word` is the contract's `entity`: `user`, `team`.
    pub fn account(word: &str, id: &str) -> Self {
        Self::new(EntityKind::Account, word, id)
    }

    /// Creates the entity of all accounts that are linked to no customer.
    pub fn unlinked_accounts() -> Self {
        Self::new(EntityKind::Accounts, "accounts", "unlinked")
    }

    pub fn customer(id: &str) -> Self {
        Self::new(EntityKind::Customer, "customer", id)
    }

    pub fn subscription(id: &str) -> Self {
        Self::new(EntityKind::Subscription, "subscription", id)
    }

    pub fn price(id: &str) -> Self {
        Self::new(EntityKind::Price, "price", id)
    }

    pub fn feature(id: &str) -> Self {
        Self::new(EntityKind::Feature, "feature", id)
    }

    pub fn status(word: &str) -> Self {
        Self::new(EntityKind::Status, "status", word)
    }

    /// Creates the entity of a scenario's step. Scenario ids contain no slash.
    pub fn step(scenario: &str, step: &str) -> Self {
        Self::new(EntityKind::Step, "scenario", &format!("{scenario}/{step}"))
    }

    /// Parses an entity whose id is known. Returns `None` if the text does not end in the id.
    pub fn parse(kind: EntityKind, text: &str, id: &str) -> Option<Self> {
        let prefix = text.strip_suffix(id)?;
        let is_delimited = prefix.is_empty() || prefix.ends_with(':');
        is_delimited.then(|| Self {
            text: text.into(),
            kind,
            id_offset: offset(prefix.len()),
        })
    }

    pub(crate) fn new(kind: EntityKind, word: &str, id: &str) -> Self {
        Self {
            text: compact_str::format_compact!("{word}:{id}"),
            kind,
            id_offset: offset(word.len().saturating_add(1)),
        }
    }

    pub fn kind(&self) -> EntityKind {
        self.kind
    }

    pub fn id(&self) -> &str {
        let at = usize::try_from(self.id_offset).unwrap_or(usize::MAX);
        self.text.get(at..).unwrap_or(&self.text)
    }

    /// Returns the id of the scenario that the step belongs to.
    pub fn scenario(&self) -> Option<&str> {
        let id = (self.kind == EntityKind::Step).then(|| self.id())?;
        Some(id.split_once('/').map_or(id, |(scenario, _)| scenario))
    }

    /// Rewrites the text. If the part before the id changes too, the whole text counts as the id.
    #[must_use]
    pub fn rewritten(&self, rewrite: impl Fn(&str) -> String) -> Self {
        let whole = rewrite(&self.text);
        let before = self.text.len() - self.id().len();
        let is_same = whole.get(..before) == self.text.get(..before);
        Self {
            text: whole.into(),
            kind: self.kind,
            id_offset: if is_same { offset(before) } else { 0 },
        }
    }
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Deref for Entity {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_and_the_id_may_contain_colons() {
        let entity = Entity::account("space:old", "a:b");
        assert_eq!(
            (entity.to_string().as_str(), entity.id()),
            ("space:old:a:b", "a:b")
        );
    }

    #[test]
    fn an_entity_is_parsed_with_its_id() {
        let entity = Entity::account("space:old", "a:b");
        let parse = |id| Entity::parse(EntityKind::Account, &entity, id);
        assert_eq!(parse("a:b"), Some(entity.clone()));
        assert_eq!((parse("a"), parse("ld:a:b")), (None, None));
    }

    #[test]
    fn only_a_step_has_a_scenario() {
        assert_eq!(Entity::step("trial", "ends").scenario(), Some("trial"));
        assert_eq!(Entity::account("scenario", "trial/ends").scenario(), None);
    }

    #[test]
    fn a_rewritten_entity_keeps_its_id() {
        let entity = Entity::customer("cus_secret");
        let masked = entity.rewritten(|text| text.replace("secret", "***"));
        assert_eq!((&*masked, masked.id()), ("customer:cus_***", "cus_***"));
        let masked = entity.rewritten(|text| text.replace("customer:cus", "***"));
        assert_eq!((&*masked, masked.id()), ("***_secret", "***_secret"));
    }
}
