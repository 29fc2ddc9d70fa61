//! Runs the built program as a user does, and measures it from outside.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use fake_stripe::FakeStripe;
use serde_json::Value;
use testing::database::Database;

use super::{
    Result,
    both_sides::{Expected, NOW},
};

pub(crate) const KEY: &str = "rk_live_51Benchmark";

/// The configuration of every contract, which lines about its provider follow.
const CONFIGURATION: &str = "version: 1
contracts:
  - type: access
    name: users
    database:
      url_env: DATABASE_URL
      users_table: users
      columns:
        id: id
        customer_id: customer_id
        has_paid_access: has_paid_access
        plan: plan
    confirm_after: 0
    evidence: off
";

/// The provider of a run, with the lines of the contract about it.
pub(crate) struct ProviderSide<'a> {
    pub(crate) contract: String,
    pub(crate) base: (&'a str, String),
    pub(crate) key: (&'a str, &'a str),
}

impl ProviderSide<'_> {
    pub(crate) fn stripe(stripe: &FakeStripe, is_limited: bool) -> Self {
        let mut contract =
            "    plans: { price_pro_monthly: pro, price_team_monthly: team }\n".to_owned();
        if !is_limited {
            contract += "    requests_per_second: 10000\n";
        }
        Self {
            contract,
            base: ("STRIPE_API_BASE", stripe.base_url()),
            key: ("STRIPE_SECRET_KEY", KEY),
        }
    }
}

/// The measurements of a run.
pub(crate) struct Run {
    pub(crate) began: Instant,
    pub(crate) seconds: Duration,
    /// Peak memory; `None` for what runs in this process.
    pub(crate) peak_kibibytes: Option<u64>,
}

/// Runs one check. Returns an error if its result is not the expected one.
pub(crate) fn run(
    provider: &ProviderSide<'_>,
    database: &Database,
    expected: &Expected,
) -> Result<Run> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let configuration = [CONFIGURATION, &provider.contract].concat();
    fs::write(path("prodverdict.yml"), configuration)?;
    let now = jiff::Timestamp::from_second(NOW)?;
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
        .args([
            "check",
            "access",
            "--format",
            "json",
            "--now",
            &now.to_string(),
        ])
        .current_dir(folder.path())
        .env_clear()
        .env(provider.base.0, &provider.base.1)
        .env(provider.key.0, provider.key.1)
        .env("DATABASE_URL", database.url_of("reader").as_str())
        .stdout(File::create(path("stdout"))?)
        .stderr(File::create(path("stderr"))?)
        .spawn()?;
    let (status, peak_kibibytes) = watch(&mut child)?;
    let seconds = began.elapsed();
    let output = fs::read_to_string(path("stdout"))?;
    if status.code() != Some(1) {
        let stderr = fs::read_to_string(path("stderr"))?;
        return Err(format!("{status} instead of 1:\n{output}\n{stderr}").into());
    }
    compare(&serde_json::from_str(&output)?, expected)?;
    Ok(Run {
        began,
        seconds,
        peak_kibibytes: Some(peak_kibibytes),
    })
}

/// Waits for the end of the process and polls its peak memory: the system's value at the end would include the memory
/// of the parent.
fn watch(child: &mut Child) -> io::Result<(ExitStatus, u64)> {
    const BETWEEN: Duration = Duration::from_millis(5);
    let file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        peak = high_water(Path::new(&file)).unwrap_or_default().max(peak);
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak));
        }
        thread::sleep(BETWEEN);
    }
}

/// Returns the peak memory in KiB, or `None` for a process that has ended.
fn high_water(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn compare(report: &Value, expected: &Expected) -> Result<()> {
    let text = |finding: &Value, key: &str| {
        finding
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let findings = report
        .get("findings")
        .and_then(Value::as_array)
        .ok_or("no findings")?;
    let mut found: Vec<_> = findings
        .iter()
        .map(|finding| text(finding, "rule") + " " + &text(finding, "entity"))
        .collect();
    found.sort();
    if found != expected.findings {
        return Err(format!("found {found:#?} instead of {:#?}", expected.findings).into());
    }
    let number = |path: &str| {
        report
            .pointer(path)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let accounts = number("/summary/accounts");
    let granting =
        number("/summary/subscriptions/active") + number("/summary/subscriptions/trialing");
    if (accounts, granting) != (expected.accounts, expected.granting) {
        let counted = format!("{accounts} accounts and {granting} subscriptions were read");
        return Err(counted.into());
    }
    Ok(())
}
