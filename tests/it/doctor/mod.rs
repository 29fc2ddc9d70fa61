//! `prodverdict doctor` and `prodverdict status`, end to end: each check where it passes and where it fails.

mod database;
mod job;
mod mapping;
mod paddle;
mod provider;
mod rehearsal;
mod setup;
mod status;

use fake_stripe::{Customer, FakeStripe, Key, Permission, Price, Status, Subscription, World};
use serde_json::Value;
use tempfile::TempDir;
use testing::{
    database::Database,
    program::{Program, ProgramOutput, TEST_KEY, folder, write},
    shop::{CONFIG, PRO, TEAM},
};

use crate::prodverdict;

/// Two accounts whose access is right, and one that never paid.
const ROWS: &str = "('usr_dave', 'cus_dave', true, 'pro'), ('usr_erin', 'cus_erin', true, 'team'), \
                    ('usr_fay', null, false, 'free')";

/// Everything that a check needs.
const ALLOWED: [Permission; 4] = [
    Permission::SubscriptionRead,
    Permission::CustomerRead,
    Permission::EventRead,
    Permission::TestClockRead,
];

/// A repository with a configuration, a provider and a database.
struct Examined {
    stripe: FakeStripe,
    database: Database,
    folder: TempDir,
}

impl Examined {
    /// Everything is right.
    fn healthy() -> Self {
        Self::with(&ALLOWED, Database::of_users(ROWS))
    }

    fn with(permissions: &[Permission], database: Database) -> Self {
        // A Monday in November 2026.
        let mut world = World::new(1_795_426_800);
        world
            .keys
            .add(Key::restricted(TEST_KEY, permissions.iter().copied()));
        world.price(Price::monthly(PRO, 2000));
        world.price(Price::monthly(TEAM, 5000));
        for (customer, price) in [("cus_dave", PRO), ("cus_erin", TEAM)] {
            world.customer(Customer::new(customer));
            world.subscription(Subscription::new(customer, Status::Active).price(price));
        }
        Self {
            stripe: FakeStripe::start_anywhere(world).expect("the fake provider starts"),
            database,
            folder: folder(&[("prodverdict.yml", CONFIG)]),
        }
    }

    fn configure(&self, from: &str, to: &str) {
        assert!(CONFIG.contains(from), "{from}");
        write(
            self.folder.path(),
            "prodverdict.yml",
            &CONFIG.replace(from, to),
        );
    }

    fn program(&self, arguments: &str) -> Program {
        prodverdict(arguments)
            .within(self.folder.path())
            .variable("STRIPE_API_BASE", &self.stripe.base_url())
            .variable("STRIPE_SECRET_KEY", TEST_KEY)
            .variable("DATABASE_URL", self.database.url_of("reader").as_str())
    }

    fn examine(&self) -> Report {
        Report::of(self.program("doctor --format json"))
    }

    fn examine_as(&self, name: &str, value: &str) -> Report {
        Report::of(self.program("doctor --format json").variable(name, value))
    }
}

/// A JSON report.
#[derive(Debug)]
struct Report(ProgramOutput);

impl Report {
    /// Runs the program, and checks the report by the schema and the exit status by the report.
    #[track_caller]
    fn of(program: Program) -> Self {
        let ran = program.run();
        let report = ran.json();
        let schema = include_str!("../../../schema/doctor.schema.json");
        let schema = serde_json::from_str(schema).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let errors: Vec<_> = validator
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{report:#}");
        ran.expect(if report["result"] == "fail" { 2 } else { 0 });
        Self(ran)
    }

    #[track_caller]
    fn check(&self, id: &str) -> Value {
        let report = self.0.json();
        let checks = report["checks"].as_array().expect("an array");
        let found = checks.iter().find(|check| check["id"] == id);
        found
            .unwrap_or_else(|| panic!("no {id}: {report:#}"))
            .clone()
    }

    /// Checks the result of a check and that its texts contain these.
    #[track_caller]
    fn shows(self, id: &str, result: &str, texts: &[&str]) -> Self {
        let check = self.check(id);
        assert_eq!(check["result"], result, "{check:#}");
        for text in texts {
            let all = check.to_string();
            let written = serde_json::to_string(text).expect("JSON");
            assert!(all.contains(written.trim_matches('"')), "{text}\n{check:#}");
        }
        self
    }

    /// Checks that these are skipped because another has to pass first.
    #[track_caller]
    fn skips(self, ids: &[&str], needs: &str) -> Self {
        for id in ids {
            let check = self.check(id);
            assert_eq!(check["result"], "skip", "{check:#}");
            assert_eq!(check["needs"], needs, "{check:#}");
        }
        self
    }
}
