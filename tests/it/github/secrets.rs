//! Nothing that leaves the process contains a secret, and no text in it sets an output.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use prodverdict::report::Annotation;
use secrecy::SecretString;
use testing::fake_github::{FakeGithub, Kind, World};

use super::job::{Job, annotation, publication};

const KEY: &str = "rk_live_CANARYcanary0123456789";
const URL: &str = "postgres://app:CANARY%2Fpass@db.internal:5432/app";

#[tokio::test]
async fn canaries_stay_inside() {
    let encoded = STANDARD.encode(format!("a{KEY}b"));
    let hostile = format!("{KEY} {URL} CANARY/pass {encoded} CANARY%2fpass");
    let mut publication = publication(1);
    publication.title.clone_from(&hostile);
    // A cut must not leave half of a secret.
    publication.summary = format!("{}{}", "x".repeat(65_440), KEY.repeat(40));
    publication.text = Some(hostile.clone());
    publication.annotations = vec![Annotation {
        path: format!("{KEY}.yml"),
        title: hostile.clone(),
        message: format!("{}{KEY}{KEY}", "x".repeat(65_520)),
        raw_details: Some(hostile.clone()),
        ..annotation(1)
    }];
    if let Some(comment) = &mut publication.comment {
        comment.markdown.clone_from(&hostile);
        comment.footer.clone_from(&hostile);
    }
    publication.job_summary.clone_from(&hostile);
    publication
        .outputs
        .insert("report_path".to_owned(), hostile.clone());
    let mut job = Job::pull_request();
    job.options.check_name = format!("check {KEY}");
    job.secrets = vec![SecretString::from(KEY), SecretString::from(URL)];
    let mut world = World::new();
    world.fail("POST", "check-runs", Kind::LoseAnswer);
    let github = FakeGithub::start(world).await;
    let published = job.report(&github, &publication).await;
    assert_eq!(published.warnings, []);

    let mut left = vec![job.summary(), job.raw_outputs(), format!("{published:?}")];
    for request in github.requests() {
        left.push(request.body);
        left.push(format!(
            "{} {} {:?}",
            request.path, request.query, request.headers
        ));
    }
    let shifted: String = STANDARD.encode(KEY).chars().skip(4).take(16).collect();
    for text in left {
        for trace in [
            "CANARY",
            "canary",
            "rk_live_C",
            shifted.as_str(),
            encoded.get(8..24).unwrap_or("?"),
        ] {
            assert!(!text.contains(trace), "`{trace}` left");
        }
    }
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_masked_marker_is_still_found() {
    let github = FakeGithub::start(World::new()).await;
    for run in [100, 101] {
        let mut job = Job::pull_request().run(run, 1);
        job.secrets = vec![
            SecretString::from("prodverdict"),
            SecretString::from("completed"),
        ];
        let findings = u32::try_from(run).unwrap_or_default();
        job.report(&github, &publication(findings)).await;
    }
    assert_eq!(github.world().comments.len(), 1);
    assert_eq!(github.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_value_cannot_set_another_output() {
    let github = FakeGithub::start(World::new()).await;
    let job = Job::pull_request();
    let mut publication = publication(1);
    let evil = "title=evil\nfail=false\nverdict<<E\npass\nE";
    publication
        .outputs
        .insert("report_path".to_owned(), evil.to_owned());
    job.report(&github, &publication).await;
    let outputs = job.outputs();
    let names: Vec<&str> = outputs.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["check_run_url", "findings_count", "report_path", "verdict"]
    );
    assert_eq!(outputs.get("report_path").map(String::as_str), Some(evil));
    assert_eq!(outputs.get("verdict").map(String::as_str), Some("fail"));
    assert!(
        outputs
            .get("check_run_url")
            .is_some_and(|url| url.starts_with("https://github.test/"))
    );
    assert!(!job.raw_outputs().contains('\r'));
}
