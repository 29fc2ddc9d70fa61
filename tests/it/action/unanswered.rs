//! Runs without a verdict: never a pass, always a reason, and green only on request.

use fake_stripe::{Endpoint, Fault, Status, Subscription, Times};
use testing::shop::{CONFIG, KEY, PRO, in_order, line_of};

use super::scene::Scene;

#[tokio::test]
async fn on_error_neutral_applies_to_a_refused_key() {
    let fails = async {
        let mut scene = Scene::open(&in_order()).await;
        scene
            .step
            .set("STRIPE_SECRET_KEY", "rk_test_somebodyElsesKey");
        let ran = scene.run().await;
        ran.expect(2);
        scene.expect_conclusion("failure");
        assert_eq!(scene.check_run().output["title"], "ERROR: no verdict");
        assert_eq!(scene.step.output("verdict"), "error");
        assert_eq!(scene.step.output("findings_count"), "0");
        assert_eq!(scene.step.report()["verdict"], "error");
        assert!(ran.stdout.ends_with("VERDICT: ERROR\n"), "{}", ran.stdout);
        for text in [&ran.stdout, &scene.comment(), &scene.step.summary()] {
            assert!(text.contains("the key is wrong or was revoked"), "{text}");
        }
        scene.expect_no_pass(&ran);
    };
    let is_neutral = async {
        let mut scene = Scene::open(&in_order()).await.with("on_error", "neutral");
        scene
            .step
            .set("STRIPE_SECRET_KEY", "rk_test_somebodyElsesKey");
        let ran = scene.run().await;
        ran.expect(0);
        scene.expect_conclusion("neutral");
        assert_eq!(scene.step.output("verdict"), "error");
        assert!(ran.stderr.contains("`on_error`"), "{}", ran.stderr);
        scene.expect_no_pass(&ran);
    };
    tokio::join!(fails, is_neutral);
}

#[tokio::test]
async fn a_page_that_fails_is_not_an_answer() {
    let broken = |fault: Fault| async move {
        let scene = Scene::open(&in_order()).await;
        scene.shop.stripe.world(|world| {
            for number in 0..150 {
                let customer = format!("cus_more{number}");
                world.subscription(
                    Subscription::new(&customer, Status::Unpaid)
                        .price(PRO)
                        .created(1_700_000_000),
                );
            }
        });
        let second_page = Times::From(2);
        scene
            .shop
            .stripe
            .fail_at(Endpoint::ListSubscriptions, fault, second_page);
        let ran = scene.run().await;
        ran.expect(2);
        scene.expect_conclusion("failure");
        assert_eq!(scene.step.output("verdict"), "error");
        scene.expect_no_pass(&ran);
    };
    tokio::join!(
        broken(Fault::ServerError {
            status: 500,
            // Stops the retries at once.
            should_retry: Some(false),
        }),
        broken(Fault::KeyRevoked),
    );
}

#[tokio::test]
async fn a_broken_configuration_is_annotated_where_it_is_broken() {
    let scene = Scene::open(&in_order()).await;
    let config = CONFIG.replace("    plans:", "    planz:").replace(
        "users_table: users",
        "users_table: users\n      users_tabel: users",
    );
    scene.step.check_out("prodverdict.yml", &config);
    let ran = scene.run().await;
    ran.expect(2);
    scene.expect_conclusion("failure");
    let run = scene.check_run();
    let lines: Vec<_> = run
        .annotations
        .iter()
        .filter_map(|annotation| annotation["start_line"].as_u64())
        .collect();
    assert_eq!(
        lines,
        [line_of(&config, "users_tabel"), line_of(&config, "planz")],
        "{:?}",
        run.annotations
    );
    assert!(ran.stdout.contains("prodverdict.yml:"), "{}", ran.stdout);
    scene.expect_no_pass(&ran);
}

#[tokio::test]
async fn a_missing_configuration_is_reported_with_advice() {
    let scene = Scene::open(&in_order())
        .await
        .with("config", "./elsewhere.yml");
    let ran = scene.run().await;
    ran.expect(2);
    scene.expect_conclusion("failure");
    let log = &ran.stdout;
    assert!(
        log.contains("elsewhere.yml") && log.contains("checkout"),
        "{log}"
    );
}

#[tokio::test]
async fn all_invalid_inputs_are_reported() {
    let scene = Scene::open(&in_order())
        .await
        .with("strict", "yes")
        .with("fail_on", "critical")
        .with("comment", "sometimes")
        .with("contract", "seats");
    let ran = scene.run().await;
    ran.expect(2);
    scene.expect_conclusion("failure");
    for input in ["strict", "fail_on", "comment", "contract"] {
        assert!(
            ran.stdout.contains(&format!("the input `{input}` is")),
            "{}",
            ran.stdout
        );
    }
    assert_eq!(scene.shop.stripe.requests().len(), 0);
}

#[tokio::test]
async fn missing_credentials_fail_or_skip_as_asked() {
    let without = |skip: &'static str| async move {
        let mut scene = Scene::open(&in_order())
            .await
            .with("on_missing_credentials", skip);
        // The runner passes missing secrets as empty variables.
        scene.step.set("STRIPE_SECRET_KEY", "");
        scene.step.set("DATABASE_URL", "");
        let ran = scene.run().await;
        for name in ["STRIPE_SECRET_KEY", "DATABASE_URL"] {
            assert!(ran.log().contains(name), "{}", ran.log());
            assert!(scene.step.summary().contains(name));
        }
        (scene, ran)
    };
    let fails = async {
        let (scene, ran) = without("fail").await;
        ran.expect(2);
        scene.expect_conclusion("failure");
        assert_eq!(scene.step.output("verdict"), "error");
    };
    let skips = async {
        let (scene, ran) = without("skip").await;
        ran.expect(0);
        scene.expect_conclusion("skipped");
        assert_eq!(scene.step.output("verdict"), "skipped");
        assert_eq!(scene.comments(), [""; 0]);
    };
    let partly = async {
        let mut scene = Scene::open(&in_order())
            .await
            .with("on_missing_credentials", "skip");
        scene.step.set("DATABASE_URL", "");
        scene.run().await.expect(0);
        scene.expect_conclusion("skipped");
        assert!(!scene.step.summary().contains("STRIPE_SECRET_KEY"));
        assert!(!scene.step.summary().contains(KEY));
    };
    tokio::join!(fails, skips, partly);
}
