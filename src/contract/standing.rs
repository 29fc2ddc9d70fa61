//! What one subscription says about access, and what all of a customer's say together.

use super::{
    CanceledGrace, Contract, Item, PlanWords, Price, Source, Status, Subscription, SubscriptionId,
    Unanswerable, UnixSeconds,
};

/// What a price of a subscription is to the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriceMeaning<'c> {
    Ignored,
    /// The plan it stands for.
    Plan(&'c PlanWords),
    Unmapped,
}

/// What one subscription says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// All its prices are ignored: another product in the same provider account.
    LeftOut,
    Grants,
    InGrace,
    /// Nobody is accused on it: its status, its pause or its prices mean nothing to the contract.
    Unjudged,
    Denies,
    /// It would be judged, and a value that this needs is missing.
    Undecidable(Unanswerable),
}

/// What a customer's subscriptions say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Granting,
    InGrace,
    Unjudged,
    NotGranting,
    /// No subscription at all.
    None,
}

impl Contract {
    pub(crate) fn checks_plans(&self) -> bool {
        !self.plans.is_empty()
    }

    pub(crate) fn price_meaning(&self, price: &Price) -> PriceMeaning<'_> {
        if let Some(plan) = self.plans.plan(price) {
            return PriceMeaning::Plan(plan);
        }
        if self
            .ignore_prices
            .iter()
            .any(|pattern| pattern.matches(&price.id))
        {
            return PriceMeaning::Ignored;
        }
        PriceMeaning::Unmapped
    }

    /// The plans that an item list maps to, free ones too.
    pub(crate) fn plans_of<'c>(&'c self, items: &'c [Item]) -> impl Iterator<Item = &'c PlanWords> {
        items
            .iter()
            .filter_map(|item| match self.price_meaning(&item.price) {
                PriceMeaning::Plan(plan) => Some(plan),
                PriceMeaning::Ignored | PriceMeaning::Unmapped => None,
            })
    }

    /// Whether the plan gives no paid access.
    pub(crate) fn is_free(&self, plan: &PlanWords) -> bool {
        plan.words().any(|word| self.free_plans.contains(word))
    }

    pub(crate) fn is_left_out(&self, subscription: &Subscription) -> bool {
        let ignored = |item: &Item| self.price_meaning(&item.price) == PriceMeaning::Ignored;
        !self.ignore_prices.is_empty()
            && !subscription.items.is_empty()
            && subscription.items.iter().all(ignored)
    }

    /// Whether its status grants and its pause does not take the service away; its prices are another question.
    pub(crate) fn grants_by_status(&self, subscription: &Subscription) -> bool {
        self.statuses.grant.contains(&subscription.status) && !is_void(subscription)
    }

    pub(crate) fn standing(&self, subscription: &Subscription, now: UnixSeconds) -> Standing {
        if self.is_left_out(subscription) {
            return Standing::LeftOut;
        }
        if is_void(subscription) {
            return Standing::Unjudged;
        }
        if self.statuses.grant.contains(&subscription.status) {
            return self.standing_by_prices(subscription);
        }
        match self.grace_end(subscription) {
            Err(missing) => Standing::Undecidable(missing),
            Ok(Some(end)) if now < end => Standing::InGrace,
            Ok(_) if self.statuses.deny.contains(&subscription.status) => Standing::Denies,
            Ok(_) => Standing::Unjudged,
        }
    }

    fn standing_by_prices(&self, subscription: &Subscription) -> Standing {
        if !self.checks_plans() || subscription.items.is_empty() {
            return Standing::Grants;
        }
        let mut mapped = false;
        for plan in self.plans_of(&subscription.items) {
            mapped = true;
            if !self.is_free(plan) {
                return Standing::Grants;
            }
        }
        if mapped {
            Standing::Denies
        } else {
            Standing::Unjudged
        }
    }

    /// Until when a subscription that no longer grants is tolerated; none where the contract gives no grace.
    pub(crate) fn grace_end(
        &self,
        subscription: &Subscription,
    ) -> Result<Option<UnixSeconds>, Unanswerable> {
        if !self.statuses.deny.contains(&subscription.status) {
            return Ok(None);
        }
        let missing = |missing, needed_by| Unanswerable::Missing {
            subscription: subscription.id.to_string(),
            missing,
            needed_by,
        };
        if subscription.status == Status::PastDue
            && let Some(seconds) = self.grace.past_due
        {
            let start = subscription.period_start();
            let start =
                start.ok_or_else(|| missing("start of its current period", "`grace.past_due`"))?;
            return Ok(Some(start.plus(seconds)));
        }
        if subscription.status != Status::Canceled {
            return Ok(None);
        }
        match self.grace.canceled {
            None => Ok(None),
            Some(CanceledGrace::For(seconds)) => {
                let end = subscription.ended_at();
                let end =
                    end.ok_or_else(|| missing("time at which it ended", "`grace.canceled`"))?;
                Ok(Some(end.plus(seconds)))
            }
            Some(CanceledGrace::UntilPeriodEnd) => {
                let end = subscription.period_end();
                let end =
                    end.ok_or_else(|| missing("end of its current period", "`grace.canceled`"))?;
                Ok(Some(end))
            }
        }
    }

    /// What all of a customer's subscriptions say: one that grants is enough, and a dead one beside it takes nothing
    /// away. A missing value stops the judgement only where it would decide.
    pub(crate) fn state<'s>(
        &self,
        subscriptions: impl Iterator<Item = &'s Subscription>,
        now: UnixSeconds,
    ) -> Result<State, Unanswerable> {
        let mut state = State::None;
        // The one with the smallest id is reported, so that the order of the facts does not matter.
        let mut undecidable: Option<(&SubscriptionId, Unanswerable)> = None;
        for subscription in subscriptions {
            let says = match self.standing(subscription, now) {
                Standing::LeftOut => continue,
                Standing::Grants => return Ok(State::Granting),
                Standing::InGrace => State::InGrace,
                Standing::Unjudged => State::Unjudged,
                Standing::Denies => State::NotGranting,
                Standing::Undecidable(missing) => {
                    if undecidable
                        .as_ref()
                        .is_none_or(|(id, _)| subscription.id < **id)
                    {
                        undecidable = Some((&subscription.id, missing));
                    }
                    State::NotGranting
                }
            };
            state = state.stronger(says);
        }
        match undecidable {
            Some((_, missing)) if state != State::InGrace => Err(missing),
            _ => Ok(state),
        }
    }
}

impl State {
    /// The one that applies first.
    fn stronger(self, other: Self) -> Self {
        let rank = |state| match state {
            Self::Granting => 0,
            Self::InGrace => 1,
            Self::Unjudged => 2,
            Self::NotGranting => 3,
            Self::None => 4,
        };
        if rank(other) < rank(self) {
            other
        } else {
            self
        }
    }
}

/// The provider's docs say of this pause that the service is not provided, while the status stays `active`.
fn is_void(subscription: &Subscription) -> bool {
    subscription.pause == Some(super::Pause::Void) && subscription.status == Status::Active
}

impl Source {
    /// Whether rules about subscriptions themselves apply: entitlements only stand in for them.
    pub(crate) fn has_subscriptions(self) -> bool {
        match self {
            Self::Stripe | Self::Paddle => true,
            Self::StripeEntitlements => false,
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::contract::testing::{
        DAY, NOW, account, contract, facts, found, item, judge, subscription,
    };

    #[track_caller]
    fn state(contract: &Contract, subscriptions: &[Subscription]) -> State {
        contract.state(subscriptions.iter(), NOW).expect("a state")
    }

    #[test]
    fn statuses_grant_and_deny_as_documented_and_unknown_ones_judge_nobody() {
        for (status, expected) in [
            ("active", State::Granting),
            ("Trialing", State::Granting),
            ("past_due", State::NotGranting),
            ("unpaid", State::NotGranting),
            ("cancelled", State::NotGranting),
            ("incomplete", State::NotGranting),
            ("incomplete_expired", State::NotGranting),
            ("paused", State::NotGranting),
            ("halted", State::Unjudged),
        ] {
            let found = state(&contract(), &[subscription("1", status, "price_pro")]);
            assert_eq!(found, expected, "{status}");
        }
        assert_eq!(state(&contract(), &[]), State::None);
    }

    #[test]
    fn the_first_state_that_applies_wins_in_any_order() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        let mut all = vec![
            subscription("1", "canceled", "price_pro"),
            subscription("1", "halted", "price_pro"),
            subscription("1", "past_due", "price_pro"),
            subscription("1", "active", "price_pro"),
        ];
        for expected in [
            State::Granting,
            State::InGrace,
            State::Unjudged,
            State::NotGranting,
        ] {
            assert_eq!(state(&contract, &all), expected);
            all.reverse();
            assert_eq!(state(&contract, &all), expected);
            all.reverse();
            all.pop();
        }
    }

    #[test]
    fn a_void_pause_judges_nobody_unless_another_grants() {
        let mut paused = subscription("1", "active", "price_pro");
        paused.pause = Some(crate::contract::Pause::Void);
        assert_eq!(state(&contract(), &[paused.clone()]), State::Unjudged);
        let other = subscription("1", "trialing", "price_pro").id("sub_2");
        assert_eq!(
            state(&contract(), &[paused.clone(), other]),
            State::Granting
        );
        // The docs say it of `active` alone: another status means what it means.
        let mut trialing = paused.clone();
        trialing.status = Status::Trialing;
        assert_eq!(state(&contract(), &[trialing]), State::Granting);
        // The pause is read before the lists are.
        let mut denies_active = contract();
        denies_active.statuses = crate::contract::Statuses::new(None, Some(vec![Status::Active]));
        assert_eq!(state(&denies_active, &[paused]), State::Unjudged);
    }

    #[test]
    fn grace_ends_at_its_moment_and_not_before() {
        let mut contract = contract();
        let past_due = subscription("1", "past_due", "price_pro"); // its period began a day ago
        contract.grace.past_due = Some(DAY);
        assert_eq!(
            state(&contract, std::slice::from_ref(&past_due)),
            State::NotGranting
        );
        contract.grace.past_due = Some(DAY + 1);
        assert_eq!(state(&contract, &[past_due]), State::InGrace);

        let canceled = subscription("1", "canceled", "price_pro"); // it ended a day ago
        contract.grace.canceled = Some(CanceledGrace::For(DAY));
        assert_eq!(
            state(&contract, std::slice::from_ref(&canceled)),
            State::NotGranting
        );
        contract.grace.canceled = Some(CanceledGrace::UntilPeriodEnd);
        assert_eq!(state(&contract, &[canceled]), State::InGrace);
    }

    #[test]
    fn in_grace_access_and_no_access_are_both_correct() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        let world = facts(
            [account("1").paid(), account("2")],
            [
                subscription("1", "past_due", "price_pro"),
                subscription("2", "past_due", "price_pro"),
            ],
        );
        assert_eq!(found(&contract, &world), [""; 0]);
    }

    #[test]
    fn grace_without_the_dates_it_needs_is_no_verdict_unless_another_grants() {
        let mut contract = contract();
        contract.grace.past_due = Some(DAY);
        let dateless = subscription("1", "past_due", "price_pro").dateless();
        let mut world = facts([account("1").paid().plan("pro")], [dateless]);
        let error = judge(&contract, &world).expect_err("no verdict");
        assert_eq!(
            error.to_string(),
            "subscription `sub_1` has no start of its current period, which `grace.past_due` needs"
        );
        world
            .subscriptions
            .push(subscription("1", "active", "price_pro").id("sub_2"));
        assert!(judge(&contract, &world).is_ok());
        world.subscriptions.pop();
        // Nobody is judged by it: its account is exempt, or it is a customer of nobody.
        world.accounts[0].exempt = true;
        assert!(judge(&contract, &world).is_ok());
        world
            .subscriptions
            .push(subscription("1", "active", "price_new"));
        assert!(judge(&contract, &world).is_ok());
        world.accounts[0].customer = None;
        assert!(judge(&contract, &world).is_ok());
    }

    #[test]
    fn a_missing_date_decides_nothing_beside_a_subscription_in_grace() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        let dateless = subscription("1", "past_due", "").dateless();
        let in_grace = subscription("1", "past_due", "price_pro");
        assert_eq!(state(&contract, &[dateless, in_grace]), State::InGrace);
    }

    #[test]
    fn a_status_in_neither_list_has_no_grace() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        contract.statuses = crate::contract::Statuses::new(None, Some(vec![Status::Canceled]));
        let past_due = subscription("1", "past_due", "price_pro");
        assert_eq!(state(&contract, &[past_due]), State::Unjudged);
    }

    #[test]
    fn prices_sort_subscriptions() {
        let mut contract = contract();
        contract.ignore_prices = vec![crate::contract::PricePattern::parse("price_other")];
        let says = |prices: &[&str]| {
            let items = prices.iter().map(|price| item(price, 1));
            let subscription = subscription("1", "active", "").items(items);
            contract.standing(&subscription, NOW)
        };
        assert_eq!(says(&["price_pro"]), Standing::Grants);
        assert_eq!(says(&[]), Standing::Grants);
        assert_eq!(says(&["price_other"]), Standing::LeftOut);
        assert_eq!(says(&["price_unknown"]), Standing::Unjudged);
        assert_eq!(says(&["price_unknown", "price_other"]), Standing::Unjudged);
        assert_eq!(says(&["price_unknown", "price_pro"]), Standing::Grants);
        assert_eq!(says(&["price_free"]), Standing::Denies);
        assert_eq!(says(&["price_free", "price_pro"]), Standing::Grants);
    }
}
