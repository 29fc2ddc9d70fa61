//! Tests of the image as GitHub's runner runs it: `scripts/test-container` builds it and sets `PRODVERDICT_IMAGE`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

mod bridge;
mod engine;

use std::time::{Duration, Instant};

use fake_stripe::{Endpoint, Fault, Times};
use testing::shop::{CONFIG, drifted, in_order, line_of};

use self::engine::Job;

#[tokio::test]
async fn a_broken_contract_fails_the_job() {
    let job = Job::new(&drifted()).await;
    let ran = job.run().await;
    ran.expect(1);
    let run = job.check_run();
    assert_eq!(run.conclusion.as_deref(), Some("failure"));
    let column = line_of(CONFIG, "has_paid_access: has");
    let lines: Vec<_> = run
        .annotations
        .iter()
        .map(|annotation| annotation["start_line"].as_u64())
        .collect();
    let plan = line_of(CONFIG, "price_1TeamMonthly: team");
    assert_eq!(lines, [Some(column), Some(column), Some(plan)]);
    let outputs = job.step.outputs();
    assert_eq!(outputs["verdict"], "fail");
    assert_eq!(outputs["findings_count"], "3");
    assert!(outputs["check_run_url"].ends_with(&format!("/runs/{}", run.id)));
    assert_eq!(job.step.report()["verdict"], "fail");
    assert_eq!(job.comments().len(), 1);
    for text in [&job.comments()[0], &job.step.summary(), &ran.stdout] {
        assert!(text.contains("usr_alice"), "{text}");
    }
    assert!(ran.stdout.ends_with("VERDICT: FAIL\n"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_kept_contract_passes() {
    let job = Job::new(&in_order()).await;
    let ran = job.run().await;
    ran.expect(0);
    assert_eq!(job.check_run().conclusion.as_deref(), Some("success"));
    assert_eq!(job.step.output("verdict"), "pass");
    assert!(job.comments()[0].contains("PASS"));
    assert!(job.step.summary().contains("PASS"));
}

#[tokio::test]
async fn a_refused_key_is_not_an_answer() {
    let mut job = Job::new(&in_order()).await;
    job.step
        .set("STRIPE_SECRET_KEY", "rk_test_somebodyElsesKey");
    let ran = job.run().await;
    job.expect_no_answer(&ran);
}

#[tokio::test]
async fn a_page_that_fails_is_not_an_answer() {
    let job = Job::new(&in_order()).await;
    let stripe = &job.shop.stripe;
    let fault = Fault::ServerError {
        status: 500,
        // Ends the retries at once.
        should_retry: Some(false),
    };
    stripe.fail_at(Endpoint::ListSubscriptions, fault, Times::Always);
    let ran = job.run().await;
    job.expect_no_answer(&ran);
}

#[tokio::test]
async fn a_database_on_localhost_is_explained() {
    let mut job = Job::new(&in_order()).await;
    let (_, port) = job.shop.database_address();
    let url = job.shop.database_url(Some(("localhost", port)));
    job.step.set("DATABASE_URL", &url);
    let ran = job.run().await;
    job.expect_no_answer(&ran);
    assert!(
        ran.stdout.contains("localhost") && ran.stdout.contains("postgres:5432"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn a_cancelled_job_ends_its_check_run() {
    let job = Job::new(&in_order()).await;
    let slow = Fault::SlowFirstByte(Duration::from_mins(1));
    job.shop.stripe.fail(slow, Times::Always);
    let container = job.start();
    let began = Instant::now();
    while job.github.world().check_runs.is_empty() || job.shop.stripe.requests().is_empty() {
        assert!(began.elapsed() < Duration::from_mins(1), "not started yet");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Like the runner's signal to the client: entry point and program are one process.
    engine::docker(&["kill", "--signal", "INT", &container.name]);
    let cancelled = Instant::now();
    let ran = job.end(container).await;
    assert!(
        cancelled.elapsed() < Duration::from_secs(7),
        "{:?}",
        cancelled.elapsed()
    );
    ran.expect(2);
    assert_eq!(job.check_run().conclusion.as_deref(), Some("cancelled"));
}
