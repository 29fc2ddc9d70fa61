//! Two reads before accusing: webhooks lag, so only what a second read shows too is a finding.

use std::collections::BTreeSet;

use super::{failure::Failure, provider::replace, sides::Sides};
use crate::contract::{
    AccountId, Contract, CustomerId, Evaluation, Facts, Finding, Rule, Source, UnixSeconds,
    evaluate,
};

/// Reads again the accounts and customers that the findings are about, and keeps what both reads show.
pub(crate) async fn confirm(
    contract: &Contract,
    sides: &Sides<'_>,
    facts: &mut Facts,
    first: Evaluation,
    now: UnixSeconds,
) -> Result<Evaluation, Failure> {
    read_accounts(sides, facts, &first.findings).await?;
    read_customers(contract, sides, facts, &first.findings).await?;
    let mut second = evaluate(contract, facts, now).map_err(|error| Failure::of(&error))?;
    keep_confirmed(&mut second, &first);
    Ok(second)
}

/// What the second read shows and the first one did not is as unconfirmed as the other way round.
fn keep_confirmed(second: &mut Evaluation, first: &Evaluation) {
    let shown: BTreeSet<_> = first
        .findings
        .iter()
        .map(|finding| &finding.fingerprint)
        .collect();
    second
        .findings
        .retain(|finding| shown.contains(&finding.fingerprint));
    second.summary.count_findings(&second.findings);
    let settled = first.findings.len().saturating_sub(second.findings.len());
    second.summary.settled = u64::try_from(settled).unwrap_or(u64::MAX);
}

/// An account that was linked in the meantime is found by no id that is known yet, so that a customer without accounts
/// takes a read of all of them.
async fn read_accounts(
    sides: &Sides<'_>,
    facts: &mut Facts,
    findings: &[Finding],
) -> Result<(), Failure> {
    let needs_all = |finding: &Finding| {
        matches!(
            finding.rule,
            Rule::OrphanSubscription | Rule::DuplicateCustomer | Rule::UnlinkedAccess
        )
    };
    if findings.iter().any(needs_all) {
        facts.accounts = sides.read_accounts().await?.accounts;
        return Ok(());
    }
    let ids: BTreeSet<_> = findings
        .iter()
        .filter_map(|finding| finding.subject.account.as_deref())
        .map(AccountId::from)
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = ids.into_iter().collect();
    let again = sides.read_accounts_again(&ids).await?;
    facts
        .accounts
        .retain(|account| ids.binary_search(&account.id).is_err());
    facts.accounts.extend(again.accounts);
    Ok(())
}

/// Asks for each customer, or lists everything again where that takes fewer requests.
async fn read_customers(
    contract: &Contract,
    sides: &Sides<'_>,
    facts: &mut Facts,
    findings: &[Finding],
) -> Result<(), Failure> {
    let customers: BTreeSet<_> = findings
        .iter()
        .filter_map(|finding| finding.subject.customer.as_deref())
        .map(CustomerId::from)
        .collect();
    let customers: Vec<_> = customers.into_iter().collect();
    let is_listed = contract.source != Source::StripeEntitlements;
    if is_listed && u64::try_from(customers.len()).unwrap_or(u64::MAX) > sides.requests() {
        return sides.read_provider_again(facts).await;
    }
    if customers.is_empty() {
        return Ok(());
    }
    let again = sides.read_customers(&customers).await?;
    replace(facts, &customers, again.subscriptions);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Finding, Money, Severity, Subject, Summary};

    fn evaluation(fingerprints: &[&str]) -> Evaluation {
        let finding = |fingerprint: &&str| Finding {
            rule: Rule::RevenueLeak,
            severity: Severity::High,
            entity: String::new(),
            message: String::new(),
            fix: String::new(),
            subject: Subject::default(),
            evidence: Vec::new(),
            amount: Money::default(),
            items_without_amount: 0,
            fingerprint: (*fingerprint).to_owned(),
        };
        Evaluation {
            advice: Vec::new(),
            findings: fingerprints.iter().map(finding).collect(),
            summary: Summary::default(),
        }
    }

    #[test]
    fn only_what_both_reads_show_is_kept_and_the_rest_of_the_first_counts_as_settled() {
        let mut second = evaluation(&["b", "c"]);
        keep_confirmed(&mut second, &evaluation(&["a", "b", "d"]));
        let kept: Vec<_> = second
            .findings
            .iter()
            .map(|finding| finding.fingerprint.as_str())
            .collect();
        assert_eq!(kept, ["b"]);
        assert_eq!(second.summary.settled, 2);
        assert_eq!(second.summary.by_rule.get(&Rule::RevenueLeak), Some(&1));
    }
}
