//! `init --mcp`, `--cursor-rule` and `--pre-push`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use testing::program::folder;

use super::{NEXT, contract, init};

const CONTRACT: (&str, &str) = ("prodverdict.yml", "version: 1\n");

fn read(folder: &tempfile::TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn agents_get_the_server_and_the_rule_beside_a_contract() {
    let servers = "{\n  // ours\n  \"mcpServers\": { \"other\": { \"command\": \"x\", \"env\": { \"KEY\": \"sk_test_0123456789abcdef\" } } }\n}\n";
    let folder = folder(&[
        NEXT,
        CONTRACT,
        (".mcp.json", servers),
        ("AGENTS.md", "# Ours\n"),
    ]);
    let run = || {
        init("--mcp --cursor-rule --yes")
            .within(folder.path())
            // The shown text is masked, the file is not.
            .variable("STRIPE_SECRET_KEY", "sk_test_0123456789abcdef")
            .run()
            .with_status(0)
    };
    let ran = run().says(&["wrote .cursor/mcp.json, .mcp.json, .vscode/mcp.json"]);
    assert!(
        !ran.stderr.contains("sk_test_0123456789abcdef"),
        "{}",
        ran.stderr
    );
    assert_eq!(contract(&folder), CONTRACT.1);

    let merged = read(&folder, ".mcp.json");
    assert!(merged.starts_with("{\n  // ours\n"), "{merged}");
    assert!(merged.contains("sk_test_0123456789abcdef"), "{merged}");
    assert!(merged.contains("\"prodverdict\""), "{merged}");
    assert!(read(&folder, ".vscode/mcp.json").contains("\"stdio\""));
    assert!(read(&folder, ".cursor/rules/prodverdict.mdc").contains("lib/stripe*"));
    assert!(read(&folder, "AGENTS.md").starts_with("# Ours\n\n<!-- prodverdict"));
    assert!(read(&folder, "CLAUDE.md").contains("@AGENTS.md"));

    run().says(&["nothing to add"]);
}

#[test]
fn a_client_file_that_is_not_json_is_left_alone() {
    let folder = folder(&[NEXT, CONTRACT, (".cursor/mcp.json", "{ mcpServers")]);
    let ran = init("--mcp --yes")
        .within(folder.path())
        .run()
        .with_status(2);
    ran.says(&[".cursor/mcp.json:1:", "by hand"]);
    assert_eq!(read(&folder, ".cursor/mcp.json"), "{ mcpServers");
    assert!(!folder.path().join(".mcp.json").exists());
}

#[test]
fn a_link_from_claude_to_agents_gets_one_section() {
    let folder = folder(&[NEXT, CONTRACT, ("AGENTS.md", "# Ours\n")]);
    let link = folder.path().join("CLAUDE.md");
    std::os::unix::fs::symlink("AGENTS.md", &link).expect("a link");
    init("--cursor-rule --yes")
        .within(folder.path())
        .run()
        .with_status(0);
    assert!(link.is_symlink());
    assert_eq!(
        read(&folder, "AGENTS.md")
            .matches("prodverdict: begin")
            .count(),
        1
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "Git and the hook find programs in it"
)]
fn search_path() -> String {
    std::env::var("PATH").expect("a path")
}

/// Runs Git in a repository that no configuration outside it changes.
fn git(folder: &Path, arguments: &[&str], path: &str) -> Output {
    Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("PATH", path)
        .output()
        .expect("git runs")
}

#[test]
fn the_hook_rehearses_only_pushes_of_billing_code() {
    let folder = folder(&[
        NEXT,
        CONTRACT,
        // Stands in for the program, and says that a lifecycle is broken.
        (
            "bin/prodverdict",
            "#!/bin/sh\necho \"ran: $*\" >&2\nexit 1\n",
        ),
    ]);
    let program = folder.path().join("bin/prodverdict");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
    let usual = search_path();
    let path = format!("{}:{usual}", folder.path().join("bin").display());
    let git = |arguments: &[&str]| git(folder.path(), arguments, &path);
    let commit = |file: &str| {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, "x\n").expect("a file");
        assert!(git(&["add", "."]).status.success());
        assert!(
            git(&["commit", "--quiet", "--message", "x"])
                .status
                .success()
        );
    };
    assert!(
        git(&["init", "--quiet", "--initial-branch=main"])
            .status
            .success()
    );
    assert!(
        git(&["init", "--quiet", "--bare", "origin.git"])
            .status
            .success()
    );
    assert!(
        git(&["remote", "add", "origin", "origin.git"])
            .status
            .success()
    );
    commit("README.md");
    assert!(git(&["push", "--quiet", "origin", "main"]).status.success());

    init("--pre-push --yes")
        .within(folder.path())
        .run()
        .with_status(0);
    commit("docs/a.md");
    let pushed = git(&["push", "--quiet", "origin", "main"]);
    assert!(pushed.status.success(), "{pushed:?}");

    commit("lib/stripe/plans.ts");
    let refused = git(&["push", "--quiet", "origin", "main"]);
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{stderr}");
    assert!(stderr.contains("ran: rehearse"), "{stderr}");

    // A new branch is compared with nothing that the other side has.
    let refused = git(&["push", "--quiet", "origin", "main:other"]);
    assert!(!refused.status.success(), "{refused:?}");
}

#[test]
fn a_hook_of_somebody_else_is_kept() {
    let folder = folder(&[NEXT, CONTRACT]);
    let path = search_path();
    assert!(
        git(folder.path(), &["init", "--quiet"], &path)
            .status
            .success()
    );
    let hook = folder.path().join(".git/hooks/pre-push");
    fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder");
    fs::write(&hook, "#!/bin/sh\n").expect("a hook");
    init("--pre-push --yes")
        .within(folder.path())
        .run()
        .with_status(2)
        .says(&["already exists", "prodverdict rehearse"]);
    assert_eq!(fs::read_to_string(hook).expect("a hook"), "#!/bin/sh\n");
}
