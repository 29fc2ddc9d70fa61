//! The command line: commands, options, help and exit status.

mod environment;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{Timestamp, civil::Date};

pub use environment::Environment;

const EXIT_STATUS: &str = "Exit status:
  0  the contract holds (pass, or warn without --strict)
  1  the contract is broken (fail, or warn under --strict)
  2  no verdict: a usage, configuration, credential, network or data error; the message gives advice";

/// Compares your billing provider with your database.
///
/// Reads live Stripe or Paddle subscriptions and the rows of your own Postgres with read-only credentials, checks them
/// against the access contract in prodverdict.yml, and reports everyone who pays without access or has access without
/// paying.
#[derive(Debug, Parser)]
#[command(name = "prodverdict", version, after_help = EXIT_STATUS, after_long_help = EXIT_STATUS)]
pub struct Cli {
    #[command(flatten)]
    pub color: colorchoice_clap::Color,

    /// Log to standard error: -v shows what is read, -vv every request
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a contract for this repository's stack and database
    Init(InitArgs),
    /// Check the setup step by step: configuration, key, database, mapping, rehearsal
    Doctor(DoctorArgs),
    /// Show the configuration, variables, workflows and last nightly result
    Status(StatusArgs),
    /// Check a contract
    Check {
        #[command(subcommand)]
        contract: ContractType,
    },
    /// Explain the verdict for one account, customer or subscription
    Explain(ExplainArgs),
    /// Play billing lifecycles against your webhook handler and check the rows it writes
    Rehearse(RehearseArgs),
    /// Create scenarios from the events of your own customers
    Record(RecordArgs),
    /// Run an example check that finds a problem; needs no keys and no database
    Demo(ReportArgs),
    /// Print baseline entries that accept the findings of a JSON report
    Baseline(BaselineArgs),
    /// Check a configuration file and show all problems
    Validate(ConfigArgs),
    /// Print the JSON Schema of prodverdict.yml
    Schema,
    /// Run a fake Stripe server on this machine for your own tests
    FakeStripe(fake_stripe::command::Arguments),
    /// Run a fake Paddle server on this machine for your own tests
    FakePaddle(fake_paddle::command::Arguments),
    /// Serve checks, rehearsals and other tools to a coding agent (Model Context Protocol over standard input and output)
    #[command(long_flag = "mcp")]
    Mcp(McpArgs),
    /// Run as a GitHub Action, with inputs and secrets from the environment
    Action(FixtureArgs),
    /// Print a shell completion script
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub enum ContractType {
    /// Check that everyone who pays has access, and nobody else
    Access(CheckArgs),
}

#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = "prodverdict.yml")]
    pub config: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct FormatArgs {
    /// Format of the report on standard output [default: text]
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<Format>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Human-readable text
    #[default]
    Text,
    /// JSON (its schema is in the folder schema/ of the repository)
    Json,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Human-readable text
    #[default]
    Text,
    /// JSON (schema: schema/report.schema.json in the repository)
    Json,
    /// JSON of at most 8 KiB for coding agents: causes, places, fixes and next commands (schema/agent.schema.json)
    Agent,
}

/// Options for the output of a report.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Format of the report on standard output [default: text]
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<ReportFormat>,

    /// Write the report to this file, in the format given by its extension; can be repeated. Nothing is then printed to
    /// standard output, unless `--format` is given too
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// Shorten the ids of accounts, customers and subscriptions in all output
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Redact::Off, help_heading = "Output")]
    pub redact: Redact,
}

/// The ids that output redacts.
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

    /// Print how many requests the check would make, then exit
    #[arg(long, conflicts_with_all = ["fixtures", "fixtures_stripe", "output"])]
    pub plan: bool,

    /// Baseline file. Findings listed in it are reported but do not fail the run until they expire
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Fail on findings of every severity, whatever `fail_on` says
    #[arg(long)]
    pub strict: bool,

    /// Evaluate at this time instead of now (RFC 3339, such as 2026-11-01T00:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = parse_timestamp)]
    pub now: Option<Timestamp>,
}

#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct InitArgs {
    /// Preset to use, instead of the one that fits best
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,

    /// List the presets, then exit
    #[arg(long, conflicts_with_all = ["stack", "workflow", "mcp", "cursor_rule", "pre_push", "yes", "force"])]
    pub list_stacks: bool,

    /// Write GitHub workflows for the check and, if the preset defines one, for a rehearsal
    #[arg(long)]
    pub workflow: bool,

    /// Add the MCP server to the files of Cursor, Claude Code and VS Code
    #[arg(long)]
    pub mcp: bool,

    /// Tell coding agents to rehearse billing code: a rule for Cursor, and sections of AGENTS.md and CLAUDE.md
    #[arg(long)]
    pub cursor_rule: bool,

    /// Write a Git hook that rehearses when a push changes billing code
    #[arg(long)]
    pub pre_push: bool,

    /// Write the files without asking
    #[arg(long)]
    pub yes: bool,

    /// Replace files that exist
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Account, customer or subscription, as findings print it (`user:…`, `customer:…`, `subscription:…`), just its id,
    /// or an e-mail address
    #[arg(value_name = "ENTITY")]
    pub entity: String,

    #[command(flatten)]
    pub config: ConfigArgs,

    /// Name of the contract [default: every contract that contains the entity]
    #[arg(long, value_name = "NAME")]
    pub contract: Option<String>,

    #[command(flatten)]
    pub fixtures: FixtureArgs,

    #[command(flatten)]
    pub format: FormatArgs,

    /// Shorten the ids of accounts, customers and subscriptions, and the e-mail address, in all output
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Redact::Off, help_heading = "Output")]
    pub redact: Redact,

    /// Evaluate at this time instead of now (RFC 3339, such as 2026-11-01T00:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = parse_timestamp)]
    pub now: Option<Timestamp>,
}

#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct RehearseArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Play only this scenario; can be repeated
    #[arg(long, value_name = "ID")]
    pub scenario: Vec<String>,

    /// List the scenarios, then exit
    #[arg(long)]
    pub list: bool,

    /// Play first the scenarios that changes in the working tree can affect
    #[arg(long, conflicts_with_all = ["list", "node_preload", "python_path"])]
    pub changed: bool,

    /// Play again when a file of `handler_paths` changes, broken scenarios first, until Ctrl-C
    #[arg(long, conflicts_with_all = ["list", "node_preload", "python_path", "output"])]
    pub watch: bool,

    /// Write a `NODE_OPTIONS` preload script that redirects requests to the fake provider, then exit
    #[arg(long, value_name = "FILE", help_heading = "Redirect")]
    pub node_preload: Option<PathBuf>,

    /// Write a `PYTHONPATH` folder that redirects requests to the fake provider, then exit
    #[arg(long, value_name = "DIR", help_heading = "Redirect")]
    pub python_path: Option<PathBuf>,

    /// Stop at the first finding that fails the run
    #[arg(long)]
    pub fail_fast: bool,

    /// Number of scenarios to play in parallel [default: 4]
    #[arg(long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,

    #[command(flatten)]
    pub report: ReportArgs,

    /// Baseline file. Findings listed in it are reported but do not fail the run until they expire
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Fail on findings of every severity, whatever `fail_on` says
    #[arg(long)]
    pub strict: bool,

    /// Start each scenario's clock at this time (RFC 3339) [default: today 00:00 UTC]
    #[arg(long, value_name = "TIME", value_parser = parse_timestamp)]
    pub now: Option<Timestamp>,

    /// Command that starts the application, redirected to the fake provider and stopped at the end
    #[arg(
        last = true,
        value_name = "COMMAND",
        conflicts_with_all = ["list", "node_preload", "python_path"]
    )]
    pub command: Vec<OsString>,
}

#[derive(Debug, Clone, Args)]
pub struct McpArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    #[command(flatten)]
    pub fixtures: FixtureArgs,

    /// Shorten the ids of accounts, customers and subscriptions in all answers: `ids` or `off`
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Redact::Off)]
    pub redact: Redact,

    /// Baseline file. Findings listed in it are reported but do not fail a check or a rehearsal until they expire
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Fail on findings of every severity, whatever `fail_on` says
    #[arg(long)]
    pub strict: bool,

    /// Command that starts the application for a rehearsal
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Clone, Args)]
pub struct RecordArgs {
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Contract whose provider and prices are used [default: the rehearsal's contract, or the only one]
    #[arg(long, value_name = "NAME")]
    pub contract: Option<String>,

    /// Number of days to read; Stripe keeps events for 30
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=30))]
    pub days: u8,

    /// Output folder. Existing recorded scenarios are replaced; other files are kept [default: the rehearsal's
    /// `scenarios_dir`, or scenarios/ next to the configuration]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Read events up to this time instead of now (RFC 3339, such as 2026-11-01T00:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = parse_timestamp)]
    pub now: Option<Timestamp>,
}

#[derive(Debug, Clone, Args)]
pub struct BaselineArgs {
    /// JSON report of a check or rehearsal; `-` reads standard input
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// Reason for accepting the findings
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// Last day on which they are accepted (UTC), such as 2026-12-31; at most 366 days ahead
    #[arg(long, value_name = "DAY", value_parser = parse_date)]
    pub expires: Date,
}

#[derive(Debug, Clone, Args)]
pub struct FixtureArgs {
    /// Read both sides from recorded files instead of live systems
    #[arg(long, group = "recorded", help_heading = "Fixtures")]
    pub fixtures: bool,

    /// Read the provider, Stripe or Paddle, from recorded files and the accounts live
    #[arg(long, group = "recorded", help_heading = "Fixtures")]
    pub fixtures_stripe: bool,

    /// Folder of the recorded files [default: fixtures/ next to the configuration]
    #[arg(
        long,
        value_name = "DIR",
        requires = "recorded",
        help_heading = "Fixtures"
    )]
    pub fixtures_dir: Option<PathBuf>,
}

/// Parses a day; the error shows the expected format.
fn parse_date(text: &str) -> Result<Date, String> {
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    Err(match Date::strptime("%d.%m.%Y", text) {
        Ok(day) => format!("write it as {day}"),
        Err(_) => "not a date: write it as 2026-12-31".to_owned(),
    })
}

/// Parses a time; the error shows the expected format.
fn parse_timestamp(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    Err(match text.parse::<Date>() {
        Ok(day) => format!("write it as {day}T00:00:00Z"),
        Err(_) => "not a time: write it as 2026-11-01T00:00:00Z".to_owned(),
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
    fn date_errors_show_the_expected_format() {
        let parsed = parse_date("2026-12-31").expect("a date");
        assert_eq!(parsed.to_string(), "2026-12-31");
        assert_eq!(
            parse_date("31.12.2026").expect_err("German date format"),
            "write it as 2026-12-31"
        );
        for other in ["12/31/2026", "2026-02-30", "soon", ""] {
            let message = parse_date(other).expect_err(other);
            assert_eq!(message, "not a date: write it as 2026-12-31");
        }
    }

    #[test]
    fn timestamp_errors_show_the_expected_format() {
        assert_eq!(
            parse_timestamp("2026-12-31").expect_err("a date without a time"),
            "write it as 2026-12-31T00:00:00Z"
        );
        assert!(parse_timestamp("2026-12-31T00:00:00+02:00").is_ok());
        for other in ["now", "yesterday"] {
            let message = parse_timestamp(other).expect_err(other);
            assert_eq!(message, "not a time: write it as 2026-11-01T00:00:00Z");
        }
    }

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        let all = ["prodverdict", "check", "access"].iter().chain(arguments);
        Cli::try_parse_from(all)
    }

    #[test]
    fn now_is_a_timestamp() {
        assert!(parse(&["--now", "2026-11-01T00:00:00Z"]).is_ok());
        assert!(parse(&["--now", "yesterday"]).is_err());
    }

    #[test]
    fn fixtures_dir_requires_a_fixtures_flag() {
        assert!(parse(&["--fixtures", "--fixtures-dir", "x"]).is_ok());
        assert!(parse(&["--fixtures-stripe", "--fixtures-dir", "x"]).is_ok());
        assert!(parse(&["--fixtures-dir", "x"]).is_err());
        assert!(parse(&["--fixtures", "--fixtures-stripe"]).is_err());
    }
}
