//! Keeps the README and the pages under `docs/` complete and true.

mod keys;
#[cfg(unix)]
mod other_ci;
mod terminal;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use prodverdict::{
    contract::{HandlerRule, Rule},
    problem::ErrorCode,
};

use crate::prodverdict;

/// Set to write the generated pages instead of comparing them.
const UPDATE: &str = "PRODVERDICT_UPDATE_EXPECTED";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a generated file with the committed one.
fn expect_generated(path: &str, text: &str) {
    #[expect(clippy::disallowed_methods, reason = "a switch for the tests")]
    let is_update = std::env::var_os(UPDATE).is_some();
    if is_update {
        fs::write(root().join(path), text).expect("the file can be written");
    }
    assert!(
        read(path) == text,
        "{path} is stale: run the test with {UPDATE}=1"
    );
}

/// Paths of the pages that people read, relative to the root.
fn pages() -> Vec<String> {
    let mut pages: Vec<_> = [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
    ]
    .map(str::to_owned)
    .into();
    for entry in fs::read_dir(root().join("docs")).expect("the folder") {
        let name = entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("UTF-8");
        if Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "md")
        {
            pages.push(format!("docs/{name}"));
        }
    }
    pages.sort();
    pages
}

/// Returns the lines outside of code blocks.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Returns the code blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    let parts = page.split(&fence).skip(1);
    parts
        .map(|part| part.split("\n```").next().unwrap_or_default().to_owned())
        .collect()
}

/// Returns the targets of links and pictures.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(page) {
        for (position, _) in line.match_indices("](") {
            let target = &line[position + 2..];
            found.extend(target.split_once(')').map(|(target, _)| target.to_owned()));
        }
    }
    found
}

/// Returns the anchors of the headings, as GitHub and mdBook derive them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut seen = BTreeMap::new();
    let headings = prose(page).filter(|line| line.starts_with('#'));
    let anchors = headings.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        let anchor: String = kept
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let count = seen.entry(anchor.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            anchor
        } else {
            format!("{anchor}-{}", *count - 1)
        }
    });
    anchors.collect()
}

/// Resolves a relative path against the folder of a page.
fn resolve(page: &str, target: &str) -> PathBuf {
    let mut path = Path::new(page).parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{page}: {target} leaves the repository"),
            Component::CurDir => {}
            Component::Normal(name) => path.push(name),
            Component::Prefix(_) | Component::RootDir => panic!("{page}: {target} is absolute"),
        }
    }
    path
}

#[test]
fn every_error_code_has_a_section_and_every_section_a_code() {
    let page = read("docs/troubleshooting.md");
    let sections: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let codes: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), ErrorCode::ALL.len(), "two codes share a word");
    assert_eq!(codes, sections.iter().copied().collect());
    assert_eq!(codes.len(), sections.len(), "two sections share a code");
}

/// Returns the ids in the first column of the tables.
fn ids_in_table(page: &str) -> BTreeSet<&str> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let first_cells = rows.filter_map(|row| row.split('|').nth(1));
    first_cells
        .flat_map(|cell| cell.split(','))
        .map(|id| id.trim().trim_matches('`'))
        .collect()
}

#[test]
fn every_rule_of_the_contract_is_on_the_page_of_rules() {
    let page = read("docs/rules.md");
    let rules: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(ids_in_table(&page), rules);
}

#[test]
fn every_rule_of_the_rehearsal_is_on_its_page() {
    let page = read("docs/rehearsal.md");
    let (_, section) = page
        .split_once("\n### Rules of the rehearsal\n")
        .expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rules = HandlerRule::ALL.map(|rule| Rule::Handler(rule).as_str());
    assert_eq!(ids_in_table(section), BTreeSet::from(rules));
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for page in pages() {
        for link in links(&read(&page)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let path = if target.is_empty() {
                PathBuf::from(&page)
            } else {
                resolve(&page, target)
            };
            if !root().join(&path).exists() {
                broken.push(format!("{page}: {link}: no such file"));
            } else if !anchor.is_empty()
                && !anchors(&read(&path.display().to_string())).contains(anchor)
            {
                broken.push(format!("{page}: {link}: no such heading"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = read("docs/SUMMARY.md");
    let listed = links(&summary);
    let known: BTreeSet<String> = listed.iter().map(|link| format!("docs/{link}")).collect();
    assert_eq!(known.len(), listed.len(), "a page is listed twice");
    let docs = pages()
        .into_iter()
        .filter(|page| page.starts_with("docs/") && page != "docs/SUMMARY.md");
    assert_eq!(known, docs.collect());
}

#[test]
fn the_readme_is_short() {
    let words = read("README.md").split_whitespace().count();
    assert!(words < 1_200, "{words} words");
}

#[test]
fn the_keys_are_those_of_the_schema() {
    expect_generated(
        "docs/configuration-keys.md",
        &keys::page(&read("schema/prodverdict.schema.json")),
    );
}

/// Returns the commands of the block that this program can run here, with what is shown below each.
fn runnable(block: &str) -> Vec<(String, Vec<String>)> {
    let joined = block.replace("\\\n", " ");
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for line in joined.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push((command.to_owned(), Vec::new()));
        } else if let Some((_, shown)) = commands.last_mut() {
            shown.push(line.to_owned());
        }
    }
    let arguments = |command: &str| {
        let command = command
            .strip_prefix("cargo run --locked --quiet -- ")
            .or(command.strip_prefix("prodverdict "))?;
        let is_here = command == "demo" || command.contains("--config examples/");
        is_here.then(|| command.to_owned())
    };
    commands
        .into_iter()
        .filter_map(|(command, shown)| Some((arguments(&command)?, shown)))
        .collect()
}

#[test]
fn commands_on_recorded_data_print_what_the_pages_show() {
    for (page, count) in [
        ("README.md", 1),
        ("docs/tour.md", 3),
        ("docs/install.md", 1),
    ] {
        let text = read(page);
        let commands: Vec<_> = blocks(&text, "console")
            .iter()
            .flat_map(|block| runnable(block))
            .collect();
        assert_eq!(commands.len(), count, "{page}");
        for (arguments, shown) in commands {
            let ran = prodverdict(&arguments).run();
            let mut printed = ran.stdout.lines();
            for line in shown
                .iter()
                .filter(|line| !["", "…", "  …"].contains(&line.as_str()))
            {
                assert!(
                    printed.any(|printed| printed == line),
                    "{page}: `{arguments}` does not print `{line}`:\n{}",
                    ran.stdout
                );
            }
        }
    }
}

#[test]
fn the_picture_of_the_tour_is_the_output() {
    expect_generated("docs/pictures/tour.svg", &terminal::picture());
}
