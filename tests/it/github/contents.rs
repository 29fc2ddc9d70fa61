//! Reads files of the base commit.

use prodverdict::github::Repository;
use testing::fake_github::{FakeGithub, World};

use super::job::Job;

#[tokio::test]
async fn a_file_is_read_at_a_commit() {
    let mut world = World::new();
    let base = World::sha(9);
    for (path, content) in [
        ("prodverdict.yml", b"version: 1\n".to_vec()),
        ("conf ig/a?b.yml", b"version: 2\n".to_vec()),
        ("latin.yml", vec![0xe4]),
        ("long.yml", vec![b'x'; 1000]),
    ] {
        world.files.insert((base.clone(), path.to_owned()), content);
    }
    let github = FakeGithub::start(world).await;
    let mut client = Job::pull_request().client(&github);
    let repository = Repository::parse("acme/shop").expect("a repository");
    let mut read =
        async |path: &str, sha: &str| client.fetch_file(&repository, path, sha, 999).await;
    assert_eq!(
        read("./prodverdict.yml", &base)
            .await
            .expect("a file")
            .as_deref(),
        Some("version: 1\n")
    );
    assert_eq!(
        read("conf ig/a?b.yml", &base)
            .await
            .expect("a file")
            .as_deref(),
        Some("version: 2\n")
    );
    assert_eq!(
        read("prodverdict.yml", &World::sha(1))
            .await
            .expect("an answer"),
        None
    );
    for (path, message) in [
        ("long.yml", "`long.yml` is longer than 999 bytes"),
        ("conf ig", "`conf ig` is not a file"),
        (
            "../../../user",
            "`../../../user` is not a path inside the repository",
        ),
    ] {
        let error = read(path, &base).await.expect_err("a refusal");
        assert_eq!(error.to_string(), message);
    }
    assert_eq!(github.violations(), Vec::<String>::new());
}
