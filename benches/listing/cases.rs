//! The measured worlds, and the product's promise for each.

use std::{io, time::Duration};

use fake_stripe::{FakeStripe, LIVE_LIMITS, Latency, Limits};
use testing::database::Database;

use super::{
    Result,
    both_sides::BothSides,
    measured::{Measured, Promise},
    plot,
    program::{self, ProviderSide},
    sequential,
};

/// The accounts of the application.
pub(crate) const TABLE: &str =
    "create table users (id uuid, customer_id text, has_paid_access boolean, plan text)";

/// A world and the behavior of its provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) granting: u32,
    pub(crate) ended: u32,
    pub(crate) accounts: u32,
    /// True for a provider as slow and as strict as a remote one.
    pub(crate) is_far: bool,
    /// True if it is measured by default, and compared with a sequential reader.
    pub(crate) is_usual: bool,
}

const fn near(name: &'static str, granting: u32) -> Case {
    Case {
        name,
        granting,
        ended: 10,
        accounts: granting / 2 * 3,
        is_far: false,
        is_usual: false,
    }
}

impl Case {
    pub(crate) const ALL: [Self; 5] = [
        Self {
            name: "far",
            granting: 20_000,
            ended: 10_000,
            accounts: 40_000,
            is_far: true,
            is_usual: true,
        },
        Self {
            is_usual: true,
            ..near("million", 1_000_000)
        },
        near("2-million", 2_000_000),
        near("3.5-million", 3_500_000),
        near("5-million", 5_000_000),
    ];

    /// Returns the product's promise.
    fn promise(&self) -> Promise {
        if self.is_far {
            return Promise {
                seconds: Some(10),
                percent_of_limit: Some(90),
                ..Promise::default()
            };
        }
        Promise {
            subscriptions_a_second: Some(40_000),
            mebibytes: Some(u64::from(self.granting) * 300 / 1_000_000),
            ..Promise::default()
        }
    }

    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|case| case.name == name)
    }

    /// Runs the program, and the sequential reader if it is compared, and prints a line for each.
    pub(crate) fn run(&'static self) -> Result<()> {
        let both = BothSides::of(self);
        let database = Database::with(TABLE);
        for rows in both.rows() {
            database.fill("users", rows);
        }
        database.run("analyze users");
        let BothSides {
            world, expected, ..
        } = both;
        let stripe = FakeStripe::start_anywhere(world)?;
        self.behave(&stripe);
        let provider = ProviderSide::stripe(&stripe, self.is_far);
        let ran = program::run(&provider, &database, &expected)?;
        let checked = Measured::of("prodverdict", self, &stripe.requests(), &ran);
        checked.print(&mut io::stdout(), &self.promise())?;
        if !self.is_usual {
            return Ok(());
        }
        stripe.clear_requests();
        // Also resets the counters of the rate limit.
        self.behave(&stripe);
        let ran = sequential::run(&stripe, self.granting + self.ended)?;
        let plain = Measured::of("one by one", self, &stripe.requests(), &ran);
        plain.print(&mut io::stdout(), &Promise::default())?;
        if self.is_far {
            plot::write(&checked, &plain)?;
        }
        Ok(())
    }

    fn behave(&self, stripe: &FakeStripe) {
        if self.is_far {
            stripe.limit(Limits {
                at_once: Some(20),
                ..LIVE_LIMITS
            });
            stripe.delay(Some(Latency {
                median: Duration::from_millis(300),
                slowest_percent: Duration::from_millis(600),
                seed: 1,
            }));
        } else {
            stripe.do_not_compress();
        }
    }
}
