//! Access given by one subscription, and by all subscriptions of a customer together.

use std::collections::BTreeSet;

use super::{
    CanceledGrace, Contract, Interval, Item, PauseMeaning, PlanWords, Price, Source, Status,
    Subscription, SubscriptionId, Unanswerable, UnixSeconds,
};

/// Meaning of a subscription's price under the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriceMeaning<'c> {
    Ignored,
    /// The plan that it maps to.
    Plan(&'c PlanWords),
    /// It buys seats and does not determine the plan.
    Seats,
    Unmapped,
}

/// Access given by one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionAccess {
    /// Does not count: it buys only seats, or all its prices are ignored (another product in the same account).
    LeftOut,
    Grants,
    InGrace,
    /// Not judged, for example because the contract gives its status, pause or prices no meaning.
    Unjudged,
    Denies,
    /// It should be judged, but a value that this needs is missing.
    Undecidable(Unanswerable),
}

impl SubscriptionAccess {
    /// Returns the word that an explanation prints.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::LeftOut => "left out",
            Self::Grants => "grants",
            Self::InGrace => "in grace",
            Self::Unjudged => "unjudged",
            Self::Denies => "does not grant",
            Self::Undecidable(_) => "undecided",
        }
    }
}

/// Access given by all subscriptions of a customer together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerAccess {
    Granting,
    InGrace,
    Unjudged,
    NotGranting,
    /// No subscription that counts.
    None,
}

impl CustomerAccess {
    /// Returns the word that an explanation prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granting => "granting",
            Self::InGrace => "in grace",
            Self::Unjudged => "unjudged",
            Self::NotGranting => "not granting",
            Self::None => "none",
        }
    }
}

impl Contract {
    pub(crate) fn checks_plans(&self) -> bool {
        !self.plans.is_empty()
    }

    /// Returns the plan that a price maps to, unless a more specific entry of `ignore_prices` matches it: its id before
    /// its lookup key, product or prefix, and a longer prefix before a shorter one.
    pub fn plan_of(&self, price: &Price) -> Option<&PlanWords> {
        let (key, plan) = self.plans.entry(price)?;
        let mut ignored = self.ignore_prices.iter();
        let is_ignored =
            ignored.any(|pattern| pattern.matches(&price.id) && pattern.is_more_specific_than(key));
        (!is_ignored).then_some(plan)
    }

    pub(crate) fn price_meaning(&self, price: &Price) -> PriceMeaning<'_> {
        if let Some(plan) = self.plan_of(price) {
            return PriceMeaning::Plan(plan);
        }
        if self
            .ignore_prices
            .iter()
            .any(|pattern| pattern.matches(&price.id))
        {
            return PriceMeaning::Ignored;
        }
        if self.is_seat_price(price) {
            return PriceMeaning::Seats;
        }
        PriceMeaning::Unmapped
    }

    /// Returns true if `seats.prices` lists the price.
    pub(crate) fn is_seat_price(&self, price: &Price) -> bool {
        let prices = self.seats.prices.as_deref().unwrap_or_default();
        prices.iter().any(|pattern| pattern.matches(&price.id))
    }

    /// Returns the plans that the items map to, including free ones.
    pub(crate) fn plans_of<'c>(&'c self, items: &'c [Item]) -> impl Iterator<Item = &'c PlanWords> {
        items
            .iter()
            .filter_map(|item| match self.price_meaning(&item.price) {
                PriceMeaning::Plan(plan) => Some(plan),
                PriceMeaning::Ignored | PriceMeaning::Seats | PriceMeaning::Unmapped => None,
            })
    }

    /// Returns true if the plan gives no paid access.
    pub(crate) fn is_free(&self, plan: &PlanWords) -> bool {
        plan.words().any(|word| self.free_plans.contains(word))
    }

    pub(crate) fn is_left_out(&self, subscription: &Subscription) -> bool {
        let ignored = |item: &Item| self.price_meaning(&item.price) == PriceMeaning::Ignored;
        !self.ignore_prices.is_empty()
            && !subscription.items.is_empty()
            && subscription.items.iter().all(ignored)
    }

    /// Returns true if it buys only seats, so that another subscription has to bring the plan.
    pub(crate) fn has_only_seats(&self, subscription: &Subscription) -> bool {
        let mut has_seats = false;
        self.checks_plans()
            && subscription.items.iter().all(|item| {
                let meaning = self.price_meaning(&item.price);
                has_seats |= meaning == PriceMeaning::Seats;
                matches!(meaning, PriceMeaning::Seats | PriceMeaning::Ignored)
            })
            && has_seats
    }

    /// Returns true if its status grants and its pause does not change that. Prices are not checked.
    pub(crate) fn grants_by_status(&self, subscription: &Subscription) -> bool {
        self.statuses.grant.contains(&subscription.status)
            && self.pause_meaning(subscription) == PauseMeaning::Grant
    }

    /// Returns the meaning of its paused collection. As the provider documents it, this applies to `active` only.
    pub(crate) fn pause_meaning(&self, subscription: &Subscription) -> PauseMeaning {
        match &subscription.pause {
            Some(pause) if subscription.status == Status::Active => self.pause.meaning(pause),
            Some(_) | None => PauseMeaning::Grant,
        }
    }

    /// Returns the access that a subscription gives. `past_due_since` comes from the row of an account.
    pub(crate) fn access(
        &self,
        subscription: &Subscription,
        past_due_since: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> SubscriptionAccess {
        if self.is_left_out(subscription) {
            return SubscriptionAccess::LeftOut;
        }
        let access = self.access_with_plan(subscription, past_due_since, now);
        if access != SubscriptionAccess::Denies && self.has_only_seats(subscription) {
            return SubscriptionAccess::Unjudged;
        }
        access
    }

    /// Returns the access that a subscription gives if it does not buy only seats.
    fn access_with_plan(
        &self,
        subscription: &Subscription,
        past_due_since: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> SubscriptionAccess {
        match self.pause_meaning(subscription) {
            PauseMeaning::Grant => {}
            PauseMeaning::Deny => return SubscriptionAccess::Denies,
            PauseMeaning::Unjudged => return SubscriptionAccess::Unjudged,
        }
        if self.statuses.grant.contains(&subscription.status) {
            return self.access_by_prices(subscription);
        }
        match self.grace_end(subscription, past_due_since) {
            GraceEnd::Missing(missing) => SubscriptionAccess::Undecidable(missing),
            GraceEnd::At(end) if now < end => SubscriptionAccess::InGrace,
            GraceEnd::At(_) | GraceEnd::None
                if self.statuses.deny.contains(&subscription.status) =>
            {
                SubscriptionAccess::Denies
            }
            GraceEnd::At(_) | GraceEnd::None | GraceEnd::Unknown => SubscriptionAccess::Unjudged,
        }
    }

    fn access_by_prices(&self, subscription: &Subscription) -> SubscriptionAccess {
        if !self.checks_plans() || subscription.items.is_empty() {
            return SubscriptionAccess::Grants;
        }
        let mut mapped = false;
        for plan in self.plans_of(&subscription.items) {
            mapped = true;
            if !self.is_free(plan) {
                return SubscriptionAccess::Grants;
            }
        }
        if mapped {
            SubscriptionAccess::Denies
        } else {
            SubscriptionAccess::Unjudged
        }
    }

    /// Returns the end of the grace for a subscription that no longer grants.
    pub(crate) fn grace_end(
        &self,
        subscription: &Subscription,
        past_due_since: Option<UnixSeconds>,
    ) -> GraceEnd {
        if !self.statuses.deny.contains(&subscription.status) {
            return GraceEnd::None;
        }
        if subscription.status == Status::PastDue
            && let Some(seconds) = self.grace.past_due
        {
            let since = past_due_since.or_else(|| overdue_since(subscription));
            return since.map_or(GraceEnd::Unknown, |since| GraceEnd::At(since.plus(seconds)));
        }
        if subscription.status != Status::Canceled {
            return GraceEnd::None;
        }
        let (end, missing) = match self.grace.canceled {
            None => return GraceEnd::None,
            Some(CanceledGrace::For(seconds)) => (
                subscription.ended_at().map(|end| end.plus(seconds)),
                "time at which it ended",
            ),
            Some(CanceledGrace::UntilPeriodEnd) => {
                (subscription.period_end(), "end of its current period")
            }
        };
        end.map_or_else(
            || {
                GraceEnd::Missing(Unanswerable::Missing {
                    subscription: subscription.id.to_string(),
                    missing,
                    needed_by: "`grace.canceled`",
                })
            },
            GraceEnd::At,
        )
    }

    /// Returns the plans that are right for somebody who pays for `plans`: with `plan_order`, only the highest.
    pub(crate) fn right_plans<'c>(
        &self,
        plans: impl IntoIterator<Item = &'c PlanWords>,
    ) -> BTreeSet<&'c PlanWords> {
        let plans: BTreeSet<_> = plans.into_iter().collect();
        if self.plan_order.is_empty() {
            return plans;
        }
        let rank = |plan: &PlanWords| self.plan_order.iter().rposition(|word| plan.is(word));
        let highest = plans.iter().map(|plan| rank(plan)).max().flatten();
        plans
            .into_iter()
            .filter(|plan| rank(plan) == highest)
            .collect()
    }
}

/// End of a grace period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GraceEnd {
    /// No grace applies.
    None,
    At(UnixSeconds),
    /// It is not known since when payment is overdue.
    Unknown,
    /// A value that the grace is counted from is missing.
    Missing(Unanswerable),
}

const DAY: i64 = 24 * 60 * 60;

/// Returns the time when payment became overdue, as far as the provider shows it: the due date of the latest invoice,
/// else that of an invoice made at the start of this period. The start of a long period says nothing about an invoice
/// made within it.
pub(crate) fn overdue_since(subscription: &Subscription) -> Option<UnixSeconds> {
    let invoice = subscription.details.as_ref();
    if let Some(due) = invoice.and_then(|details| details.invoice_due) {
        return Some(due);
    }
    let start = subscription.period_start()?;
    if let Some(days) = subscription.days_until_due {
        return Some(start.plus(DAY.saturating_mul(i64::from(days))));
    }
    let is_short = |item: &Item| match item.price.recurring {
        Some((Interval::Day, count)) => count <= 31,
        Some((Interval::Week, count)) => count <= 4,
        Some((Interval::Month, count)) => count == 1,
        Some((Interval::Year, _)) | None => false,
    };
    let items = &subscription.items;
    (!items.is_empty() && items.iter().all(is_short)).then_some(start)
}

impl CustomerAccess {
    /// Combines subscriptions: one that grants is enough, whatever the others are. A missing value is an error only if
    /// it would decide.
    pub(crate) fn combine<'s>(
        all: impl Iterator<Item = (&'s SubscriptionId, SubscriptionAccess)>,
    ) -> Result<Self, Unanswerable> {
        let mut state = Self::None;
        // Report the smallest id, so that the order of the facts does not matter.
        let mut undecidable: Option<(&SubscriptionId, Unanswerable)> = None;
        for (id, access) in all {
            let next = match access {
                SubscriptionAccess::LeftOut => continue,
                SubscriptionAccess::Grants => return Ok(Self::Granting),
                SubscriptionAccess::InGrace => Self::InGrace,
                SubscriptionAccess::Unjudged => Self::Unjudged,
                SubscriptionAccess::Denies => Self::NotGranting,
                SubscriptionAccess::Undecidable(missing) => {
                    if undecidable.as_ref().is_none_or(|(other, _)| id < *other) {
                        undecidable = Some((id, missing));
                    }
                    Self::NotGranting
                }
            };
            state = state.stronger(next);
        }
        match undecidable {
            Some((_, missing)) if state != Self::InGrace => Err(missing),
            _ => Ok(state),
        }
    }

    /// Returns the state that takes precedence.
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

impl Source {
    /// Returns true if rules about subscriptions apply. Entitlements only stand in for subscriptions.
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
    use crate::testing::{DAY, NOW, account, contract, facts, found, item, judge, subscription};
    use crate::{Details, Pause, Period, PricePattern};

    #[track_caller]
    fn state(contract: &Contract, subscriptions: &[Subscription]) -> CustomerAccess {
        let states = subscriptions
            .iter()
            .map(|subscription| (&subscription.id, contract.access(subscription, None, NOW)));
        CustomerAccess::combine(states).expect("a state")
    }

    #[test]
    fn statuses_grant_and_deny_as_documented() {
        for (status, expected) in [
            ("active", CustomerAccess::Granting),
            ("Trialing", CustomerAccess::Granting),
            ("past_due", CustomerAccess::NotGranting),
            ("unpaid", CustomerAccess::NotGranting),
            ("cancelled", CustomerAccess::NotGranting),
            ("incomplete", CustomerAccess::NotGranting),
            ("incomplete_expired", CustomerAccess::NotGranting),
            ("paused", CustomerAccess::NotGranting),
            ("halted", CustomerAccess::Unjudged),
        ] {
            let found = state(&contract(), &[subscription("1", status, "price_pro")]);
            assert_eq!(found, expected, "{status}");
        }
        assert_eq!(state(&contract(), &[]), CustomerAccess::None);
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
            CustomerAccess::Granting,
            CustomerAccess::InGrace,
            CustomerAccess::Unjudged,
            CustomerAccess::NotGranting,
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
        paused.pause = Some(Pause::Void);
        assert_eq!(
            state(&contract(), &[paused.clone()]),
            CustomerAccess::Unjudged
        );
        let other = subscription("1", "trialing", "price_pro").id("sub_2");
        assert_eq!(
            state(&contract(), &[paused.clone(), other]),
            CustomerAccess::Granting
        );
        // The docs describe the pause for `active` only; other statuses keep their meaning.
        let mut trialing = paused.clone();
        trialing.status = Status::Trialing;
        assert_eq!(state(&contract(), &[trialing]), CustomerAccess::Granting);
        // The pause is checked before the status lists.
        let mut denies_active = contract();
        denies_active.statuses = crate::Statuses::new(None, Some(vec![Status::Active]));
        assert_eq!(state(&denies_active, &[paused]), CustomerAccess::Unjudged);
    }

    #[test]
    fn grace_ends_at_its_moment_and_not_before() {
        let mut contract = contract();
        let past_due = subscription("1", "past_due", "price_pro"); // its period began a day ago
        contract.grace.past_due = Some(DAY);
        assert_eq!(
            state(&contract, std::slice::from_ref(&past_due)),
            CustomerAccess::NotGranting
        );
        contract.grace.past_due = Some(DAY + 1);
        assert_eq!(state(&contract, &[past_due]), CustomerAccess::InGrace);

        let canceled = subscription("1", "canceled", "price_pro"); // it ended a day ago
        contract.grace.canceled = Some(CanceledGrace::For(DAY));
        assert_eq!(
            state(&contract, std::slice::from_ref(&canceled)),
            CustomerAccess::NotGranting
        );
        contract.grace.canceled = Some(CanceledGrace::UntilPeriodEnd);
        assert_eq!(state(&contract, &[canceled]), CustomerAccess::InGrace);
    }

    #[test]
    fn in_grace_access_and_no_access_are_both_correct() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        let world = facts(
            [account("1").paid().plan("pro"), account("2")],
            [
                subscription("1", "past_due", "price_pro"),
                subscription("2", "past_due", "price_pro"),
            ],
        );
        assert_eq!(found(&contract, &world), [""; 0]);
    }

    #[test]
    fn grace_without_an_end_date_gives_no_verdict() {
        let mut contract = contract();
        contract.grace.canceled = Some(CanceledGrace::For(DAY));
        let mut dateless = subscription("1", "canceled", "price_pro");
        dateless.ended_at = None;
        let mut world = facts([account("1").paid().plan("pro")], [dateless]);
        let error = judge(&contract, &world).expect_err("no verdict");
        assert_eq!(
            error.to_string(),
            "subscription `sub_1` has no time at which it ended, which `grace.canceled` needs"
        );
        world
            .subscriptions
            .push(subscription("1", "active", "price_pro").id("sub_2"));
        assert!(judge(&contract, &world).is_ok());
        world.subscriptions.pop();
        // Nobody is judged by it: its account is exempt, or no account has the customer.
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
    fn a_missing_date_does_not_override_grace() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        contract.grace.canceled = Some(CanceledGrace::For(DAY));
        let mut dateless = subscription("1", "canceled", "");
        dateless.ended_at = None;
        let in_grace = subscription("1", "past_due", "price_pro");
        assert_eq!(
            state(&contract, &[dateless, in_grace]),
            CustomerAccess::InGrace
        );
    }

    #[test]
    fn grace_counts_from_when_payment_became_overdue() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        let at = |subscription: &Subscription, row: Option<i64>| {
            let row = row.map(|days| NOW.plus(days * DAY));
            contract.access(subscription, row, NOW)
        };
        let mut yearly = subscription("1", "past_due", "price_pro");
        yearly.period = Some(Period::new(NOW.plus(-100 * DAY), NOW.plus(265 * DAY)));
        let monthly = yearly.clone();
        let mut price = (*yearly.items[0].price).clone();
        price.recurring = Some((Interval::Year, 1));
        yearly.items[0].price = price.into();
        assert_eq!(at(&monthly, None), SubscriptionAccess::Denies);
        assert_eq!(at(&yearly, None), SubscriptionAccess::Unjudged);
        // The row takes precedence over the invoice, and the invoice over the period.
        let due = |days: i64| Subscription {
            details: Some(Box::new(Details {
                invoice_due: Some(NOW.plus(days * DAY)),
                ..Details::default()
            })),
            ..yearly.clone()
        };
        assert_eq!(at(&due(-13), None), SubscriptionAccess::InGrace);
        assert_eq!(at(&due(-14), None), SubscriptionAccess::Denies);
        assert_eq!(at(&due(-14), Some(-1)), SubscriptionAccess::InGrace);
        assert_eq!(at(&yearly, Some(-1)), SubscriptionAccess::InGrace);
        let mut invoiced = yearly.clone();
        invoiced.days_until_due = Some(90);
        assert_eq!(at(&invoiced, None), SubscriptionAccess::InGrace);
        invoiced.days_until_due = Some(30);
        assert_eq!(at(&invoiced, None), SubscriptionAccess::Denies);
        assert_eq!(at(&monthly.dateless(), None), SubscriptionAccess::Unjudged);
    }

    #[test]
    fn a_pause_has_the_meaning_that_the_contract_gives_it() {
        let mut contract = contract();
        let mut paused = subscription("1", "active", "price_pro");
        for (pause, all, own, expected) in [
            (Pause::Void, None, None, CustomerAccess::Unjudged),
            (Pause::KeepAsDraft, None, None, CustomerAccess::Granting),
            (
                Pause::KeepAsDraft,
                Some(PauseMeaning::Deny),
                None,
                CustomerAccess::NotGranting,
            ),
            (
                Pause::Void,
                Some(PauseMeaning::Deny),
                Some(PauseMeaning::Grant),
                CustomerAccess::Granting,
            ),
            (
                Pause::Void,
                None,
                Some(PauseMeaning::Deny),
                CustomerAccess::NotGranting,
            ),
        ] {
            contract.pause.all = all;
            contract.pause.by_behavior = own.map(|own| (pause.clone(), own)).into_iter().collect();
            paused.pause = Some(pause);
            assert_eq!(
                state(&contract, &[paused.clone()]),
                expected,
                "{:?}",
                contract.pause
            );
        }
    }

    #[test]
    fn a_price_of_seats_does_not_determine_the_plan() {
        let mut contract = contract();
        contract.seats.prices = Some(vec![PricePattern::parse("price_seat*")]);
        let access = |prices: &[&str]| {
            let items = prices.iter().map(|price| item(price, 1));
            contract.access(&subscription("1", "active", "").items(items), None, NOW)
        };
        assert_eq!(access(&["price_seat"]), SubscriptionAccess::Unjudged);
        assert_eq!(
            access(&["price_seat", "price_pro"]),
            SubscriptionAccess::Grants
        );
        assert_eq!(
            access(&["price_seat", "price_free"]),
            SubscriptionAccess::Denies
        );
        assert_eq!(
            access(&["price_seat", "price_new"]),
            SubscriptionAccess::Unjudged
        );
    }

    #[test]
    fn who_buys_only_seats_is_not_judged() {
        let mut contract = contract();
        contract.seats.prices = Some(vec![PricePattern::parse("price_seat")]);
        contract.grace.past_due = Some(14 * DAY);
        let seats = |status| subscription("seats", status, "price_seat");
        let plan = |status| subscription("plan", status, "price_pro");
        for (subscriptions, expected) in [
            (vec![seats("active")], CustomerAccess::Unjudged),
            (vec![seats("past_due")], CustomerAccess::Unjudged),
            (vec![seats("canceled")], CustomerAccess::NotGranting),
            (
                vec![seats("active"), plan("canceled")],
                CustomerAccess::Unjudged,
            ),
            (
                vec![seats("active"), plan("active")],
                CustomerAccess::Granting,
            ),
        ] {
            assert_eq!(
                state(&contract, &subscriptions),
                expected,
                "{subscriptions:?}"
            );
        }
    }

    #[test]
    fn an_ignored_id_wins_over_the_product_or_prefix_of_a_plan() {
        let key = |text: &str| crate::PlanKey::parse(text, Source::Stripe);
        let plan = || PlanWords::new(["pro"]).expect("a word");
        let is_ignored = |mapped: &str, ignored: &str| {
            let mut contract = contract();
            contract.plans = [(key(mapped), plan())].into_iter().collect();
            contract.ignore_prices = vec![PricePattern::parse(ignored)];
            let mut addon = (*item("price_pro_addon", 1).price).clone();
            addon.product = Some("prod_pro".into());
            contract.price_meaning(&addon) == PriceMeaning::Ignored
        };
        assert!(is_ignored("prod_pro", "price_pro_addon"));
        assert!(is_ignored("price_pro*", "price_pro_addon"));
        assert!(is_ignored("price_pro*", "price_pro_*"));
        assert!(!is_ignored("price_pro_*", "price_*"));
        assert!(!is_ignored("prod_pro", "price_pro_*"));
        assert!(!is_ignored("price_pro_addon", "price_pro_*"));
    }

    #[test]
    fn only_the_highest_plan_is_right_with_plan_order() {
        let mut contract = contract();
        let plans = |contract: &Contract| {
            let all: Vec<_> = contract.plans.iter().map(|(_, plan)| plan).collect();
            let right = contract.right_plans(all);
            right
                .into_iter()
                .map(|plan| plan.name().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(plans(&contract), ["free", "pro", "team"]);
        contract.plan_order = ["free", "pro"].map(str::to_owned).into();
        assert_eq!(plans(&contract), ["pro"]);
        contract.plan_order = vec!["other".to_owned()];
        assert_eq!(plans(&contract), ["free", "pro", "team"]);
    }

    #[test]
    fn a_status_in_neither_list_has_no_grace() {
        let mut contract = contract();
        contract.grace.past_due = Some(14 * DAY);
        contract.statuses = crate::Statuses::new(None, Some(vec![Status::Canceled]));
        let past_due = subscription("1", "past_due", "price_pro");
        assert_eq!(state(&contract, &[past_due]), CustomerAccess::Unjudged);
    }

    #[test]
    fn prices_decide_if_a_subscription_counts() {
        let mut contract = contract();
        contract.ignore_prices = vec![PricePattern::parse("price_other")];
        let access = |prices: &[&str]| {
            let items = prices.iter().map(|price| item(price, 1));
            let subscription = subscription("1", "active", "").items(items);
            contract.access(&subscription, None, NOW)
        };
        assert_eq!(access(&["price_pro"]), SubscriptionAccess::Grants);
        assert_eq!(access(&[]), SubscriptionAccess::Grants);
        assert_eq!(access(&["price_other"]), SubscriptionAccess::LeftOut);
        assert_eq!(access(&["price_unknown"]), SubscriptionAccess::Unjudged);
        assert_eq!(
            access(&["price_unknown", "price_other"]),
            SubscriptionAccess::Unjudged
        );
        assert_eq!(
            access(&["price_unknown", "price_pro"]),
            SubscriptionAccess::Grants
        );
        assert_eq!(access(&["price_free"]), SubscriptionAccess::Denies);
        assert_eq!(
            access(&["price_free", "price_pro"]),
            SubscriptionAccess::Grants
        );
    }
}
