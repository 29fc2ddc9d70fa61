//! Runs the jobs of `docs/other-ci.md` as their systems would, on a shop with drift: with a release's archive behind a
//! `curl` that downloads nothing.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;
use testing::{
    installed::succeeded,
    shop::{self, KEY, Shop},
};

use super::{blocks, read};

const ARCHIVE: &str = "prodverdict-1.2.3-linux-x64";

/// Answers for `curl -fsSLo FILE URL`: copies the archive, if the URL is that of a release.
const CURL: &str = "#!/bin/sh
expected=https://github.com/prodverdict/prodverdict-action/releases/download/v1.2.3/prodverdict-1.2.3-linux-x64.tar.gz
[ \"$1\" = -fsSLo ] && [ \"$3\" = \"$expected\" ] || { echo \"curl $*\" >&2; exit 22; }
cp \"$ARCHIVES/prodverdict-1.2.3-linux-x64.tar.gz\" \"$2\"
";

/// A machine of another CI system: a checkout of a repository, and programs that replace the network.
struct Machine {
    shop: Shop,
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = testing::program::folder(&[
            ("checkout/prodverdict.yml", shop::CONFIG),
            ("bin/curl", CURL),
            ("bin/apt-get", "#!/bin/sh\n"),
        ]);
        let machine = Self {
            shop: Shop::open(&shop::drifted()),
            folder,
        };
        let bin = machine.path("bin");
        for name in ["curl", "apt-get"] {
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755))
                .expect("a program");
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_prodverdict"), bin.join("prodverdict"))
            .expect("a link");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn checkout(&self) -> PathBuf {
        self.path("checkout")
    }

    /// Packs the program as a release does, and returns the checksum.
    fn release(&self) -> String {
        let archives = self.path("archives");
        fs::create_dir_all(archives.join(ARCHIVE)).expect("a folder");
        let program = archives.join(ARCHIVE).join("prodverdict");
        fs::copy(env!("CARGO_BIN_EXE_prodverdict"), program).expect("a program");
        let archive = format!("{ARCHIVE}.tar.gz");
        let mut tar = Command::new("tar");
        // The quickest level: a program with debug information is large.
        tar.args([
            "--use-compress-program",
            "gzip -1",
            "-cf",
            &archive,
            ARCHIVE,
        ]);
        succeeded(tar.current_dir(&archives));
        let mut sum = Command::new("sha256sum");
        let printed = succeeded(sum.arg(&archive).current_dir(&archives));
        let sum = printed.split_whitespace().next().expect("a checksum");
        sum.to_owned()
    }

    /// Prepares a script for the shell of a CI system, with the job's secrets.
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["-e", "-c", script])
            .current_dir(self.checkout())
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.path("bin").display()),
            )
            .env("ARCHIVES", self.path("archives"))
            .env("STRIPE_API_BASE", self.shop.stripe.base_url())
            .env("STRIPE_SECRET_KEY", KEY)
            .env("DATABASE_URL", self.shop.database_url(None));
        command
    }
}

/// Returns the only file of the page that contains this, with its placeholders filled in.
fn file(marker: &str, checksum: &str) -> Value {
    let text = read("docs/other-ci.md");
    let mut files = blocks(&text, "yaml").into_iter();
    let file = files.find(|file| file.contains(marker)).expect(marker);
    let filled = file
        .replace("<OWNER>", "prodverdict")
        .replace("X.Y.Z", "1.2.3")
        .replace("the digits from SHA256SUMS", checksum);
    serde_yaml::from_str(&filled).expect("YAML")
}

fn lines(value: &Value) -> String {
    let lines = value.as_array().expect("a list").iter();
    let lines: Vec<_> = lines.map(|line| line.as_str().expect("a line")).collect();
    lines.join("\n")
}

fn texts(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    let entries = value.as_object().expect("a mapping").iter();
    entries.map(|(name, value)| (name.as_str(), value.as_str().expect("a text")))
}

/// Runs the script, expects the status of a broken contract, and returns the output.
#[track_caller]
fn expect_broken(command: &mut Command) -> String {
    let output = command.output().expect("bash starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    printed
}

/// Expects the three mismatches of the shop.
#[track_caller]
fn expect_drift(report: &str) {
    for entity in ["user:usr_alice", "user:usr_bob", "user:usr_carol"] {
        assert!(report.contains(entity), "{entity}: {report}");
    }
}

#[track_caller]
fn expect_junit(report: &Path) {
    let text =
        fs::read_to_string(report).unwrap_or_else(|error| panic!("{}: {error}", report.display()));
    assert!(text.contains("<testsuites"), "{text}");
    expect_drift(&text);
}

#[test]
fn the_job_of_gitlab_finds_drift_and_keeps_its_reports() {
    let machine = Machine::new();
    let file = file("junit:", &machine.release());
    let job = &file["billing"];
    let script = lines(&job["before_script"]) + "\n" + &lines(&job["script"]);
    expect_broken(machine.shell(&script).envs(texts(&job["variables"])));

    let artifacts = &job["artifacts"];
    let junit = artifacts["reports"]["junit"].as_str().expect("a path");
    expect_junit(&machine.checkout().join(junit));
    for path in artifacts["paths"].as_array().expect("paths") {
        assert!(
            machine
                .checkout()
                .join(path.as_str().expect("a path"))
                .exists(),
            "{path}"
        );
    }
}

#[test]
fn the_job_of_circleci_finds_drift_and_keeps_its_report() {
    let machine = Machine::new();
    let file = file("store_test_results", &machine.release());
    let job = &file["jobs"]["billing"];
    let steps = job["steps"].as_array().expect("steps");
    let commands: Vec<_> = steps
        .iter()
        .filter_map(|step| step["run"]["command"].as_str())
        .collect();
    let [program, check] = commands[..] else {
        panic!("{commands:#?}");
    };
    succeeded(machine.shell(program).envs(texts(&job["environment"])));
    expect_broken(&mut machine.shell(check));

    // A folder for each job is what CircleCI reads.
    let kept = steps
        .iter()
        .find_map(|step| step["store_test_results"]["path"].as_str());
    expect_junit(
        &machine
            .checkout()
            .join(kept.expect("a path"))
            .join("billing/report.xml"),
    );
}

#[test]
fn a_wrong_checksum_ends_the_job_before_the_program_runs() {
    let machine = Machine::new();
    machine.release();
    let file = file("junit:", &"0".repeat(64));
    let job = &file["billing"];
    let script = lines(&job["before_script"]) + "\n" + &lines(&job["script"]);
    let output = machine
        .shell(&script)
        .envs(texts(&job["variables"]))
        .output();
    assert_eq!(output.expect("bash starts").status.code(), Some(1));
    assert!(!machine.checkout().join("prodverdict").exists());
}

/// Returns the line of the crontab, with its folder replaced and the fields of its time removed.
fn cron_line(folder: &Path) -> String {
    let text = read("docs/other-ci.md");
    let line = text
        .lines()
        .find(|line| line.starts_with("17 3 * * * "))
        .expect("a line");
    let command = line.strip_prefix("17 3 * * * ").expect("a time");
    command.replace("/etc/prodverdict", &folder.display().to_string())
}

#[test]
fn cron_mails_drift_and_nothing_else() {
    for (people, is_mailed) in [(shop::drifted(), true), (shop::in_order(), false)] {
        let mut machine = Machine::new();
        machine.shop = Shop::open(&people);
        let variables = format!(
            "export STRIPE_SECRET_KEY={KEY}\nexport DATABASE_URL='{}'\n",
            machine.shop.database_url(None)
        );
        fs::write(machine.checkout().join("env"), variables).expect("a file");
        // cron's shell is sh, without `-e` and with few variables.
        let mut command = Command::new("sh");
        let output = command
            .args(["-c", &cron_line(&machine.checkout())])
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", machine.path("bin").display()),
            )
            .env("STRIPE_API_BASE", machine.shop.stripe.base_url())
            .output()
            .expect("sh starts");
        let mail = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(mail.contains("user:usr_alice"), is_mailed, "{mail}");
        assert_eq!(mail.trim().is_empty(), !is_mailed, "{mail}");
    }
}

#[test]
fn the_job_of_kubernetes_finds_drift() {
    let machine = Machine::new();
    let file = file("CronJob", "");
    let container = &file["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let mounted = container["volumeMounts"][0]["mountPath"]
        .as_str()
        .expect("a path");
    let words = lines(&container["command"]) + "\n" + &lines(&container["args"]);
    let words: Vec<_> = words
        .lines()
        .map(|word| word.replace(mounted, &machine.checkout().display().to_string()))
        .collect();
    let script = words.join(" ").replacen("/prodverdict", "prodverdict", 1);
    expect_drift(&expect_broken(&mut machine.shell(&script)));
}
