//! The rules about the mapped columns of one account.

use contract::{
    Account, AccountColumns, Field, Item, Period, Rule, Source, Status, Subscription, UnixSeconds,
};

use super::{
    Collected, World,
    party::Party,
    prices::{ignored, is_mapped},
    subscription::{SubscriptionMeaning, is_charged},
};

impl<'w> World<'w> {
    /// Returns the mapped columns of an account, unless entitlements are the source.
    pub(crate) fn columns(&self, account: &'w Account, field: Field) -> Option<&'w AccountColumns> {
        let asked = self.facts.mapped.contains(&field) && !self.entitled();
        asked.then_some(account.columns.as_deref()?)
    }

    pub(crate) fn status_drift(
        &self,
        account: &'w Account,
        party: &Party<'w>,
        collected: &mut Collected,
    ) {
        let (Some(columns), Some(deciding)) =
            (self.columns(account, Field::Status), party.deciding)
        else {
            return;
        };
        let stored = columns.status.as_deref().unwrap_or_default();
        // Cleared when the subscription ended: nothing is stored that could be wrong.
        let cleared = stored.trim().is_empty()
            && !party
                .with_meaning(SubscriptionMeaning::Grants)
                .contains(&deciding);
        if !cleared && !self.spells(stored, &deciding.status) {
            self.drifts(collected, Rule::StatusDrift, account, party);
        }
    }

    /// "In the app's words where `status.words` gives them."
    fn spells(&self, stored: &str, status: &Status) -> bool {
        match self.contract.status_words.get(status) {
            Some(words) => words.iter().any(|word| word == stored.trim()),
            None => Status::parse(stored) == *status,
        }
    }

    /// Checks the columns that only matter if the customer grants access.
    pub(crate) fn granting_columns(
        &self,
        account: &'w Account,
        party: &Party<'w>,
        collected: &mut Collected,
    ) {
        let Some(deciding) = party.deciding else {
            return;
        };
        if !self.by_subscription() && self.columns(account, Field::SubscriptionId).is_some() {
            self.stale_subscription_id(account, party, collected);
        }
        if let Some(columns) = self.columns(account, Field::PeriodEnd)
            && self.on(Rule::PeriodDrift).is_some()
            && self.states_period(deciding)
        {
            match self.period(deciding) {
                None => collected.missing = true,
                Some(period) if self.is_off(columns.period_end, period) => {
                    self.drifts(collected, Rule::PeriodDrift, account, party);
                }
                Some(_) => {}
            }
        }
        if let Some(columns) = self.columns(account, Field::CancelAtPeriodEnd)
            && self.on(Rule::CancelFlagDrift).is_some()
        {
            match deciding.cancel_scheduled {
                None => collected.missing = true,
                Some(scheduled) if scheduled != columns.cancel_at_period_end => {
                    self.drifts(collected, Rule::CancelFlagDrift, account, party);
                }
                Some(_) => {}
            }
        }
    }

    /// "What is charged counts, mapped or not."
    fn stale_subscription_id(
        &self,
        account: &'w Account,
        party: &Party<'w>,
        collected: &mut Collected,
    ) {
        let stored = Self::stored_subscription(account);
        let mut all = party.subscriptions.iter();
        let good = all.any(|(subscription, _)| {
            Some(subscription.id.as_str()) == stored && is_charged(self.contract, subscription)
        });
        if !good {
            let fixed = self.about(account, party);
            self.accuse(collected, Rule::StaleSubscriptionId, account, fixed);
        }
    }

    /// Returns true if the subscription must state a period. At Paddle, canceled and paused ones have none.
    fn states_period(&self, subscription: &Subscription) -> bool {
        let over = matches!(subscription.status, Status::Canceled | Status::Paused);
        self.contract.source != Source::Paddle || !over
    }

    /// Returns true if the stored time differs by more than `period_tolerance` from the end of the period and, within
    /// `renewal_delay` of its start, from the end of the previous one.
    fn is_off(&self, stored: Option<UnixSeconds>, period: Period) -> bool {
        let seconds = |a: UnixSeconds, b: UnixSeconds| i128::from(a.0) - i128::from(b.0);
        let age = seconds(self.now, period.start());
        let is_new = age >= 0 && age < i128::from(self.contract.renewal_delay);
        let mut right = vec![period.end()];
        right.extend(is_new.then(|| period.start()));
        stored.is_none_or(|stored| {
            let off = |end: &UnixSeconds| seconds(stored, *end).unsigned_abs();
            right
                .iter()
                .all(|end| off(end) > u128::from(self.contract.period_tolerance))
        })
    }

    /// "The largest of its mapped items'; of all not ignored ones where none is mapped."
    pub(super) fn period(&self, subscription: &Subscription) -> Option<Period> {
        let details = subscription.details.as_deref();
        let periods = details.map_or(&[][..], |details| &details.item_periods);
        let period_of = |index: usize| {
            let own = periods.get(index).copied().flatten();
            own.or(subscription.period)
        };
        let largest = |counts: &dyn Fn(&Item) -> bool| {
            let items = subscription.items.iter().enumerate();
            let counted = items.filter(|(_, item)| counts(item));
            let periods = counted.filter_map(|(index, _)| period_of(index));
            periods.max_by_key(|period| (period.end(), period.start()))
        };
        let any_mapped = subscription
            .items
            .iter()
            .any(|item| is_mapped(self.contract, &item.price));
        if any_mapped {
            largest(&|item| is_mapped(self.contract, &item.price))
        } else {
            largest(&|item| !ignored(self.contract, &item.price)).or(subscription.period)
        }
    }

    fn drifts(
        &self,
        collected: &mut Collected,
        rule: Rule,
        account: &'w Account,
        party: &Party<'w>,
    ) {
        let fixed = self.about_subscription(account, party, party.deciding);
        self.accuse(collected, rule, account, fixed);
    }
}
