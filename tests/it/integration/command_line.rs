//! Options, output and exit statuses.

use std::{
    fs,
    process::{Command, Stdio},
};

use testing::program::{ProgramOutput, folder};

use crate::prodverdict;

const FAILING: &str = "check access --config examples/nextjs-stripe/prodverdict.yml --fixtures \
    --fixtures-dir examples/nextjs-stripe/scenarios/fail-revenue-leak";

#[test]
fn the_version_is_printed() {
    let ran = prodverdict("--version").run().with_status(0);
    assert_eq!(
        ran.stdout,
        concat!("prodverdict ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn the_help_lists_all_commands() {
    insta::assert_snapshot!(prodverdict("--help").run().with_status(0).stdout);
    insta::assert_snapshot!(
        prodverdict("check access --help")
            .run()
            .with_status(0)
            .stdout
    );
    insta::assert_snapshot!(prodverdict("explain --help").run().with_status(0).stdout);
}

#[test]
fn wrong_usage_gives_no_verdict() {
    for arguments in [
        "",
        "check",
        "check acess",
        "check access --fixtures-dir x",
        "check access --fixtures --fixtures-stripe",
        "check access --format yaml",
        "check access --now yesterday",
        "explain",
        "explain usr_1 usr_2",
        "--frobnicate",
        "completions tcl",
    ] {
        let ran = prodverdict(arguments).run().with_status(2);
        assert_eq!(ran.stdout, "", "{arguments}");
        assert!(
            ran.stderr.contains("Usage: prodverdict") || ran.stderr.contains("try '--help'"),
            "{arguments}: {}",
            ran.stderr
        );
        assert!(
            ran.stderr
                .contains("\nerror[invalid-setting]: a command is missing")
                == ["", "check"].contains(&arguments)
                && ran.stderr.matches("error[invalid-setting]: ").count() == 1,
            "{arguments}: {}",
            ran.stderr
        );
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = prodverdict("completions")
            .argument(shell)
            .run()
            .with_status(0);
        for word in ["validate", "explain", "fixtures-stripe", "prodverdict"] {
            assert!(ran.stdout.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn a_report_can_go_to_a_file() {
    let folder = folder(&[]);
    let file = folder.path().join("report.json");
    fs::write(&file, "what was there before, and longer than nothing").expect("a file");
    let ran = prodverdict(FAILING)
        .argument("--output")
        .argument(&file)
        .run()
        .with_status(1);
    assert_eq!(ran.stdout, "");
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&file).expect("a file")).expect("JSON");
    assert_eq!(report["verdict"], "fail");
}

#[test]
fn the_extension_gives_the_format() {
    let folder = folder(&[]);
    let path = |name: &str| folder.path().join(name);
    let ran = prodverdict(FAILING)
        .argument("--format=json")
        .argument("--output")
        .argument(path("report.txt"))
        .argument("--output")
        .argument(path("report.md"))
        .argument("--output")
        .argument(path("report.json"))
        .run()
        .with_status(1);
    assert_eq!(ran.json()["verdict"], "fail");
    let read = |name: &str| fs::read_to_string(path(name)).expect("a file");
    assert_eq!(read("report.json"), ran.stdout);
    assert_eq!(
        read("report.txt"),
        prodverdict(FAILING).run().with_status(1).stdout
    );
    assert!(read("report.md").contains("#### HIGH: `user:usr_alice` (revenue-leak)"));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3);
}

#[test]
fn bad_output_paths_are_refused_first() {
    for command in [
        "check access --config no-such-file.yml",
        "rehearse --config no-such-file.yml",
        "demo",
    ] {
        for (files, error) in [
            (&["report.pdf"][..], "names `report.pdf`"),
            (&["report"], "ends in .json"),
            (&["a.json", "a.json"], "names `a.json` twice"),
            (&["a.json", "./a.json"], "which are one file"),
        ] {
            let program = files.iter().fold(prodverdict(command), |program, file| {
                program.argument("--output").argument(file)
            });
            let ran = program.run().with_status(2).says(&[error]);
            assert_eq!(ran.stdout, "", "{command}");
            assert!(!ran.stderr.contains("no-such-file"), "{ran:?}");
        }
    }
}

#[test]
fn a_repair_script_is_refused_if_it_would_repair_nothing() {
    for (command, error) in [
        (
            "check access --redact ids --output repair.sql",
            "a repair script with shortened ids repairs nothing",
        ),
        (
            "rehearse --output repair.sql",
            "a rehearsal has nothing to repair",
        ),
    ] {
        let ran = prodverdict(command).run().with_status(2).says(&[error]);
        assert_eq!(ran.stdout, "", "{command}");
    }
}

#[test]
fn a_file_that_cannot_be_written_keeps_no_other_from_it() {
    let folder = folder(&[]);
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("taken.txt")).expect("a folder");
    fs::write(path("plain"), "").expect("a file");
    let ran = prodverdict(FAILING)
        .argument("--output")
        .argument(path("plain/folder.md"))
        .argument("--output")
        .argument(path("taken.txt"))
        .argument("--output")
        .argument(path("report.json"))
        .run()
        .with_status(2)
        .says(&["plain/folder.md` cannot be written", "taken.txt` cannot"]);
    assert_eq!(ran.stdout, "");
    let report = fs::read_to_string(path("report.json")).expect("a file");
    assert!(report.contains("\"verdict\": \"fail\""), "{report}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3);
}

#[test]
fn the_folder_of_a_report_is_made() {
    let folder = folder(&[]);
    let report = folder.path().join("no/such/report.md");
    let ran = prodverdict(FAILING)
        .argument("--output")
        .argument(&report)
        .run();
    ran.with_status(1);
    assert!(report.is_file());
}

#[test]
fn a_link_in_the_place_of_a_file_is_not_followed() {
    let folder = folder(&[("precious", "as it was")]);
    let link = folder.path().join("report.md");
    std::os::unix::fs::symlink("precious", &link).expect("a link");
    let ran = prodverdict(FAILING).argument("--output").argument(&link);
    ran.run().with_status(1);
    let precious = fs::read_to_string(folder.path().join("precious"));
    assert_eq!(precious.expect("a file"), "as it was");
    assert!(link.symlink_metadata().expect("a file").is_file());
}

#[test]
fn ids_are_shortened_in_everything_that_is_reported() {
    let folder = folder(&[]);
    let files = ["report.json", "report.md", "report.txt"].map(|name| folder.path().join(name));
    let program = prodverdict(FAILING).argument("--format=json");
    let program = program.argument("--redact").argument("ids");
    let program = files.iter().fold(program, |program, file| {
        program.argument("--output").argument(file)
    });
    let ran = program.run().with_status(1);
    let mut outputs = vec![ran.all()];
    outputs.extend(files.map(|file| fs::read_to_string(file).expect("a file")));
    for text in outputs {
        for id in ["usr_alice", "cus_alice", "sub_alice"] {
            assert!(!text.contains(id), "{id} is in {text}");
        }
        assert!(text.contains("usr…e"), "{text}");
    }
}

#[test]
fn json_matches_the_schema_and_is_stable() {
    let schema = include_str!("../../../schema/report.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let missing = "check access --config no-such-file.yml --fixtures";
    for arguments in [FAILING, missing, "demo"] {
        let run = || {
            prodverdict(arguments)
                .argument("--format")
                .argument("json")
                .run()
        };
        let (first, second) = (run(), run());
        let stable = |ran: &ProgramOutput| {
            let lines = ran.stdout.lines();
            let lines = lines.filter(|line| !line.contains("\"checked_at\": "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(stable(&first), stable(&second));
        let errors: Vec<_> = validator
            .iter_errors(&first.json())
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn standard_output_is_data_and_standard_error_the_rest() {
    let ran = prodverdict(FAILING).run().with_status(1);
    assert!(ran.stdout.starts_with("[HIGH]") && ran.stdout.ends_with("VERDICT: FAIL\n"));
    assert_eq!(
        ran.stderr,
        "Read 4 accounts (3 linked, 0 exempt) and 3 subscriptions (3 active).\n\
         Found 1 high; paid for, not served: 20.00 USD a month.\n"
    );
}

#[test]
fn color_is_used_if_it_is_requested() {
    let is_coloured =
        |program: testing::program::Program| program.run().with_status(1).stdout.contains('\u{1b}');
    assert!(!is_coloured(prodverdict(FAILING)));
    assert!(is_coloured(prodverdict(FAILING).argument("--color=always")));
    assert!(is_coloured(
        prodverdict(FAILING)
            .argument("--color=always")
            .variable("NO_COLOR", "1")
    ));
    assert!(is_coloured(
        prodverdict(FAILING).variable("CLICOLOR_FORCE", "1")
    ));
    assert!(!is_coloured(
        prodverdict(FAILING)
            .argument("--color=never")
            .variable("CLICOLOR_FORCE", "1")
    ));
    assert!(!is_coloured(
        prodverdict(FAILING)
            .variable("CLICOLOR_FORCE", "1")
            .variable("NO_COLOR", "1")
    ));
    let json = prodverdict(FAILING)
        .argument("--color=always")
        .argument("--format=json");
    assert!(!is_coloured(json));
}

#[test]
fn a_closed_output_pipe_is_not_an_error() {
    for (arguments, status) in [("completions bash", 0), ("schema", 0), ("demo", 1)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
            .args(arguments.split(' '))
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(status), "{arguments}");
        let stderr = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(
            !stderr.contains("pipe") && !stderr.contains("panic"),
            "{arguments}: {stderr}"
        );
    }
}
