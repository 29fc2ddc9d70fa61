//! The provider's and the application's data, which agree except in a few places that must be found.

use std::fmt::Write as _;

use fake_stripe::{Bulk, Status, Subscription, World};

use super::cases::Case;

/// 2026-11-23, for the provider and the program.
pub(crate) const NOW: i64 = 1_795_392_000;

/// The expected result of a check.
pub(crate) struct Expected {
    /// Rule and entity, in order.
    pub(crate) findings: Vec<String>,
    pub(crate) accounts: u64,
    pub(crate) granting: u64,
}

/// Both sides of a case.
pub(crate) struct BothSides {
    pub(crate) world: World,
    pub(crate) expected: Expected,
    case: &'static Case,
}

/// The drift of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drift {
    /// Pays and has no access.
    Leak,
    OtherPlan,
    /// Pays and has no row.
    Orphan,
    /// Has access and no longer pays.
    Free,
}

impl BothSides {
    pub(crate) fn of(case: &'static Case) -> Self {
        let mut world = World::new(NOW);
        world.livemode = true;
        let crowd = |count, statuses: &[(Status, u32)], seed| Bulk {
            statuses: statuses.to_vec(),
            seed,
            ..Bulk::new(count)
        };
        world.bulk(&crowd(
            case.granting,
            &[(Status::Active, 950), (Status::Trialing, 50)],
            1,
        ));
        world.bulk(&crowd(case.ended, &[(Status::Canceled, 1)], 2));
        let mut both = Self {
            world,
            expected: Expected {
                findings: Vec::new(),
                accounts: u64::from(case.accounts),
                granting: u64::from(case.granting),
            },
            case,
        };
        let (mut findings, mut rows) = (vec!["unlinked-access accounts:unlinked".to_owned()], 0);
        for (number, subscription) in (0..).zip(both.world.subscriptions()) {
            let id = account_id(number);
            rows += 1;
            match both.drift(number) {
                Some(Drift::Leak) => findings.push(format!("revenue-leak user:{id}")),
                Some(Drift::OtherPlan) => findings.push(format!("plan-drift user:{id}")),
                Some(Drift::Free) => findings.push(format!("wrongful-access user:{id}")),
                Some(Drift::Orphan) => {
                    rows -= 1;
                    let customer = &subscription.customer;
                    findings.push(format!("orphan-subscription customer:{customer}"));
                }
                None => {}
            }
        }
        assert!(rows < both.expected.accounts, "somebody has to be unlinked");
        findings.sort();
        both.expected.findings = findings;
        both
    }

    fn drift(&self, number: u32) -> Option<Drift> {
        let granting = self.case.granting;
        [
            (granting / 7, Drift::Leak),
            (granting / 3, Drift::Orphan),
            (granting / 2, Drift::OtherPlan),
            (granting - 1, Drift::Leak),
            (granting, Drift::Free),
        ]
        .into_iter()
        .find_map(|(place, drift)| (place == number).then_some(drift))
    }

    /// Returns the access and the plan in the row of this subscription.
    fn access_and_plan(&self, number: u32, subscription: &Subscription) -> (bool, &'static str) {
        let drift = self.drift(number);
        let grants = subscription.status != Status::Canceled;
        let paid = grants != matches!(drift, Some(Drift::Leak | Drift::Free));
        let price = subscription.items.first().map(|item| item.price.as_str());
        let is_pro = price == Some("price_pro_monthly");
        let stores_pro = is_pro != matches!(drift, Some(Drift::OtherPlan));
        let plan = match (grants, stores_pro) {
            (false, _) => "free",
            (true, true) => "pro",
            (true, false) => "team",
        };
        (paid, plan)
    }

    /// Formats the rows of the table for `COPY`, in parts.
    pub(crate) fn rows(&self) -> impl Iterator<Item = String> {
        const PART: u32 = 100_000;
        let mut subscriptions = (0..).zip(self.world.subscriptions());
        let (mut number, mut left) = (0, self.case.accounts);
        std::iter::from_fn(move || {
            let mut rows = String::new();
            for _ in 0..PART.min(left) {
                let found =
                    subscriptions.find(|(place, _)| self.drift(*place) != Some(Drift::Orphan));
                let (id, customer, paid, plan) = if let Some((place, subscription)) = found {
                    number = place;
                    let (paid, plan) = self.access_and_plan(place, subscription);
                    (place, subscription.customer.as_str(), paid, plan)
                } else {
                    number += 1;
                    // The last one has access without any subscription.
                    (number, "\\N", left == 1, "free")
                };
                left -= 1;
                // Writing to a `String` cannot fail.
                let _ = writeln!(rows, "{}\t{customer}\t{paid}\t{plan}", account_id(id));
            }
            (!rows.is_empty()).then_some(rows)
        })
    }
}

fn account_id(number: u32) -> String {
    format!(
        "{:08x}-5eed-4acc-8000-{number:012x}",
        number.wrapping_mul(2_654_435_761)
    )
}
