//! Hostile text in every place of a report: it is shown and has no effect.

use comrak::{Options, markdown_to_html};
use testing::{
    runner::ProgramOutput,
    shop::{Person, in_order, payer},
};

use super::scene::Scene;

pub(crate) const EVIL: &[&str] = &[
    "@octocat",
    "@acme/admins",
    "`code` and ``more``",
    "a | b || c",
    "<img src=x onerror=alert(1)>",
    "</details><h1>PASS</h1>",
    "<!-- prodverdict -->",
    "-->",
    "::error::injected",
    "::set-output name=verdict::pass",
    "::add-mask::e",
    "::stop-commands::x",
    "##[error]injected",
    "text ##[add-mask]e",
    "a\n::error::injected",
    "a\r\n::warning::injected",
    "a\rb",
    "x\nverdict=pass",
    "x\nverdict<<EOF\npass\nEOF",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{202e}gnp.exe",
    "[link](https://evil.test)",
    "https://evil.test/",
    "#123 acme/shop#1",
    "$(id) `id` %0A%0D",
    "```\nfence\n```",
    "| --- |\n| --- |",
    "\u{85}::error::injected",
    "\u{2028}::error::injected",
];

fn strangers() -> Vec<Person> {
    let mut people = in_order();
    let evil = EVIL.iter().enumerate();
    people.extend(evil.map(|(number, evil)| {
        payer(&format!("evil{number}"))
            .called(&format!("{evil}{number}"))
            .without_access()
    }));
    let plans = EVIL.iter().enumerate();
    people.extend(plans.map(|(number, evil)| payer(&format!("plan{number}")).stored_as(evil)));
    let long = "x".repeat(70_000);
    people.push(payer("long").called(&long).without_access());
    people.push(payer("wide").stored_as(&"ü".repeat(70_000)));
    people
}

fn findings() -> usize {
    2 * EVIL.len() + 2
}

/// Returns the visible text, without comments and without code, in which GitHub links nothing.
fn prose(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.render.r#unsafe = true;
    let mut html = markdown_to_html(markdown, &options);
    for (open, close) in [("<pre", "</pre>"), ("<code", "</code>")] {
        while let Some((before, rest)) = html.split_once(open) {
            let (_, after) = rest.split_once(close).expect("closed");
            html = format!("{before}{after}");
        }
    }
    html
}

#[track_caller]
pub(crate) fn expect_harmless(place: &str, markdown: &str) {
    let seen = prose(markdown);
    for harm in [
        "@octocat",
        "@acme",
        "<img",
        "<h1>PASS",
        "href=\"https://evil",
        "#123",
    ] {
        assert!(!seen.contains(harm), "{place} has {harm}: {seen}");
    }
    assert!(
        !markdown.contains('\u{1b}') && !markdown.contains('\u{202e}'),
        "{place} has control characters"
    );
}

#[track_caller]
fn expect_harmless_log(ran: &ProgramOutput, commands: usize) {
    let obeyed = ran.commands();
    for line in &obeyed {
        assert!(
            [
                "::error file=prodverdict.yml,line=",
                "::notice file=prodverdict.yml,line=",
                "::error::",
            ]
            .iter()
            .any(|start| line.starts_with(start))
                && !line.starts_with("::error::injected"),
            "the runner would obey {line}"
        );
        assert!(!line.contains("##["), "{line}");
    }
    assert_eq!(obeyed.len(), commands, "{obeyed:?}");
    let log = ran.log();
    for character in ['\u{1b}', '\u{7}', '\r', '\u{85}', '\u{2028}', '\u{202e}'] {
        assert!(!log.contains(character), "{character:?} in the log");
    }
}

#[tokio::test]
async fn hostile_text_of_a_pull_request_has_no_effect() {
    let written = async {
        let scene = Scene::open(&strangers()).await;
        let ran = scene.run().await;
        ran.expect(1);
        let run = scene.check_run();
        // One for each of the two rules, and the advice for many findings of one.
        assert_eq!(run.annotations.len(), 3);
        expect_harmless_log(&ran, 0);
        expect_harmless("the comment", &scene.comment());
        expect_harmless("the summary", &scene.step.summary());
        for part in ["summary", "text"] {
            expect_harmless(part, run.output[part].as_str().expect(part));
        }
        expect_outputs(&scene);
    };
    let degraded = async {
        let scene = Scene::open(&strangers()).await.only_reading();
        let ran = scene.run().await;
        ran.expect(1);
        expect_harmless_log(&ran, 3);
        expect_outputs(&scene);
    };
    tokio::join!(written, degraded);
}

#[track_caller]
fn expect_outputs(scene: &Scene) {
    let outputs = scene.step.outputs();
    assert_eq!(outputs["verdict"], "fail");
    assert_eq!(outputs["findings_count"], findings().to_string());
    assert_eq!(outputs.len(), 9, "{outputs:?}");
}

#[tokio::test]
async fn hostile_names_in_a_workflow_have_no_effect() {
    let scene = Scene::open(&in_order())
        .await
        .with("check_name", "x\n::error::injected @octocat ##[error]y")
        .with("config", "a\n::error::injected <img> ##[error]y.yml");
    let ran = scene.run().await;
    ran.expect(2);
    assert_eq!(ran.commands(), [""; 0]);
    expect_harmless("the comment", &scene.comment());
    expect_harmless("the summary", &scene.step.summary());
    scene.expect_conclusion("failure");
}
