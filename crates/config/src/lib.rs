//! Reads `prodverdict.yml`. Returns valid contracts and their rehearsal, or all problems with their places.

mod baseline_file;
mod block_text;
mod column;
mod diagnostics;
mod document;
mod entry;
mod forms;
pub mod host;
mod lines;
mod place_tree;
mod placeholder;
mod places;
mod preset_placeholders;
mod reader;
mod rehearsal;
mod rehearsal_settings;
mod scalars;
mod schema;
mod schema_transforms;
mod secrets;
mod select_list;
mod settings;
mod skipped;
mod snippet;
pub mod sql;
mod sql_words;
mod suggestion;
mod tree;
mod type_error;
mod validate;
mod weakening;

use serde::Deserialize as _;

use self::{
    diagnostics::{DiagnosticDraft, Diagnostics},
    document::RawConfig,
    entry::Entry,
    place_tree::PlaceTree,
    places::ContractPlaces,
    reader::NodeReader,
};
use contract::{ContractKey, Rule};
use problem::{ErrorCode, Place, Warning};

pub use baseline_file::{MAX_BASELINE_BYTES, acceptances, baseline_schema};
pub use diagnostics::Diagnostic;
pub use placeholder::{Placeholder, Template};
pub use rehearsal_settings::{
    AccountStatement, AppSettings, CheckoutSettings, FakeSettings, Gate, Rehearsal,
    RehearsalPlaces, Visit,
};
pub use schema::json_schema;
pub use select_list::{PlainColumn, plain_columns};
pub use settings::{AccessContract, AccountsQuery, DatabaseSettings, Expression, TableName};
pub use snippet::render;
pub use weakening::{ChangedSql, Weakening, all_sql, sql_that_differs, weakened};

/// Maximum size of the file. It comes from a pull request and is untrusted; no legitimate file is larger.
pub const MAX_BYTES: usize = 256 * 1024;

/// All contracts of a valid file, and their rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub contracts: Vec<AccessContract>,
    pub rehearsal: Option<Rehearsal>,
    /// Warnings about a valid file.
    pub warnings: Vec<Warning>,
    places: Vec<ContractPlaces>,
    /// Place of the key `contracts`.
    contracts_place: Place,
}

impl Config {
    /// Returns the place for a finding of the rule in the contract at that index; `price` is the price whose plan the
    /// finding expects.
    pub fn place(&self, contract_index: usize, rule: Rule, price: Option<&str>) -> Option<Place> {
        let places = self.places.get(contract_index)?;
        Some(places.of_finding(rule, price).clone())
    }

    /// Returns the place for advice about the contract at that index, or else the place of the key `contracts`.
    pub fn advice_place(&self, contract_index: usize, about: &ContractKey) -> Place {
        let places = self.places.get(contract_index);
        places
            .map_or(&self.contracts_place, |places| places.of_advice(about))
            .clone()
    }

    /// Returns the place of the key `contracts`, beside which a missing section belongs.
    pub fn contracts_place(&self) -> &Place {
        &self.contracts_place
    }
}

/// Reads the file; `path` is its name in diagnostics and places.
pub fn load(text: &str, path: &str) -> Result<Config, Vec<Diagnostic>> {
    let diagnostics = Diagnostics::new(text, path);
    let config = read_config(&diagnostics);
    let found = diagnostics.into_sorted();
    match config {
        Some(config) if found.is_empty() => Ok(config),
        Some(_) | None => Err(found),
    }
}

/// Parses a file of at most `max_bytes` into a tree; `None` if nothing can be read.
fn tree_within(max_bytes: usize, diagnostics: &Diagnostics<'_>) -> Option<tree::Node> {
    let text = diagnostics.lines().text();
    if text.len() > max_bytes {
        // The message does not state the size, because a caller that stops reading at the limit does not know it.
        let message = format!("the file is larger than {} KiB", max_bytes / 1024);
        diagnostics.add(DiagnosticDraft::new(ErrorCode::TooLarge, message), 0..0);
        return None;
    }
    if has_control_characters(text, diagnostics) {
        return None;
    }
    tree::read(diagnostics)
}

/// Reads the configuration. `None` means that there are problems, but a result is valid only if no diagnostic was added.
fn read_config(diagnostics: &Diagnostics<'_>) -> Option<Config> {
    let mut tree = tree_within(MAX_BYTES, diagnostics)?;
    let warnings = skipped::take_other_types(&mut tree, diagnostics);
    preset_placeholders::report(&tree, diagnostics);
    let document = match Entry::<RawConfig>::deserialize(NodeReader::new(&tree, diagnostics)) {
        Ok(document) => document,
        Err(type_error) => {
            let draft = DiagnosticDraft::new(ErrorCode::WrongType, type_error.to_string());
            diagnostics.add(draft, 0..0);
            return None;
        }
    };
    validate::validate_config(
        &document,
        warnings,
        &PlaceTree::new(&tree, diagnostics),
        diagnostics,
    )
}

/// Reports the first control character, and returns true if there is one. YAML allows only tabs and line breaks, and
/// parsers disagree about the others.
fn has_control_characters(text: &str, diagnostics: &Diagnostics<'_>) -> bool {
    let forbidden = |character: char| character.is_control() && !"\t\n\r\u{85}".contains(character);
    let Some((start, character)) = text.char_indices().find(|(_, found)| forbidden(*found)) else {
        return false;
    };
    let message = format!(
        "control character U+{:04X} is not allowed",
        u32::from(character)
    );
    let draft =
        DiagnosticDraft::new(ErrorCode::Syntax, message).help("save the file as plain UTF-8 text");
    diagnostics.add(draft, start..start + character.len_utf8());
    true
}
