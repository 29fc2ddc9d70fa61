//! Draws the pictures of the documentation from real output of the program.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;
use testing::{
    fake_github::World,
    runner::RUNTIME_TOKEN,
    shop::{CONFIG, Person, TEAM, in_order, payer},
};

use crate::{browser, scene::Scene};

/// A shop whose webhook handler lacks a branch: 64 findings of three causes.
fn drifted() -> Vec<Person> {
    let people = |range: std::ops::Range<u32>| range.map(|number| payer(&number.to_string()));
    let mut all = in_order();
    all.extend(people(4_120..4_160).map(Person::without_access));
    all.extend(people(5_300..5_318).map(Person::canceled));
    all.extend(people(6_040..6_046).map(|person| person.paying_for(TEAM)));
    all
}

const WEBHOOK: &str = "app/api/stripe/webhook/route.ts";

/// The pull request that removed it.
const LOSES_THE_FLAG: &str = "\
@@ -40,5 +40,4 @@ async function onCheckoutCompleted(session) {
   const user = await userOf(session.customer);
   const subscription = await stripe.subscriptions.retrieve(session.subscription);
-  user.has_paid_access = true;
   user.plan = planOf(subscription);
   await user.save();";

fn pull_request() -> World {
    let mut world = World::new();
    let contents = format!(
        "https://api.github.com/repos/acme/shop/contents/{WEBHOOK}?ref={}",
        World::sha(1)
    );
    world.pull(7).files = vec![json!({
        "sha": "0000", "filename": WEBHOOK, "status": "modified", "additions": 0, "deletions": 1, "changes": 1,
        "patch": LOSES_THE_FLAG, "contents_url": contents,
    })];
    let at = (World::sha(1), WEBHOOK.to_owned());
    world
        .files
        .insert(at, b"user.plan = planOf(subscription);\n".to_vec());
    world
}

/// Returns the page of the same shop, as the command line writes it.
async fn page(scene: &Scene) -> String {
    let file = scene.step.workspace("report.html");
    let mut program = Command::new(env!("CARGO_BIN_EXE_prodverdict"));
    program
        .args(["check", "access", "--output"])
        .arg(&file)
        .env_clear()
        .envs(&scene.step.variables)
        .current_dir(scene.step.workspace(""))
        .stdin(Stdio::null());
    // The fakes run on this thread.
    let ran = tokio::task::spawn_blocking(move || program.output());
    let ran = ran.await.expect("a thread").expect("the program starts");
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    fs::read_to_string(file).expect("a page")
}

/// Collects the program's reports about the shop: the comment, the comment after the repair, and the page.
#[tokio::test]
#[ignore = "draws docs/pictures: scripts/report-pictures"]
async fn the_pictures_of_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/pictures/said");
    fs::create_dir_all(&folder).expect("writable");
    let save = |name: &str, text: &str| {
        assert!(!text.contains(RUNTIME_TOKEN));
        fs::write(folder.join(name), text).expect("writable");
    };

    let event = "pull_request";
    let broken = Scene::in_world(pull_request(), event, event, &drifted()).await;
    // The shop's key may not read events.
    let links = "links: { account: \"https://admin.example.com/users/{id}\" }";
    let config = format!("{CONFIG}    evidence: off\n    {links}\n");
    broken.step.check_out("prodverdict.yml", &config);
    broken.run().await;
    save("comment.md", &broken.comment());
    save("report.html", &page(&broken).await);

    let mut world = pull_request();
    let ours = ("github-actions[bot]", 41_898_282, "Bot");
    world.preload(Some(ours), &broken.comment());
    let repaired = Scene::in_world(world, event, event, &in_order()).await;
    repaired.run().await;
    save("resolved.md", &repaired.comment());

    let pictures = root.join("docs/pictures");
    fs::create_dir_all(&pictures).expect("writable");
    let output = browser::run("tests/browser/pictures/draw.cjs", &[&folder, &pictures]);
    println!("{output}");
}
