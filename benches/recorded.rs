//! Checks a million recorded accounts against a million recorded subscriptions with the whole program, and measures
//! time and memory.
//!
//! `cargo bench --bench recorded`. The program runs as for a user and is measured from outside.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SIZE: u64 = 1_000_000;

const CONFIGURATION: &str = "version: 1
contracts:
  - type: access
    name: users
    stripe: { secret_env: STRIPE_SECRET_KEY }
    database:
      url_env: DATABASE_URL
      users_table: users
      columns: { id: id, stripe_customer_id: stripe_customer_id, has_paid_access: has_paid_access, plan: plan }
    plans: { price_1QpzXkLkdIwHu7ixPro0month: pro }
";

/// One run of the program, and the product's promise for it.
struct Case {
    name: &'static str,
    arguments: &'static [&'static str],
    /// True if every account has the access that is paid for; `None` if the program brings its own world.
    is_aligned: Option<bool>,
    /// True if subscriptions are recorded as the API returns them, and not in the short form.
    is_complete: bool,
    status: i32,
    findings: u64,
    seconds: Option<f64>,
    mebibytes: u64,
}

const CHECK: &[&str] = &[
    "check",
    "access",
    "--fixtures",
    "--now",
    "2026-11-01T00:00:00Z",
    "--format",
    "json",
];

const CASES: [Case; 4] = [
    Case {
        name: "aligned",
        arguments: CHECK,
        is_aligned: Some(true),
        is_complete: false,
        status: 0,
        findings: 0,
        seconds: Some(1.5),
        mebibytes: 400,
    },
    Case {
        name: "aligned, API objects",
        arguments: CHECK,
        is_aligned: Some(true),
        is_complete: true,
        status: 0,
        findings: 0,
        seconds: None,
        mebibytes: 400,
    },
    Case {
        name: "every account leaks",
        arguments: CHECK,
        is_aligned: Some(false),
        is_complete: false,
        status: 1,
        findings: SIZE,
        seconds: None,
        mebibytes: 600,
    },
    Case {
        name: "demo",
        arguments: &["demo", "--format", "json"],
        is_aligned: None,
        is_complete: false,
        status: 1,
        findings: 1,
        seconds: None,
        mebibytes: 15,
    },
];

fn main() -> Result<()> {
    let mut out = io::stdout();
    writeln!(
        out,
        "{SIZE} recorded accounts, {SIZE} recorded subscriptions, a report in JSON\n\n\
         {:<22} {:>8} {:>6} {:>9} {:>6} {:>9} {:>11}",
        "world", "seconds", "limit", "peak MiB", "limit", "findings", "report MiB",
    )?;
    for case in &CASES {
        out.flush()?;
        measure(case, &mut out)?;
    }
    Ok(())
}

fn measure(case: &Case, out: &mut impl io::Write) -> Result<()> {
    let folder = tempfile::tempdir()?;
    if let Some(is_aligned) = case.is_aligned {
        record(folder.path(), is_aligned, case.is_complete)?;
    }
    let report = folder.path().join("report.json");
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
        .args(case.arguments)
        .current_dir(folder.path())
        .env_clear()
        .stdout(File::create(&report)?)
        .stderr(File::create(folder.path().join("stderr"))?)
        .spawn()?;
    let (status, peak_kibibytes) = watch(&mut child)?;
    let seconds = began.elapsed().as_secs_f64();
    let found = count(&report, "\"fingerprint\": ")?;
    if (status.code(), found) != (Some(case.status), case.findings) {
        let stderr = fs::read_to_string(folder.path().join("stderr"))?;
        return Err(format!("{status} with {found} findings:\n{stderr}").into());
    }
    let peak = peak_kibibytes.div_ceil(1024);
    let is_slow = case.seconds.is_some_and(|max| seconds > max);
    let is_over = is_slow || peak > case.mebibytes;
    writeln!(
        out,
        "{:<22} {seconds:>8.2} {:>6} {peak:>9} {:>6} {found:>9} {:>11}{}",
        case.name,
        case.seconds
            .map_or_else(|| "–".to_owned(), |max| max.to_string()),
        case.mebibytes,
        fs::metadata(&report)?.len().div_ceil(1024 * 1024),
        if is_over { "  over the limit" } else { "" },
    )?;
    Ok(())
}

/// Writes the configuration and both sides.
fn record(folder: &Path, is_aligned: bool, is_complete: bool) -> io::Result<()> {
    fs::write(folder.join("prodverdict.yml"), CONFIGURATION)?;
    list(&folder.join("fixtures/db/users.json"), |number| {
        format!(
            r#"{{"id":"usr_{number:08}","stripe_customer_id":"cus_Q{number:013}","has_paid_access":{is_aligned},"plan":"pro"}}"#
        )
    })?;
    let subscriptions = folder.join("fixtures/stripe/subscriptions.json");
    list(&subscriptions, |number| {
        if is_complete {
            whole(number)
        } else {
            format!(
                r#"{{"id":"sub_1Qpz{number:020}","customerId":"cus_Q{number:013}","status":"active","priceIds":["price_1QpzXkLkdIwHu7ixPro0month"]}}"#
            )
        }
    })
}

/// Returns a subscription as Stripe's API returns it, without unused fields.
fn whole(number: u64) -> String {
    let start = 1_790_000_000 + number % 2_000_000;
    let end = start + 2_592_000;
    format!(
        r#"{{"id":"sub_1Qpz{number:020}","object":"subscription","customer":"cus_Q{number:013}","status":"active","created":{start},
"cancel_at":null,"cancel_at_period_end":false,"currency":"usd","collection_method":"charge_automatically","ended_at":null,
"livemode":true,"metadata":{{}},"pause_collection":null,"items":{{"object":"list","data":[{{"id":"si_Q{number:013}",
"object":"subscription_item","created":{start},"current_period_start":{start},"current_period_end":{end},"metadata":{{}},"quantity":1,
"price":{{"id":"price_1QpzXkLkdIwHu7ixPro0month","object":"price","active":true,"billing_scheme":"per_unit","currency":"usd",
"product":"prod_PcYk3nA8sTq1Lx","recurring":{{"interval":"month","interval_count":1,"usage_type":"licensed"}},"type":"recurring",
"unit_amount":2900}}}}],"has_more":false,"total_count":1}}}}"#
    )
}

/// Writes a file with one entry per number.
fn list(path: &Path, entry: impl Fn(u64) -> String) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..SIZE {
        let before = if number == 0 { "[\n" } else { ",\n" };
        file.write_all(before.as_bytes())?;
        file.write_all(entry(number).as_bytes())?;
    }
    file.write_all(b"\n]\n")?;
    // Flushed to disk now, and not during the measurement.
    file.into_inner()?.sync_all()
}

/// Counts the lines of a file that contain a text.
fn count(path: &Path, text: &str) -> io::Result<u64> {
    let lines = io::BufRead::lines(io::BufReader::new(File::open(path)?));
    let mut found = 0;
    for line in lines {
        found += u64::from(line?.contains(text));
    }
    Ok(found)
}

/// Waits for the end of the process and polls its peak memory: the system's value at the end would include the memory
/// of the parent. The smallest run takes milliseconds, so the polls are close together at first, with a sleep between
/// them that leaves both cores to the program.
fn watch(child: &mut Child) -> io::Result<(ExitStatus, u64)> {
    const AT_FIRST: Duration = Duration::from_micros(200);
    const LATER: Duration = Duration::from_millis(5);
    let file = format!("/proc/{}/status", child.id());
    let (began, mut peak) = (Instant::now(), 0);
    loop {
        peak = high_water(Path::new(&file)).unwrap_or_default().max(peak);
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak));
        }
        let is_long = began.elapsed() > Duration::from_millis(200);
        thread::sleep(if is_long { LATER } else { AT_FIRST });
    }
}

/// Returns the peak memory in KiB, or `None` for a process that has ended.
fn high_water(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
