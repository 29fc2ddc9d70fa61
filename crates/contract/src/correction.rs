//! Finds the values that a row needs so that it breaks no rule, if the facts leave no doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Account, AccountColumns, ColumnName, Contract, Facts, Field, Finding, Rule, SubscriptionId,
    UnixSeconds, Word,
    case::Case,
    customers::Customers,
    evaluate,
    rules::RuleCorrection,
    wrong_row::{Corrected, Correction, WrongRow, is_read_from},
};

/// Correction of one account's row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowCorrection {
    /// The values to change so that the rules in `corrected` hold. If the flag is read from the words of a column, its
    /// value is one of these words.
    pub values: BTreeMap<Field, Corrected>,
    pub corrected: BTreeSet<Rule>,
    /// Rules that stay broken, with the reasons.
    pub left: BTreeMap<Rule, &'static str>,
}

/// Maximum number of rounds: correcting the access can require a plan, and correcting the plan can require seats.
const ROUNDS: usize = 4;

/// Returns the corrections of the accounts that findings are about, by account id.
pub fn corrections(
    contract: &Contract,
    facts: &Facts,
    now: UnixSeconds,
    findings: &[Finding],
) -> BTreeMap<String, RowCorrection> {
    let wanted: BTreeSet<&str> = findings
        .iter()
        .filter_map(|finding| finding.subject.account.as_deref())
        .collect();
    let free_plan = free_plan(contract, facts);
    let customers = Customers::new(facts, contract.match_on);
    let mut corrections = BTreeMap::new();
    let mismatched: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| finding.rule == Rule::CustomerMismatch)
        .filter_map(|finding| finding.subject.account.as_deref())
        .collect();
    for (account, link) in customers.accounts() {
        let id = account.id.as_str();
        if mismatched.contains(id) {
            // Judged by its stored customer, a paying account would lose its access.
            let rule = Rule::CustomerMismatch;
            let correction = RowCorrection {
                left: BTreeMap::from([(rule, uncorrected(rule))]),
                ..RowCorrection::default()
            };
            corrections.insert(id.to_owned(), correction);
            continue;
        }
        let (true, Some(link)) = (wanted.contains(id), link) else {
            continue;
        };
        let mut customers_of_account = link.holder.customers();
        let is_shared =
            customers_of_account.any(|customer| customers.accounts_of(customer).nth(1).is_some());
        let customers_of_account = link.holder.customers();
        let world = Facts {
            accounts: vec![account.clone()],
            mapped: facts.mapped.clone(),
            subscriptions: customers_of_account
                .flat_map(|customer| customers.subscriptions(customer))
                .cloned()
                .collect(),
            ..Facts::default()
        };
        let correction = Correcting {
            contract,
            now,
            is_shared,
            free_plan: free_plan.as_deref(),
        };
        corrections.insert(account.id.to_string(), correction.correct(world));
    }
    corrections
}

/// Returns the reason why a finding of this rule is not corrected.
pub fn uncorrected(rule: Rule) -> &'static str {
    match rule.definition().map(|definition| definition.correct) {
        Some(RuleCorrection::ByHand(reason)) => reason,
        Some(RuleCorrection::Row(_)) | None => {
            "the row was not judged a second time: correct it by hand"
        }
    }
}

/// Returns the plan of accounts that pay nothing: the only free plan, if an account without access stores it.
fn free_plan(contract: &Contract, facts: &Facts) -> Option<String> {
    let mut plans = contract.free_plans.iter();
    let (Some(plan), None) = (plans.next(), plans.next()) else {
        return None;
    };
    let stores_it = |account: &Account| !account.paid && account.plan.as_deref() == Some(plan);
    facts
        .accounts
        .iter()
        .any(stores_it)
        .then(|| plan.to_owned())
}

struct Correcting<'c> {
    contract: &'c Contract,
    now: UnixSeconds,
    /// True if several accounts have the customer.
    is_shared: bool,
    free_plan: Option<&'c str>,
}

impl Correcting<'_> {
    /// Judges the account, corrects what is certain, and judges it again.
    fn correct(&self, mut world: Facts) -> RowCorrection {
        let mut row = RowCorrection::default();
        for _ in 0..ROUNDS {
            let mut changes = Vec::new();
            row.left.clear();
            for rule in self.broken(&world) {
                match self.change(&world, rule) {
                    Ok((field, value)) => changes.push((rule, field, value)),
                    Err(reason) => {
                        row.left.insert(rule, reason);
                    }
                }
            }
            if changes.is_empty() {
                return row;
            }
            for (rule, field, value) in changes {
                if let Some(account) = world.accounts.first_mut() {
                    self.apply(account, field, &value);
                }
                row.corrected.insert(rule);
                row.values.insert(field, value);
            }
        }
        // A correction that never settles is not certain.
        for rule in std::mem::take(&mut row.corrected) {
            row.left.insert(
                rule,
                "correcting it breaks another rule: look at the mapping",
            );
        }
        row.values.clear();
        row
    }

    /// Returns the rules that the account breaks.
    fn broken(&self, world: &Facts) -> Vec<Rule> {
        let Ok(evaluation) = evaluate(self.contract, world, self.now) else {
            return Vec::new();
        };
        let findings = evaluation.findings.into_iter();
        let account_findings = findings.filter(|finding| finding.subject.account.is_some());
        account_findings.map(|finding| finding.rule).collect()
    }

    fn change(&self, world: &Facts, rule: Rule) -> Correction {
        if self.is_shared {
            return Err(
                "more than one account has this customer: decide first which of them it belongs to",
            );
        }
        let case = Case::new(self.contract, world, self.now);
        let link = case.customers.link(0);
        let holder = link.ok_or("its customer is gone")?.holder;
        match rule.definition().map(|definition| definition.correct) {
            Some(RuleCorrection::Row(correct)) => {
                correct(&WrongRow::new(&case, holder, self.free_plan))
            }
            Some(RuleCorrection::ByHand(_)) | None => Err(uncorrected(rule)),
        }
    }

    /// Changes the account to what a read after the correction would return.
    fn apply(&self, account: &mut Account, field: Field, value: &Corrected) {
        match (field, value) {
            (Field::HasPaidAccess, Corrected::Flag(paid)) => account.paid = *paid,
            (Field::HasPaidAccess, Corrected::Word(word)) => {
                if let Some(ColumnName::In { column, values }) = self.contract.columns.get(&field) {
                    account.paid = values.contains(word);
                    if is_read_from(self.contract, Field::Plan, column) {
                        account.plan = Some(Word::from(word.as_str()));
                    }
                    if is_read_from(self.contract, Field::Status, column) {
                        columns(account).status = Some(Word::from(word.as_str()));
                    }
                }
            }
            (Field::Plan, Corrected::Word(plan)) => account.plan = Some(Word::from(plan.as_str())),
            (Field::Status, Corrected::Word(status)) => {
                columns(account).status = Some(Word::from(status.as_str()));
            }
            (Field::SubscriptionId, Corrected::Word(id)) => {
                columns(account).subscription_id = Some(SubscriptionId::from(id.as_str()));
            }
            (Field::Seats, Corrected::Number(seats)) => {
                columns(account).seats = i64::try_from(*seats).ok();
            }
            (Field::PeriodEnd, Corrected::Time(end)) => columns(account).period_end = Some(*end),
            (Field::CancelAtPeriodEnd, Corrected::Flag(scheduled)) => {
                columns(account).cancel_at_period_end = *scheduled;
            }
            _ => {}
        }
    }
}

fn columns(account: &mut Account) -> &mut AccountColumns {
    account.columns.get_or_insert_default()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::testing::{NOW, account, contract, facts, findings, item, subscription};

    fn of(contract: &Contract, world: &Facts) -> BTreeMap<String, RowCorrection> {
        corrections(contract, world, NOW, &findings(contract, world))
    }

    fn word(text: &str) -> Corrected {
        Corrected::Word(text.to_owned())
    }

    #[test]
    fn granting_access_corrects_every_judged_column() {
        let mut world = facts(
            [account("1").plan("free").columns(AccountColumns::default())],
            [subscription("1", "active", "price_pro")],
        );
        world.mapped.extend(Field::ALL);
        let row = &of(&contract(), &world)["usr_1"];
        let end = world.subscriptions[0].period_end().unwrap();
        assert_eq!(
            row.values,
            BTreeMap::from([
                (Field::HasPaidAccess, Corrected::Flag(true)),
                (Field::Plan, word("pro")),
                (Field::Seats, Corrected::Number(1)),
                (Field::Status, word("active")),
                (Field::SubscriptionId, word("sub_1")),
                (Field::PeriodEnd, Corrected::Time(end)),
            ])
        );
        assert!(row.left.is_empty());
        assert!(row.corrected.contains(&Rule::RevenueLeak));
    }

    #[test]
    fn a_plan_is_reset_only_to_a_word_that_is_in_use() {
        let mut world = facts(
            [account("1").paid().plan("pro")],
            [subscription("1", "canceled", "price_pro")],
        );
        let row = &of(&contract(), &world)["usr_1"];
        assert_eq!(row.values.len(), 1);
        assert!(row.left.contains_key(&Rule::StalePlan));
        world.accounts.push(account("2").plan("free"));
        let row = &of(&contract(), &world)["usr_1"];
        assert_eq!(row.values[&Field::Plan], word("free"));
        assert!(row.left.is_empty());
    }

    #[test]
    fn two_paid_plans_are_not_corrected() {
        let world =
            facts(
                [account("1").paid().plan("free")],
                [subscription("1", "active", "")
                    .items([item("price_pro", 1), item("price_team", 1)])],
            );
        let row = &of(&contract(), &world)["usr_1"];
        assert!(row.values.is_empty() && row.corrected.is_empty());
        assert!(row.left[&Rule::PlanDrift].starts_with("more than one plan"));
    }

    #[test]
    fn accounts_that_share_a_customer_are_left_to_people() {
        let mut second = account("2");
        second.customer = account("1").customer;
        let world = facts(
            [account("1"), second],
            [subscription("1", "active", "price_pro")],
        );
        for row in of(&contract(), &world).values() {
            assert!(row.values.is_empty());
            assert!(row.left[&Rule::RevenueLeak].starts_with("more than one account"));
        }
    }

    #[test]
    fn a_flag_that_is_read_from_words_gets_the_word_that_is_certain() {
        let mut contract = contract();
        let from = |values: &[&str]| ColumnName::In {
            column: "state".to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let leak = facts([account("1")], [subscription("1", "trialing", "price_pro")]);
        let wrong = facts(
            [account("1").paid()],
            [subscription("1", "canceled", "price_pro")],
        );
        for (values, given, taken) in [
            (
                &["active", "trialing"][..],
                Some("trialing"),
                Some("canceled"),
            ),
            (&["on"], Some("on"), None),
            (&["on", "gift"], None, None),
        ] {
            contract.columns.insert(Field::HasPaidAccess, from(values));
            let value = |world: &Facts| {
                let row = of(&contract, world).remove("usr_1").unwrap_or_default();
                row.values.get(&Field::HasPaidAccess).cloned()
            };
            assert_eq!(value(&leak), given.map(word), "{values:?}");
            assert_eq!(value(&wrong), taken.map(word), "{values:?}");
        }
        contract
            .columns
            .insert(Field::HasPaidAccess, ColumnName::Computed);
        assert!(of(&contract, &leak)["usr_1"].left[&Rule::RevenueLeak].contains("computed"));
    }

    #[test]
    fn every_rule_without_a_correction_gives_the_reason() {
        for rule in Rule::ALL {
            let reason = uncorrected(rule);
            assert!(reason.contains(' '), "{rule}: {reason:?}");
        }
        assert!(uncorrected(Rule::OrphanSubscription) != uncorrected(Rule::RevenueLeak));
    }
}
