//! Presets: ready contracts for common stacks, embedded from the folder `presets/` of the repository. Adding a preset means
//! adding a folder.

mod description;
mod filling;
mod inserts;
mod naming;
mod plans;
mod renaming;

use std::collections::BTreeMap;

pub use description::{
    AssumedValue, DetectedFile, Detection, Packages, PlanStorage, PlanWords, Policy,
    PresetDescription, PresetProvider, Webhook,
};
pub use filling::{PlanPair, fill, is_placeholder};
pub use inserts::insert_naming;
pub use naming::{Naming, TableNames, TableRenaming, naming};
pub use plans::{CatalogEntry, FilledPlans, StoredPlan, fill_plans};
pub(crate) use renaming::yaml_name;
pub use renaming::{RenamingError, renamed_contract, renamed_rehearsal, renamed_sql};

/// Name of the preset for an application that no other preset fits.
pub const DEFAULT: &str = "nextjs-stripe";

/// Every file: the preset's name, the file's name, and its text.
const FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// A preset with its files.
#[derive(Debug, Clone)]
pub struct Preset {
    pub name: &'static str,
    pub description: PresetDescription,
    /// The contract, with placeholders for the plans.
    pub contract: &'static str,
    /// The section `rehearsal` of the contract, with the same placeholders.
    pub rehearsal: &'static str,
    /// Query for the plans that the rows hold: `key`, `word`, `accounts`.
    pub plans_sql: &'static str,
    /// Statements that create a role for the contract.
    pub role_sql: &'static str,
}

/// Reason why an embedded preset cannot be used: a fault of the program.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    #[error("the preset `{preset}` has no file `{file}`")]
    Missing {
        preset: &'static str,
        file: &'static str,
    },
    #[error("`preset.yml` of the preset `{preset}` cannot be read")]
    Description {
        preset: &'static str,
        #[source]
        source: serde_yaml::Error,
    },
}

/// Returns every preset, sorted by name.
pub fn all() -> Result<Vec<Preset>, PresetError> {
    let mut folders = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (preset, file, text) in FILES {
        folders.entry(*preset).or_default().insert(*file, *text);
    }
    folders
        .into_iter()
        .map(|(name, files)| read(name, &files))
        .collect()
}

fn read(
    name: &'static str,
    files: &BTreeMap<&'static str, &'static str>,
) -> Result<Preset, PresetError> {
    let text = |file: &'static str| {
        let found = files.get(file).copied();
        found.ok_or(PresetError::Missing { preset: name, file })
    };
    let description =
        serde_yaml::from_str(text("preset.yml")?).map_err(|source| PresetError::Description {
            preset: name,
            source,
        })?;
    Ok(Preset {
        name,
        description,
        contract: text("prodverdict.yml")?,
        rehearsal: text("rehearsal.yml")?,
        plans_sql: text("plans.sql")?,
        role_sql: text("role.sql")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_readable_and_refers_to_others_that_exist() {
        let presets = all().unwrap();
        let names: Vec<_> = presets.iter().map(|preset| preset.name).collect();
        assert!(names.len() >= 16 && names.contains(&DEFAULT), "{names:?}");
        for preset in &presets {
            for other in &preset.description.detect.prefer_over {
                assert!(names.contains(&other.as_str()), "{}: {other}", preset.name);
            }
            assert!(
                preset.contract.contains("price_your_plan"),
                "{}",
                preset.name
            );
        }
    }
}
