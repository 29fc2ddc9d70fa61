//! `redact: ids` shortens the ids of accounts, customers and subscriptions, for reports with many readers.

use std::collections::BTreeSet;

use contract::{ExplainedField, Field, FieldValue, Finding};

use super::{
    ContractOutcome, ExplainedEntity, Outcome, explanation,
    find::{longest_first, replaced},
    rewrite::{self, TextKind, TextRewriter},
};

/// Minimum length of an id that is replaced even inside a longer word. A shorter id, such as `7`, is replaced only as a
/// whole word.
const MIN_DISTINCTIVE_BYTES: usize = 8;

/// Prefixes of customer, subscription and event ids at Stripe and Paddle. Error messages contain such ids too.
const PROVIDER_PREFIXES: [&str; 4] = ["cus_", "ctm_", "sub_", "evt_"];

/// Shortens every id of an account, a customer or a subscription, always in the same way. Fingerprints stay, so that
/// findings remain distinguishable. Accounts are not linked: no address leads to a shortened id.
#[must_use]
pub fn redact_ids(outcome: &Outcome) -> Outcome {
    let mut redacted = rewrite::outcome(outcome, &Ids::new(std::iter::empty()));
    for contract in &mut redacted.contracts {
        contract.account_link = None;
    }
    redacted
}

/// Shortens the same ids in an explanation, and the text that was asked for, which can be an e-mail address.
#[must_use]
pub fn redact_explanation(explained: &ExplainedEntity) -> ExplainedEntity {
    explanation::rewrite(explained, &Ids::from_explanation(explained))
}

impl TextRewriter for Ids {
    fn text(&self, kind: TextKind, text: &str) -> String {
        match kind {
            TextKind::Name => text.to_owned(),
            TextKind::Id => short_form(text),
            TextKind::Prose => self.hidden_in(text),
        }
    }

    fn for_contract(&self, contract: &ContractOutcome) -> Self {
        Self::new(contract.named.iter().map(String::as_str))
    }

    fn for_finding(&self, finding: &Finding) -> Self {
        Self::from_finding(finding)
    }
}

/// Ids with their short forms.
struct Ids(Vec<(String, String)>);

impl Ids {
    fn from_finding(finding: &Finding) -> Self {
        Self::new(ids_of(finding))
    }

    fn from_explanation(explained: &ExplainedEntity) -> Self {
        let request = explained.requested.as_str();
        let after_kind = request.split_once(':').map(|(_, id)| id);
        let mut ids: BTreeSet<&str> = after_kind.into_iter().collect();
        if after_kind.is_none() {
            ids.insert(request);
        }
        for contract in &explained.contracts {
            ids.extend(contract.named.iter().map(String::as_str));
            for found in &contract.findings {
                ids.extend(ids_of(&found.finding));
            }
            for customer in &contract.customers {
                ids.extend(customer.customers.iter().map(String::as_str));
                for subscription in &customer.subscriptions {
                    ids.extend([subscription.id.as_str(), subscription.customer.as_str()]);
                }
                for account in &customer.accounts {
                    ids.insert(&account.id);
                    ids.extend(account.fields.iter().flat_map(ids_in));
                }
            }
        }
        Self::new(ids.into_iter().filter(|id| !id.trim().is_empty()))
    }

    fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let mut ids: Vec<_> = ids.map(|id| (id.to_owned(), short_form(id))).collect();
        longest_first(&mut ids, |(id, _)| id);
        Self(ids)
    }

    fn hidden_in(&self, text: &str) -> String {
        let is_id = |id: &str, before: Option<char>, after: Option<char>| {
            id.len() >= MIN_DISTINCTIVE_BYTES || !(continues(before) || continues(after))
        };
        without_provider_ids(&replaced(text, &self.0, is_id))
    }
}

/// Returns the ids of a finding's subject.
fn ids_of(finding: &Finding) -> impl Iterator<Item = &str> {
    let subject = &finding.subject;
    let ids = [&subject.account, &subject.customer, &subject.subscription];
    let named = subject.named.iter().map(String::as_str);
    let ids = ids.into_iter().filter_map(Option::as_deref).chain(named);
    let entity = &finding.entity;
    let entity_id = entity.kind().is_personal().then(|| entity.id());
    ids.chain(entity_id)
}

/// Returns the ids that a column holds.
fn ids_in(field: &ExplainedField) -> Vec<&str> {
    match (field.field, &field.value) {
        (Field::Id | Field::CustomerId | Field::SubscriptionId, FieldValue::Text(id)) => vec![id],
        (_, FieldValue::List(ids)) => ids.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Shortens an id to at most four characters of its beginning and two of its end, and never more than half of it.
fn short_form(id: &str) -> String {
    let characters = id.chars().count();
    if characters <= 6 {
        return "…".to_owned();
    }
    let shown = 6.min(characters / 2);
    let end = shown / 3;
    let beginning: String = id.chars().take(shown - end).collect();
    let end: String = id.chars().skip(characters - end).collect();
    format!("{beginning}…{end}")
}

/// Shortens text that looks like an id of the provider: a prefix followed by letters and digits. Letters alone may be a
/// column name.
fn without_provider_ids(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|character| !continues(Some(character))) {
        let length = word
            .trim_end_matches(|character| !continues(Some(character)))
            .len();
        let (id, end) = word.split_at(length);
        let is_id = PROVIDER_PREFIXES
            .iter()
            .any(|prefix| id.starts_with(prefix))
            && id.len() >= MIN_DISTINCTIVE_BYTES
            && id.contains(|character: char| character.is_ascii_digit());
        out.push_str(&if is_id { short_form(id) } else { id.to_owned() });
        out.push_str(end);
    }
    out
}

fn continues(character: Option<char>) -> bool {
    character.is_some_and(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use crate::{json, sample};
    use contract::Subject;

    use super::*;

    #[test]
    fn at_least_half_of_an_id_is_hidden() {
        assert_eq!(short_form("cus_NffrFeUfNV2Hib"), "cus_…ib");
        assert_eq!(short_form("usr_alice"), "usr…e");
        assert_eq!(short_form("1234567"), "12…7");
        assert_eq!(short_form("123456"), "…");
        assert_eq!(short_form(""), "…");
    }

    #[test]
    fn an_id_is_hidden_in_every_field_and_the_fingerprint_stays() {
        let outcome = sample::failing();
        let redacted = redact_ids(&outcome);
        let text = json(&redacted);
        for id in ["usr_alice", "cus_alice", "sub_alice_1"] {
            assert!(json(&outcome).contains(id), "{id} is not in the sample");
            assert!(!text.contains(id), "{id} is still in {text}");
        }
        let fingerprints = |outcome: &Outcome| -> Vec<String> {
            let findings = outcome.findings();
            findings
                .iter()
                .map(|(_, found)| found.finding.fingerprint.to_string())
                .collect()
        };
        assert_eq!(fingerprints(&outcome), fingerprints(&redacted));
    }

    #[test]
    fn redaction_hides_ids_and_keeps_scenarios() {
        let outcome = sample::rehearsal();
        let redacted = redact_ids(&outcome);
        for (before, after) in sample::rendered(&outcome)
            .iter()
            .zip(sample::rendered(&redacted))
        {
            for id in [
                "rehearsal_cancel_now_1",
                "cus_RehearsalCancelNow1",
                "sub_RehearsalCancelNow1",
                "evt_RehearsalCancelNow1",
            ] {
                assert!(!after.contains(id), "{id} is still in {after}");
                assert!(!after.contains(&id.replace('_', "\\_")), "{after}");
            }
            assert_eq!(
                before.contains("scenario:cancel-now/deleted"),
                after.contains("scenario:cancel-now/deleted")
            );
        }
        let finding = &redacted.contracts[0].findings[0].finding;
        assert_eq!(
            finding.evidence_lines()[0],
            "sent      customer.subscription.deleted evt_…w1: answered 200"
        );
        assert_eq!(
            finding.evidence_lines()[4],
            "called    GET /v1/subscriptions/sub_…w1: 200"
        );
    }

    #[test]
    fn no_format_shows_an_id_that_is_in_every_field() {
        let canary = "cus_Canary0123456789";
        let mut outcome = sample::rehearsal_full_of(canary);
        // Texts without ids: words of the configuration, of the provider and of the repository.
        outcome.provenance = None;
        for contract in &mut outcome.contracts {
            contract.name = "users".into();
            contract.summary.subscriptions.clear();
            for found in &mut contract.findings {
                found.place = None;
                for change in &mut found.changes {
                    change.path = "a.ts".into();
                }
            }
        }
        for scenario in &mut outcome.rehearsal.as_mut().unwrap().scenarios {
            (scenario.id, scenario.title, scenario.ends) = Default::default();
        }
        let of_check = Outcome {
            rehearsal: None,
            ..outcome.clone()
        };
        for outcome in [outcome, of_check] {
            assert!(format!("{outcome:?}").contains(canary));
            let redacted = redact_ids(&outcome);
            assert!(!format!("{redacted:?}").contains(canary), "{redacted:?}");
            for text in sample::rendered(&redacted) {
                assert!(!text.contains("Canary0123456789"), "{text}");
            }
        }
    }

    #[test]
    fn an_id_inside_a_longer_one_does_not_leak() {
        let mut finding = sample::about("usr_alice_1");
        finding.subject.named = ["usr_alice_1234".into(), "sub_usr_alice_1_x".into()].into();
        finding.message = "usr_alice_1234, sub_usr_alice_1_x and usr_alice_1".into();
        let ids = Ids::from_finding(&finding);
        assert_eq!(
            ids.hidden_in(&finding.message),
            "usr_…34, sub_…_x and usr_…1"
        );
    }

    #[test]
    fn the_id_in_the_entity_is_hidden() {
        let mut finding = sample::about("usr_alice");
        finding.subject = Subject::default();
        assert_eq!(
            Ids::from_finding(&finding).hidden_in(&finding.entity),
            "user:usr…e"
        );
        finding.entity = contract::testing::entity("price:price_123456");
        assert_eq!(
            Ids::from_finding(&finding).hidden_in("price_123456"),
            "price_123456"
        );
    }

    #[test]
    fn a_short_id_is_hidden_if_it_is_a_word() {
        let ids = Ids::new(["7"].into_iter());
        assert_eq!(
            ids.hidden_in("user:7 has 17 seats of price_7, row 7."),
            "user:… has 17 seats of price_7, row …."
        );
    }

    #[test]
    fn error_texts_lose_the_ids_that_they_name() {
        let mut outcome = sample::unanswerable();
        outcome.contracts[0].named = vec!["ada".into()];
        outcome.contracts[0].problem = Some(sample::problem(
            "account `ada` is linked to cus_NffrFeUfNV2Hib by `sub_status`",
            "",
        ));
        let redacted = redact_ids(&outcome);
        let problem = redacted.contracts[0].problem.as_ref().unwrap();
        assert_eq!(
            problem.text,
            "account `…` is linked to cus_…ib by `sub_status`"
        );
    }

    proptest! {
        #[test]
        fn no_long_id_survives_any_surroundings(
            id in "[a-z_0-9@.-]{8,30}", before in ".{0,8}", after in ".{0,8}"
        ) {
            let ids = Ids::new([id.as_str()].into_iter());
            let text = format!("{before}{id}{after}");
            prop_assert!(!ids.hidden_in(&text).contains(&id));
        }
    }
}
