//! Ranks presets by the signs of their stacks in a repository.

use super::{DeclaredTable, Package, Repository, Sighting, repository::matches};
use crate::presets::{DetectedFile, Naming, Preset, TableNames, naming};

/// A preset with the reasons to choose it.
#[derive(Debug, Clone)]
pub struct RankedPreset<'p> {
    pub preset: &'p Preset,
    /// Each sign, and the places where it was seen.
    pub signs: Vec<(String, Sighting)>,
    /// The preset's tables among those of the repository's schemas; `None` if no schema was read.
    pub naming: Option<Naming>,
    points: usize,
}

/// Returns the presets whose signs are in the repository, best first.
pub fn rank<'p>(
    presets: &'p [Preset],
    repository: &Repository,
    packages: &[Package],
    tables: &[DeclaredTable],
) -> Vec<RankedPreset<'p>> {
    let names: Vec<_> = tables.iter().map(DeclaredTable::names).collect();
    let fitting = presets
        .iter()
        .filter_map(|preset| fit(preset, repository, packages, &names));
    let mut ranked: Vec<_> = fitting.collect();
    sort(&mut ranked);
    ranked
}

/// Sorts by the number of other presets in the list that are preferred over each, then by points.
fn sort(ranked: &mut [RankedPreset<'_>]) {
    let preferred: Vec<(&str, &[String])> = ranked
        .iter()
        .map(|ranked| {
            (
                ranked.preset.name,
                ranked.preset.description.detect.prefer_over.as_slice(),
            )
        })
        .collect();
    let number_preferred_over = |name: &str| {
        let over = preferred
            .iter()
            .filter(|(_, over)| over.iter().any(|preset| preset == name));
        over.count()
    };
    ranked.sort_by_key(|ranked| {
        let points = std::cmp::Reverse(ranked.points);
        (
            number_preferred_over(ranked.preset.name),
            points,
            ranked.preset.name,
        )
    });
}

/// Collects the signs of a preset; `None` if one of them is not there.
fn fit<'p>(
    preset: &'p Preset,
    repository: &Repository,
    packages: &[Package],
    tables: &[TableNames],
) -> Option<RankedPreset<'p>> {
    let detect = &preset.description.detect;
    let mut signs = Vec::new();
    for (registry, wanted) in detect.packages.by_registry() {
        for pattern in wanted {
            let package = packages.iter().find(|package| {
                package.registry == registry && is_package(pattern, &package.name)
            })?;
            signs.push((
                format!("the package `{}`", package.name),
                package.seen.clone(),
            ));
        }
    }
    let naming = (!tables.is_empty()).then(|| naming(&detect.tables, tables));
    let has_tables = naming.as_ref().is_some_and(Naming::is_complete);
    for file in &detect.files {
        match file_sign(file, repository) {
            Some(sign) => signs.push(sign),
            // If there are schemas, their tables are better signs than a text about them.
            None if has_tables => {}
            None => return None,
        }
    }
    if signs.is_empty() {
        return None;
    }
    let columns: usize = detect.tables.values().map(Vec::len).sum();
    Some(RankedPreset {
        preset,
        points: signs.len() + if has_tables { columns } else { 0 },
        signs,
        naming,
    })
}

fn is_package(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// Finds the file with all of the texts, and the line of the first one.
fn file_sign(wanted: &DetectedFile, repository: &Repository) -> Option<(String, Sighting)> {
    let Some(first) = wanted.contains.first() else {
        let path = repository
            .paths
            .iter()
            .find(|path| matches(&wanted.path, path))?;
        let seen = Sighting {
            path: path.clone(),
            line: 0,
        };
        return Some(("the file".to_owned(), seen));
    };
    let file = repository.files.iter().find(|file| {
        let holds = |text: &String| file.text.contains(text.as_str());
        matches(&wanted.path, &file.path) && wanted.contains.iter().all(holds)
    })?;
    let line = file
        .text
        .lines()
        .position(|line| line.contains(first.as_str()));
    let seen = Sighting {
        path: file.path.clone(),
        line: line.map_or(0, |line| line + 1),
    };
    Some((format!("`{first}`"), seen))
}

impl DeclaredTable {
    /// Returns the names of the table and its columns.
    pub fn names(&self) -> TableNames {
        TableNames {
            schema: self.schema.clone(),
            name: self.name.clone(),
            columns: self.columns.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{declared_tables, packages, repository::repository},
        *,
    };
    use crate::presets;

    fn best(files: &[(&str, &str)]) -> Option<String> {
        let presets = presets::all().unwrap();
        let repository = repository(files);
        let found = packages(&repository);
        let tables = declared_tables(&repository);
        let ranked = rank(&presets, &repository, &found, &tables);
        ranked.first().map(|ranked| ranked.preset.name.to_owned())
    }

    #[test]
    fn the_preset_that_fits_best_comes_first() {
        let npm = |names: &[&str]| {
            let pairs = names.iter().map(|name| format!("\"{name}\": \"1\""));
            format!(
                "{{\"dependencies\": {{{}}}}}",
                pairs.collect::<Vec<_>>().join(",")
            )
        };
        let teams = "import 'drizzle-orm/pg-core'; pgTable('teams', { a: text('stripe_customer_id'), b: text('stripe_subscription_id'), c: text('stripe_product_id'), d: text('plan_name'), e: text('subscription_status') })";
        let user = "model User {\n id String @id\n stripeCustomerId String? \n stripeSubscriptionId String? \n stripePriceId String? \n stripeCurrentPeriodEnd DateTime?\n}";
        let all = npm(&["next", "stripe"]);
        assert_eq!(
            best(&[("package.json", &all)]).as_deref(),
            Some("nextjs-stripe")
        );
        let drizzle = npm(&["next", "stripe", "drizzle-orm"]);
        let files = [
            ("package.json", drizzle.as_str()),
            ("lib/db/schema.ts", teams),
            ("app/api/stripe/webhook/route.ts", ""),
        ];
        assert_eq!(best(&files).as_deref(), Some("nextjs-saas-starter"));
        let prisma = npm(&["next", "stripe", "@prisma/client"]);
        let files = [
            ("package.json", prisma.as_str()),
            ("prisma/schema.prisma", user),
        ];
        assert_eq!(best(&files).as_deref(), Some("prisma-user-stripe"));
        assert_eq!(best(&[("README.md", "stripe")]), None);
    }
}
