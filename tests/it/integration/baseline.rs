//! Baselines on the command line: written from a report, and in force until they expire.

use serde_json::Value;
use tempfile::TempDir;
use testing::program::{ProgramOutput, folder, write};

use crate::prodverdict;

const BASELINE: &str = "prodverdict-baseline.yml";

/// A day after the recorded worlds; entries expire by `--now`.
const NOW: &str = "2026-11-26T12:00:00Z";

fn check(folder: &TempDir, arguments: &str) -> ProgramOutput {
    let example = format!("{}/examples/nextjs-stripe", env!("CARGO_MANIFEST_DIR"));
    prodverdict("check access --fixtures --config")
        .argument(format!("{example}/prodverdict.yml"))
        .argument("--fixtures-dir")
        .argument(format!("{example}/scenarios/fail-revenue-leak"))
        .argument("--now")
        .argument(NOW)
        .within(folder.path())
        .arguments(arguments)
        .run()
}

fn accept(folder: &TempDir, report: &str, expires: &str) -> ProgramOutput {
    prodverdict("baseline")
        .argument(report)
        .argument("--reason")
        .argument("Alice pays by invoice: see \"TEAM-12\" #billing")
        .argument("--expires")
        .argument(expires)
        .within(folder.path())
        .run()
}

/// Returns the day that is this many days from now.
fn day(from_now: i64) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program looks at the clock too"
    )]
    let now = jiff::Timestamp::now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = today.checked_add(jiff::Span::new().days(from_now));
    day.expect("a day").to_string()
}

#[test]
fn a_baseline_accepts_a_reports_findings() {
    let folder = folder(&[]);
    let found = check(&folder, "--format json").with_status(1);
    write(folder.path(), "report.json", &found.stdout);
    let until = day(5);
    let written = accept(&folder, "report.json", &until).with_status(0);
    let fingerprint = found.json()["findings"][0]["fingerprint"]
        .as_str()
        .expect("text")
        .to_owned();
    assert_eq!(
        written.stdout,
        format!(
            "- fingerprint: \"{fingerprint}\"\n  rule: \"revenue-leak\"\n  entity: \"user:usr_alice\"\n  \
             reason: \"Alice pays by invoice: see \\\"TEAM-12\\\" #billing\"\n  expires: {until}\n"
        )
    );
    write(folder.path(), BASELINE, &written.stdout);
    let strict = format!("--strict --baseline {BASELINE}");
    check(&folder, &strict).with_status(0).says(&[
        &format!("[HIGH] user:usr_alice (accepted until {until}: Alice pays by invoice: see \"TEAM-12\" #billing)"),
        "; 1 accepted.",
        "VERDICT: WARN",
    ]);
    let report = check(&folder, &format!("--format json --baseline {BASELINE}")).json();
    assert_eq!(report["findings"][0]["standing"], "accepted");
    assert_eq!(
        (&report["accepted"], &report["since"]),
        (&Value::from(1), &Value::Null)
    );

    let piped = prodverdict("baseline - --reason x --expires")
        .argument(&until)
        .reading(&found.stdout)
        .run();
    let entries = piped.with_status(0).stdout;
    assert!(entries.contains(&fingerprint), "{entries}");

    // On a second run, accepted findings are not written again.
    write(folder.path(), "report.json", &report.to_string());
    let again = accept(&folder, "report.json", &until).with_status(0);
    assert_eq!(again.stdout, "");
}

#[test]
fn acceptances_expire_and_unneeded_entries_are_reported() {
    let folder = folder(&[(
        BASELINE,
        "- {fingerprint: 69149926077885fa, reason: for now, expires: 2026-11-25}\n\
         - {fingerprint: 00000000000000ff, reason: for now, expires: 2026-11-26}\n",
    )]);
    check(&folder, &format!("--baseline {BASELINE}"))
        .with_status(1)
        .says(&[
            "prodverdict-baseline.yml:1:3: the acceptance of `69149926077885fa` ended on 2026-11-25; its finding counts again",
            "prodverdict-baseline.yml:2:3: an entry of the baseline can be removed: nothing matches it any more (line 2)",
            "[HIGH] user:usr_alice\n",
        ]);
}

#[test]
fn a_baseline_that_cannot_be_read_is_not_a_baseline() {
    let folder = folder(&[(
        BASELINE,
        "- {fingerprint: 69149926077885fa, reason: ' ', expires: tomorrow}\n- {}\n",
    )]);
    check(&folder, &format!("--baseline {BASELINE}"))
        .unanswered()
        .says(&[
            "prodverdict-baseline.yml:1:43: `reason` should say why the finding is accepted, found nothing",
            "prodverdict-baseline.yml:1:57: `expires` should be a day such as `2026-12-31`, found `tomorrow`",
            "prodverdict-baseline.yml:2:3: missing key `fingerprint` in the entry",
        ]);
    check(&folder, "--baseline none.yml").unanswered().says(&[
        "the baseline `none.yml` cannot be read",
        "prodverdict baseline",
    ]);
    prodverdict("rehearse --baseline none.yml --config")
        .argument(format!(
            "{}/examples/nextjs-stripe/app/prodverdict.yml",
            env!("CARGO_MANIFEST_DIR")
        ))
        .within(folder.path())
        .run()
        .unanswered()
        .says(&["the baseline `none.yml` cannot be read"]);
}

#[test]
fn entries_are_written_only_by_the_rules_that_they_are_read_by() {
    let report = r#"{"schema_version": 1, "verdict": "error", "findings": [
        {"rule": "revenue-leak", "entity": "user:1\n- fingerprint", "fingerprint": "0123456789abcdef"},
        {"rule": "revenue-leak", "entity": "team:1", "fingerprint": "0123456789abcdef"}]}"#;
    let folder = folder(&[
        ("report.json", report),
        (
            "other.json",
            &report.replace("\"schema_version\": 1", "\"schema_version\": 2"),
        ),
        ("broken.json", &report.replace("0123456789abcdef", "0123")),
        ("none.json", "{}"),
    ]);
    let once = accept(&folder, "report.json", &day(1))
        .with_status(0)
        .says(&[
            "entity: \"user:1\\U0000000A- fingerprint\"",
            "the report has no verdict",
        ]);
    assert_eq!(once.stdout.matches("- fingerprint: \"").count(), 1);
    for (report, expires, says) in [
        (
            "report.json",
            day(400),
            "`expires` should be at most 366 days ahead",
        ),
        (
            "broken.json",
            day(1),
            "`fingerprint` should be 16 lowercase hexadecimal digits",
        ),
        (
            "other.json",
            day(1),
            "has version 2, but this program reads version 1",
        ),
        ("none.json", day(1), "is not a JSON report"),
        ("nowhere.json", day(1), "cannot be read"),
    ] {
        let ran = accept(&folder, report, &expires)
            .with_status(2)
            .says(&[says]);
        assert_eq!(ran.stdout, "");
    }
    let blank = prodverdict("baseline report.json --reason")
        .argument(" ")
        .argument("--expires")
        .argument(day(1))
        .within(folder.path())
        .run();
    blank.with_status(2).says(&["`reason` should say why"]);
}
