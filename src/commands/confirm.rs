//! Reads the accounts and customers of findings again. Since webhooks lag, only findings of both reads are reported; and
//! facts that were derived are replaced by what the provider states.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::failure::Failure;
use crate::{
    billing::PricesOfCustomers,
    contract::{
        Account, AccountId, Contract, CustomerId, Evaluation, Facts, Finding, MatchOn, PriceId,
        Rule, RuleColumn, evaluate, text::counted,
    },
    notice,
    sources::{Sources, replace_subscriptions},
};

/// The second read of a contract.
pub(crate) struct SecondRead<'c> {
    pub(crate) contract: &'c Contract,
    pub(crate) sources: &'c Sources<'c>,
    /// Time to wait for webhooks. `None` if findings need no confirmation.
    pub(crate) wait: Option<Duration>,
    /// True if some of the provider's facts were derived.
    pub(crate) are_derived: bool,
}

impl SecondRead<'_> {
    /// Reads the accounts and customers of the findings again, and returns the findings of both reads. If a finding is due
    /// to a wrong derivation, others may be missing, so it starts anew with corrected facts.
    pub(crate) async fn confirm(
        &self,
        facts: &mut Facts,
        mut first: Evaluation,
    ) -> Result<Evaluation, Failure> {
        let mut derived = self.are_derived.then(|| prices_of_customers(facts));
        while !first.findings.is_empty() && (self.wait.is_some() || derived.is_some()) {
            let mut second = self.read(facts, &first.findings).await?;
            let was_wrong = match derived.take() {
                Some(derived) => correct_derived(self.sources, facts, &derived).await?,
                None => false,
            };
            if !was_wrong {
                if self.wait.is_some() {
                    keep_confirmed(&mut second, &first);
                }
                return Ok(second);
            }
            first = self.evaluate(facts)?;
        }
        Ok(first)
    }

    async fn read(&self, facts: &mut Facts, findings: &[Finding]) -> Result<Evaluation, Failure> {
        if let Some(wait) = self.wait {
            notice::say(&second_read_notice(findings.len(), wait));
            tokio::time::sleep(wait).await;
            read_accounts(self.sources, facts, findings).await?;
        }
        read_customers(self.contract, self.sources, facts, findings).await?;
        self.evaluate(facts)
    }

    fn evaluate(&self, facts: &Facts) -> Result<Evaluation, Failure> {
        Ok(evaluate(self.contract, facts, self.sources.now)?)
    }
}

fn second_read_notice(findings: usize, wait: Duration) -> String {
    let (findings, them) = match findings {
        1 => ("1 finding".to_owned(), "it"),
        several => (format!("{several} findings"), "them"),
    };
    let wait = humantime::format_duration(wait);
    format!(
        "{findings} so far. Reading {them} again in {wait}, because webhooks lag (`confirm_after`)"
    )
}

/// Compares what the provider stated with what was derived before. If a derivation was wrong, reads all customers for
/// whom the same was derived, and returns true.
async fn correct_derived(
    sources: &Sources<'_>,
    facts: &mut Facts,
    derived: &PricesOfCustomers,
) -> Result<bool, Failure> {
    let mut wrong = differing(derived, &prices_of_customers(facts));
    if !wrong.is_empty() {
        let logged = sources.billing.logged_prices().await?;
        // The log decides in a derivation, so a change that it shows now has happened since.
        wrong.retain(|customer, prices| logged.get(customer) != Some(prices));
    }
    if wrong.is_empty() {
        return Ok(false);
    }
    let suspect = derived_sets(derived, &wrong);
    let doubtful = derived
        .iter()
        .filter(|(customer, prices)| suspect.contains(prices) && !wrong.contains_key(*customer));
    let doubtful: Vec<_> = doubtful.map(|(customer, _)| customer.clone()).collect();
    if !doubtful.is_empty() {
        let requests = counted(
            sources.billing.lookup_requests(doubtful.len()),
            "more request",
        );
        notice::say(&format!(
            "Reading customers one by one, as an answer differs from what follows from the lists: {requests}"
        ));
        let again = sources.billing.customers(&doubtful).await?;
        replace_subscriptions(facts, &doubtful, again.subscriptions);
    }
    Ok(true)
}

/// Returns the prices of each customer of an account, and of everybody else with a subscription.
fn prices_of_customers(facts: &Facts) -> PricesOfCustomers {
    let linked = facts.accounts.iter().flat_map(customers);
    let mut prices: PricesOfCustomers = linked.map(|one| (one, BTreeSet::new())).collect();
    for subscription in &facts.subscriptions {
        let of_customer = prices.entry(subscription.customer.clone()).or_default();
        of_customer.extend(subscription.items.iter().map(|item| item.price.id.clone()));
    }
    prices
}

/// Returns the prices that the provider states for the customers for whom others were derived.
fn differing(derived: &PricesOfCustomers, stated: &PricesOfCustomers) -> PricesOfCustomers {
    let stated = derived.iter().map(|(customer, derived)| {
        let stated = stated.get(customer).cloned().unwrap_or_default();
        (customer, derived, stated)
    });
    let differing = stated.filter(|(_, derived, stated)| stated != *derived);
    let differing = differing.map(|(customer, _, stated)| (customer.clone(), stated));
    differing.collect()
}

/// Returns the sets of prices that were derived for these customers.
fn derived_sets<'d>(
    derived: &'d PricesOfCustomers,
    customers: &PricesOfCustomers,
) -> BTreeSet<&'d BTreeSet<PriceId>> {
    let sets = customers.keys().filter_map(|one| derived.get(one));
    sets.collect()
}

/// Keeps the findings about entities that also had a finding in the first read, under any rule.
fn keep_confirmed(second: &mut Evaluation, first: &Evaluation) {
    let mut accused: BTreeMap<_, usize> = BTreeMap::new();
    for finding in &first.findings {
        let count = accused.entry(key(finding)).or_default();
        *count = count.saturating_add(1);
    }
    let mismatched_customers: BTreeSet<_> = first.findings.iter().flat_map(mismatched).collect();
    second.findings.retain(|finding| {
        let was_orphan = mismatched(finding).any(|customer| {
            let key = (false, format!("customer:{customer}"));
            accused.contains_key(&key)
        });
        let customer = finding.subject.customer.as_deref();
        let was_mismatch = finding.rule == Rule::OrphanSubscription
            && customer.is_some_and(|customer| mismatched_customers.contains(customer));
        was_orphan || was_mismatch || accused.contains_key(&key(finding))
    });
    second.summary.count_findings(&second.findings);
    for finding in &second.findings {
        if let Some(count) = accused.get_mut(&key(finding)) {
            *count = count.saturating_sub(1);
        }
    }
    let settled: usize = accused.into_values().sum();
    second.summary.settled = u64::try_from(settled).unwrap_or(u64::MAX);
}

/// Returns a key for the entity of a finding: true for an account, and its text. The text alone is ambiguous, because a
/// contract may call its accounts `customer`.
fn key(finding: &Finding) -> (bool, String) {
    (
        finding.subject.account.is_some(),
        finding.entity.to_string(),
    )
}

/// Returns the customers named by a `customer-mismatch`: without that finding each would be an orphan.
fn mismatched(finding: &Finding) -> impl Iterator<Item = &str> {
    let subject = &finding.subject;
    let named = subject.named.iter().map(String::as_str);
    let customers = subject.customer.as_deref().into_iter().chain(named);
    let is_mismatch = finding.rule == Rule::CustomerMismatch;
    customers.filter(move |_| is_mismatch)
}

/// Reads the accounts of the findings again. For a customer without accounts, all accounts are read, because one that
/// was linked in the meantime cannot be found by a known id.
async fn read_accounts(
    sources: &Sources<'_>,
    facts: &mut Facts,
    findings: &[Finding],
) -> Result<(), Failure> {
    let needs_all = |finding: &Finding| finding.rule.info().column == Some(RuleColumn::Link);
    if findings.iter().any(needs_all) {
        facts.accounts = sources.accounts.all().await?.accounts;
        return Ok(());
    }
    let ids = accused_accounts(findings);
    if ids.is_empty() {
        return Ok(());
    }
    let again = sources.accounts.by_id(&ids).await?;
    facts
        .accounts
        .retain(|account| ids.binary_search(&account.id).is_err());
    facts.accounts.extend(again.accounts);
    Ok(())
}

/// Returns the sorted ids of the accounts with findings.
fn accused_accounts(findings: &[Finding]) -> Vec<AccountId> {
    let ids: BTreeSet<_> = findings
        .iter()
        .filter_map(|finding| finding.subject.account.as_deref())
        .map(AccountId::from)
        .collect();
    ids.into_iter().collect()
}

/// Reads each customer again, or lists everything if that takes fewer requests.
async fn read_customers(
    contract: &Contract,
    sources: &Sources<'_>,
    facts: &mut Facts,
    findings: &[Finding],
) -> Result<(), Failure> {
    let mut customers: BTreeSet<_> = findings
        .iter()
        .filter_map(|finding| finding.subject.customer.as_deref())
        .map(CustomerId::from)
        .collect();
    customers.extend(current_customers(contract, sources, facts, findings).await?);
    // A finding about a feature names the customers who have it.
    let of_features = findings
        .iter()
        .filter(|finding| finding.rule == Rule::UnmappedFeature);
    let named = of_features.flat_map(|finding| finding.subject.named.iter());
    customers.extend(named.map(|id| CustomerId::from(id.as_str())));
    let ids: Vec<_> = customers.into_iter().collect();
    if !sources.billing.is_listed_by_customer()
        && sources.billing.lookup_requests(ids.len()) > sources.billing.requests()
    {
        sources.read_billing_again(facts).await?;
    } else if !ids.is_empty() {
        let again = sources.billing.customers(&ids).await?;
        replace_subscriptions(facts, &ids, again.subscriptions);
    }
    Ok(())
}

/// Returns the current customers of the accounts with findings, which may have changed since the first read.
async fn current_customers(
    contract: &Contract,
    sources: &Sources<'_>,
    facts: &Facts,
    findings: &[Finding],
) -> Result<Vec<CustomerId>, Failure> {
    let ids = accused_accounts(findings);
    let is_accused = |account: &&Account| ids.binary_search(&account.id).is_ok();
    let accused = facts.accounts.iter().filter(is_accused);
    if contract.match_on == MatchOn::CustomerId {
        return Ok(accused.flat_map(customers).collect());
    }
    let stored: BTreeSet<_> = accused
        .filter_map(|account| account.columns.as_ref()?.subscription_id.as_ref())
        .filter(|id| !id.as_str().trim().is_empty())
        .collect();
    let mut unknown = stored.clone();
    let mut owners = Vec::new();
    for subscription in &facts.subscriptions {
        if stored.contains(&subscription.id) {
            unknown.remove(&subscription.id);
            owners.push(subscription.customer.clone());
        }
    }
    if !unknown.is_empty() {
        let unknown: Vec<_> = unknown.into_iter().cloned().collect();
        owners.extend(sources.billing.owners(&unknown).await?);
    }
    Ok(owners)
}

fn customers(account: &Account) -> impl Iterator<Item = CustomerId> {
    let others = account.columns.iter();
    let others = others.flat_map(|columns| columns.other_customers.iter());
    account
        .customer
        .iter()
        .chain(others)
        .filter(|id| !id.as_str().trim().is_empty())
        .cloned()
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::contract::{Money, Severity, Subject, Summary};

    fn finding(rule: Rule, entity: &str, customer: &str) -> Finding {
        let account = entity.strip_prefix("user:");
        Finding {
            rule,
            severity: Severity::High,
            entity: contract::testing::entity(entity),
            message: "".into(),
            fix: "".into(),
            subject: Subject {
                account: account.map(Into::into),
                customer: Some(customer.into()),
                ..Subject::default()
            },
            evidence: Vec::new().into(),
            amount: Money::default(),
            items_without_amount: 0,
            shares: Box::default(),
            mentions: None,
            fingerprint: String::new().into(),
        }
    }

    /// Returns the confirmed findings of the second read, and the number of settled ones.
    fn kept(first: &[Finding], second: &[Finding]) -> (Vec<String>, u64) {
        let evaluation = |findings: &[Finding]| Evaluation {
            advice: Vec::new(),
            findings: findings.to_vec(),
            summary: Summary::default(),
        };
        let mut second = evaluation(second);
        keep_confirmed(&mut second, &evaluation(first));
        let text = |finding: &Finding| format!("{} {}", finding.rule, finding.entity);
        let counted: u64 = second.summary.by_rule.values().sum();
        assert_eq!(counted, u64::try_from(second.findings.len()).expect("few"));
        let kept = second.findings.iter().map(text).collect();
        (kept, second.summary.settled)
    }

    #[test]
    fn a_wrong_derivation_is_known_by_its_features() {
        let prices = |all: &[(&str, &str)]| {
            let of_customer = all.iter().map(|(customer, feature)| {
                contract::testing::subscription(customer, "active", feature)
            });
            let accounts = ["1", "2", "3", "4"].map(contract::testing::account);
            prices_of_customers(&contract::testing::facts(
                accounts,
                of_customer.collect::<Vec<_>>(),
            ))
        };
        let derived = [("1", "pro"), ("2", "pro"), ("3", "team")];
        let wrong = |stated: &[(&str, &str)]| {
            let derived = prices(&derived);
            let wrong = differing(&derived, &prices(stated));
            let sets = derived_sets(&derived, &wrong).into_iter();
            let text = |set: &BTreeSet<PriceId>| {
                let names: Vec<_> = set.iter().map(PriceId::as_str).collect();
                names.join("+")
            };
            sets.map(text).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&derived), [""; 0]);
        assert_eq!(wrong(&[("1", "pro"), ("2", "pro")]), ["team"]);
        assert_eq!(
            wrong(&[("1", "basic"), ("2", "pro"), ("3", "team")]),
            ["pro"]
        );
        // The fourth was thought to have nothing.
        let bought_once = [derived[0], derived[1], derived[2], ("4", "pro")];
        assert_eq!(wrong(&bought_once), [""]);
    }

    #[test]
    fn only_findings_of_both_reads_are_kept() {
        let [a, b, c, d] = ["user:a", "user:b", "user:c", "user:d"]
            .map(|entity| finding(Rule::RevenueLeak, entity, "cus_1"));
        assert_eq!(
            kept(&[a, b.clone(), d], &[b, c]),
            (vec!["revenue-leak user:b".to_owned()], 2)
        );
    }

    #[test]
    fn a_confirmed_finding_may_have_another_rule() {
        for (rule, customer) in [
            (Rule::WrongfulAccess, "cus_1"),
            // Another of the account's customers is decisive.
            (Rule::NoSubscription, "cus_2"),
        ] {
            let first = [finding(Rule::NoSubscription, "user:a", "cus_1")];
            let second = [
                finding(rule, "user:a", customer),
                finding(rule, "user:b", customer),
            ];
            assert_eq!(kept(&first, &second), (vec![format!("{rule} user:a")], 0));
        }
        let first = [
            finding(Rule::RevenueLeak, "user:a", "cus_1"),
            finding(Rule::StatusDrift, "user:a", "cus_1"),
        ];
        let (_, settled) = kept(&first, &first[..1]);
        assert_eq!(settled, 1);
    }

    #[test]
    fn a_customer_is_not_an_account_nor_the_other_way_round() {
        let leak = finding(Rule::RevenueLeak, "user:a", "cus_1");
        let orphan = finding(Rule::OrphanSubscription, "customer:cus_1", "cus_1");
        assert_eq!(kept(from_ref(&leak), from_ref(&orphan)), (vec![], 1));
        assert_eq!(kept(from_ref(&orphan), &[leak]), (vec![], 1));
        let double = finding(Rule::DoubleSubscription, "customer:cus_1", "cus_1");
        assert_eq!(kept(&[orphan], &[double]).0.len(), 1);
    }

    #[test]
    fn a_mismatch_and_its_orphan_confirm_each_other() {
        let mut mismatch = finding(Rule::CustomerMismatch, "user:a", "cus_old");
        mismatch.subject.named = ["cus_new".to_owned()].into();
        let orphan = finding(Rule::OrphanSubscription, "customer:cus_new", "cus_new");
        assert_eq!(kept(from_ref(&mismatch), from_ref(&orphan)).0.len(), 1);
        assert_eq!(kept(&[orphan], &[mismatch]).0.len(), 1);
    }
}
