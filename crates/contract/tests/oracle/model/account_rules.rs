//! The rules about one account: its access and its plan.

use contract::{Account, Field, PauseMeaning, PlanWords, Rule, Source, Status, Subscription};

use super::{
    Collected, Fixed, World,
    mismatch::Candidates,
    party::Party,
    prices::{is_free, monthly, plans_of, right_plans},
    subscription::{State, SubscriptionMeaning, pause},
};

impl<'w> World<'w> {
    pub(crate) fn judge_account(
        &self,
        account: &'w Account,
        mismatch: Option<&Candidates<'w>>,
        collected: &mut Collected,
    ) {
        let party = self.party(account);
        if self.linked(account) && party.state.is_none() {
            collected.missing = true;
            return;
        }
        if let Some(candidates) = mismatch {
            self.customer_mismatch(account, &party, candidates, collected);
        } else if self.linked(account) {
            self.judge_linked(account, &party, collected);
        }
    }

    fn customer_mismatch(
        &self,
        account: &'w Account,
        party: &Party<'w>,
        candidates: &Candidates<'w>,
        collected: &mut Collected,
    ) {
        // The finding is about the paying customer, not about the stored one.
        let customer = candidates.first().map(|id| (*id).to_owned());
        let payers = candidates.first().map(|id| self.granting_of(id));
        let money = monthly(self.contract, &payers.unwrap_or_default());
        let fixed = Fixed {
            customer,
            amount: money.amounts,
            without_amount: money.without_amount,
            ..self.about(account, party)
        };
        self.accuse(collected, Rule::CustomerMismatch, account, fixed);
    }

    fn judge_linked(&self, account: &'w Account, party: &Party<'w>, collected: &mut Collected) {
        let (Some(state), paid) = (party.state, account.paid) else {
            return;
        };
        let excused = Self::is_paid_elsewhere(account);
        match (paid, state) {
            (_, State::Unjudged) => {}
            (false, State::Granting) => {
                let behind = party.with_meaning(SubscriptionMeaning::Grants);
                let fixed = self.about_money_of(account, party, &behind);
                self.accuse(collected, Rule::RevenueLeak, account, fixed);
            }
            (true, State::NotGranting) if !excused => {
                let behind: Vec<_> = party.newest.into_iter().collect();
                let fixed = self.about_money_of(account, party, &behind);
                self.accuse(collected, Rule::WrongfulAccess, account, fixed);
            }
            (true, State::None) if !excused => {
                let fixed = self.about(account, party);
                self.accuse(collected, Rule::NoSubscription, account, fixed);
            }
            (true, State::Granting) => {
                self.plan_drift(account, party, collected);
                self.seat_drift(account, party, collected);
                self.status_drift(account, party, collected);
                self.granting_columns(account, party, collected);
                if !excused {
                    self.refunded_access(account, party, collected);
                }
            }
            (true, State::InGrace) => {
                self.plan_drift(account, party, collected);
                self.seat_drift(account, party, collected);
                self.status_drift(account, party, collected);
            }
            (true, State::NotGranting | State::None) | (false, State::InGrace) => {
                self.status_drift(account, party, collected);
            }
            (false, State::NotGranting | State::None) => {
                if !excused {
                    self.stale_plan(account, party, collected);
                }
                self.status_drift(account, party, collected);
            }
        }
    }

    /// Everything that grants access was paid back.
    fn refunded_access(&self, account: &'w Account, party: &Party<'w>, collected: &mut Collected) {
        let granting = party.with_meaning(SubscriptionMeaning::Grants);
        let is_refunded = |one: &&Subscription| {
            let details = one.details.as_deref();
            details.is_some_and(|details| details.refund.is_some())
        };
        if self.contract.source == Source::Paddle && granting.iter().all(is_refunded) {
            let fixed = self.about_subscription(account, party, party.newest);
            self.accuse(collected, Rule::RefundedAccess, account, fixed);
        }
    }

    pub(crate) fn is_paid_elsewhere(account: &Account) -> bool {
        let columns = account.columns.as_deref();
        columns.is_some_and(|columns| columns.paid_elsewhere)
    }

    fn plan_drift(&self, account: &'w Account, party: &Party<'w>, collected: &mut Collected) {
        if self.contract.plans.is_empty() || !self.facts.mapped.contains(&Field::Plan) {
            return;
        }
        let right = self.plans_paid_for(party);
        // No purchase is known, so no plan is expected.
        if right.is_empty() {
            return;
        }
        let stored = account.plan.as_deref().unwrap_or_default().trim();
        if !right.iter().any(|plan| plan.is(stored)) {
            let fixed = Fixed {
                plan_found: account.plan.as_deref().map(str::to_owned),
                ..self.about_paying(account, party)
            };
            self.accuse(collected, Rule::PlanDrift, account, fixed);
        }
    }

    /// Lists the correct plans for what is paid for.
    pub(crate) fn plans_paid_for(&self, party: &Party<'w>) -> Vec<&'w PlanWords> {
        let paying = Self::paying(party).into_iter();
        let paid_for: Vec<_> = paying
            .flat_map(|one| plans_of(self.contract, one))
            .collect();
        right_plans(self.contract, &paid_for)
    }

    /// "The flag went, the plan stayed", and no subscription may still recover.
    fn stale_plan(&self, account: &'w Account, party: &Party<'w>, collected: &mut Collected) {
        let may_come_back = |(one, _): &(&Subscription, SubscriptionMeaning)| {
            matches!(
                one.status,
                Status::PastDue | Status::Unpaid | Status::Paused | Status::Incomplete
            ) || pause(self.contract, one) == Some(PauseMeaning::Deny)
        };
        if !self.facts.mapped.contains(&Field::Plan)
            || party.subscriptions.iter().any(may_come_back)
        {
            return;
        }
        let plans = self.contract.plans.iter().map(|(_, plan)| plan);
        let mut paid_plans = plans.filter(|plan| !is_free(self.contract, plan));
        let stored = account.plan.as_deref().map(str::trim);
        if stored.is_some_and(|stored| paid_plans.any(|plan| plan.is(stored))) {
            let fixed = Fixed {
                plan_found: account.plan.as_deref().map(str::to_owned),
                ..self.about(account, party)
            };
            self.accuse(collected, Rule::StalePlan, account, fixed);
        }
    }

    pub(crate) fn about(&self, account: &'w Account, party: &Party<'w>) -> Fixed {
        Fixed {
            account: Some(account.id.to_string()),
            customer: self.customer_named(account, party).map(str::to_owned),
            ..Fixed::default()
        }
    }

    /// Describes an account with the customer of its first paying subscription.
    pub(crate) fn about_paying(&self, account: &'w Account, party: &Party<'w>) -> Fixed {
        let about = self.about(account, party);
        let first = Self::first_paying(party);
        Fixed {
            customer: first.map(|one| one.customer.to_string()).or(about.customer),
            ..about
        }
    }

    /// Describes an account with one subscription, unless that is only a feature.
    pub(crate) fn about_subscription(
        &self,
        account: &'w Account,
        party: &Party<'w>,
        subscription: Option<&'w Subscription>,
    ) -> Fixed {
        let about = self.about(account, party);
        let customer = subscription.map(|one| one.customer.to_string());
        let shown = subscription.filter(|_| !self.entitled());
        Fixed {
            customer: customer.or(about.customer),
            subscription: shown.map(|one| one.id.to_string()),
            status: shown.map(|one| one.status.to_string()),
            ..about
        }
    }

    fn about_money_of(
        &self,
        account: &'w Account,
        party: &Party<'w>,
        behind: &[&Subscription],
    ) -> Fixed {
        let money = monthly(self.contract, behind);
        Fixed {
            amount: money.amounts,
            without_amount: money.without_amount,
            ..self.about_subscription(account, party, party.newest)
        }
    }

    pub(crate) fn accuse(
        &self,
        collected: &mut Collected,
        rule: Rule,
        account: &Account,
        fixed: Fixed,
    ) {
        let entity = format!("{}:{}", self.contract.entity, account.id);
        self.report(collected, rule, entity, fixed);
    }
}
