//! Checks the architecture: allowed imports, pure modules, and the form of files.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The packages of `crates/` that compute without I/O. Their `Cargo.toml` says what each may import.
const PURE_PACKAGES: [&str; 6] = [
    "baseline",
    "config",
    "contract",
    "problem",
    "rehearsal",
    "report",
];

/// Each module of the program and the modules and packages it may import. `commands` wires them together and may import
/// anything. `text` belongs to the package `contract`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("http", &["config"]),
    ("application", &["http", "problem"]),
    ("cli", &[]),
    ("changes", &["contract", "config", "problem", "report"]),
    ("notice", &[]),
    ("presets", &[]),
    ("detection", &["presets"]),
    ("mapping", &["config", "database", "presets"]),
    ("billing", &["contract", "problem", "http", "notice"]),
    ("database", &["contract", "config", "problem"]),
    ("scratch", &["contract", "config", "problem", "database"]),
    (
        "sources",
        &[
            "contract", "config", "problem", "notice", "text", "billing", "database",
        ],
    ),
    (
        "github",
        &[
            "contract", "baseline", "report", "changes", "problem", "http",
        ],
    ),
    (
        "chat",
        &["contract", "baseline", "report", "problem", "text"],
    ),
];

/// Modules of the program that compute without I/O.
const PURE_MODULES: [&str; 4] = ["changes", "detection", "mapping", "presets"];

/// Signs of I/O.
const WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "::now()",
    "tokio::",
    "reqwest::",
    "sqlx::",
    "octocrab::",
    "tracing::",
];

/// Names that do not describe their contents.
const VAGUE: &[&str] = &[
    "utils", "util", "helpers", "common", "misc", "types", "manager",
];

#[test]
fn imports_point_inwards() {
    let mut broken = Vec::new();
    for file in sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == file.module) else {
            continue;
        };
        let code = file.code();
        for (start, _) in code.match_indices("crate::") {
            for import in imported(&code[start + "crate::".len()..]) {
                if import != file.module && !allowed.contains(&import.as_str()) {
                    let line = code[..start].lines().count();
                    broken.push(format!(
                        "{file}:{line}: `{}` may not import `{import}`",
                        file.module
                    ));
                }
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn pure_modules_do_not_touch_the_world() {
    let mut broken = Vec::new();
    for file in sources().iter().filter(|file| {
        let module = file.module.as_str();
        PURE_MODULES.contains(&module) || PURE_PACKAGES.contains(&module)
    }) {
        for (number, line) in file.code().lines().enumerate() {
            for word in WORLD.iter().filter(|word| line.contains(**word)) {
                broken.push(format!(
                    "{file}:{}: `{}` is pure but mentions `{word}`",
                    number + 1,
                    file.module
                ));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn pure_packages_depend_on_nothing_that_does_io() {
    for package in PURE_PACKAGES {
        let listed = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["tree", "--offline", "--locked", "--package", package])
            .args(["--edges", "normal", "--prefix", "none", "--format", "{lib}"])
            .output()
            .expect("cargo runs");
        let crates = String::from_utf8_lossy(&listed.stdout);
        let crates: BTreeSet<_> = crates.lines().map(str::trim).collect();
        assert!(crates.contains("jiff"), "{listed:?}");
        let io = [
            "tokio",
            "mio",
            "socket2",
            "reqwest",
            "hyper",
            "rustls",
            "sqlx",
            "octocrab",
            "getrandom",
        ];
        let found: Vec<_> = io.iter().filter(|name| crates.contains(**name)).collect();
        assert!(found.is_empty(), "{package} depends on {found:?}");
    }
}

#[test]
fn every_module_is_in_the_table() {
    let listed: BTreeSet<_> = MAY_IMPORT
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let outside = ["main", "lib", "commands"].into_iter();
    let outside = outside.chain(PURE_PACKAGES).map(str::to_owned);
    let found: BTreeSet<_> = sources().into_iter().map(|file| file.module).collect();
    assert_eq!(found, listed.into_iter().chain(outside).collect());
}

#[test]
fn every_file_is_named_and_introduced() {
    let mut broken = Vec::new();
    for file in sources() {
        let stem = file
            .path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if VAGUE.contains(&stem) {
            broken.push(format!("{file}: `{stem}` does not say what is inside"));
        }
        if !file.text.starts_with("//! ") {
            broken.push(format!(
                "{file}: start with one `//!` line that says what lives here"
            ));
        }
    }
    assert_none(&broken);
}

/// A package that is missing there makes the build of the image fail, which takes minutes to show.
#[test]
fn the_image_is_built_from_every_package() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dockerfile = fs::read_to_string(root.join("Dockerfile")).expect("a file");
    let packages = fs::read_dir(root.join("crates")).expect("a folder");
    let missing: Vec<_> = packages
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .map(|name| format!("COPY crates/{name}/Cargo.toml crates/{name}/"))
        .filter(|line| !dockerfile.lines().any(|copied| copied == line))
        .collect();
    assert_none(&missing);
}

struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

impl Source {
    /// Returns the text above the unit tests, with comment lines emptied to keep line numbers.
    fn code(&self) -> String {
        let above_tests = self.text.lines().take_while(|line| *line != "#[cfg(test)]");
        let emptied = above_tests.map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        });
        emptied.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

/// Lists the modules right after `crate::`, including those of a group over several lines: `{a, b::{C, D}, e}`.
fn imported(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let text = text.trim_start();
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut names = Vec::new();
    let Some(group) = rest.strip_prefix('{') else {
        names.push(name(rest));
        return names
            .into_iter()
            .filter(|name| name.starts_with(char::is_lowercase))
            .collect();
    };
    let (mut depth, mut start) = (0, 0);
    for (index, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name(&group[start..index]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(&group[start..index]));
                start = index + 1;
            }
            _ => {}
        }
    }
    names
        .into_iter()
        .filter(|name| name.starts_with(char::is_lowercase))
        .collect()
}

#[test]
fn groups_of_imports_are_read_whole() {
    assert_eq!(imported("a::B;"), ["a"]);
    assert_eq!(imported("{a::{B, c::D}, e, F};\nuse crate::g;"), ["a", "e"]);
    assert_eq!(imported("{\n    a::B,\n    c,\n};"), ["a", "c"]);
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("readable folder") {
            let path = entry.expect("readable entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    fn read(path: PathBuf, module: String) -> Source {
        let text = fs::read_to_string(&path).expect("source is UTF-8");
        Source { path, module, text }
    }
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = repository.join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let module = |path: &Path| {
        let inside = path.strip_prefix(&root).expect("a file of the folder");
        let first = inside.components().next().expect("a name");
        let name = first.as_os_str().to_string_lossy();
        name.trim_end_matches(".rs").to_owned()
    };
    let mut sources: Vec<_> = found
        .into_iter()
        .map(|path| {
            let module = module(&path);
            read(path, module)
        })
        .collect();
    for package in PURE_PACKAGES {
        let mut found = Vec::new();
        walk(
            &repository.join("crates").join(package).join("src"),
            &mut found,
        );
        sources.extend(found.into_iter().map(|path| read(path, package.to_owned())));
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

#[track_caller]
fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}
