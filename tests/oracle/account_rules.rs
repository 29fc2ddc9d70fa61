//! The rules about one account.

use std::collections::BTreeSet;

use prodverdict::contract::{Account, AccountColumns, Field, Item, Rule, Status};

use crate::{
    customer::{Says, State, ignored, largest_end, plan_of, plans_of},
    model::{Customer, Desk, World, tells_subscription},
};

impl<'w> World<'w> {
    pub(crate) fn judge_account(&self, account: &'w Account, desk: &mut Desk) {
        let customer = self.customer(self.customer_of(account));
        let Some(state) = customer.state else {
            desk.missing = true;
            return;
        };
        match (account.paid, state) {
            (false, State::Granting) => {
                let amount = self.amount(&customer.granting());
                if let Some(index) = self.accuse(desk, Rule::RevenueLeak, account, &customer) {
                    let finding = &mut desk.findings[index];
                    finding.amount = amount.amounts.clone();
                    let customer = finding.customer.clone().unwrap();
                    desk.paid_not_served.insert(customer, amount);
                }
            }
            (true, State::NotGranting) => {
                let deciding: Vec<_> = customer.deciding().into_iter().collect();
                let amount = self.amount(&deciding);
                if let Some(index) = self.accuse(desk, Rule::WrongfulAccess, account, &customer) {
                    let finding = &mut desk.findings[index];
                    finding.amount = amount.amounts.clone();
                    let customer = finding.customer.clone().unwrap();
                    desk.served_not_paid.insert(customer, amount);
                }
            }
            (true, State::None) => {
                self.accuse(desk, Rule::NoSubscription, account, &customer);
            }
            (true, State::Granting) => {
                self.plan_drift(account, &customer, desk);
                self.granting_columns(account, &customer, desk);
                self.status_drift(account, &customer, desk);
            }
            (_, State::InGrace) => self.status_drift(account, &customer, desk),
            (false, State::NotGranting | State::None) => {
                self.stale_plan(account, &customer, desk);
                self.status_drift(account, &customer, desk);
            }
            (_, State::Unjudged) => {}
        }
    }

    fn plan_drift(&self, account: &'w Account, customer: &Customer<'w>, desk: &mut Desk) {
        if self.contract.plans.is_empty() || !self.facts.mapped.contains(&Field::Plan) {
            return;
        }
        let granting = customer.granting();
        let plans: BTreeSet<&str> = granting
            .iter()
            .flat_map(|one| plans_of(self.contract, one))
            .map(str::trim)
            .collect();
        // Nothing is known about what was bought: no plan is expected.
        if plans.is_empty() {
            return;
        }
        let stored = account.plan.as_deref().unwrap_or_default().trim();
        if !plans.contains(stored) {
            self.accuse(desk, Rule::PlanDrift, account, customer);
        }
    }

    fn stale_plan(&self, account: &'w Account, customer: &Customer<'w>, desk: &mut Desk) {
        if !self.facts.mapped.contains(&Field::Plan) {
            return;
        }
        let mut paid_plans = self
            .contract
            .plans
            .iter()
            .map(|(_, plan)| plan.name())
            .filter(|plan| !self.contract.free_plans.contains(*plan));
        let stored = account.plan.as_deref().map(str::trim);
        if paid_plans.any(|plan| Some(plan) == stored) {
            self.accuse(desk, Rule::StalePlan, account, customer);
        }
    }

    /// The mapped columns of an account, unless entitlements are the source.
    fn columns(&self, account: &'w Account, field: Field) -> Option<&'w AccountColumns> {
        let asked = self.facts.mapped.contains(&field) && !self.entitled();
        asked.then_some(account.columns.as_deref()?)
    }

    fn status_drift(&self, account: &'w Account, customer: &Customer<'w>, desk: &mut Desk) {
        let (Some(columns), Some(deciding)) =
            (self.columns(account, Field::Status), customer.deciding())
        else {
            return;
        };
        let stored = columns.status.as_deref().unwrap_or_default();
        // Cleared when the subscription ended: nothing is stored that could be wrong.
        let cleared = stored.trim().is_empty() && !customer.granting().contains(&deciding);
        if !cleared && Status::parse(stored) != deciding.status {
            self.accuse(desk, Rule::StatusDrift, account, customer);
        }
    }

    fn granting_columns(&self, account: &'w Account, customer: &Customer<'w>, desk: &mut Desk) {
        let Some(deciding) = customer.deciding() else {
            return;
        };
        let drift = |desk: &mut Desk, rule, there_is| {
            if there_is {
                self.accuse(desk, rule, account, customer);
            }
        };
        if let Some(columns) = self.columns(account, Field::Seats)
            && self.on(Rule::SeatDrift).is_some()
        {
            match self.seats(customer) {
                Ok(Some(bought)) => drift(
                    desk,
                    Rule::SeatDrift,
                    columns.seats.map(i128::from) != Some(bought),
                ),
                Ok(None) => {}
                Err(()) => desk.missing = true,
            }
        }
        if self.columns(account, Field::SubscriptionId).is_some() {
            let stored = Self::stored_subscription(account);
            let granting = customer.granting();
            let unmapped = customer.saying(Says::Unmapped);
            let good = granting
                .iter()
                .chain(&unmapped)
                .any(|one| Some(one.id.as_str()) == stored);
            drift(desk, Rule::StaleSubscriptionId, !good);
        }
        if let Some(columns) = self.columns(account, Field::PeriodEnd)
            && self.on(Rule::PeriodDrift).is_some()
        {
            match largest_end(deciding) {
                Some(end) => {
                    let too_far = columns.period_end.is_none_or(|stored| {
                        let off = (i128::from(stored.0) - i128::from(end.0)).unsigned_abs();
                        off > u128::from(self.contract.period_tolerance)
                    });
                    drift(desk, Rule::PeriodDrift, too_far);
                }
                None => desk.missing = true,
            }
        }
        if let Some(columns) = self.columns(account, Field::CancelAtPeriodEnd)
            && self.on(Rule::CancelFlagDrift).is_some()
        {
            match deciding.cancel_scheduled {
                Some(scheduled) => {
                    let differs = scheduled != columns.cancel_at_period_end;
                    drift(desk, Rule::CancelFlagDrift, differs);
                }
                None => desk.missing = true,
            }
        }
    }

    /// The summed quantity of the mapped licensed granting items; none where there is no such item.
    fn seats(&self, customer: &Customer<'w>) -> Result<Option<i128>, ()> {
        let granting = customer.granting();
        let counted = |item: &&Item| {
            !item.price.metered
                && !ignored(self.contract, &item.price)
                && (self.contract.plans.is_empty() || plan_of(self.contract, &item.price).is_some())
        };
        let items = granting.iter().flat_map(|one| one.items.iter());
        let mut sum = None;
        for item in items.filter(counted) {
            let quantity = item.quantity.ok_or(())?;
            sum = Some(sum.unwrap_or_default() + i128::from(quantity));
        }
        Ok(sum)
    }

    fn accuse(
        &self,
        desk: &mut Desk,
        rule: Rule,
        account: &'w Account,
        customer: &Customer<'w>,
    ) -> Option<usize> {
        let entity = format!("{}:{}", self.contract.entity, account.id);
        let index = self.report(desk, rule, entity)?;
        let finding = &mut desk.findings[index];
        finding.account = Some(account.id.to_string());
        finding.customer = self.customer_of(account).map(str::to_owned);
        if let Some(deciding) = customer.deciding()
            && tells_subscription(rule)
            && !self.entitled()
        {
            finding.subscription = Some(deciding.id.to_string());
            finding.status = Some(deciding.status.to_string());
        }
        if matches!(rule, Rule::PlanDrift | Rule::StalePlan) {
            finding.plan_found = account.plan.as_deref().map(str::to_owned);
        }
        Some(index)
    }
}
