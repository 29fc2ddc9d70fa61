//! Checks that the evaluator and the model agree on every world.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Evaluation, Finding, Money, Rule, Unanswerable, evaluate};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use sha2::{Digest as _, Sha256};

use crate::{
    completeness::SubjectParts,
    model::{Expected, Fixed, Numbers, Refusal, judge},
    random::{NOW_SECONDS, World, world},
};

/// Runs at least this many cases; `PROPTEST_CASES` may ask for more.
pub(crate) fn cases(least: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases.max(least),
        failure_persistence: None,
        ..default
    }
}

/// Returns `ORACLE_WORLDS`, or as many worlds as a daily test run can afford.
pub(crate) fn worlds() -> u32 {
    let asked = std::env::var("ORACLE_WORLDS").ok();
    asked.map_or(2000, |number| number.parse().unwrap())
}

proptest! {
    #![proptest_config(cases(worlds()))]

    #[test]
    fn both_readings_agree(world in world()) {
        let World { contract, facts } = &world;
        let expected = judge(contract, facts, NOW_SECONDS);
        match (evaluate(contract, facts, NOW_SECONDS), expected) {
            (Ok(found), Ok((findings, numbers))) => {
                let summary = numbers_of(&found);
                let (by_rule, by_severity) = (found.summary.by_rule.clone(), found.summary.by_severity.clone());
                let texts_hold: Result<(), String> = found.findings.iter().try_for_each(|finding| texts(finding, &world));
                let got: Vec<_> = found.findings.into_iter().map(what_the_spec_fixes).collect();
                prop_assert_eq!(got, findings.clone());
                prop_assert_eq!(summary, numbers);
                prop_assert_eq!(by_rule.values().sum::<u64>(), by_severity.values().sum::<u64>());
                for (rule, count) in by_rule {
                    prop_assert_eq!(findings.iter().filter(|finding| finding.rule == rule).count().to_string(), count.to_string());
                }
                for (severity, count) in by_severity {
                    prop_assert_eq!(findings.iter().filter(|finding| finding.severity == severity).count().to_string(), count.to_string());
                }
                prop_assert_eq!(texts_hold, Ok(()));
            }
            (Err(refused), Err(refusals)) => {
                prop_assert!(refusals.contains(&kind(&refused)), "{:?} not in {:?}", refused, refusals);
            }
            (found, expected) => prop_assert!(false, "found {:#?}\nexpected {:#?}", found, expected),
        }
    }
}

fn kind(refused: &Unanswerable) -> Refusal {
    match refused {
        Unanswerable::NoAccounts => Refusal::NoAccounts,
        Unanswerable::AccountOnTwoRows { .. } => Refusal::AccountOnTwoRows,
        Unanswerable::NoCustomerKnown { .. } => Refusal::NoCustomerKnown,
        Unanswerable::NoAccountLinked { .. } => Refusal::NoAccountLinked,
        Unanswerable::WrongMode { .. } => Refusal::WrongMode,
        Unanswerable::WrongKindOfId { .. } => Refusal::WrongKindOfId,
        Unanswerable::WordInOtherCase { .. } => Refusal::WordInOtherCase,
        Unanswerable::Missing { .. } => Refusal::Missing,
    }
}

fn amounts(money: &Money) -> BTreeMap<String, i64> {
    money
        .iter()
        .map(|(currency, amount)| (currency.to_owned(), amount))
        .collect()
}

fn numbers_of(found: &Evaluation) -> Numbers {
    let summary = &found.summary;
    Numbers {
        accounts: summary.accounts,
        linked: summary.linked,
        exempt: summary.exempt,
        on_test_clock: summary.on_test_clock,
        subscriptions: summary.subscriptions.clone(),
        paid_not_served: amounts(&summary.paid_not_served),
        served_not_paid: amounts(&summary.served_not_paid),
        without_amount: summary.items_without_amount,
    }
}

/// Returns true for rules whose finding is about the deciding subscription.
fn tells_subscription(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::RevenueLeak
            | Rule::WrongfulAccess
            | Rule::RefundedAccess
            | Rule::StatusDrift
            | Rule::PeriodDrift
            | Rule::CancelFlagDrift
    )
}

/// Removes from a finding what the specification leaves to the evaluator.
fn what_the_spec_fixes(finding: Finding) -> Expected {
    let rule = finding.rule;
    let subject = finding.subject;
    let deciding = tells_subscription(rule);
    let own = rule == Rule::OrphanSubscription && finding.entity.starts_with("subscription:");
    let money = matches!(
        rule,
        Rule::RevenueLeak
            | Rule::WrongfulAccess
            | Rule::OrphanSubscription
            | Rule::CustomerMismatch
            | Rule::DoubleSubscription
    );
    let whole_amount = money && rule != Rule::DoubleSubscription;
    let price = matches!(rule, Rule::UnmappedPrice | Rule::UnmappedFeature);
    let plan = matches!(rule, Rule::PlanDrift | Rule::StalePlan);
    Expected {
        severity: finding.severity,
        rule,
        entity: finding.entity.to_string(),
        fixed: Fixed {
            account: subject.account.map(Into::into),
            customer: subject.customer.map(Into::into),
            subscription: subject
                .subscription
                .filter(|_| deciding || own)
                .map(Into::into),
            status: subject
                .status
                .filter(|_| deciding || rule == Rule::UnknownStatus)
                .map(|word| word.to_string()),
            price: subject.price.filter(|_| price).map(|word| word.to_string()),
            plan_found: subject
                .plan_found
                .filter(|_| plan)
                .map(|word| word.to_string()),
            amount: if money {
                amounts(&finding.amount)
            } else {
                BTreeMap::new()
            },
            without_amount: if whole_amount {
                finding.items_without_amount
            } else {
                0
            },
            number: number_named(rule, &finding.message, subject.named.len()),
        },
    }
}

/// Returns the number that a finding about many mentions, if it lists as many of them as it may.
fn number_named(rule: Rule, message: &str, named: usize) -> Option<u64> {
    let max = match rule {
        Rule::UnmappedPrice | Rule::UnmappedFeature => 3,
        Rule::UnlinkedAccess => 5,
        Rule::DoubleSubscription => 100,
        _ => return None,
    };
    let mut words = message.split_whitespace();
    let number = words.find_map(|word| word.parse::<u64>().ok())?;
    (u64::try_from(named) == Ok(number.min(max))).then_some(number)
}

/// "First 16 hex digits of SHA-256 over rule, entity and customer id joined by newlines."
pub(crate) fn fingerprint(finding: &Finding) -> String {
    let customer = finding.subject.customer.as_deref().unwrap_or_default();
    let hashed = format!("{}\n{}\n{customer}", finding.rule.as_str(), finding.entity);
    let digest = Sha256::digest(hashed.as_bytes());
    let hex: Vec<_> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..8].concat()
}

/// Checks the documented hash, the message, the fix, and the contract's own fix for the rules that it covers.
fn texts(finding: &Finding, world: &World) -> Result<(), String> {
    if finding.fingerprint != fingerprint(finding) {
        return Err(format!("fingerprint of {finding:?}"));
    }
    if finding.message.trim().is_empty() || finding.fix.trim().is_empty() {
        return Err(format!("an empty text in {finding:?}"));
    }
    let mut fixes = world.contract.fix.values();
    let is_own = fixes.any(|fix| *finding.fix == **fix);
    if is_own == world.contract.fix.contains_key(&finding.rule) {
        Ok(())
    } else {
        Err(format!(
            "the contract's fix is in the wrong place: {finding:?}"
        ))
    }
}

#[test]
fn random_worlds_reach_every_rule_and_refusal() {
    let mut runner = TestRunner::deterministic();
    let mut subjects = SubjectParts::default();
    let (mut missed, mut refused) = (BTreeSet::from(Rule::ALL), BTreeSet::new());
    let mut clean = 0;
    for _ in 0..4000 {
        let World { contract, facts } = world().new_tree(&mut runner).unwrap().current();
        match evaluate(&contract, &facts, NOW_SECONDS) {
            Ok(found) => {
                clean += u32::from(found.findings.is_empty() && facts.accounts.len() > 1);
                for finding in found.findings {
                    missed.remove(&finding.rule);
                    subjects.add(&finding);
                }
            }
            Err(error) => {
                refused.insert(kind(&error));
            }
        }
    }
    assert_eq!(missed, BTreeSet::new());
    subjects.check();
    assert_eq!(refused.len(), Refusal::ALL.len(), "{refused:?}");
    assert!(clean > 15, "{clean}");
}
