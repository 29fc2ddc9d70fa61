//! Advice about possible mistakes in the contract. It never changes a verdict.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ColumnName, Field, Finding, PlanKey, PlanWords, Rule, Status,
    access::{CustomerAccess, GraceEnd, SubscriptionAccess},
    case::Case,
    customers::Link,
    rules::{RuleKey, is_same_word, stored_plan},
};

/// The key of the contract that advice refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContractKey {
    /// The whole entry.
    Contract,
    /// `plans`, or one of its entries.
    Plans(Option<PlanKey>),
    /// `columns.<field>`, or `query` if there are no columns.
    Column(Field),
    GracePastDue,
    MetadataAccount,
}

/// A suggestion to check something in prodverdict.yml.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advice {
    pub about: ContractKey,
    pub message: String,
    pub hint: String,
}

/// Minimum number of accounts that break a rule in the same way before the contract is suspected.
const MIN_ACCOUNTS: usize = 5;

/// Minimum share of the judged accounts: one in this many.
const ONE_IN_ACCOUNTS: usize = 5;

impl Case<'_> {
    /// Lists possible mistakes in the contract, concluded from its findings and from the words in the rows.
    pub(super) fn advice(&self, findings: &[Finding]) -> Vec<Advice> {
        let mut advice = Vec::new();
        self.find_unstored_plans(&mut advice);
        self.find_unused_words(&mut advice);
        self.find_unknown_grace(&mut advice);
        self.find_only_seats(&mut advice);
        self.find_systematic_findings(findings, &mut advice);
        advice
    }

    /// Finds plans that somebody pays for and no row holds, while rows hold others.
    fn find_unstored_plans(&self, advice: &mut Vec<Advice>) {
        if !self.contract.checks_plans() || !self.facts.mapped.contains(&Field::Plan) {
            return;
        }
        // Inserted one by one, because collecting into a set would sort the plans of a million accounts.
        let mut stored = BTreeSet::new();
        for account in &self.facts.accounts {
            stored.insert(stored_plan(account));
        }
        stored.remove("");
        let is_stored = |plan: &PlanWords| plan.words().any(|word| stored.contains(word));
        let plans = self.contract.plans.iter();
        let missing: Vec<_> = plans.filter(|(_, plan)| !is_stored(plan)).collect();
        if stored.is_empty() || missing.is_empty() {
            return;
        }
        let bought = self.bought_plans();
        let column = self.column(Field::Plan);
        let mut named = BTreeSet::new();
        for (key, plan) in missing {
            if !bought.contains(plan) || !named.insert(plan) {
                continue;
            }
            let alike = stored
                .iter()
                .find(|word| plan.words().any(|name| is_same_word(name, word)));
            advice.push(Advice {
                about: ContractKey::Plans(Some(key.clone())),
                message: format!("no {} has plan \"{plan}\" in {column}", self.contract.entity),
                hint: alike.map_or_else(
                    || format!("check that `plans` spells it as {column} does"),
                    |word| format!("{column} contains \"{word}\": write it that way in `plans`, and the handler is \
                                    right"),
                ),
            });
        }
    }

    /// Returns the plans that customers with an account pay for.
    fn bought_plans(&self) -> BTreeSet<&PlanWords> {
        let customers = self.customers.all();
        let linked =
            customers.filter(|customer| self.customers.accounts_of(*customer).next().is_some());
        let all = linked.flat_map(|customer| self.subscriptions(customer));
        let granting = all.filter(|subscription| self.grants(subscription));
        let mut bought = BTreeSet::new();
        for subscription in granting {
            bought.extend(self.contract.plans_of(&subscription.items));
        }
        bought
    }

    /// Finds words of `in:` that no row holds. If rows hold other words of the list, a status of the provider is not
    /// reported: it is spelled right, and perhaps no customer has it today.
    fn find_unused_words(&self, advice: &mut Vec<Advice>) {
        for (field, stored) in &self.facts.stored_words {
            let Some(ColumnName::In { column, values }) = self.contract.columns.get(field) else {
                continue;
            };
            if stored.has_more || stored.words.is_empty() {
                continue;
            }
            let (held, missing): (Vec<_>, Vec<_>) = values
                .iter()
                .partition(|value| stored.words.contains(value.as_str()));
            let is_suspect = |value: &&&String| held.is_empty() || !is_known_status(value);
            let missing: Vec<_> = missing.iter().filter(is_suspect).collect();
            if missing.is_empty() {
                continue;
            }
            let words: Vec<_> = missing.iter().map(|value| format!("\"{value}\"")).collect();
            advice.push(Advice {
                about: ContractKey::Column(*field),
                message: format!(
                    "no row holds {} in {column}, which `in:` of `{}` lists",
                    words.join(" or "),
                    field.as_str()
                ),
                hint: format!("check the spelling in {column}; words are compared exactly"),
            });
        }
    }

    /// Reports accounts that cannot be judged because it is unknown since when their subscription is overdue.
    fn find_unknown_grace(&self, advice: &mut Vec<Advice>) {
        if self.contract.grace.past_due.is_none() || !self.contract.source.has_subscriptions() {
            return;
        }
        let is_unknown = |link: &Link<'_, '_>| {
            let mut all = self.subscriptions_of(&link.holder);
            all.any(|subscription| {
                self.contract
                    .grace_end(subscription, link.holder.past_due_since)
                    == GraceEnd::Unknown
            })
        };
        let links = self.customers.accounts().filter_map(|(_, link)| link);
        let judged = links.filter(|link| !self.is_exempt(link.account));
        let unknown = judged.filter(is_unknown).count();
        if unknown > 0 {
            let ending = if unknown == 1 { " is" } else { "s are" };
            advice.push(Advice {
                about: ContractKey::GracePastDue,
                message: format!(
                    "{unknown} {}{ending} not judged by an overdue subscription: it is unknown since when it is overdue",
                    self.contract.entity
                ),
                hint: "map `past_due_since` in `columns`, or let the key read invoices".to_owned(),
            });
        }
    }

    /// Reports accounts that cannot be judged because their customers buy only seats.
    fn find_only_seats(&self, advice: &mut Vec<Advice>) {
        if self.contract.seats.prices.is_none() {
            return;
        }
        let buys_only_seats = |link: &Link<'_, '_>| {
            let mut all = self.subscriptions_of(&link.holder);
            all.any(|subscription| {
                self.contract.has_only_seats(subscription)
                    && self.access(&link.holder, subscription) == SubscriptionAccess::Unjudged
            }) && matches!(self.state(&link.holder), Ok(CustomerAccess::Unjudged))
        };
        let links = self.customers.accounts().filter_map(|(_, link)| link);
        let judged = links.filter(|link| !self.is_exempt(link.account));
        let number = judged.filter(buys_only_seats).count();
        if number > 0 {
            let ending = if number == 1 { " is" } else { "s are" };
            advice.push(Advice {
                about: ContractKey::Plans(None),
                message: format!(
                    "{number} {}{ending} not judged: only prices of `seats.prices` are paid for, which imply no plan",
                    self.contract.entity
                ),
                hint: "if these prices give access, map them in `plans`".to_owned(),
            });
        }
    }

    /// Finds rules that many accounts break in the same way.
    fn find_systematic_findings(&self, findings: &[Finding], advice: &mut Vec<Advice>) {
        let mut alike: BTreeMap<_, usize> = BTreeMap::new();
        for finding in findings
            .iter()
            .filter(|finding| finding.subject.account.is_some())
        {
            let subject = &finding.subject;
            let pattern = (
                finding.rule,
                subject.plan_found.as_deref(),
                subject.plan_expected.as_deref(),
                subject.status.as_deref(),
            );
            *alike.entry(pattern).or_default() += 1;
        }
        let links = self.customers.accounts().filter_map(|(_, link)| link);
        let judged = links.filter(|link| !self.is_exempt(link.account)).count();
        let mut rules = BTreeSet::new();
        for ((rule, ..), count) in alike {
            if count < MIN_ACCOUNTS
                || count.saturating_mul(ONE_IN_ACCOUNTS) < judged
                || !rules.insert(rule)
            {
                continue;
            }
            advice.push(Advice {
                about: key_of(rule),
                message: format!(
                    "{count} of {judged} judged {}s break `{rule}` in the same way",
                    self.contract.entity
                ),
                hint: "check the contract first: a wrong column or word affects everyone, a handler rarely does".to_owned(),
            });
        }
    }
}

/// Returns true for a status that the provider documents, exactly as it spells it.
fn is_known_status(word: &str) -> bool {
    Status::KNOWN.iter().any(|status| status.as_str() == word)
}

/// Returns the key to check if many accounts break the rule.
fn key_of(rule: Rule) -> ContractKey {
    match rule.definition().map(|definition| definition.suspect_key) {
        Some(RuleKey::Price | RuleKey::Plans) => ContractKey::Plans(None),
        Some(RuleKey::Column(field)) => ContractKey::Column(field),
        Some(RuleKey::Contract | RuleKey::Statuses | RuleKey::Source) | None => {
            ContractKey::Contract
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{
        Account, Contract, Facts, Plans, StoredWords, Subscription,
        testing::{account, contract, facts, findings, judge, subscription},
    };

    fn advice(contract: &Contract, facts: &Facts) -> Vec<Advice> {
        judge(contract, facts).expect("an answer").advice
    }

    fn payers(number: u8, plan: &str) -> (Vec<Account>, Vec<Subscription>) {
        let names = (0..number).map(|number| number.to_string());
        names
            .map(|name| {
                let account = account(&name).paid().plan(plan);
                (account, subscription(&name, "active", "price_pro"))
            })
            .unzip()
    }

    #[test]
    fn a_plan_that_differs_only_in_case_is_reported() {
        let (accounts, subscriptions) = payers(1, "pro");
        let mut contract = contract();
        contract.plans = Plans::by_price([("price_pro", "Pro")]);
        let world = facts(accounts, subscriptions);
        let found = advice(&contract, &world);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            matches!(&found[0].about, ContractKey::Plans(Some(key)) if key.text == "price_pro")
        );
        assert_eq!(found[0].message, "no user has plan \"Pro\" in plan");
        assert!(
            found[0].hint.contains("write it that way in `plans`"),
            "{found:?}"
        );
        let finding = &findings(&contract, &world)[0];
        assert!(
            finding.fix.starts_with("Write \"pro\" in `plans`"),
            "{finding:?}"
        );
    }

    #[test]
    fn plans_that_nobody_buys_or_stores_are_not_reported() {
        let (accounts, subscriptions) = payers(2, "pro");
        assert_eq!(advice(&contract(), &facts(accounts, subscriptions)), []);
    }

    #[test]
    fn one_rule_broken_by_many_accounts_points_at_the_contract() {
        for (number, expected) in [(4, false), (5, true)] {
            let (accounts, subscriptions) = payers(number, "team");
            let found = advice(&contract(), &facts(accounts, subscriptions));
            let is_alike = |advice: &Advice| advice.message.contains("in the same way");
            assert_eq!(found.iter().any(is_alike), expected, "{found:#?}");
        }
        // Less than a fifth of the judged accounts.
        let (mut accounts, mut subscriptions) = payers(5, "team");
        for name in (10..40).map(|number: u8| number.to_string()) {
            accounts.push(account(&name).paid().plan("pro"));
            subscriptions.push(subscription(&name, "active", "price_pro"));
        }
        assert_eq!(advice(&contract(), &facts(accounts, subscriptions)), []);
    }

    #[test]
    fn a_word_that_no_row_holds_is_reported() {
        let (accounts, subscriptions) = payers(1, "pro");
        let mut contract = contract();
        let name = ColumnName::In {
            column: "state".to_owned(),
            values: vec!["on".to_owned(), "trial".to_owned()],
        };
        contract.columns.insert(Field::HasPaidAccess, name);
        let mut world = facts(accounts, subscriptions);
        let mut stored = StoredWords::default();
        stored.add("on");
        stored.add("off");
        world.stored_words.insert(Field::HasPaidAccess, stored);
        let found = advice(&contract, &world);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(
            found[0].message,
            "no row holds \"trial\" in state, which `in:` of `has_paid_access` lists"
        );
    }

    #[test]
    fn a_status_that_nobody_has_today_is_no_mistake() {
        let (accounts, subscriptions) = payers(1, "pro");
        let mut contract = contract();
        let values = ["active", "trialing", "past_due", "on_trail", "vip"];
        let name = ColumnName::In {
            column: "state".to_owned(),
            values: values.map(str::to_owned).into(),
        };
        contract.columns.insert(Field::HasPaidAccess, name);
        let mut world = facts(accounts, subscriptions);
        let mut messages = |words: &[&str]| {
            let mut stored = StoredWords::default();
            for word in words {
                stored.add(word);
            }
            world.stored_words.insert(Field::HasPaidAccess, stored);
            let found = advice(&contract, &world);
            found
                .into_iter()
                .map(|advice| advice.message)
                .collect::<Vec<_>>()
        };
        assert_eq!(messages(&["active", "vip", "on_trail"]), [""; 0]);
        assert_eq!(
            messages(&["active", "on_trial"]),
            [
                "no row holds \"on_trail\" or \"vip\" in state, which `in:` of `has_paid_access` lists"
            ]
        );
        assert_eq!(
            messages(&["enabled"]),
            [
                "no row holds \"active\" or \"trialing\" or \"past_due\" or \"on_trail\" or \"vip\" in state, which \
              `in:` of `has_paid_access` lists"
            ]
        );
    }

    #[test]
    fn grace_without_a_known_start_is_reported() {
        let mut contract = contract();
        contract.grace.past_due = Some(1);
        let world = facts(
            [account("1").paid().plan("pro")],
            [subscription("1", "past_due", "price_pro").dateless()],
        );
        let found = advice(&contract, &world);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].about, ContractKey::GracePastDue);
    }

    #[test]
    fn accounts_that_buy_only_seats_are_counted() {
        let mut contract = contract();
        contract.seats.prices = Some(vec![crate::PricePattern::parse("price_seat")]);
        let world = facts(
            ["1", "2", "3"].map(|name| account(name).paid().plan("pro")),
            [
                subscription("1", "active", "price_seat"),
                subscription("2", "active", "price_seat").id("sub_seats"),
                subscription("2", "active", "price_pro"),
                subscription("3", "active", "price_pro"),
            ],
        );
        let found = advice(&contract, &world);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(
            found[0].message,
            "1 user is not judged: only prices of `seats.prices` are paid for, which imply no plan"
        );
    }
}
