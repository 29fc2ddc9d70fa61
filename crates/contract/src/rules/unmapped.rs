//! Finds prices, or features, that the contract neither maps nor ignores.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    definition::{RuleCorrection, RuleExplanation},
    no_finding::NoFinding,
};
use crate::{
    Entity, PriceId, Rule, Severity, Subject, Subscription, SubscriptionId,
    access::{CustomerAccess, PriceMeaning, SubscriptionAccess},
    case::{Case, FindingDraft, SharedCustomerState},
    customers::CustomerNumber,
    text::counted,
};

/// Maximum number of a price's subscriptions in a finding.
const MAX_NAMED: usize = 3;

#[derive(Debug, Default)]
struct Tally<'f> {
    subscriptions: u64,
    /// Smallest subscription ids.
    named: BTreeSet<&'f SubscriptionId>,
    /// Number of linked accounts that cannot be judged because of this price.
    unjudged_accounts: u64,
}

/// Reports one finding of the rule per price.
pub(super) fn report_unmapped(rule: Rule, case: &Case<'_>) {
    let mut tallies: BTreeMap<&PriceId, Tally<'_>> = BTreeMap::new();
    let mut deciding: BTreeMap<CustomerNumber, BTreeSet<&PriceId>> = BTreeMap::new();
    for customer in case.customers.all() {
        for subscription in case.subscriptions(customer) {
            if !case.contract.grants_by_status(subscription) {
                continue;
            }
            let access = case.contract.access(subscription, None, case.now);
            for price in unmapped_prices(case, subscription) {
                let tally = tallies.entry(price).or_default();
                tally.subscriptions += 1;
                tally.named.insert(&subscription.id);
                if tally.named.len() > MAX_NAMED {
                    tally.named.pop_last();
                }
                if access == SubscriptionAccess::Unjudged {
                    deciding.entry(customer).or_default().insert(price);
                }
            }
        }
    }
    count_unjudged(case, &deciding, &mut tallies);
    for (price, tally) in tallies {
        report(case, rule, price, &tally);
    }
}

fn unmapped_prices<'f>(case: &Case<'f>, subscription: &'f Subscription) -> BTreeSet<&'f PriceId> {
    let items = subscription.items.iter();
    items
        .filter(|item| case.contract.price_meaning(&item.price) == PriceMeaning::Unmapped)
        .map(|item| &item.price.id)
        .collect()
}

/// Counts the accounts that would be judged if the prices in `deciding` were mapped. `deciding` holds the prices that
/// prevent a judgement, by customer.
fn count_unjudged(
    case: &Case<'_>,
    deciding: &BTreeMap<CustomerNumber, BTreeSet<&PriceId>>,
    tallies: &mut BTreeMap<&PriceId, Tally<'_>>,
) {
    for customer in deciding.keys() {
        let mut states = SharedCustomerState::default();
        for link in case.customers.links_of(*customer) {
            let mut others = link.holder.customers();
            // Count an account of several customers once.
            let is_first =
                others.find(|customer| deciding.contains_key(customer)) == Some(*customer);
            if !is_first || case.is_exempt(link.account) {
                continue;
            }
            // The accounts were judged before, so a missing access cannot be an error here.
            if states.get(case, &link.holder) != Ok(CustomerAccess::Unjudged) {
                continue;
            }
            let customers = link.holder.customers();
            let prices: BTreeSet<_> = customers
                .filter_map(|customer| deciding.get(&customer))
                .flatten()
                .collect();
            for price in prices {
                if let Some(tally) = tallies.get_mut(*price) {
                    tally.unjudged_accounts += 1;
                }
            }
        }
    }
}

fn report(case: &Case<'_>, rule: Rule, price: &PriceId, tally: &Tally<'_>) {
    let is_feature = rule == Rule::UnmappedFeature;
    let (kind, carrier) = if is_feature {
        ("feature", "customer")
    } else {
        ("price", "subscription")
    };
    let carried_by = counted(tally.subscriptions, carrier);
    let named: Vec<_> = tally.named.iter().map(ToString::to_string).collect();
    let consequence = match tally.unjudged_accounts {
        0 => "All accounts can still be judged.".to_owned(),
        accounts => format!(
            "Unmapped {kind} — {} cannot be judged.",
            counted(accounts, &case.contract.entity)
        ),
    };
    let id = price.as_str();
    let entity = if is_feature {
        Entity::feature(id)
    } else {
        Entity::price(id)
    };
    let draft = FindingDraft {
        message: format!(
            "{} {price} of {carried_by} is neither in `plans` nor in `ignore_prices`.\n{consequence}",
            if is_feature { "Feature" } else { "Price" },
        ),
        fix: format!(
            "Add `{price}: <plan as stored>` to `plans` in prodverdict.yml, or add it to `ignore_prices`."
        ),
        subject: Subject {
            price: Some(price.to_string().into()),
            subscription: named.first().filter(|_| !is_feature).map(Into::into),
            named: named.clone().into(),
            ..Subject::default()
        },
        evidence: vec![format!(
            "carried by {carried_by}, among them {}",
            named.join(", ")
        )],
        max_severity: (tally.unjudged_accounts == 0).then_some(Severity::Low),
        ..FindingDraft::default()
    };
    case.report(rule, entity, draft);
}

pub(super) const EXPLAIN_PRICES: RuleExplanation = RuleExplanation::Customer(|_, _| {
    NoFinding::Holds("every price that grants is in `plans` or in `ignore_prices`".to_owned())
});

pub(super) const EXPLAIN_FEATURES: RuleExplanation = RuleExplanation::Customer(|_, _| {
    NoFinding::Holds("every granted feature is in `plans` or in `ignore_prices`".to_owned())
});

pub(super) const CORRECT: RuleCorrection =
    RuleCorrection::ByHand("no row is wrong: complete prodverdict.yml");

#[cfg(test)]
mod tests {
    use crate::{
        PricePattern, Rule, Severity, Source,
        testing::{account, contract, facts, found, item, judge, only, subscription},
    };

    #[test]
    fn an_unmapped_price_that_hides_an_account_is_high() {
        let world = facts(
            [account("1").paid(), account("2")],
            (1..=4).map(|n| subscription(&n.to_string(), "active", "price_new")),
        );
        let mut quiet = contract();
        quiet.severities.remove(&Rule::OrphanSubscription);
        let finding = only(Rule::UnmappedPrice, &quiet, &world);
        assert_eq!(found(&quiet, &world), ["unmapped-price price:price_new"]);
        assert_eq!(finding.severity, Severity::High);
        assert_eq!(*finding.subject.named, ["sub_1", "sub_2", "sub_3"]);
        assert_eq!(
            finding.message,
            "Price price_new of 4 subscriptions is neither in `plans` nor in `ignore_prices`.\n\
             Unmapped price — 2 users cannot be judged."
        );
    }

    #[test]
    fn an_unmapped_price_that_hides_nobody_is_low() {
        let addon =
            subscription("1", "active", "").items([item("price_pro", 1), item("price_addon", 1)]);
        let another_product = subscription("2", "active", "price_product");
        let mapped = subscription("2", "active", "price_pro").id("sub_2b");
        let nobody = subscription("3", "active", "price_nobody");
        let exempt = subscription("4", "active", "price_exempt");
        let world = facts(
            [
                account("1").paid().plan("pro"),
                account("2").paid().plan("pro"),
                account("4").exempt(),
            ],
            [addon, another_product, mapped, nobody, exempt],
        );
        for price in [
            "price_addon",
            "price_product",
            "price_nobody",
            "price_exempt",
        ] {
            let entity = format!("price:{price}");
            let all = crate::testing::findings(&contract(), &world);
            let finding = all
                .iter()
                .find(|finding| *finding.entity == *entity)
                .expect(price);
            assert_eq!(finding.severity, Severity::Low, "{price}");
        }
    }

    #[test]
    fn ignored_mapped_and_dead_prices_are_silent() {
        let mut contract = contract();
        contract.ignore_prices = vec![PricePattern::parse("price_addon_*")];
        let world = facts(
            [account("1").paid().plan("pro"), account("2")],
            [
                subscription("1", "active", "")
                    .items([item("price_pro", 1), item("price_addon_7", 1)]),
                subscription("2", "canceled", "price_old"),
            ],
        );
        assert_eq!(found(&contract, &world), [""; 0]);
    }

    #[test]
    fn a_price_of_a_service_that_is_not_provided_is_silent() {
        let mut void = subscription("1", "active", "price_new");
        void.pause = Some(crate::Pause::Void);
        let world = facts([account("1").paid()], [void]);
        assert_eq!(found(&contract(), &world), [""; 0]);
    }

    #[test]
    fn exempt_accounts_are_not_counted_as_unjudged() {
        let world = facts(
            [account("1"), account("2").customer(Some("cus_1")).exempt()],
            [subscription("1", "active", "price_new")],
        );
        let finding = only(Rule::UnmappedPrice, &contract(), &world);
        assert!(finding.message.ends_with(" 1 user cannot be judged."));
    }

    #[test]
    fn findings_about_entitlements_mention_features() {
        let mut contract = contract();
        contract.source = Source::StripeEntitlements;
        let world = facts(
            [account("1")],
            [subscription("1", "active", "sso").id("cus_1")],
        );
        let finding = only(Rule::UnmappedFeature, &contract, &world);
        assert_eq!(&*finding.entity, "feature:sso");
        assert_eq!(found(&contract, &world), ["unmapped-feature feature:sso"]);
    }

    #[test]
    fn entitlements_are_not_shown_as_subscriptions() {
        let mut contract = contract();
        contract.source = Source::StripeEntitlements;
        let world = facts(
            [account("1")],
            [subscription("1", "active", "price_pro").id("cus_1")],
        );
        let leak = only(Rule::RevenueLeak, &contract, &world);
        assert_eq!(
            (leak.subject.subscription, leak.subject.status),
            (None, None)
        );
        let summary = judge(&contract, &world).expect("an answer").summary;
        assert!(summary.subscriptions.is_empty());
    }
}
