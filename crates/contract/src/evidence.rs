//! Evidence of a finding: one line for each fact of the two sides.

use super::{
    Account, ColumnName, Field, ScheduledAction, ScheduledChange, Subject, Subscription,
    access::PriceMeaning, case::Case, customers::Link,
};

/// Maximum number of lines about subscriptions. A customer can have any number of them.
const MAX_LINES: usize = 100;

impl ScheduledChange {
    /// Returns what will happen and when, such as `pause scheduled for 2026-12-01T00:00:00Z`.
    pub(crate) fn describe(self) -> String {
        let action = match self.action {
            ScheduledAction::Cancel => "cancellation",
            ScheduledAction::Pause => "pause",
            ScheduledAction::Resume => "resumption",
        };
        let until = self.resumes.map(|end| format!(" until {end}"));
        format!(
            "{action} scheduled for {}{}",
            self.at,
            until.unwrap_or_default()
        )
    }
}

impl Case<'_> {
    /// Returns the subject of a finding about one account and the subscription that decides.
    pub(crate) fn subject(
        &self,
        link: &Link<'_, '_>,
        subscription: Option<&Subscription>,
    ) -> Subject {
        let account = link.account;
        let customer = subscription.map(|subscription| subscription.customer.as_str());
        let customer = customer.or_else(|| self.customers.id(link.holder.first));
        let is_subscription = self.contract.source.has_subscriptions();
        let subscription = subscription.filter(|_| is_subscription);
        Subject {
            account: Some(account.id.as_str().into()),
            customer: customer.map(Into::into),
            subscription: subscription.map(|subscription| subscription.id.as_str().into()),
            status: subscription.map(|subscription| subscription.status.as_str().into()),
            plan_found: account.plan.clone(),
            ..Subject::default()
        }
    }

    /// Describes both sides: the provider's subscriptions, then the row.
    pub(crate) fn both_sides<'s>(
        &self,
        link: &Link<'_, '_>,
        subscriptions: impl IntoIterator<Item = &'s Subscription>,
    ) -> Vec<String> {
        let mut lines: Vec<_> = subscriptions
            .into_iter()
            .take(MAX_LINES)
            .map(|subscription| self.describe_subscription(subscription))
            .collect();
        if lines.is_empty() {
            let first = link.holder.first;
            lines.push(match self.customers.id(first) {
                Some(customer) => format!("customer {customer} has no {}", self.source_object()),
                None => format!(
                    "{} does not know subscription {}",
                    self.contract.source.provider(),
                    self.customers.key(first).unwrap_or_default()
                ),
            });
        }
        lines.push(self.describe_row(link.account));
        lines
    }

    /// Describes a subscription, or the entitlements that stand in for one, in one line.
    pub(crate) fn describe_subscription(&self, subscription: &Subscription) -> String {
        let mut prices: Vec<_> = subscription
            .items
            .iter()
            .map(|item| match self.contract.price_meaning(&item.price) {
                PriceMeaning::Plan(plan) => format!("{} → {plan}", item.price.id),
                PriceMeaning::Ignored => format!("{} (ignored)", item.price.id),
                PriceMeaning::Seats => format!("{} (seats)", item.price.id),
                PriceMeaning::Unmapped => item.price.id.to_string(),
            })
            .collect();
        // The provider does not guarantee the order of items.
        prices.sort();
        let prices = if prices.is_empty() {
            "no prices".to_owned()
        } else {
            prices.join(", ")
        };
        if !self.contract.source.has_subscriptions() {
            return format!("customer {} is entitled to {prices}", subscription.customer);
        }
        let mut line = format!(
            "subscription {} of customer {} is {}",
            subscription.id, subscription.customer, subscription.status
        );
        if let Some(pause) = &subscription.pause {
            line += &format!(" with its collection paused as {}", pause.as_str());
        }
        line += &format!(" ({prices})");
        if let Some(end) = subscription.ended_at() {
            line += &format!(", ended {end}");
        } else if let Some(end) = subscription.period_end() {
            line += &format!(", period ends {end}");
        }
        let details = subscription.details.as_deref();
        let scheduled = details.and_then(|details| details.scheduled);
        if subscription.ended_at.is_some() {
            return line;
        }
        match scheduled {
            Some(change) => line += &format!(", {}", change.describe()),
            None if subscription.cancel_scheduled == Some(true) => {
                line.push_str(", cancellation scheduled");
            }
            None => {}
        }
        line
    }

    /// Returns `has_paid_access is false`, in the words of the mapping.
    pub(crate) fn explain_flag(&self, value: bool) -> String {
        match self.contract.columns.get(&Field::HasPaidAccess) {
            Some(ColumnName::In { column, values }) => {
                let verb = if value { "is" } else { "is not" };
                match values.as_slice() {
                    [value] => format!("{column} {verb} \"{value}\""),
                    _ => format!("{column} {verb} one of {}", values.join(", ")),
                }
            }
            Some(ColumnName::Column(_) | ColumnName::Computed) | None => {
                format!("{} is {value}", self.column(Field::HasPaidAccess))
            }
        }
    }

    /// Describes an account's row in one line.
    pub(crate) fn describe_row(&self, account: &Account) -> String {
        let flag = self.contract.columns.get(&Field::HasPaidAccess);
        let mut values = vec![if matches!(flag, Some(ColumnName::In { .. })) {
            self.explain_flag(account.paid)
        } else {
            format!("{} = {}", self.column(Field::HasPaidAccess), account.paid)
        }];
        if self.facts.mapped.contains(&Field::Plan) {
            let plan = account.plan.as_deref().unwrap_or("null");
            values.push(format!("{} = {plan}", self.column(Field::Plan)));
        }
        if self.facts.mapped.contains(&Field::UpdatedAt)
            && let Some(updated_at) = account
                .columns
                .as_ref()
                .and_then(|columns| columns.updated_at)
        {
            values.push(format!("{} = {updated_at}", self.column(Field::UpdatedAt)));
        }
        format!(
            "{} {}: {}",
            self.contract.entity,
            account.id,
            values.join(", ")
        )
    }
}
