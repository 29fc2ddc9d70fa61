//! Generates thousands to millions of subscriptions at once.

use compact_str::{CompactString, format_compact};

use super::{Customer, Item, Price, Status, Subscription, World, mix};

/// The properties of generated subscriptions. Each has a separate customer.
#[derive(Debug, Clone)]
pub struct Bulk {
    pub count: u32,
    /// Prices assigned at random; missing ones are created (monthly).
    pub prices: Vec<CompactString>,
    /// Statuses with their relative frequencies.
    pub statuses: Vec<(Status, u32)>,
    /// Seconds between two creations; 0 creates all of them in one second.
    pub spacing: i64,
    pub seed: u64,
}

impl Bulk {
    /// Returns a distribution like that of an ordinary business: most subscriptions are active or long canceled.
    pub fn new(count: u32) -> Self {
        Self {
            count,
            prices: vec!["price_pro_monthly".into(), "price_team_monthly".into()],
            statuses: vec![
                (Status::Active, 550),
                (Status::Trialing, 40),
                (Status::PastDue, 30),
                (Status::Unpaid, 10),
                (Status::Paused, 5),
                (Status::Incomplete, 5),
                (Status::IncompleteExpired, 20),
                (Status::Canceled, 340),
            ],
            spacing: 60,
            seed: 1,
        }
    }
}

impl World {
    /// Adds the subscriptions, oldest first, the last one created at the world's clock.
    pub fn bulk(&mut self, bulk: &Bulk) {
        let expected = usize::try_from(bulk.count).unwrap_or_default();
        self.customers.reserve(expected);
        self.subscriptions.reserve(expected);
        for price in &bulk.prices {
            if self.prices.get(price).is_none() {
                self.price(Price::monthly(price, 2000));
            }
        }
        for number in 0..bulk.count {
            let chance = mix(bulk.seed ^ mix(u64::from(number)));
            let age = i64::from(bulk.count.saturating_sub(number).saturating_sub(1));
            let created = self.clock.saturating_sub(age.saturating_mul(bulk.spacing));
            let customer = self.customer(
                Customer::new("")
                    .created(created)
                    .email(&format_compact!("c{number}@example.com")),
            );
            let mut subscription =
                Subscription::new(&customer, status(&bulk.statuses, chance)).created(created);
            if let Some(price) = pick(&bulk.prices, chance >> 32) {
                subscription.items.reserve_exact(1);
                subscription.items.push(Item::new(price));
            }
            self.subscription(subscription);
        }
    }
}

fn status(statuses: &[(Status, u32)], chance: u64) -> Status {
    let total: u64 = statuses.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut left = (chance & u64::from(u32::MAX))
        .checked_rem(total)
        .unwrap_or_default();
    for (status, weight) in statuses {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return status.clone(),
        }
    }
    Status::Active
}

fn pick(prices: &[CompactString], chance: u64) -> Option<&CompactString> {
    let count = u64::try_from(prices.len()).unwrap_or_default();
    prices.get(usize::try_from(chance.checked_rem(count)?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bulk_subscriptions_are_repeatable_and_of_every_status() {
        let crowd = || {
            let mut world = World::new(1_790_812_800);
            world.bulk(&Bulk::new(2_000));
            world
                .subscriptions()
                .map(|subscription| {
                    (
                        subscription.id.clone(),
                        subscription.status.clone(),
                        subscription.created,
                    )
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(crowd(), crowd());
        for status in Status::DOCUMENTED {
            assert!(
                crowd().iter().any(|(_, found, _)| *found == status),
                "no {status}"
            );
        }
        assert_eq!(crowd().last().unwrap().2, 1_790_812_800);
    }
}
