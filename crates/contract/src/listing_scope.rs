//! Decides which subscriptions must be listed, and which customers need an individual lookup afterwards.

use std::collections::BTreeSet;

use super::{
    Account, AccountId, Contract, CustomerId, Facts, Field, MatchOn, Status, SubscriptionId,
    UnixSeconds,
    access::CustomerAccess,
    case::Case,
    customers::{CustomerNumber, Link},
    guards,
    rules::{self, RuleListing},
};

/// Subscriptions that have to be listed before customers can be looked up one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListingScope {
    /// All of them, including ended ones.
    Everything,
    /// All that are not canceled, even with a status that this version does not know, and those with one of `statuses`.
    NotCanceled { statuses: BTreeSet<Status> },
    /// Those with one of these statuses.
    Statuses(BTreeSet<Status>),
}

impl Contract {
    /// Returns the subscriptions to list. Together with all subscriptions of the customers that [`follow_up`] returns, they
    /// give the verdict of a full listing.
    pub fn listing_scope(&self) -> ListingScope {
        // Entitlements have no statuses, and an account that stores only a subscription has no customer to look up.
        if !self.source.has_subscriptions() || self.match_on == MatchOn::SubscriptionId {
            return ListingScope::Everything;
        }
        // Otherwise every account that ever had a subscription would need a lookup.
        if self.needs(RuleListing::OfStoredStatuses) && self.columns.contains_key(&Field::Status) {
            return ListingScope::Everything;
        }
        let mut needed: BTreeSet<_> = self.statuses.grant.iter().cloned().collect();
        if self.needs(RuleListing::Charged) {
            needed.extend(rules::CHARGED);
        }
        let looks_for_unknown = self.needs(RuleListing::UnknownStatuses);
        if looks_for_unknown {
            let known = |status: &Status| {
                self.statuses.grant.contains(status) || self.statuses.deny.contains(status)
            };
            needed.extend(Status::KNOWN.into_iter().filter(|status| !known(status)));
        }
        if needed.contains(&Status::Canceled) {
            return ListingScope::Everything;
        }
        // A custom status cannot be requested by name.
        let is_custom = |status: &Status| matches!(status, Status::Other(_));
        if looks_for_unknown || needed.iter().any(is_custom) {
            // It is not documented whether the listing without a filter contains `incomplete_expired`.
            needed.retain(|status| *status == Status::IncompleteExpired);
            return ListingScope::NotCanceled { statuses: needed };
        }
        ListingScope::Statuses(needed)
    }

    /// Returns true if an enabled rule needs these subscriptions.
    fn needs(&self, listing: RuleListing) -> bool {
        let mut wanted = self.severities.keys().filter_map(|rule| rule.definition());
        wanted.any(|definition| definition.listing == listing)
    }
}

/// The lookups that are still needed after only the subscriptions of [`Contract::listing_scope`] were listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// True if no account is linked to the customer of a listed subscription, as in
    /// [`super::Unanswerable::NoCustomerKnown`].
    pub no_known_customer: bool,
    /// Customers for whom a rule could decide otherwise if all their subscriptions were known, sorted by id.
    pub customers: Vec<CustomerId>,
    /// Subscriptions that accounts store and that were not listed, if accounts are matched by subscription.
    pub unlisted: Vec<SubscriptionId>,
    /// Paying customers without an account whose metadata may name one, sorted by id.
    pub unexplained: Vec<CustomerId>,
}

/// Maximum number of paying customers without an account to look up. If there are more, they probably belong to another
/// product, and none is looked up.
const MAX_UNEXPLAINED: usize = 100;

/// Returns the accounts that paying customers without an account name in their metadata, sorted by id. They may not exist.
pub fn named_accounts(contract: &Contract, facts: &Facts, now: UnixSeconds) -> Vec<AccountId> {
    let named = rules::named_accounts(&Case::new(contract, facts, now));
    named.into_iter().collect()
}

/// Determines the lookups that could still change the verdict on `facts`.
pub fn follow_up(contract: &Contract, facts: &Facts, now: UnixSeconds) -> FollowUp {
    let case = Case::new(contract, facts, now);
    let lookups = LookupNeeds::new(&case);
    let links = case.customers.accounts().filter_map(|(_, link)| link);
    let undecided = links
        .filter(|link| lookups.are_needed_for(link))
        .flat_map(|link| link.holder.customers().collect::<Vec<_>>());
    let key = |customer| case.customers.key(customer);
    let (mut customers, mut unlisted) = (Vec::new(), Vec::new());
    match contract.match_on {
        MatchOn::CustomerId => {
            let keys: BTreeSet<_> = undecided.filter_map(key).collect();
            customers = keys.into_iter().map(CustomerId::from).collect();
        }
        MatchOn::SubscriptionId => {
            let is_unlisted =
                |number: &CustomerNumber| case.customers.subscriptions(*number).next().is_none();
            let keys: BTreeSet<_> = undecided.filter(is_unlisted).filter_map(key).collect();
            unlisted = keys.into_iter().map(SubscriptionId::from).collect();
        }
    }
    FollowUp {
        no_known_customer: guards::check_known_customers(&case, &case.summary()).is_err(),
        customers,
        unlisted,
        unexplained: rules::unexplained_customers(&case, MAX_UNEXPLAINED),
    }
}

/// The parts of the contract that decide if a customer without a granting subscription needs a lookup.
struct LookupNeeds<'c, 'f> {
    case: &'c Case<'f>,
    /// True if accounts with access need one.
    for_paid: bool,
    /// True if accounts without access that store a paid plan need one.
    for_stored_plan: bool,
    /// True if accounts that store a status need one.
    for_stored_status: bool,
}

impl<'c, 'f> LookupNeeds<'c, 'f> {
    fn new(case: &'c Case<'f>) -> Self {
        let needs = |listing| case.contract.needs(listing);
        let grace = case.contract.grace;
        let in_grace = (grace.past_due.is_some() || grace.canceled.is_some())
            && needs(RuleListing::OfPaidAccountsInGrace);
        let with_unlinked_payers = needs(RuleListing::OfPaidAccountsWithUnlinkedPayers)
            && rules::has_unlinked_payers(case);
        Self {
            case,
            for_paid: needs(RuleListing::OfPaidAccounts) || in_grace || with_unlinked_payers,
            for_stored_plan: needs(RuleListing::OfStoredPlans),
            for_stored_status: needs(RuleListing::OfStoredStatuses)
                && case.facts.mapped.contains(&Field::Status),
        }
    }

    /// Returns true if the listed subscriptions do not decide the verdict on this account.
    fn are_needed_for(&self, link: &Link<'_, '_>) -> bool {
        let Self { case, .. } = self;
        if case.is_exempt(link.account) {
            return false;
        }
        match case.state(&link.holder) {
            // One granting subscription is enough, whatever else exists.
            Ok(CustomerAccess::Granting) => false,
            // `unmapped-price` counts unjudged accounts, unless another subscription puts them in grace.
            Ok(CustomerAccess::Unjudged) => true,
            // The error is that a subscription lacks a time that its grace depends on. Another one may grant access.
            Ok(CustomerAccess::InGrace | CustomerAccess::NotGranting | CustomerAccess::None)
            | Err(_) => self.has_rule_about(link.account),
        }
    }

    /// Returns true if a rule about this account depends on subscriptions that were not listed.
    fn has_rule_about(&self, account: &Account) -> bool {
        let stored = account.columns.as_deref();
        let stored = stored.and_then(|columns| columns.status.as_deref());
        (account.paid && self.for_paid)
            || (!account.paid
                && self.for_stored_plan
                && rules::stores_paid_plan(self.case, account))
            || (self.for_stored_status && stored.is_some_and(|status| !status.trim().is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccountColumns, ColumnName, Rule, Severity, Source, Statuses,
        testing::{NOW, account, contract, facts, subscription},
    };

    fn without(rules: &[Rule]) -> Contract {
        let mut contract = contract();
        for rule in rules {
            contract.severities.remove(rule);
        }
        contract
    }

    fn names(contract: &Contract, facts: &Facts) -> Vec<String> {
        let follow_up = follow_up(contract, facts, NOW);
        follow_up
            .customers
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_history_is_listed_only_if_a_rule_needs_it() {
        let none = BTreeSet::new;
        assert_eq!(
            contract().listing_scope(),
            ListingScope::NotCanceled { statuses: none() }
        );
        let named = without(&[Rule::UnknownStatus]).listing_scope();
        assert_eq!(
            named,
            ListingScope::Statuses(BTreeSet::from(rules::CHARGED))
        );
        let granting = without(&[Rule::UnknownStatus, Rule::OrphanSubscription]).listing_scope();
        assert_eq!(
            granting,
            ListingScope::Statuses([Status::Active, Status::Trialing].into())
        );

        let mut own_words = without(&[Rule::UnknownStatus]);
        own_words.statuses = Statuses::new(Some(vec![Status::parse("lifetime")]), None);
        assert_eq!(
            own_words.listing_scope(),
            ListingScope::NotCanceled { statuses: none() }
        );
        let mut expired = contract();
        expired.statuses = Statuses::new(
            None,
            Some(vec![
                Status::PastDue,
                Status::Unpaid,
                Status::Canceled,
                Status::Incomplete,
                Status::Paused,
            ]),
        );
        let statuses = [Status::IncompleteExpired].into();
        assert_eq!(
            expired.listing_scope(),
            ListingScope::NotCanceled { statuses }
        );

        let mut canceled = contract();
        canceled.statuses = Statuses::new(Some(vec![Status::Canceled]), None);
        assert_eq!(canceled.listing_scope(), ListingScope::Everything);
        let mut unjudged = contract();
        unjudged.statuses = Statuses::new(None, Some(vec![Status::PastDue]));
        assert_eq!(unjudged.listing_scope(), ListingScope::Everything);
        let mut status = contract();
        let column = ColumnName::Column("status".to_owned());
        status.columns.insert(Field::Status, column);
        assert_eq!(status.listing_scope(), ListingScope::Everything);
        status.severities.remove(&Rule::StatusDrift);
        assert_eq!(
            status.listing_scope(),
            ListingScope::NotCanceled { statuses: none() }
        );
        let mut by_subscription = contract();
        by_subscription.match_on = MatchOn::SubscriptionId;
        assert_eq!(by_subscription.listing_scope(), ListingScope::Everything);
        let of_entitlements = Contract::new(Source::StripeEntitlements);
        assert_eq!(of_entitlements.listing_scope(), ListingScope::Everything);
        assert_eq!(
            Contract::new(Source::Paddle).listing_scope(),
            ListingScope::NotCanceled { statuses: none() }
        );
    }

    #[test]
    fn granting_customers_need_no_lookup() {
        let mut world = facts(
            [
                account("paying").paid(),
                account("gone").paid(),
                account("late").paid(),
                account("free"),
                account("gift").paid().exempt(),
                account("stale").plan("pro"),
                account("cleared").plan("free"),
            ],
            [
                subscription("paying", "active", "price_pro"),
                subscription("late", "past_due", "price_pro"),
            ],
        );
        world.mapped.insert(Field::Plan);
        assert_eq!(
            names(&contract(), &world),
            ["cus_gone", "cus_late", "cus_stale"]
        );
        let lenient = without(&[Rule::WrongfulAccess, Rule::NoSubscription]);
        assert_eq!(names(&lenient, &world), ["cus_stale"]);
    }

    #[test]
    fn a_stored_status_and_an_unjudged_customer_are_looked_up() {
        let mut world = facts(
            [
                account("word").columns(AccountColumns {
                    status: Some("canceled".into()),
                    ..AccountColumns::default()
                }),
                account("empty").columns(AccountColumns::default()),
                account("odd"),
            ],
            [subscription("odd", "active", "price_nobody_mapped")],
        );
        assert_eq!(names(&contract(), &world), ["cus_odd"]);
        world.mapped.insert(Field::Status);
        assert_eq!(names(&contract(), &world), ["cus_odd", "cus_word"]);
        let mut contract = contract();
        contract.severities.remove(&Rule::StatusDrift);
        contract.severities.insert(Rule::StalePlan, Severity::Low);
        assert_eq!(names(&contract, &world), ["cus_odd"]);
    }

    #[test]
    fn paid_accounts_are_looked_up_if_a_stranger_pays() {
        let mut only_mismatches = contract();
        let is_mismatch = |rule: &Rule, _: &mut Severity| *rule == Rule::CustomerMismatch;
        only_mismatches.severities.retain(is_mismatch);
        let paid = account("1").paid().plan("pro");
        let stranger = subscription("9", "active", "price_pro");
        let alone = facts([paid.clone()], []);
        assert_eq!(names(&only_mismatches, &alone), [""; 0]);
        let beside = facts([paid], [stranger]);
        assert_eq!(names(&only_mismatches, &beside), ["cus_1"]);

        // With entitlements or a match by subscription, there is nobody to look for.
        let changes: [fn(&mut Contract); 2] = [
            |contract| contract.source = Source::StripeEntitlements,
            |contract| contract.match_on = MatchOn::SubscriptionId,
        ];
        for change in changes {
            let mut other = only_mismatches.clone();
            change(&mut other);
            assert_eq!(follow_up(&other, &beside, NOW).unexplained, []);
        }
        let unexplained = follow_up(&only_mismatches, &beside, NOW).unexplained;
        assert_eq!(unexplained, [CustomerId::from("cus_9")]);
    }

    #[test]
    fn too_many_paying_strangers_are_not_looked_up() {
        let unexplained = |strangers: usize| {
            let pays = |number: usize| subscription(&number.to_string(), "active", "price_pro");
            let world = facts([account("a")], (0..strangers).map(pays));
            follow_up(&contract(), &world, NOW).unexplained.len()
        };
        assert_eq!(unexplained(MAX_UNEXPLAINED), MAX_UNEXPLAINED);
        assert_eq!(unexplained(MAX_UNEXPLAINED + 1), 0);
    }
}
