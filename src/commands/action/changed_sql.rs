//! Refuses to run SQL from a pull request if the database role has too many privileges.

use std::collections::BTreeMap;

use super::step::JobStep;
use crate::{
    commands::{credentials::missing_credentials, recorded::RecordedSides},
    config::{self, ChangedSql, Config, MAX_BYTES},
    database::{self, ExcessPrivilege},
    github::{Client, Context, Trust},
    problem::{ErrorCode, Problem},
};

/// Returns a problem for each piece of SQL in `config` that must not run, at its line. Empty if the role has no excess
/// privileges.
pub(super) async fn refused(
    step: &JobStep<'_>,
    config: &Config,
    context: &Context,
    client: Option<Client>,
) -> Vec<Problem> {
    let is_proposed = context.trust == Trust::Ordinary && context.has_base();
    if !is_proposed || context.nothing_to_do.is_some() {
        return Vec::new();
    }
    let all = config::all_sql(config);
    let privileges = privileges(step, config, &all).await;
    if privileges.is_empty() {
        return Vec::new();
    }
    let (changed, is_compared) = match compare(step, config, context, client).await {
        Some(changed) => (changed, true),
        None => (all, false),
    };
    changed
        .into_iter()
        .filter_map(|sql| {
            let (privilege, env) = privileges.get(&sql.contract_index)?;
            Some(problem(sql, privilege, env, is_compared))
        })
        .collect()
}

/// Returns the excess privilege of the role and the variable with the URL, by the index of the contract.
async fn privileges<'c>(
    step: &JobStep<'_>,
    config: &'c Config,
    sql: &[ChangedSql],
) -> BTreeMap<usize, (ExcessPrivilege, &'c str)> {
    let mut privileges = BTreeMap::new();
    for (index, contract) in config.contracts.iter().enumerate() {
        let settings = &contract.database;
        let has_sql = sql.iter().any(|sql| sql.contract_index == index);
        let missing = missing_credentials(contract, step.environment, &step.recorded);
        if !has_sql || matches!(step.recorded, RecordedSides::Both(_)) || !missing.is_empty() {
            continue;
        }
        let Some(url) = step.environment.secret(&settings.url_env) else {
            continue;
        };
        let in_container = step.environment.in_container_action();
        // A database that does not answer is reported by the check itself.
        if let Ok(Some(privilege)) = database::excess_privilege(&url, settings, in_container).await
        {
            privileges.insert(index, (privilege, settings.url_env.as_str()));
        }
    }
    privileges
}

/// Returns the SQL that the pull request changes. `None` if the base's SQL is not known for sure.
async fn compare(
    step: &JobStep<'_>,
    config: &Config,
    context: &Context,
    client: Option<Client>,
) -> Option<Vec<ChangedSql>> {
    // A link leads to another file, which the pull request may have changed.
    let root = step.workspace.canonicalize().ok()?;
    let file = step
        .workspace
        .join(step.inputs.config_path())
        .canonicalize()
        .ok()?;
    if file != root.join(step.inputs.config_path()) {
        return None;
    }
    let mut client = client?;
    let _share = client.limit_to_share();
    let mut context = context.clone();
    context.locate(&mut client).await.ok()?;
    let repository = context.repository.as_ref()?;
    let base = context.commits.base.as_ref()?;
    let text = client.fetch_file(repository, step.inputs.config_path(), base, MAX_BYTES);
    let base = config::load(&text.await.ok()??, step.inputs.config_path()).ok()?;
    let changed = config::sql_that_differs(&base, config);
    if changed.is_empty() {
        return Some(changed);
    }
    // The base may have moved on since the branch was made.
    let is_untouched = client
        .is_behind_base(&context, step.inputs.config_path())
        .await;
    Some(if is_untouched { Vec::new() } else { changed })
}

fn problem(sql: ChangedSql, found: &ExcessPrivilege, env: &str, is_compared: bool) -> Problem {
    let ChangedSql {
        contract_index: _,
        contract,
        key,
        place,
    } = sql;
    let ExcessPrivilege {
        role,
        privilege,
        remedy,
    } = found;
    let why = if is_compared {
        "this pull request changes it"
    } else {
        "the configuration of the base commit could not be read to compare it with"
    };
    Problem::new(
        ErrorCode::ActionRestriction,
        format!(
            "the SQL of `{key}` in contract `{contract}` is not run: {why}, and database role \
         {role} {privilege}"
        ),
    )
    .hint(format!(
        "such a role reaches beyond a read-only transaction; make one that can only read \
         and use it in `{env}`: {remedy}"
    ))
    .at(place)
}
