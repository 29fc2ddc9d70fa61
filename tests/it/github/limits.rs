//! The limits that GitHub documents, each tested at its boundary.

use prodverdict::{
    github::{Publication, Repository, append_outputs, append_summary},
    report::{Annotation, Mask},
};
use serde_json::json;
use testing::fake_github::{CheckRun, FakeGithub, World};

use super::job::{Job, annotation, publication};

async fn reported(publication: &Publication) -> (FakeGithub, CheckRun) {
    let github = FakeGithub::start(World::new()).await;
    let published = Job::pull_request().report(&github, publication).await;
    assert_eq!(published.warnings, []);
    assert_eq!(github.violations(), Vec::<String>::new());
    let run = github.world().check_runs.first().expect("a run").clone();
    (github, run)
}

#[tokio::test]
async fn at_most_fifty_annotations_are_sent() {
    for (count, sizes) in [
        (0, vec![]),
        (1, vec![1]),
        (49, vec![49]),
        (50, vec![50]),
        (51, vec![50]),
        (1001, vec![50]),
    ] {
        let github = FakeGithub::start(World::new()).await;
        let report = Job::pull_request();
        let published = report.report(&github, &publication(count)).await;
        let requests = github.requests();
        let sent = requests.iter().filter_map(|request| {
            let body = request.json();
            Some(body["output"]["annotations"].as_array()?.len())
        });
        assert_eq!(sent.collect::<Vec<_>>(), sizes, "{count}");
        let left = usize::try_from(count.saturating_sub(50)).expect("small");
        assert_eq!(published.annotations_left.len(), left, "{count}");
        assert_eq!(github.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn texts_of_a_check_run_may_be_65_535_bytes_long() {
    for (length, is_complete) in [(65_534, true), (65_535, true), (65_536, false)] {
        // Two bytes each, so that bytes and characters differ.
        let long = "ä".repeat(length / 2) + &"x".repeat(length % 2);
        assert_eq!(long.len(), length);
        let mut publication = publication(0);
        publication.summary.clone_from(&long);
        publication.text = Some(long.clone());
        let (_, run) = reported(&publication).await;
        for part in ["summary", "text"] {
            let sent = run.output[part].as_str().expect(part);
            assert_eq!(sent == long, is_complete, "{part} of {length}");
            assert_eq!(
                sent.contains("Shortened"),
                !is_complete,
                "{part} of {length}"
            );
        }
    }
}

#[tokio::test]
async fn titles_may_be_255_bytes_long_and_messages_64_kib() {
    let kib = 64 * 1024;
    for more in [0, 1] {
        let mut publication = publication(0);
        publication.title = "t".repeat(255 + more);
        publication.annotations = vec![Annotation {
            title: "t".repeat(255 + more),
            message: "m".repeat(kib + more),
            raw_details: Some("d".repeat(kib + more)),
            ..annotation(1)
        }];
        let (_, run) = reported(&publication).await;
        assert_eq!(run.output["title"].as_str().map(str::len), Some(255));
        let [sent] = run.annotations.try_into().expect("one");
        for (field, length) in [("title", 255), ("message", kib), ("raw_details", kib)] {
            let text = sent[field].as_str().expect(field);
            assert_eq!(text.len(), length, "{field}");
        }
    }
}

#[tokio::test]
async fn a_comment_of_any_length_fits() {
    for length in [60_000, 64_000, 65_000, 65_535, 65_536, 65_537, 200_000] {
        let mut publication = publication(0);
        if let Some(comment) = &mut publication.comment {
            comment.markdown = "ä".repeat(length / 2);
        }
        let (github, _) = reported(&publication).await;
        let world = github.world();
        let [comment] = world.comments.as_slice() else {
            panic!("{} comments", world.comments.len());
        };
        assert!(comment.body.len() <= 65_536);
        assert_eq!(
            comment.body.contains("Shortened"),
            length > 64_000,
            "{length}"
        );
    }
}

#[tokio::test]
async fn the_comment_is_found_at_the_edge_of_a_page() {
    for others in [98, 99, 100, 101, 199, 200] {
        let mut world = World::new();
        for number in 0..others {
            world.preload(Some(("dana", 21, "User")), &number.to_string());
        }
        let github = FakeGithub::start(world).await;
        for run in [100, 101] {
            let findings = u32::try_from(run).expect("small");
            let job = Job::pull_request().run(run, 1);
            job.report(&github, &publication(findings)).await;
        }
        assert_eq!(github.world().comments.len(), others + 1, "{others}");
        assert_eq!(github.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_summary_and_its_previous_content_stay_below_a_mebibyte() {
    let max = 1024 * 1024;
    let mask = Mask::default();
    for before in [0, 100, 899 * 1024, 900 * 1024, max] {
        for length in [10, 900 * 1024 - 1, 900 * 1024, max, 2 * max] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("summary");
            std::fs::write(&file, "x".repeat(before)).expect("a file");
            let text = "line\n".repeat(length / 5);
            append_summary(&file, &text, &mask).expect("written");
            let written = std::fs::read(&file).expect("a file").len();
            // A file that is already full grows by no more than a line end.
            assert!(
                written <= max.max(before + 1),
                "{before} {length}: {written}"
            );
        }
    }
}

#[test]
fn outputs_together_stay_below_their_megabyte() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("outputs");
    let long = "ä".repeat(1024 * 1024);
    let names = [
        "check_run_url",
        "findings_count",
        "high_count",
        "report_path",
        "verdict",
    ];
    let outputs = names.map(|name| (name.to_owned(), long.clone())).into();
    append_outputs(&file, &outputs, &Mask::default()).expect("written");
    let text = std::fs::read_to_string(&file).expect("a file");
    // GitHub counts two bytes per character.
    assert!(text.encode_utf16().count() * 2 < 1_000_000);
}

#[tokio::test]
async fn three_thousand_changed_files_are_read() {
    for (count, pages, listed) in [
        (0, 1, 0),
        (99, 1, 99),
        (100, 2, 100),
        (2999, 30, 2999),
        (3000, 30, 3000),
        (3001, 30, 3000),
    ] {
        let github = FakeGithub::start(World::new()).await;
        github.world().pull(7).files = (0..count)
            .map(|number| json!({"filename": format!("{number}.rs"), "status": "modified"}))
            .collect();
        let mut client = Job::pull_request().client(&github);
        let repository = Repository::parse("acme/shop").expect("a repository");
        let sha = World::sha(1);
        let files = client.changed_files(&repository, 7, &sha).await;
        assert_eq!(files.expect("files").len(), listed, "{count}");
        assert_eq!(github.count("GET", "/pulls/7/files"), pages, "{count}");
        assert_eq!(github.violations(), Vec::<String>::new());
    }
}
