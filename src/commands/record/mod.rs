//! `prodverdict record`: turns the provider's events into scenario files, for lifecycles that no built-in scenario
//! covers.

mod files;
mod summary;

use std::path::{Path, PathBuf};

use fake_stripe::ApiVersion;

use super::{
    configuration,
    credentials::reader,
    failure::{Failure, fail},
    output::Output,
    recorded::RecordedSides,
    rehearse::reproduces,
    run_parameters::RunParameters,
    secrets::{mask_of, secrets_of},
};
use crate::{
    billing::definition,
    cli::{Environment, RecordArgs},
    config::{AccessContract, Config},
    contract::{Mode, UnixSeconds},
    notice::Progress,
    problem::{ErrorCode, Problem},
    rehearsal::{ProductionLog, Provider, Recording, TestPrices, Unplayable, built_in},
    report::{self, Mask},
};

const DAY: i64 = 86_400;

/// Number of events read, in a thousand requests.
const MAX_EVENTS: u64 = 100_000;

/// Number of events between two lines about the progress.
const BETWEEN_LINES: u64 = 10_000;

#[derive(Debug)]
struct ProductionReading {
    log: ProductionLog,
    /// True if older events were not read.
    is_truncated: bool,
    /// Time of the oldest event that was read.
    oldest: Option<UnixSeconds>,
    mode: Option<Mode>,
}

pub(super) async fn run(arguments: &RecordArgs, environment: &Environment) -> u8 {
    let config = match configuration::load(&arguments.config.config) {
        Ok(config) => config,
        Err(unusable) => {
            let output = Output::of_process(Mask::default());
            return fail(&output, &unusable.problems());
        }
    };
    let output = Output::of_process(mask_of(&secrets_of(&config, environment)));
    output.say(&report::warnings(&config.warnings, output.color_on_stderr));
    match record(&config, arguments, environment, &output).await {
        Ok(summary) => match output.data(&summary) {
            Ok(()) => 0,
            Err(error) => super::could_not_write(&output, &error),
        },
        Err(failure) => fail(&output, &[failure.problem]),
    }
}

async fn record(
    config: &Config,
    arguments: &RecordArgs,
    environment: &Environment,
    output: &Output,
) -> Result<String, Failure> {
    let contract = chosen(config, arguments.contract.as_deref())?;
    if !definition(contract.contract.source).has_lifecycles() {
        return Err(not_supported(contract).into());
    }
    let prices =
        TestPrices::from_contract(&contract.contract).ok_or_else(|| nothing_paid(contract))?;
    let version = version(config)?;
    let built_in = built_in(Provider::Stripe)
        .map_err(|error| Problem::new(ErrorCode::Internal, error.to_string()))?;
    let now = arguments.now.map_or_else(super::now, UnixSeconds::from);
    let reading = read(contract, arguments.days, now, (environment, output)).await?;
    let ProductionReading {
        log,
        is_truncated,
        oldest,
        mode,
    } = reading;
    let mut recording = log.recording(&contract.contract, &prices, &built_in);
    leave_out_unplayable(&mut recording, contract, &version);
    let folder = folder(config, arguments);
    let files = files::replace(&folder, &recording.shapes, output)?;
    Ok(summary::text(&summary::RecordSummary {
        recording: &recording,
        files: &files,
        folder: &folder,
        days: arguments.days,
        cut_at: oldest.filter(|_| is_truncated),
        mode,
        is_played: is_played(config, arguments, &folder),
    }))
}

/// Reads the log, newest first, and keeps only what a recording needs of each event.
async fn read(
    contract: &AccessContract,
    days: u8,
    now: UnixSeconds,
    (environment, output): (&Environment, &Output),
) -> Result<ProductionReading, Failure> {
    let progress = Progress::new(output.on_terminal);
    let run = RunParameters::new(environment, &progress, RecordedSides::Nothing, now);
    let reader = reader(contract, &run)?;
    let line = progress.line("Stripe's events");
    let since = UnixSeconds(now.0.saturating_sub(i64::from(days).saturating_mul(DAY)));
    let mut log = ProductionLog::default();
    let mut oldest = None;
    let mut mode = None;
    let mut count: u64 = 0;
    let mut take = |event: serde_json::Value| {
        count = count.saturating_add(1);
        line.read(count);
        if count.is_multiple_of(BETWEEN_LINES) {
            output.say(&format!("read {count} events"));
        }
        let created = event.get("created").and_then(serde_json::Value::as_i64);
        if created.is_some_and(|created| created > now.0) {
            return;
        }
        oldest = created.map(UnixSeconds).or(oldest);
        let is_live = event.get("livemode").and_then(serde_json::Value::as_bool);
        mode = is_live
            .map(|is_live| if is_live { Mode::Live } else { Mode::Test })
            .or(mode);
        log.add(&event);
    };
    let read = reader.event_log(since, MAX_EVENTS, &mut take).await;
    let is_truncated = read?;
    Ok(ProductionReading {
        log,
        is_truncated: is_truncated.unwrap_or_default(),
        oldest,
        mode,
    })
}

/// Removes the shapes that the fake provider cannot reproduce, and counts their lifecycles.
fn leave_out_unplayable(
    recording: &mut Recording,
    contract: &AccessContract,
    version: &ApiVersion,
) {
    let mut lost: u64 = 0;
    recording.shapes.retain(|shape| {
        let is_playable = reproduces(shape, &contract.contract, version);
        if !is_playable {
            tracing::debug!(title = %shape.scenario.title, "not playable");
            lost = lost.saturating_add(shape.customers);
        }
        is_playable
    });
    if lost > 0 {
        recording.unplayable.insert(Unplayable::OtherStates, lost);
    }
}

/// Returns the named contract, or the rehearsal's, or the only one.
fn chosen<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c AccessContract, Problem> {
    let contracts = &config.contracts;
    let names = || {
        let names = contracts
            .iter()
            .map(|contract| format!("`{}`", contract.name));
        names.collect::<Vec<_>>().join(", ")
    };
    if let Some(name) = name {
        let named = contracts.iter().find(|contract| contract.name == name);
        return named.ok_or_else(|| {
            Problem::new(
                ErrorCode::InvalidSetting,
                format!("there is no contract `{name}`"),
            )
            .hint(format!("name one of {}", names()))
        });
    }
    let rehearsed = config
        .rehearsal
        .as_ref()
        .map(|rehearsal| rehearsal.contract_index);
    let contract = match (rehearsed, contracts.as_slice()) {
        (Some(index), contracts) => contracts.get(index),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    contract.ok_or_else(|| {
        Problem::new(
            ErrorCode::InvalidSetting,
            "there are several contracts, and none of them is rehearsed",
        )
        .hint(format!("name one with `--contract`: {}", names()))
    })
}

fn not_supported(contract: &AccessContract) -> Problem {
    let source = contract.contract.source.as_str();
    Problem::new(
        ErrorCode::InvalidSetting,
        format!(
            "contract `{}` has `source_of_truth: {source}`, which cannot be recorded yet",
            contract.name
        ),
    )
    .hint(
        "recording reads the events of Stripe subscriptions: name a contract with \
         `source_of_truth: stripe`",
    )
}

fn nothing_paid(contract: &AccessContract) -> Problem {
    Problem::new(
        ErrorCode::InvalidValue,
        format!("`plans` of contract `{}` maps no paid price", contract.name),
    )
    .hint("map the prices that customers buy: recordings refer to them by role")
}

/// Returns the API version in which scenarios are played.
fn version(config: &Config) -> Result<ApiVersion, Problem> {
    let Some(rehearsal) = &config.rehearsal else {
        return Ok(ApiVersion::NEWEST);
    };
    let version = rehearsal.api_version.parse();
    version.map_err(|_unknown| {
        Problem::new(
            ErrorCode::InvalidValue,
            format!(
                "`{}` is not a version of Stripe's API",
                rehearsal.api_version
            ),
        )
        .hint("name one such as 2026-10-28.endive in `rehearsal.api_version`")
        .at(rehearsal.places.api_version.clone())
    })
}

fn configured(config: &Config, path: &Path) -> Option<PathBuf> {
    let folder = config.rehearsal.as_ref()?.scenarios_dir.as_ref()?;
    Some(path.parent().unwrap_or(Path::new("")).join(folder))
}

fn folder(config: &Config, arguments: &RecordArgs) -> PathBuf {
    let path = &arguments.config.config;
    let wanted = arguments.out.clone().or_else(|| configured(config, path));
    wanted.unwrap_or_else(|| path.parent().unwrap_or(Path::new("")).join("scenarios"))
}

/// Returns true if `rehearse` reads this folder.
fn is_played(config: &Config, arguments: &RecordArgs, folder: &Path) -> bool {
    let configured = configured(config, &arguments.config.config);
    let same = |other: PathBuf| match (other.canonicalize(), folder.canonicalize()) {
        (Ok(other), Ok(folder)) => other == folder,
        _ => other == folder,
    };
    configured.is_some_and(same)
}
