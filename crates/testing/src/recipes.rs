//! The recipes of CONTRIBUTING.md: the files that they name, and their blocks of code.

use std::{fs, path::Path};

const PAGE: &str = include_str!("../../../CONTRIBUTING.md");

/// A block of code under a recipe, with a path after its language: a new file, or lines to add to one (`diff`).
#[derive(Debug)]
pub struct Block {
    pub path: &'static str,
    pub is_new: bool,
    text: &'static str,
}

impl Block {
    /// Adds its file or its lines to the tree under `root`.
    pub fn apply(&self, root: &Path) -> Result<(), String> {
        let path = root.join(self.path);
        let changed = if self.is_new {
            format!("{}\n", self.text)
        } else {
            self.edited(root)?
        };
        fs::write(&path, changed).map_err(|error| format!("{}: {error}", self.path))
    }

    /// Returns the file with the lines that start with `+`, each after the unmarked line above it.
    pub fn edited(&self, root: &Path) -> Result<String, String> {
        let text = fs::read_to_string(root.join(self.path));
        let text = text.map_err(|error| format!("{}: {error}", self.path))?;
        let mut lines: Vec<&str> = text.lines().collect();
        let mut next = 0;
        for line in self.text.lines() {
            if let Some(added) = line.strip_prefix('+') {
                lines.insert(next, added);
                next += 1;
                continue;
            }
            let known = line.strip_prefix(' ').unwrap_or(line);
            let found = lines.iter().skip(next).position(|line| *line == known);
            let found = found.ok_or_else(|| format!("{}: no line `{known}`", self.path))?;
            next += found + 1;
        }
        Ok(lines.join("\n") + "\n")
    }
}

/// Returns the text of all recipes.
fn section() -> &'static str {
    let (_, recipes) = PAGE.split_once("\n## Recipes\n").expect("the recipes");
    recipes.split("\n## ").next().unwrap_or_default()
}

/// Returns the blocks of all recipes, in order.
pub fn blocks() -> Vec<Block> {
    let fenced = section().split("\n```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let (info, text) = block.split_once('\n').expect("lines in a block");
            let (language, path) = info.split_once(' ').expect("a path after the language");
            Block {
                path,
                is_new: language != "diff",
                text,
            }
        })
        .collect()
}

/// Returns the paths that the text of the recipes names, except those with a part to choose (`<rule>.rs`).
pub fn paths() -> Vec<&'static str> {
    let prose = section().split("\n```").step_by(2);
    let quoted = prose.flat_map(|text| text.split('`').skip(1).step_by(2));
    let is_path = |word: &&str| word.contains(['/', '.']) && !word.contains(['<', ' ']);
    quoted.filter(is_path).collect()
}
