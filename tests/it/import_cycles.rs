//! No files or folders side by side import one another in a circle. `scripts/house` lists the same circles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

/// The packages by the folder of their sources.
const PACKAGES: [(&str, &str); 10] = [
    ("prodverdict", "src"),
    ("baseline", "crates/baseline/src"),
    ("config", "crates/config/src"),
    ("contract", "crates/contract/src"),
    ("fake-http", "crates/fake-http/src"),
    ("fake-paddle", "crates/fake-paddle/src"),
    ("fake-stripe", "crates/fake-stripe/src"),
    ("problem", "crates/problem/src"),
    ("rehearsal", "crates/rehearsal/src"),
    ("report", "crates/report/src"),
];

/// Path of a module: the package, then the modules from its root.
type ModulePath = Vec<String>;

#[test]
fn no_folder_has_import_cycles() {
    let found = cycles();
    assert!(
        found.is_empty(),
        "move what two files share to a third, or a function to its only caller:\n{}\n",
        found.join("\n")
    );
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a test that is skipped says so")]
fn the_script_lists_the_same_cycles() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/house");
    let mut command = Command::new("python3");
    let Ok(output) = command
        .arg(script)
        .args(["--list", "sibling cycles"])
        .output()
    else {
        eprintln!("skipped: there is no python3");
        return;
    };
    let listed = String::from_utf8(output.stdout).expect("UTF-8");
    let listed: Vec<_> = listed.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(cycles(), listed);
}

#[test]
fn imports_are_read_from_groups_and_from_code() {
    let here = ["p", "a", "b"].map(str::to_owned);
    let code = "use super::{c::{D, e}, F};\nlet x = crate::g::h(super::super::i::J); // super::k\n";
    let found: Vec<_> = imports(&above_tests(code), &here)
        .iter()
        .map(|path| path.join("/"))
        .collect();
    assert_eq!(found, ["p/a/c/D", "p/a/c/e", "p/a/F", "p/g/h", "p/i/J"]);
}

#[test]
fn a_cycle_is_named_by_its_folder() {
    let edge = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
    let graph = BTreeMap::from([
        edge("a", "b"),
        edge("b", "c"),
        edge("c", "b"),
        edge("d", "a"),
    ]);
    assert_eq!(
        circles(&graph),
        [BTreeSet::from(["b", "c"].map(str::to_owned))].into()
    );
}

/// Lists the cycles as `folder: file, file`.
fn cycles() -> Vec<String> {
    let mut edges: BTreeMap<ModulePath, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (here, code) in modules() {
        for target in imports(&code, &here) {
            let common = here.iter().zip(&target).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (here.get(common), target.get(common)) {
                let graph = edges.entry(here[..common].to_vec()).or_default();
                graph.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    let lines = edges.iter().flat_map(|(folder, graph)| {
        circles(graph).into_iter().map(|circle| {
            let files: Vec<_> = circle.into_iter().collect();
            format!("{}: {}", folder.join("/"), files.join(", "))
        })
    });
    lines.collect()
}

/// Returns the groups of more than one node that reach one another.
fn circles(graph: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<BTreeSet<String>> {
    let reach = |node: &String| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![node.clone()]);
        while let Some(node) = waiting.pop() {
            for next in graph.get(&node).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    waiting.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<_, _> = graph.keys().map(|node| (node, reach(node))).collect();
    let reaches =
        |from: &String, to: &String| reached.get(from).is_some_and(|all| all.contains(to));
    let circle = |node: &String| -> BTreeSet<String> {
        let others = reached[node].iter().filter(|other| reaches(other, node));
        others.cloned().chain([node.clone()]).collect()
    };
    let circles = graph.keys().map(circle);
    circles.filter(|circle| circle.len() > 1).collect()
}

/// Lists the modules without those of tests, each with its code.
fn modules() -> Vec<(ModulePath, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for (package, folder) in PACKAGES {
        walk(&root.join(folder), &[package.to_owned()], &mut found);
    }
    found
}

fn walk(folder: &Path, above: &[String], found: &mut Vec<(ModulePath, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        if name == "tests" {
            continue;
        }
        let mut here = above.to_vec();
        if !["mod", "lib", "main"].contains(&&*name) {
            here.push(name.into_owned());
        }
        if path.is_dir() {
            walk(&path, &here, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("UTF-8");
            found.push((here, above_tests(&text)));
        }
    }
}

/// Returns the code above the unit tests, without comments.
fn above_tests(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// Lists what the module at `here` names with `crate::` or `super::`, in `use` or elsewhere, from the root.
fn imports(code: &str, here: &[String]) -> Vec<ModulePath> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find("use ") {
        let is_word = !rest[..start].ends_with(is_identifier);
        rest = &rest[start + "use ".len()..];
        if let (true, Some(end)) = (is_word, rest.find(';')) {
            let path: String = rest[..end].split_whitespace().collect();
            spread("", &path, &mut paths);
            rest = &rest[end..];
        }
    }
    let words = code.split(|letter: char| !is_identifier(letter) && letter != ':');
    paths.extend(words.map(str::to_owned));
    paths
        .iter()
        .filter_map(|path| resolved(path, here))
        .collect()
}

fn is_identifier(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Adds the single paths of `a::{b, c::{d, e}}`, which has no spaces.
fn spread(before: &str, path: &str, paths: &mut Vec<String>) {
    let Some((prefix, group)) = path.split_once('{') else {
        paths.push(format!("{before}{path}"));
        return;
    };
    let before = format!("{before}{prefix}");
    let (mut depth, mut start) = (0, 0);
    for (index, letter) in group.char_indices() {
        if (letter == ',' || letter == '}') && depth == 0 {
            if start < index {
                spread(&before, &group[start..index], paths);
            }
            start = index + 1;
        }
        depth += i32::from(letter == '{') - i32::from(letter == '}');
    }
}

/// Returns the path from the root; `None` if it begins neither with `crate::` nor with `super::`.
fn resolved(path: &str, here: &[String]) -> Option<ModulePath> {
    let (first, rest) = path.split_once("::")?;
    let (mut at, mut rest) = match first {
        "crate" => (&here[..1], rest),
        "super" => (&here[..here.len().saturating_sub(1)], rest),
        _ => return None,
    };
    while let Some(further) = rest.strip_prefix("super::") {
        at = &at[..at.len().saturating_sub(1)];
        rest = further;
    }
    let names = rest.split("::").filter(|name| !name.is_empty());
    let path: ModulePath = at.iter().cloned().chain(names.map(str::to_owned)).collect();
    (path.len() > at.len()).then_some(path)
}
