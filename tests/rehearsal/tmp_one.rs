//! Temporary.
#[test]
#[ignore]
fn one() {
    let mutant = crate::handlers::Mutant::ALL
        .into_iter()
        .find(|m| Some(m.as_str().to_owned()) == std::env::var("MUT").ok());
    let language = if std::env::var("LANG1").is_ok() {
        crate::stage::Language::Node(crate::node_app::Packages::install().unwrap())
    } else {
        crate::stage::Language::Rust
    };
    let stage = crate::stage::Stage::new(language, mutant, "");
    let began = std::time::Instant::now();
    let ran = stage
        .rehearse(&std::env::var("ARGS").unwrap_or_default())
        .run();
    println!(
        "{}\n{}\n{:?} {:?}",
        ran.stderr,
        ran.stdout,
        ran.status,
        began.elapsed()
    );
    println!(
        "{}",
        stage.log().lines().take(40).collect::<Vec<_>>().join("\n")
    );
}
