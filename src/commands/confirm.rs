//! Reads the accounts and customers of findings again. Since webhooks lag, only findings of both reads are reported; and
//! what was derived for these customers is replaced by what the provider states.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{derived::DerivedPrices, failure::Failure};
use crate::{
    contract::{
        Account, AccountId, Contract, CustomerId, Evaluation, Facts, Finding, MatchOn, Rule,
        RuleColumn, evaluate, text::counted,
    },
    notice,
    problem::ErrorCode,
    sources::{Sources, replace_subscriptions},
};

/// The second read of a contract.
pub(crate) struct SecondRead<'c> {
    pub(crate) contract: &'c Contract,
    pub(crate) sources: &'c Sources<'c>,
    /// Time to wait for webhooks. `None` if findings need no confirmation.
    pub(crate) wait: Option<Duration>,
}

impl SecondRead<'_> {
    /// Reads the accounts and customers of the findings again, and returns the findings of both reads. `derived` are the
    /// customers whose facts were derived in the first read. If that was wrong for one of them, other findings may be wrong
    /// or missing, so the corrected facts count as the first read.
    pub(crate) async fn confirm(
        &self,
        facts: &mut Facts,
        derived: &BTreeSet<CustomerId>,
        mut first: Evaluation,
    ) -> Result<Evaluation, Failure> {
        let mut derived = DerivedPrices::new(facts, derived);
        while !first.findings.is_empty() && (self.wait.is_some() || !derived.is_empty()) {
            let read = self.read(facts, &derived, &first.findings).await?;
            let was_wrong = self.correct(facts, &mut derived, &read).await?;
            let mut second = evaluate(self.contract, facts, self.sources.now)?;
            if !was_wrong {
                if self.wait.is_some() {
                    keep_confirmed(&mut second, &first);
                }
                return Ok(second);
            }
            first = second;
        }
        Ok(first)
    }

    /// Reads the accounts and customers of the findings; without a wait, only the customers whose facts were derived.
    /// Returns the customers.
    async fn read(
        &self,
        facts: &mut Facts,
        derived: &DerivedPrices,
        findings: &[Finding],
    ) -> Result<BTreeSet<CustomerId>, Failure> {
        let Self {
            contract, sources, ..
        } = *self;
        if let Some(wait) = self.wait {
            notice::say(&second_read_notice(findings.len(), wait));
            tokio::time::sleep(wait).await;
            read_accounts(sources, facts, findings).await?;
        }
        let mut customers = customers_of_findings(contract, sources, facts, findings).await?;
        if self.wait.is_none() {
            customers.retain(|customer| derived.contains(customer));
        }
        read_customers(sources, facts, &customers).await?;
        Ok(customers)
    }

    /// Compares what the provider has stated about customers with what was derived for them. If that was wrong, reads all
    /// customers for whom the same was derived, and returns true.
    async fn correct(
        &self,
        facts: &mut Facts,
        derived: &mut DerivedPrices,
        read: &BTreeSet<CustomerId>,
    ) -> Result<bool, Failure> {
        let billing = &self.sources.billing;
        let mut wrong = derived.take_wrong(facts, read);
        if !wrong.is_empty() {
            // Without the events, nothing explains the difference.
            let changed = billing.changed_from(&wrong).await.unwrap_or_default();
            wrong.retain(|customer, _| !changed.contains(customer));
        }
        let alike = derived.take_alike(&wrong);
        if !alike.is_empty() {
            let requests = counted(billing.lookup_requests(alike.len()), "more request");
            notice::say(&format!(
                "Reading customers one by one, as an answer differs from what follows from the lists: {requests}"
            ));
            let again = billing.customers(&alike).await?;
            replace_subscriptions(facts, &alike, again.subscriptions);
        }
        Ok(!wrong.is_empty())
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
    let listed: Vec<_> = ids.iter().cloned().collect();
    let again = sources.accounts.by_id(&listed).await?;
    facts.accounts.retain(|account| !ids.contains(&account.id));
    facts.accounts.extend(again.accounts);
    Ok(())
}

/// Returns the ids of the accounts with findings.
fn accused_accounts(findings: &[Finding]) -> BTreeSet<AccountId> {
    findings
        .iter()
        .filter_map(|finding| finding.subject.account.as_deref())
        .map(AccountId::from)
        .collect()
}

/// Returns the customers that the findings are about.
async fn customers_of_findings(
    contract: &Contract,
    sources: &Sources<'_>,
    facts: &Facts,
    findings: &[Finding],
) -> Result<BTreeSet<CustomerId>, Failure> {
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
    Ok(customers)
}

/// Reads each customer again, or lists everything if that takes fewer requests.
async fn read_customers(
    sources: &Sources<'_>,
    facts: &mut Facts,
    customers: &BTreeSet<CustomerId>,
) -> Result<(), Failure> {
    let ids: Vec<_> = customers.iter().cloned().collect();
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
    let is_accused = |account: &&Account| ids.contains(&account.id);
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
        match sources.billing.owners(&unknown).await {
            Ok(found) => owners.extend(found),
            // The first read took it for unknown.
            Err(failure) if failure.problem.code == ErrorCode::ModeMismatch => {}
            Err(failure) => return Err(failure),
        }
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
