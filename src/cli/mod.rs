//! What the user types: commands, options, help, and what the exit status means.

mod environment;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{Timestamp, civil::Date};

pub use environment::Environment;

const EXIT_STATUS: &str = "Exit status:
  0  the contract holds (pass, or warn without --strict)
  1  the contract is broken (fail, or warn under --strict)
  2  could not tell: usage, configuration, credentials, network or data; the message says what to do";

/// Compares what your billing provider says with what your database says.
///
/// Reads live Stripe or Paddle subscriptions and the rows of your own Postgres through read-only credentials, judges
/// them by the access contract in prodverdict.yml, and reports everybody who pays without access or has access
/// without paying.
#[derive(Debug, Parser)]
#[command(name = "prodverdict", version, after_help = EXIT_STATUS, after_long_help = EXIT_STATUS)]
pub struct Cli {
    #[command(flatten)]
    pub color: colorchoice_clap::Color,

    /// Say more on standard error: -v what is read, -vv every request
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a contract now
    Check {
        #[command(subcommand)]
        contract: ContractType,
    },
    /// Show everything known about one account or customer, and why it counts as it does
    Explain(ExplainArgs),
    /// Play billing lifecycles against your own webhook handler, and judge the rows it writes
    Rehearse(RehearseArgs),
    /// Make scenarios of what happened to your customers, from the events that Stripe keeps
    Record(RecordArgs),
    /// Show what a broken contract looks like: no keys, no database
    Demo(ReportArgs),
    /// Write the entries of a baseline that accept what a JSON report found, each until a day
    Baseline(BaselineArgs),
    /// Check a configuration file and show every problem in it
    Validate(ConfigArgs),
    /// Print the JSON Schema of prodverdict.yml
    Schema,
    /// Serve a fake Stripe on this machine, for tests of your own
    FakeStripe(FakeStripeArgs),
    /// Run as a GitHub Action: inputs and secrets from the environment
    Action(FixtureArgs),
    /// Print a completion script
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub enum ContractType {
    /// Everybody who pays has access, and nobody else
    Access(CheckArgs),
}

#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "prodverdict.yml")]
    pub config: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct FormatArgs {
    /// What to print on standard output [default: text]
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<Format>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: the folder schema/ says what is in it
    Json,
}

/// Where a report goes.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub format: FormatArgs,

    /// Write the report to this file, in the format that its name ends in; can be given several times. Standard output
    /// then holds nothing, unless `--format` is given too
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// `ids` shortens the ids of accounts, customers and subscriptions in everything that is reported
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Redact::Off, help_heading = "Output")]
    pub redact: Redact,
}

/// What is shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Redact {
    Off,
    Ids,
}

#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    #[command(flatten)]
    pub fixtures: FixtureArgs,

    #[command(flatten)]
    pub report: ReportArgs,

    /// Say how many requests the check takes, and stop
    #[arg(long, conflicts_with_all = ["fixtures", "fixtures_stripe", "output"])]
    pub plan: bool,

    /// Accept what this file lists until its days are over: such findings are shown and fail nothing
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Exit with 1 on a warning too
    #[arg(long)]
    pub strict: bool,

    /// Evaluate as of this time instead of now (RFC 3339, such as 2026-11-01T00:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub now: Option<Timestamp>,
}

#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Whom: as findings print it (`user:…`, `customer:…`), or the bare id of an account or customer
    #[arg(value_name = "ENTITY")]
    pub entity: String,

    #[command(flatten)]
    pub config: ConfigArgs,

    /// Only by this contract, by its name [default: by every contract that knows it]
    #[arg(long, value_name = "NAME")]
    pub contract: Option<String>,

    #[command(flatten)]
    pub fixtures: FixtureArgs,

    #[command(flatten)]
    pub format: FormatArgs,

    /// Evaluate as of this time instead of now (RFC 3339, such as 2026-11-01T00:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub now: Option<Timestamp>,
}

#[derive(Debug, Clone, Args)]
pub struct RehearseArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Play only this scenario; can be given several times
    #[arg(long, value_name = "ID")]
    pub scenario: Vec<String>,

    /// Show the scenarios, one line each, and stop
    #[arg(long)]
    pub list: bool,

    /// Write what sends a Node application's Stripe requests to the fake, for `NODE_OPTIONS`, and stop
    #[arg(long, value_name = "FILE", help_heading = "Redirect")]
    pub node_preload: Option<PathBuf>,

    /// Write what sends a Python application's Stripe requests to the fake, for `PYTHONPATH`, and stop
    #[arg(long, value_name = "DIR", help_heading = "Redirect")]
    pub python_path: Option<PathBuf>,

    /// Stop at the first finding that fails
    #[arg(long)]
    pub fail_fast: bool,

    /// How many scenarios are played side by side [default: 4]
    #[arg(long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,

    #[command(flatten)]
    pub report: ReportArgs,

    /// Accept what this file lists until its days are over: such findings are shown and fail nothing
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Exit with 1 on a warning too
    #[arg(long)]
    pub strict: bool,

    /// Let every life begin at this time instead of midnight (RFC 3339, such as 2026-11-01T00:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub now: Option<Timestamp>,

    /// Start the application with this command, redirected to the fake Stripe, and end it afterwards
    #[arg(
        last = true,
        value_name = "COMMAND",
        conflicts_with_all = ["list", "node_preload", "python_path"]
    )]
    pub command: Vec<OsString>,
}

#[derive(Debug, Clone, Args)]
pub struct RecordArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Whose provider is read, and whose prices are known, by the contract's name [default: the rehearsal's contract, or
    /// the only one]
    #[arg(long, value_name = "NAME")]
    pub contract: Option<String>,

    /// How many days back; Stripe keeps events for 30
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=30))]
    pub days: u8,

    /// The folder that the scenarios are written to; earlier recorded ones in it are replaced, other files stay
    /// [default: the rehearsal's `scenarios_dir`, or scenarios/ beside the configuration]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Read the events up to this time instead of now (RFC 3339, such as 2026-11-01T00:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub now: Option<Timestamp>,
}

#[derive(Debug, Clone, Args)]
pub struct BaselineArgs {
    /// The JSON report of a check or a rehearsal; `-` reads it from standard input
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// Why the findings are accepted
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// The last day on which they are accepted (UTC), such as 2026-12-31; at most 366 days ahead
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub expires: Date,
}

#[derive(Debug, Clone, Args)]
pub struct FixtureArgs {
    /// Read both sides from recorded files instead of live systems
    #[arg(long, group = "recorded", help_heading = "Fixtures")]
    pub fixtures: bool,

    /// Read only the provider's side from recorded files, and the accounts live
    #[arg(long, group = "recorded", help_heading = "Fixtures")]
    pub fixtures_stripe: bool,

    /// The folder of the recorded files [default: fixtures/ beside the configuration]
    #[arg(
        long,
        value_name = "DIR",
        requires = "recorded",
        help_heading = "Fixtures"
    )]
    pub fixtures_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct FakeStripeArgs {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:12111")]
    pub listen: SocketAddr,

    /// Serve over TLS, with a throw-away authority and a certificate for api.stripe.com that are kept in this folder
    #[arg(long, value_name = "DIR")]
    pub tls: Option<PathBuf>,

    /// Begin with the objects in this folder: stripe/subscriptions.json, as `check --fixtures-dir` reads it, or
    /// subscriptions.json, customers.json, products.json, prices.json and entitlements.json in the folder itself
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
}

/// A day, or how to write it.
fn day(text: &str) -> Result<Date, String> {
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    Err(match Date::strptime("%d.%m.%Y", text) {
        Ok(day) => format!("write it as {day}"),
        Err(_) => "it is no day: write it as 2026-12-31".to_owned(),
    })
}

/// A time, or how to write it.
fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    Err(match text.parse::<Date>() {
        Ok(day) => format!("write it as {day}T00:00:00Z"),
        Err(_) => "it is no time: write it as 2026-11-01T00:00:00Z".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn days_and_times_of_other_forms_are_told_how_to_be_written() {
        assert_eq!(day("2026-12-31").expect("a day").to_string(), "2026-12-31");
        assert_eq!(
            day("31.12.2026").expect_err("German"),
            "write it as 2026-12-31"
        );
        for other in ["12/31/2026", "2026-02-30", "soon", ""] {
            let said = day(other).expect_err(other);
            assert_eq!(said, "it is no day: write it as 2026-12-31");
        }
        assert_eq!(
            time("2026-12-31").expect_err("a day"),
            "write it as 2026-12-31T00:00:00Z"
        );
        assert!(time("2026-12-31T00:00:00+02:00").is_ok());
        assert!(
            time("now")
                .expect_err("a word")
                .ends_with("2026-11-01T00:00:00Z")
        );
    }

    #[test]
    fn a_folder_of_fixtures_needs_a_kind_of_fixtures() {
        let parse = |arguments: &[&str]| {
            let all = ["prodverdict", "check", "access"].iter().chain(arguments);
            Cli::try_parse_from(all)
        };
        assert!(parse(&["--fixtures", "--fixtures-dir", "x"]).is_ok());
        assert!(parse(&["--fixtures-stripe", "--fixtures-dir", "x"]).is_ok());
        assert!(parse(&["--fixtures-dir", "x"]).is_err());
        assert!(parse(&["--fixtures", "--fixtures-stripe"]).is_err());
        assert!(parse(&["--now", "yesterday"]).is_err());
    }
}
