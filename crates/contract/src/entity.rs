//! The entity that a finding is about, written `user:usr_1`.

use std::{fmt, ops::Deref};

use compact_str::CompactString;

/// Kind of entity that a finding is about.
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
    id_at: u32,
}

impl Entity {
    /// Prefix of every entity of a rehearsal.
    pub const STEP_PREFIX: &str = "scenario:";

    /// Names an account. `word` is the contract's own: `user`, `team`.
    pub fn account(word: &str, id: &str) -> Self {
        Self::new(EntityKind::Account, word, id)
    }

    /// Names the accounts of a contract that are linked to no customer.
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

    /// Names a step of a scenario. Scenario ids contain no slash.
    pub fn step(scenario: &str, step: &str) -> Self {
        Self::new(EntityKind::Step, "scenario", &format!("{scenario}/{step}"))
    }

    /// Returns the entity of that text, or `None` if the text does not end in the id.
    pub fn read(kind: EntityKind, text: &str, id: &str) -> Option<Self> {
        let before = text.strip_suffix(id)?;
        let is_apart = before.is_empty() || before.ends_with(':');
        is_apart.then(|| Self {
            text: text.into(),
            kind,
            id_at: offset(before.len()),
        })
    }

    pub(crate) fn new(kind: EntityKind, word: &str, id: &str) -> Self {
        Self {
            text: compact_str::format_compact!("{word}:{id}"),
            kind,
            id_at: offset(word.len().saturating_add(1)),
        }
    }

    pub fn kind(&self) -> EntityKind {
        self.kind
    }

    pub fn id(&self) -> &str {
        let at = usize::try_from(self.id_at).unwrap_or(usize::MAX);
        self.text.get(at..).unwrap_or(&self.text)
    }

    /// Returns the id of the scenario that the step belongs to.
    pub fn scenario(&self) -> Option<&str> {
        let id = (self.kind == EntityKind::Step).then(|| self.id())?;
        Some(id.split_once('/').map_or(id, |(scenario, _)| scenario))
    }

    /// Rewrites the text. If that changes the part before the id, the whole text counts as the id.
    #[must_use]
    pub fn rewritten(&self, text: impl Fn(&str) -> String) -> Self {
        let whole = text(&self.text);
        let before = self.text.len() - self.id().len();
        let is_same = whole.get(..before) == self.text.get(..before);
        Self {
            text: whole.into(),
            kind: self.kind,
            id_at: if is_same { offset(before) } else { 0 },
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
    fn the_id_follows_the_contracts_own_word() {
        let entity = Entity::account("space:old", "a:b");
        assert_eq!(
            (entity.to_string().as_str(), entity.id()),
            ("space:old:a:b", "a:b")
        );
    }

    #[test]
    fn an_entity_is_read_back_by_its_id() {
        let entity = Entity::account("space:old", "a:b");
        let read = |id| Entity::read(EntityKind::Account, &entity, id);
        assert_eq!(read("a:b"), Some(entity.clone()));
        assert_eq!((read("a"), read("ld:a:b")), (None, None));
    }

    #[test]
    fn only_a_step_has_a_scenario() {
        assert_eq!(Entity::step("trial", "ends").scenario(), Some("trial"));
        assert_eq!(Entity::account("scenario", "trial/ends").scenario(), None);
    }

    #[test]
    fn a_rewritten_entity_keeps_its_id_apart() {
        let entity = Entity::customer("cus_secret");
        let masked = entity.rewritten(|text| text.replace("secret", "***"));
        assert_eq!((&*masked, masked.id()), ("customer:cus_***", "cus_***"));
        let masked = entity.rewritten(|text| text.replace("customer:cus", "***"));
        assert_eq!((&*masked, masked.id()), ("***_secret", "***_secret"));
    }
}
