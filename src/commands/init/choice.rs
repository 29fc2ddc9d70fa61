//! Chooses the preset that fits repository and database, or proposes a contract from the values in the database.

use std::collections::BTreeMap;

use crate::{
    database::DatabaseSample,
    detection::{DeclaredTable, RankedPreset, Route, webhook_route},
    mapping::propose,
    presets::{
        AssumedValue, DEFAULT, Naming, PlanStorage, Preset, StoredPlan, TableNames, TableRenaming,
        insert_naming, naming, renamed_contract, renamed_rehearsal, renamed_sql,
    },
    problem::{ErrorCode, Problem},
};

/// What a person can do for a better contract.
const WITHOUT_DATABASE: &str = "no database was read: set `DATABASE_URL` (no `.env` file is read) and run `prodverdict init \
     --force`, and the names and plans come from your rows";

/// Everything that is known before the choice.
#[derive(Debug)]
pub(super) struct KnownSigns<'p> {
    pub(super) presets: &'p [Preset],
    pub(super) ranked: Vec<RankedPreset<'p>>,
    pub(super) declared: Vec<DeclaredTable>,
    pub(super) routes: Vec<Route>,
    pub(super) sample: Option<DatabaseSample>,
    /// The time, as Postgres writes it in UTC.
    pub(super) now: String,
    /// Name of the preset that a person chose.
    pub(super) stack: Option<String>,
}

/// A contract whose plans are not filled in.
#[derive(Debug)]
pub(super) struct Draft<'p> {
    /// `None` for a proposal.
    pub(super) preset: Option<&'p Preset>,
    pub(super) contract: String,
    /// The query for the plans that rows hold.
    pub(super) plans_sql: Option<String>,
    /// The section for a rehearsal; `None` for a proposal, because the handler that writes its tables is not known.
    pub(super) rehearsal: Option<RehearsalDraft>,
    pub(super) storage: PlanStorage,
    /// Plans that are known already.
    pub(super) stored: Vec<StoredPlan>,
    /// The reasons, and what a person has to decide.
    pub(super) notes: Vec<String>,
}

/// The section for a rehearsal, without plans.
#[derive(Debug)]
pub(super) struct RehearsalDraft {
    pub(super) section: String,
    /// Lines that a person has to compare.
    pub(super) notes: Vec<String>,
}

/// Chooses; the error says what is missing.
pub(super) fn choose<'p>(known: &KnownSigns<'p>) -> Result<Draft<'p>, Problem> {
    let existing = known.existing();
    if let Some(name) = &known.stack {
        let preset = find(known.presets, name)?;
        let reasons = vec![format!("`{name}` was chosen")];
        return Ok(known.draft(preset, existing.as_deref(), reasons));
    }
    if let Some(sample) = &known.sample
        && let Some(tables) = &existing
    {
        return match known.fitting(tables) {
            Some(preset) => Ok(known.draft(preset, Some(tables), known.reasons(preset))),
            None => proposed(sample, known),
        };
    }
    if let Some(best) = known.ranked.first() {
        let mut reasons = known.reasons(best.preset);
        reasons.push(WITHOUT_DATABASE.to_owned());
        return Ok(known.draft(best.preset, existing.as_deref(), reasons));
    }
    let reason = "no file of a known stack: this is the general form, so compare every name with your schema";
    let preset = find(known.presets, DEFAULT)?;
    let reasons = [reason, WITHOUT_DATABASE].map(str::to_owned);
    Ok(known.draft(preset, existing.as_deref(), reasons.into()))
}

/// Returns the preset that a person chose, or else the one that fits the repository best.
pub(super) fn preset<'p>(known: &KnownSigns<'p>) -> Result<Option<&'p Preset>, Problem> {
    match &known.stack {
        Some(name) => find(known.presets, name).map(Some),
        None => Ok(known.ranked.first().map(|best| best.preset)),
    }
}

fn find<'p>(presets: &'p [Preset], name: &str) -> Result<&'p Preset, Problem> {
    presets
        .iter()
        .find(|preset| preset.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = presets.iter().map(|preset| preset.name).collect();
            Problem::new(
                ErrorCode::InvalidSetting,
                format!("there is no preset `{name}`"),
            )
            .hint(format!("the presets are {}", names.join(", ")))
        })
}

impl<'p> KnownSigns<'p> {
    /// Returns the tables of the database, or else those of the repository's schemas; `None` if none is known.
    fn existing(&self) -> Option<Vec<TableNames>> {
        let of_database = self
            .sample
            .iter()
            .flat_map(|sample| &sample.tables)
            .map(|table| TableNames {
                schema: table.table.schema.clone(),
                name: table.table.name.clone(),
                columns: table
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .collect(),
            });
        let mut tables: Vec<_> = of_database.collect();
        if tables.is_empty() {
            tables = self.declared.iter().map(DeclaredTable::names).collect();
        }
        (!tables.is_empty()).then_some(tables)
    }

    /// Returns the best preset whose tables exist. Without signs in the repository, the names have to be equal.
    fn fitting(&self, tables: &[TableNames]) -> Option<&'p Preset> {
        let names_of = |preset: &Preset| naming(&preset.description.detect.tables, tables);
        let ranked = self.ranked.iter().map(|ranked| ranked.preset);
        let seen = ranked.clone().find(|preset| names_of(preset).is_complete());
        let mut by_tables: Vec<_> = self
            .presets
            .iter()
            .filter(|preset| names_of(preset).is_same())
            .collect();
        by_tables.sort_by_key(|preset| {
            let detect = &preset.description.detect;
            let columns: usize = detect.tables.values().map(Vec::len).sum();
            std::cmp::Reverse(columns)
        });
        seen.or_else(|| by_tables.first().copied())
    }

    /// Drafts a preset's contract with the names that exist.
    fn draft(
        &self,
        preset: &'p Preset,
        existing: Option<&[TableNames]>,
        mut notes: Vec<String>,
    ) -> Draft<'p> {
        let mut draft = Draft {
            preset: Some(preset),
            contract: preset.contract.to_owned(),
            plans_sql: Some(preset.plans_sql.to_owned()),
            rehearsal: None,
            storage: preset.description.plans.stored,
            stored: Vec::new(),
            notes: Vec::new(),
        };
        let found = existing.map(|tables| naming(&preset.description.detect.tables, tables));
        let Naming {
            mut renamings,
            missing,
        } = found.unwrap_or_default();
        let values = self.real_values(preset, &mut renamings, &mut notes);
        if !renamings.is_empty() {
            rename(&mut draft, preset, &renamings, &mut notes);
        }
        if !missing.is_empty() {
            let names = missing.join(", ");
            notes.push(format!(
                "not found, so change them in the contract: {names}"
            ));
        }
        let mut rehearsal = rehearsal(preset, renamings, existing, &self.routes);
        for (assumed, real) in &values {
            draft.contract = with_value(&draft.contract, assumed, real);
            rehearsal.section = with_value(&rehearsal.section, assumed, real);
        }
        draft.rehearsal = Some(rehearsal);
        draft.notes = notes;
        draft
    }

    /// Returns the values that the preset assumes and the rows do not have, each with the one that they have. A value that
    /// names the class of the accounts decides about their table too.
    fn real_values(
        &self,
        preset: &Preset,
        renamings: &mut Vec<TableRenaming>,
        notes: &mut Vec<String>,
    ) -> Vec<(String, String)> {
        let Some(sample) = &self.sample else {
            return Vec::new();
        };
        let mut values = Vec::new();
        for assumed in &preset.description.values {
            let Some(real) = real_value(assumed, sample, renamings, notes) else {
                continue;
            };
            if let Some(table) = &assumed.class_of {
                name_table(table, &real, sample, renamings, notes);
            }
            values.push((assumed.text.clone(), real));
        }
        values
    }

    fn reasons(&self, preset: &Preset) -> Vec<String> {
        let ranked = self
            .ranked
            .iter()
            .find(|ranked| ranked.preset.name == preset.name);
        let signs = ranked
            .map(|ranked| ranked.signs.as_slice())
            .unwrap_or_default();
        let mut reasons: Vec<_> = signs
            .iter()
            .map(|(sign, seen)| format!("{sign} in {seen}"))
            .collect();
        if self
            .sample
            .as_ref()
            .is_some_and(|sample| !sample.tables.is_empty())
        {
            let tables: Vec<_> = preset
                .description
                .detect
                .tables
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            reasons.push(format!("the database has {}", tables.join(", ")));
        }
        reasons
    }
}

/// Returns the value that the rows have instead of the assumed one, the most frequent of several.
fn real_value(
    assumed: &AssumedValue,
    sample: &DatabaseSample,
    renamings: &[TableRenaming],
    notes: &mut Vec<String>,
) -> Option<String> {
    let renamed = renamings.iter().find(|table| table.from == assumed.table);
    let name = renamed.map_or(&assumed.table, |table| &table.to);
    let column = renamed.and_then(|table| {
        let mut columns = table.columns.iter();
        columns.find(|(from, _)| *from == assumed.column)
    });
    let column = column.map_or(&assumed.column, |(_, to)| to);
    let table = sample
        .tables
        .iter()
        .find(|table| table.table.name == *name)?;
    let at = table
        .columns
        .iter()
        .position(|other| other.name == *column)?;
    let mut counts = BTreeMap::<&str, usize>::new();
    for text in table.rows.iter().filter_map(|row| row.get(at)?.as_deref()) {
        let is_plain = !text.contains("{{") && !text.chars().any(char::is_control);
        if is_plain && !text.is_empty() {
            *counts.entry(text).or_default() += 1;
        }
    }
    let (most, _) = counts.iter().max_by_key(|(_, rows)| **rows)?;
    let is_assumed = counts.contains_key(&*assumed.text);
    let chosen = if is_assumed { &*assumed.text } else { most };
    if counts.len() > 1 {
        let all: Vec<_> = counts.keys().map(|text| format!("`{text}`")).collect();
        notes.push(format!(
            "not known: which of {} in `{name}.{column}` the contract is about. It reads only `{chosen}`: change it, or add a \
             contract for the others",
            all.join(", ")
        ));
    } else if !is_assumed {
        notes.push(format!("`{name}.{column}` is `{chosen}` in the rows"));
    }
    (!is_assumed).then(|| chosen.to_owned())
}

/// Replaces the table of accounts by the one that is named after the class, if there is one.
fn name_table(
    table: &str,
    class: &str,
    sample: &DatabaseSample,
    renamings: &mut Vec<TableRenaming>,
    notes: &mut Vec<String>,
) {
    let name = class.rsplit(['\\', ':']).next().unwrap_or_default();
    let last = name.to_lowercase();
    let mut plurals = vec![format!("{last}s"), last.clone()];
    plurals.extend(last.strip_suffix('y').map(|stem| format!("{stem}ies")));
    let plain = |name: &str| name.to_lowercase().replace('_', "");
    let mut tables = sample.tables.iter().map(|sampled| &sampled.table.name);
    let Some(found) = tables.find(|name| plurals.contains(&plain(name))) else {
        notes.push(format!(
            "not known: which table has the accounts of the class `{class}`. The contract reads `{table}`"
        ));
        return;
    };
    if found != table {
        notes.push(format!("the accounts are in `{found}`"));
        renamings.retain(|renaming| renaming.from != table);
        renamings.push(TableRenaming {
            from: table.to_owned(),
            to: found.clone(),
            columns: Vec::new(),
        });
    }
}

/// Replaces a text in the SQL of a preset.
fn with_value(text: &str, assumed: &str, real: &str) -> String {
    let real = real.replace('\'', "''");
    text.replace(&format!("'{assumed}'"), &format!("'{real}'"))
}

fn rename(
    draft: &mut Draft<'_>,
    preset: &Preset,
    renamings: &[TableRenaming],
    notes: &mut Vec<String>,
) {
    for table in renamings {
        if table.from != table.to {
            notes.push(format!("`{}` is `{}` here", table.from, table.to));
        }
        let columns = table.columns.iter();
        notes.extend(columns.map(|(from, to)| format!("`{}.{from}` is `{to}` here", table.to)));
    }
    let renamed = renamed_contract(preset.contract, renamings);
    match renamed.and_then(|text| Ok((text, renamed_sql(preset.plans_sql, renamings)?))) {
        Ok((text, plans)) => {
            draft.contract = text;
            draft.plans_sql = Some(plans);
        }
        Err(error) => {
            notes.push(format!(
                "the names cannot be replaced, so change them in the contract: {error}"
            ));
            draft.plans_sql = None;
        }
    }
}

/// Drafts the rehearsal with the names and the webhook route that exist. Its statements fill columns that the contract does
/// not read.
fn rehearsal(
    preset: &Preset,
    mut renamings: Vec<TableRenaming>,
    existing: Option<&[TableNames]>,
    routes: &[Route],
) -> RehearsalDraft {
    let mut notes = Vec::new();
    let section = &with_route(preset, routes, &mut notes);
    if let Some(existing) = existing {
        let Naming {
            renamings: found,
            missing,
        } = insert_naming(section, existing);
        renamings.extend(found);
        if !missing.is_empty() {
            notes.push(format!(
                "`rehearsal.account` names what was not found, so change it: {}",
                missing.join(", ")
            ));
        }
    }
    let section = renamed_rehearsal(section, &renamings).unwrap_or_else(|error| {
        notes.push(format!(
            "the names in `rehearsal.account` cannot be replaced, so change them: {error}"
        ));
        section.to_owned()
    });
    RehearsalDraft { section, notes }
}

/// Returns the rehearsal of a preset, whose `handler` is the webhook route of the repository. Without routes, the
/// application's framework is another one.
fn with_route(preset: &Preset, routes: &[Route], notes: &mut Vec<String>) -> String {
    let description = &preset.description;
    let path = &description.webhook.path;
    let section = preset.rehearsal;
    if routes.is_empty() || routes.iter().any(|route| route.serves(path)) {
        return section.to_owned();
    }
    let Some(route) = webhook_route(routes, description.provider.as_str()) else {
        notes.push(format!(
            "no file serves {path}, so change `rehearsal.handler` to the route of your webhook"
        ));
        return section.to_owned();
    };
    notes.push(format!(
        "`rehearsal.handler` is the route of {}",
        route.file
    ));
    section.replacen(&format!("{path}\n"), &format!("{}\n", route.path), 1)
}

/// Proposes a contract for tables that no preset describes.
fn proposed<'p>(sample: &DatabaseSample, known: &KnownSigns<'p>) -> Result<Draft<'p>, Problem> {
    let nearest = known.ranked.first().map(|ranked| {
        let tables = known.existing().unwrap_or_default();
        let naming = naming(&ranked.preset.description.detect.tables, &tables);
        format!(
            "the repository looks like `{}`, but the database lacks {}",
            ranked.preset.name,
            naming.missing.join(", ")
        )
    });
    if let Some(hidden) = sample.hidden_rows() {
        return Err(hidden.into());
    }
    let proposal = propose(sample, &known.now).map_err(|reason| {
        let seen = nearest.clone().map(|line| format!("; {line}")).unwrap_or_default();
        let hint = "use a database with customers in it and a role that may read them, or begin with a preset (`--stack NAME`) and \
                    change its names";
        Problem::new(ErrorCode::NoProposal, format!("no preset fits, and no contract can be proposed: {reason}{seen}")).hint(hint)
    })?;
    let mut notes: Vec<_> = nearest.into_iter().collect();
    notes.push("no preset fits: this is a proposal from the values in the database".to_owned());
    notes.extend(proposal.evidence);
    notes.extend(
        proposal
            .unknown
            .into_iter()
            .map(|what| format!("not known: {what}")),
    );
    Ok(Draft {
        preset: None,
        contract: proposal.contract,
        plans_sql: None,
        rehearsal: None,
        storage: proposal.storage,
        stored: proposal.stored,
        notes,
    })
}
