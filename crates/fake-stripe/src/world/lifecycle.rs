//! Fields implied by a status, and the transitions between statuses.

use super::{Collection, Interval, Period, Price, Status, Subscription, World};

const DAY: i64 = 86_400;

/// Time that Stripe allows for the first payment: 23 hours.
const TIME_TO_PAY: i64 = 23 * 3600;

/// Default length of a trial.
const TRIAL: i64 = 14 * DAY;

impl World {
    /// Sets the status of a subscription, with the times and details that come with it.
    pub fn set_status_silently(&mut self, id: &str, status: Status) -> bool {
        let clock = self.clock;
        self.change_subscription_silently(id, |subscription| {
            clear_end(subscription);
            subscription.status = status;
            imply(subscription, clock);
        })
    }

    /// Ends a subscription now, at its customer's request. One that has ended stays unchanged.
    pub fn cancel_silently(&mut self, id: &str) -> bool {
        match self.find_subscription(id) {
            Some(subscription) if subscription.status.is_ended() => true,
            Some(_) => self.set_status_silently(id, Status::Canceled),
            None => false,
        }
    }

    /// Schedules the end. Classic billing keeps the flag and the time; flexible billing only the time.
    pub fn schedule_cancel_silently(&mut self, id: &str) -> bool {
        let clock = self.clock;
        self.change_subscription_silently(id, |subscription| {
            let end = subscription
                .items
                .iter()
                .filter_map(|item| item.period)
                .map(|period| period.end)
                .max();
            let details = &mut subscription.details;
            details.cancel_at_period_end = !details.flexible_billing;
            details.cancel_at = end;
            details.canceled_at = Some(clock);
            details.cancellation_reason = Some("cancellation_requested".into());
        })
    }

    /// Undoes a scheduled end.
    pub fn keep_silently(&mut self, id: &str) -> bool {
        self.change_subscription_silently(id, clear_end)
    }

    /// Moves every item into its next period.
    pub fn renew_silently(&mut self, id: &str) -> bool {
        let lengths = self.find_subscription(id).map(|subscription| {
            subscription
                .items
                .iter()
                .map(|item| period_length(&self.prices, &item.price))
                .collect::<Vec<_>>()
        });
        let Some(lengths) = lengths else {
            return false;
        };
        self.change_subscription_silently(id, |subscription| {
            for (item, length) in subscription.items.iter_mut().zip(lengths) {
                if let Some(period) = &mut item.period {
                    *period = Period {
                        start: period.end,
                        end: period.end.saturating_add(length),
                    };
                }
            }
        })
    }
}

/// Fills in the missing periods of items.
pub(super) fn fill_periods(
    subscription: &mut Subscription,
    prices: &Collection<Price>,
    clock: i64,
) {
    let trial = match (
        &subscription.status,
        subscription.details.trial_start,
        subscription.details.trial_end,
    ) {
        (Status::Trialing, Some(start), Some(end)) => Some(Period { start, end }),
        _ => None,
    };
    let begin = subscription
        .details
        .start_date
        .unwrap_or(subscription.created);
    let until = subscription.details.ended_at.unwrap_or(clock);
    for item in &mut subscription.items {
        let length = period_length(prices, &item.price);
        item.period
            .get_or_insert_with(|| trial.unwrap_or_else(|| period_around(begin, until, length)));
    }
    if subscription.details.cancel_at_period_end && subscription.details.cancel_at.is_none() {
        let end = subscription
            .items
            .iter()
            .filter_map(|item| item.period)
            .map(|period| period.end)
            .max();
        subscription.details.cancel_at = end;
        subscription.details.canceled_at.get_or_insert(clock);
    }
}

/// Fills in the missing fields that a status requires.
pub(super) fn imply(subscription: &mut Subscription, clock: i64) {
    let created = subscription.created;
    match subscription.status {
        Status::Canceled => {
            let details = &mut subscription.details;
            let ended = *details.ended_at.get_or_insert(clock);
            details.canceled_at.get_or_insert(ended);
            details
                .cancellation_reason
                .get_or_insert_with(|| "cancellation_requested".into());
        }
        Status::IncompleteExpired => {
            let details = &mut subscription.details;
            let ended = *details
                .ended_at
                .get_or_insert(created.saturating_add(TIME_TO_PAY));
            details.canceled_at.get_or_insert(ended);
        }
        Status::Trialing => {
            let details = &mut subscription.details;
            let start = *details.trial_start.get_or_insert(created);
            details
                .trial_end
                .get_or_insert(clock.max(start).saturating_add(TRIAL));
        }
        Status::Paused => {
            let details = &mut subscription.details;
            let end = *details.trial_end.get_or_insert(clock);
            details.trial_start.get_or_insert(end.saturating_sub(TRIAL));
            details.paused_at.get_or_insert(end);
        }
        Status::Active
        | Status::PastDue
        | Status::Unpaid
        | Status::Incomplete
        | Status::Other(_) => {}
    }
}

/// Clears a scheduled or past end. Details that were never set stay unset, and so take no memory.
fn clear_end(subscription: &mut Subscription) {
    let details = &subscription.details;
    let is_set = details.cancel_at.is_some()
        || details.cancel_at_period_end
        || details.canceled_at.is_some()
        || details.ended_at.is_some()
        || details.paused_at.is_some();
    if is_set {
        let details = &mut subscription.details;
        details.cancel_at = None;
        details.cancel_at_period_end = false;
        details.canceled_at = None;
        details.cancellation_reason = None;
        details.ended_at = None;
        details.paused_at = None;
    }
}

/// Returns the period around `moment`, counted from `begin`.
fn period_around(begin: i64, moment: i64, length: i64) -> Period {
    let passed = moment
        .saturating_sub(begin)
        .max(0)
        .checked_div(length)
        .unwrap_or_default();
    let start = begin.saturating_add(passed.saturating_mul(length));
    Period {
        start,
        end: start.saturating_add(length),
    }
}

/// Returns the length of a price's periods; a month for a price without one.
pub(crate) fn period_length(prices: &Collection<Price>, price: &str) -> i64 {
    let recurring = prices.get(price).and_then(|price| price.recurring.as_ref());
    recurring.map_or(Interval::Month.seconds(), |recurring| {
        recurring
            .interval
            .seconds()
            .saturating_mul(i64::from(recurring.interval_count))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_812_800;

    fn world_with(subscription: Subscription) -> World {
        let mut world = World::new(NOW);
        world.price(Price::monthly("price_pro", 2000));
        world.subscription(subscription.id("sub_a").price("price_pro"));
        world
    }

    #[test]
    fn a_canceled_subscription_has_ended_when_it_was_canceled() {
        let mut world =
            world_with(Subscription::new("cus_a", Status::Active).created(NOW - 40 * DAY));
        world.cancel_silently("sub_a");
        let subscription = world.find_subscription("sub_a").unwrap();
        assert_eq!(subscription.status, Status::Canceled);
        assert_eq!(subscription.details.ended_at, Some(NOW));
        assert_eq!(subscription.details.canceled_at, Some(NOW));
        world.clock += DAY;
        world.cancel_silently("sub_a");
        assert_eq!(
            world.find_subscription("sub_a").unwrap().details.ended_at,
            Some(NOW)
        );
    }

    #[test]
    fn the_period_is_the_one_that_the_clock_is_in() {
        let world = world_with(Subscription::new("cus_a", Status::Active).created(NOW - 40 * DAY));
        let period = world
            .find_subscription("sub_a")
            .unwrap()
            .items
            .first()
            .unwrap()
            .period
            .unwrap();
        assert_eq!((period.start, period.end), (NOW - 10 * DAY, NOW + 20 * DAY));
    }

    #[test]
    fn a_cancellation_has_two_encodings_and_can_be_undone() {
        let mut world = world_with(Subscription::new("cus_a", Status::Active));
        world.schedule_cancel_silently("sub_a");
        let details = world.find_subscription("sub_a").unwrap().details.clone();
        assert!(details.cancel_at_period_end);
        assert_eq!(details.cancel_at, Some(NOW + 30 * DAY));
        world.change_subscription_silently("sub_a", |subscription| {
            subscription.details.flexible_billing = true;
        });
        world.schedule_cancel_silently("sub_a");
        let details = world.find_subscription("sub_a").unwrap().details.clone();
        assert!(!details.cancel_at_period_end);
        assert_eq!(details.cancel_at, Some(NOW + 30 * DAY));
        world.keep_silently("sub_a");
        assert_eq!(
            world.find_subscription("sub_a").unwrap().details.cancel_at,
            None
        );
    }

    #[test]
    fn renewal_moves_the_period_on_by_the_price_interval() {
        let mut world = world_with(Subscription::new("cus_a", Status::Active));
        world.renew_silently("sub_a");
        let period = world
            .find_subscription("sub_a")
            .unwrap()
            .items
            .first()
            .unwrap()
            .period
            .unwrap();
        assert_eq!((period.start, period.end), (NOW + 30 * DAY, NOW + 60 * DAY));
    }

    #[test]
    fn deleting_a_customer_ends_its_subscriptions() {
        let mut world = world_with(Subscription::new("cus_a", Status::PastDue));
        assert!(world.delete_customer_silently("cus_a"));
        assert_eq!(
            world.find_subscription("sub_a").unwrap().status,
            Status::Canceled
        );
        assert!(world.find_customer("cus_a").unwrap().deleted);
    }

    #[test]
    fn a_subscription_that_moves_is_found_at_its_new_customer_only() {
        let mut world = world_with(Subscription::new("cus_a", Status::Active));
        world.change_subscription_silently("sub_a", |subscription| {
            subscription.customer = "cus_b".into();
        });
        assert!(world.subscriptions_of("cus_a").is_empty());
        assert_eq!(world.subscriptions_of("cus_b"), ["sub_a"]);
    }
}
