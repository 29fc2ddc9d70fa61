//! No secret leaves the process, whatever the data contains.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use testing::{
    fake_github::Token,
    runner::RUNTIME_TOKEN,
    shop::{KEY, PASSWORD, drifted, payer},
};

use super::scene::Scene;

const TOKEN: &str = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";

/// Creates a run whose data contains the secrets, which error messages may then quote.
async fn scene() -> Scene {
    let mut people = drifted();
    people.push(payer("key").stored_as(KEY));
    people.push(payer("password").stored_as(PASSWORD));
    people.push(payer("token").stored_as(&format!("plan {TOKEN} {RUNTIME_TOKEN}")));
    people.push(payer("encoded").stored_as(&STANDARD.encode(KEY)));
    people.push(
        payer("named")
            .called(&format!("usr-{KEY}-{PASSWORD}"))
            .without_access(),
    );
    let files = "report.sarif, report.xml, report.md, report.csv, report.sql, report.txt";
    let scene = Scene::open(&people).await.with("github_token", TOKEN);
    let scene = scene.with("output", files);
    let mut world = scene.github.world();
    world.tokens.insert(TOKEN.to_owned(), Token::writing());
    drop(world);
    scene
}

#[track_caller]
fn expect_no_secret(scene: &Scene, ran: &testing::runner::ProgramOutput) {
    let secrets = [
        KEY.to_owned(),
        PASSWORD.to_owned(),
        TOKEN.to_owned(),
        RUNTIME_TOKEN.to_owned(),
        STANDARD.encode(KEY),
    ];
    for (place, text) in scene.everything_that_left(ran) {
        for secret in &secrets {
            assert!(!text.contains(secret), "{place} has {secret}: {text}");
        }
    }
    // The commands that mask the secrets come before all other output.
    let log: Vec<_> = ran.stdout.lines().collect();
    for secret in [KEY, PASSWORD, TOKEN] {
        assert!(
            log.iter()
                .any(|line| line.starts_with("::add-mask::") && line.contains(secret)),
            "{secret} is not masked: {log:?}"
        );
    }
}

#[tokio::test]
async fn no_secret_is_in_anything_that_leaves() {
    let failing = async {
        let scene = scene().await;
        let ran = scene.run().await;
        ran.expect(1);
        assert_eq!(scene.check_run().annotations.len(), 4);
        expect_no_secret(&scene, &ran);
    };
    let degraded = async {
        let scene = scene().await.only_reading();
        let ran = scene.run().await;
        ran.expect(1);
        assert_eq!(ran.commands().len(), 4);
        expect_no_secret(&scene, &ran);
    };
    let unanswered = async {
        let scene = scene().await;
        scene.shop.stripe.world(|world| world.keys.revoke_all());
        let ran = scene.run().await;
        ran.expect(2);
        expect_no_secret(&scene, &ran);
    };
    let refused = async {
        let mut scene = scene().await;
        let url = scene.shop.database_url(None);
        scene.step.set("DATABASE_URL", &format!("{url}_gone"));
        let ran = scene.run().await;
        ran.expect(2);
        expect_no_secret(&scene, &ran);
    };
    tokio::join!(failing, degraded, unanswered, refused);
}
