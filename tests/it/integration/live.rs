//! Both sides live: a fake provider, a real database, and a configuration for them.

use fake_stripe::{FakeStripe, RecordedRequest, World};
use tempfile::TempDir;
use testing::{
    database::Database,
    program::{CANARIES, KEY, Program, ProgramOutput, folder, write},
};

use crate::prodverdict;

/// 2026-11-23, in the world of the provider and, with `--now`, in the program.
pub(crate) const NOW: i64 = 1_795_392_000;

/// Returns a contract for the table `users` with more lines.
pub(crate) fn contract(more: &[&str]) -> String {
    contract_with(&[], more)
}

/// Returns the same contract with more lines in `columns`.
pub(crate) fn contract_with(columns: &[&str], more: &[&str]) -> String {
    let indented = |indent: &str, lines: &[&str]| {
        let lines = lines.iter().map(|line| [indent, line, "\n"].concat());
        lines.collect::<String>()
    };
    let columns = indented("        ", columns);
    let waits = more.iter().any(|line| line.starts_with("confirm_after"));
    let looks = more.iter().any(|line| line.starts_with("evidence"));
    let confirm_after = if waits { "" } else { "    confirm_after: 0\n" };
    let evidence = if looks { "" } else { "    evidence: off\n" };
    let more = indented("    ", more);
    format!(
        "version: 1
contracts:
  - type: access
    name: users
    stripe: {{ secret_env: STRIPE_SECRET_KEY }}
    database:
      url_env: DATABASE_URL
      users_table: users
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: has_paid_access
{columns}{confirm_after}{evidence}{more}"
    )
}

pub(crate) struct Live {
    pub(crate) stripe: FakeStripe,
    pub(crate) database: Database,
    pub(crate) folder: TempDir,
}

impl Live {
    /// Starts the provider in live mode, to match the key.
    pub(crate) fn new(mut world: World, database: Database, configuration: &str) -> Self {
        world.livemode = true;
        Self {
            stripe: FakeStripe::start_anywhere(world).expect("the fake provider starts"),
            database,
            folder: folder(&[("prodverdict.yml", configuration)]),
        }
    }

    pub(crate) fn configure(&self, configuration: &str) {
        write(self.folder.path(), "prodverdict.yml", configuration);
    }

    /// Prepares the program with the credentials of both sides.
    pub(crate) fn program(&self, arguments: &str) -> Program {
        prodverdict(arguments)
            .within(self.folder.path())
            .variable("STRIPE_API_BASE", &self.stripe.base_url())
            .variable("STRIPE_SECRET_KEY", KEY)
            .variable("DATABASE_URL", self.database.url_of("reader").as_str())
    }

    /// Runs a check with text output.
    pub(crate) fn check(&self) -> ProgramOutput {
        self.run(self.program("check access"))
    }

    /// Runs a check with JSON output.
    pub(crate) fn json(&self) -> ProgramOutput {
        self.run(self.program("check access --format json"))
    }

    /// Runs the program, and checks that no secret was sent to the provider.
    pub(crate) fn run(&self, program: Program) -> ProgramOutput {
        let ran = program.run();
        for request in self.stripe.requests() {
            let sent = format!("{request:?}");
            assert!(
                !CANARIES.iter().any(|canary| sent.contains(canary)),
                "a secret is sent outside of `Authorization`: {sent}"
            );
        }
        ran
    }

    /// Lists the requests as `path?query`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let query = |request: &RecordedRequest| {
            let pairs = request
                .query
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join("&")
        };
        let requests = self.stripe.requests();
        requests
            .iter()
            .map(|request| format!("{}?{}", request.path, query(request)))
            .collect()
    }
}
