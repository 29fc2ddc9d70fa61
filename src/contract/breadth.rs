//! How much of what a provider has a verdict needs, and whose customers have to be asked about when only that was read.

use std::collections::BTreeSet;

use super::{
    Account, Contract, CustomerId, Facts, Field, MatchOn, Rule, Source, Status, SubscriptionId,
    UnixSeconds, access::CustomerAccess, case::Case, customers::Link, guards, rules,
};

/// The subscriptions that have to be listed before anybody can be asked about one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breadth {
    /// All of them, ended ones too.
    Everything,
    /// Those that the provider lists where no status is asked for, which are all that have not been canceled, and those
    /// of `statuses`. Only so do words show that this version does not know.
    NotCanceled { statuses: BTreeSet<Status> },
    /// Those of these statuses.
    Statuses(BTreeSet<Status>),
}

impl Contract {
    /// What has to be listed, so that together with all that the suspects of [`doubts`] have every verdict is that of a full listing.
    pub fn breadth(&self) -> Breadth {
        // Paddle's listing has no cheaper part that Stripe's reasons would apply to, and an account that stores only a
        // subscription has no customer to ask about.
        if self.source != Source::Stripe || self.match_on == MatchOn::SubscriptionId {
            return Breadth::Everything;
        }
        // Every account that ever had a subscription would be asked about.
        let compares_status = self.severities.contains_key(&Rule::StatusDrift);
        if compares_status && self.columns.contains_key(&Field::Status) {
            return Breadth::Everything;
        }
        let mut needed: BTreeSet<_> = self.statuses.grant.iter().cloned().collect();
        if self.severities.contains_key(&Rule::OrphanSubscription) {
            needed.extend(rules::CHARGED);
        }
        let looks_for_unknown = self.severities.contains_key(&Rule::UnknownStatus);
        if looks_for_unknown {
            let known = |status: &Status| {
                self.statuses.grant.contains(status) || self.statuses.deny.contains(status)
            };
            needed.extend(Status::KNOWN.into_iter().filter(|status| !known(status)));
        }
        if needed.contains(&Status::Canceled) {
            return Breadth::Everything;
        }
        // A word of the contract's own cannot be asked for by name.
        let unheard_of = |status: &Status| matches!(status, Status::Other(_));
        if looks_for_unknown || needed.iter().any(unheard_of) {
            // Whether one that expired counts as canceled is not documented.
            needed.retain(|status| *status == Status::IncompleteExpired);
            return Breadth::NotCanceled { statuses: needed };
        }
        Breadth::Statuses(needed)
    }
}

/// What facts that hold only the subscriptions of [`Contract::breadth`] leave open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubts {
    /// No linked account's customer has any of the subscriptions, as [`super::Unanswerable::NoCustomerKnown`] means it.
    pub nobody_is_known: bool,
    /// The customers about whom a rule could say something else if all that they have were known, in the order of their
    /// ids.
    pub suspects: Vec<CustomerId>,
    /// The subscriptions that accounts store and that were not listed, where accounts are matched by them.
    pub unlisted: Vec<SubscriptionId>,
    /// Customers who pay, and whose metadata could say whose they are. In the order of their ids.
    pub unexplained: Vec<CustomerId>,
}

/// More customers than this that pay and belong to nobody are those of another product.
const MAX_UNEXPLAINED: usize = 100;

/// What a full listing could still change about the verdict on `facts`.
pub fn doubts(contract: &Contract, facts: &Facts, now: UnixSeconds) -> Doubts {
    let case = Case::new(contract, facts, now);
    let question = Question::of(&case);
    let links = case.customers.accounts().filter_map(|(_, link)| link);
    let open = links.filter(|link| question.is_open(link));
    let mut asked: BTreeSet<_> = open
        .flat_map(|link| link.holder.customers().collect::<Vec<_>>())
        .collect();
    let by_subscription = contract.match_on == MatchOn::SubscriptionId;
    if by_subscription {
        asked.retain(|one| case.customers.subscriptions(*one).next().is_none());
    }
    let keys = asked.into_iter().filter_map(|one| case.customers.key(one));
    let (mut suspects, mut unlisted) = (Vec::new(), Vec::new());
    if by_subscription {
        unlisted = keys.map(SubscriptionId::from).collect();
    } else {
        suspects = keys.map(CustomerId::from).collect();
    }
    suspects.sort_unstable();
    unlisted.sort_unstable();
    Doubts {
        nobody_is_known: guards::strangers(&case, &case.summary()).is_err(),
        suspects,
        unlisted,
        unexplained: rules::unexplained_customers(&case, MAX_UNEXPLAINED),
    }
}

/// What the rules of a contract want to know about customers that do not grant.
struct Question<'c, 'f> {
    case: &'c Case<'f>,
    about_paid: bool,
    about_plans: bool,
    about_status: bool,
}

impl<'c, 'f> Question<'c, 'f> {
    fn of(case: &'c Case<'f>) -> Self {
        let about_status =
            case.wants(Rule::StatusDrift) && case.facts.mapped.contains(&Field::Status);
        let grace = case.contract.grace;
        let about_grace = (grace.past_due.is_some() || grace.canceled.is_some())
            && (case.wants(Rule::PlanDrift) || case.wants(Rule::SeatDrift));
        let about_mismatch =
            case.wants(Rule::CustomerMismatch) && rules::has_paying_strangers(case);
        let about_paid = case.wants(Rule::WrongfulAccess) || case.wants(Rule::NoSubscription);
        Self {
            case,
            about_paid: about_paid || about_grace || about_mismatch,
            about_plans: case.wants(Rule::StalePlan),
            about_status,
        }
    }

    fn is_open(&self, link: &Link<'_, '_>) -> bool {
        let Self { case, .. } = self;
        if case.is_exempt(link.account) {
            return false;
        }
        match case.state(&link.holder) {
            // One that grants is enough, whatever else there is.
            Ok(CustomerAccess::Granting) => false,
            // What nobody can judge is counted by `unmapped-price`, unless something else gives grace.
            Ok(CustomerAccess::Unjudged) => true,
            Ok(CustomerAccess::InGrace | CustomerAccess::NotGranting | CustomerAccess::None)
            | Err(_) => self.is_open_about(link.account),
        }
    }

    fn is_open_about(&self, account: &Account) -> bool {
        let stored = account.columns.as_deref();
        let stored = stored.and_then(|columns| columns.status.as_deref());
        (account.paid && self.about_paid)
            || (!account.paid && self.about_plans && rules::stores_paid_plan(self.case, account))
            || (self.about_status && stored.is_some_and(|status| !status.trim().is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{
        AccountColumns, ColumnName, Severity, Statuses,
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
        let doubts = doubts(contract, facts, NOW);
        doubts.suspects.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_history_is_listed_only_where_a_rule_needs_it() {
        let none = BTreeSet::new;
        assert_eq!(
            contract().breadth(),
            Breadth::NotCanceled { statuses: none() }
        );
        let named = without(&[Rule::UnknownStatus]).breadth();
        assert_eq!(named, Breadth::Statuses(BTreeSet::from(rules::CHARGED)));
        let granting = without(&[Rule::UnknownStatus, Rule::OrphanSubscription]).breadth();
        assert_eq!(
            granting,
            Breadth::Statuses([Status::Active, Status::Trialing].into())
        );

        let mut own_words = without(&[Rule::UnknownStatus]);
        own_words.statuses = Statuses::new(Some(vec![Status::parse("lifetime")]), None);
        assert_eq!(
            own_words.breadth(),
            Breadth::NotCanceled { statuses: none() }
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
        assert_eq!(expired.breadth(), Breadth::NotCanceled { statuses });

        let mut canceled = contract();
        canceled.statuses = Statuses::new(Some(vec![Status::Canceled]), None);
        assert_eq!(canceled.breadth(), Breadth::Everything);
        let mut unjudged = contract();
        unjudged.statuses = Statuses::new(None, Some(vec![Status::PastDue]));
        assert_eq!(unjudged.breadth(), Breadth::Everything);
        let mut status = contract();
        let column = ColumnName::Column("status".to_owned());
        status.columns.insert(Field::Status, column);
        assert_eq!(status.breadth(), Breadth::Everything);
        status.severities.remove(&Rule::StatusDrift);
        assert_eq!(status.breadth(), Breadth::NotCanceled { statuses: none() });
        let mut by_subscription = contract();
        by_subscription.match_on = MatchOn::SubscriptionId;
        assert_eq!(by_subscription.breadth(), Breadth::Everything);
        assert_eq!(Contract::new(Source::Paddle).breadth(), Breadth::Everything);
    }

    #[test]
    fn granting_customers_need_no_lookup() {
        let world = facts(
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
        let mut world = world;
        world.mapped.insert(Field::Plan);
        assert_eq!(
            names(&contract(), &world),
            ["cus_gone", "cus_late", "cus_stale"]
        );
        let lenient = without(&[Rule::WrongfulAccess, Rule::NoSubscription]);
        assert_eq!(names(&lenient, &world), ["cus_stale"]);
    }

    #[test]
    fn a_stored_status_and_an_unjudged_customer_are_asked_about() {
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
}
