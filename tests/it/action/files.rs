//! Additional report files of a job.

use std::{fs, os::unix::fs::symlink};

use testing::shop::{drifted, in_order};

use super::scene::Scene;

fn read(scene: &Scene, file: &str) -> String {
    fs::read_to_string(scene.step.workspace(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[tokio::test]
async fn a_report_is_written_to_every_named_file() {
    let scene = Scene::open(&drifted()).await;
    fs::create_dir(scene.step.workspace("reports")).expect("a folder");
    let scene = scene.with(
        "output",
        "./reports/a.sarif\nreports/a.xml, a.md\n a.csv,a.sql,\na.json\n",
    );
    scene.run().await.expect(1);
    for (file, message) in [
        ("reports/a.sarif", "\"uri\": \"prodverdict.yml\""),
        ("reports/a.xml", "failures=\"3\""),
        ("a.md", "#### HIGH: `user:usr_alice` (revenue-leak)"),
        ("a.csv", "users,revenue-leak,high,"),
        ("a.sql", "UPDATE \"users\""),
        ("a.json", "\"verdict\": \"fail\""),
    ] {
        let text = read(&scene, file);
        assert!(text.contains(message), "{file}: {text}");
    }
    assert_eq!(
        read(&scene, "a.json"),
        read(&scene, "prodverdict-report.json")
    );
}

#[tokio::test]
async fn paths_outside_the_workspace_are_not_written() {
    for named in [
        "../a.json",
        "/tmp/prodverdict-a.json",
        "a.pdf",
        "a.json, a.json",
    ] {
        let scene = Scene::open(&in_order()).await.with("output", named);
        let ran = scene.run().await;
        ran.expect(2);
        assert!(
            ran.log().contains("the input `output` names"),
            "{}",
            ran.log()
        );
        assert_eq!(scene.step.report()["verdict"], "error");
        assert!(!scene.step.workspace("a.json").exists());
    }
    assert!(!std::path::Path::new("/tmp/prodverdict-a.json").exists());
}

#[tokio::test]
async fn a_folder_of_the_checkout_that_is_a_link_is_not_followed() {
    let scene = Scene::open(&in_order()).await;
    symlink("..", scene.step.workspace("reports")).expect("a link");
    fs::create_dir(scene.step.workspace("taken.md")).expect("a folder");
    let scene = scene.with("output", "reports/a.json, taken.md, no/such/a.csv, a.txt");
    let ran = scene.run().await;
    ran.expect(2);
    for file in ["reports/a.json", "taken.md", "no/such/a.csv"] {
        let message = format!("`{file}` cannot be written");
        assert!(
            ran.stderr.contains(&message) || ran.stderr.contains(file),
            "{}",
            ran.stderr
        );
    }
    assert!(
        ran.stderr.contains("it points outside the workspace"),
        "{}",
        ran.stderr
    );
    assert!(!scene.step.folder().join("a.json").exists());
    assert!(read(&scene, "a.txt").ends_with("VERDICT: PASS\n"));
    // The other reports are complete.
    scene.expect_conclusion("success");
}
