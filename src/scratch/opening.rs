//! Opens a scratch database: runs the checks first, then removes the leftovers of a killed run.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use tokio::sync::Mutex;

use super::{
    EMAIL_DOMAIN, Scratch, ScratchOptions,
    account::{self, TypedStatement},
    belonging::with_owner_columns,
    cleaning,
    error::{Error, ScratchRefusal},
    failing::{self, Triggers},
    refusal, session,
    tables::{TableShape, Tables},
    zones,
};
use crate::database::{self, Target};

/// A database that may be written to.
pub(super) struct AllowedDatabase {
    target: Target,
    /// Connection that holds the lock.
    connection: PgConnection,
    account: Vec<TypedStatement>,
    tables: Tables,
    /// Ids that killed rehearsals recorded.
    notes: Vec<String>,
}

/// Connects, and refuses a database that must not be written to. Writes nothing.
pub(super) async fn examine(opening: &ScratchOptions<'_>) -> Result<AllowedDatabase, Error> {
    let env = &opening.rehearsal.url_env;
    let target = refusal::check_url(opening)?;
    let Some(url) = opening.url else {
        return Err(ScratchRefusal::NotSet { env: env.clone() }.into());
    };
    let mut connection = database::open(url, env, opening.in_container_action).await?;
    session::set(&mut connection)
        .await
        .map_err(|error| Error::new(error, "setting the limits of the session"))?;
    refusal::check_alone(&mut connection, env).await?;
    refusal::check_server(&mut connection, opening).await?;
    let account = account::typed(&mut connection, &opening.rehearsal.account).await?;
    let notes = refusal::notes(&mut connection).await?;
    refusal::check_rows(&mut connection, opening, &account, &notes).await?;
    let accounts = account::tables_of_accounts(&mut connection, &account).await?;
    let tables = Tables::read(&mut connection).await?;
    let tables = with_owner_columns(tables, &mut connection, &accounts).await?;
    // Refuses tables that are too large before anything is written.
    tables.keys(&mut connection).await?;
    Ok(AllowedDatabase {
        target,
        connection,
        account,
        tables,
        notes,
    })
}

pub(super) async fn open(opening: ScratchOptions<'_>) -> Result<Scratch, Error> {
    let env = &opening.rehearsal.url_env;
    let AllowedDatabase {
        target,
        mut connection,
        account,
        tables,
        notes,
    } = examine(&opening).await?;
    failing::remove(&mut connection, &tables).await?;
    cleaning::remove_leftovers(
        &mut connection,
        &tables,
        &notes,
        &format!("@{EMAIL_DOMAIN}"),
    )
    .await?;
    cleaning::drop_schema(&mut connection).await?;
    let keeps_notes = cleaning::start_notes(&mut connection).await?;
    let mut before = BTreeMap::new();
    for (table, keys) in tables.keys(&mut connection).await? {
        let is_comparable =
            keys.is_empty() || tables.0.get(&table).is_some_and(TableShape::has_key);
        before.insert(table, is_comparable.then(|| keys.into_iter().collect()));
    }
    let zones = zones::read(&mut connection).await?;
    let pool = session::pool(&target).map_err(|source| database::Error::Url {
        env: env.clone(),
        source,
    })?;
    Ok(Scratch {
        pool,
        _lock: Mutex::new(connection),
        tables,
        before,
        account,
        keeps_notes,
        triggers: Mutex::new(Triggers::default()),
        zones,
    })
}
