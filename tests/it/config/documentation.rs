//! Checks that every file in the documentation is valid.

use prodverdict::config::load;

use super::PATH;

const PAGE: &str = include_str!("../../../docs/configuration.md");

/// Lists the fenced blocks of YAML.
fn blocks() -> impl Iterator<Item = &'static str> {
    let fenced = PAGE.split("```yaml\n").skip(1);
    fenced.map(|rest| rest.split("```").next().unwrap_or_default())
}

#[test]
fn every_file_of_the_documentation_is_valid() {
    let files: Vec<_> = blocks()
        .filter(|block| block.contains("version: 1"))
        .collect();
    assert!(files.len() >= 15, "{}", files.len());
    for file in files {
        let config = load(file, PATH).unwrap_or_else(|problems| panic!("{file}{problems:#?}"));
        assert!(config.warnings.is_empty(), "{file}");
    }
}

/// Returns the file under a heading.
fn file_under(heading: &str) -> &'static str {
    let section = PAGE.split("\n### ").find_map(|section| {
        let (title, text) = section.split_once('\n')?;
        (title == heading).then_some(text)
    });
    let section = section.unwrap_or_else(|| panic!("no section `{heading}`"));
    let (_, block) = section.split_once("```yaml\n").expect("an example");
    block.split("```").next().unwrap_or_default()
}

#[test]
fn every_common_kind_of_schema_has_an_example() {
    for (heading, shown) in [
        ("A jsonb column", "billing->>'plan'"),
        ("An enum column", "in: [ACTIVE, TRIALING]"),
        (
            "Quoted Prisma names in an expression",
            "sql: |\n            coalesce(s.\"customerId\"",
        ),
        ("Two Stripe accounts", "secret_env: STRIPE_KEY_US"),
        (
            "Teams with their own subscriptions",
            "match_on: subscription_id",
        ),
        ("One product with many prices", "prod_Gold: gold"),
    ] {
        let file = file_under(heading);
        assert!(file.contains(shown), "{heading}: {file}");
        load(file, PATH).unwrap_or_else(|problems| panic!("{heading}: {problems:#?}"));
    }
}

#[test]
fn the_examples_of_a_rehearsal_are_valid_next_to_a_contract() {
    let contract = "version: 1\ncontracts:\n  - type: access\n    database: {}\n";
    let mut sections = blocks().filter(|block| block.starts_with("rehearsal:"));
    let section = sections.next().expect("an example");
    load(&format!("{contract}{section}"), PATH).expect("a valid file");
    assert_eq!(sections.next(), None);
}
