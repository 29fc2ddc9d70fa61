//! The time zones in which the application may write a time without an offset.

use jiff::tz::TimeZone;
use sqlx::PgConnection;

use super::error::Error;

const READING_ZONES: &str = "reading the time zones of the server";

/// Zones of sessions that set none. `TimeZone` itself is the one of this connection, which sets it when it begins;
/// `log_timezone` is that of the machine on which the server was created.
const ZONES: &str = "select pg_catalog.current_setting('log_timezone')
    union
    select pg_catalog.split_part(setting, '=', 2)
    from pg_catalog.pg_db_role_setting as of_role, pg_catalog.unnest(of_role.setconfig) as setting
    where setting ilike 'timezone=%' and of_role.setdatabase in
      (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))";

const READS_FILES: &str = "select pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'execute') \
     and pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'select')";

const ZONES_OF_FILES: &str = "select setting from pg_catalog.pg_file_settings where name ilike 'timezone' and setting is not null";

/// Returns UTC, the zone of this process, and those that are configured in the server.
pub(super) async fn read(connection: &mut PgConnection) -> Result<Vec<TimeZone>, Error> {
    let failed = |error| Error::new(error, READING_ZONES);
    let mut names: Vec<String> = sqlx::query_scalar(ZONES)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let reads_files: bool = sqlx::query_scalar(READS_FILES)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if reads_files {
        let of_files: Vec<String> = sqlx::query_scalar(ZONES_OF_FILES)
            .fetch_all(connection)
            .await
            .map_err(failed)?;
        names.extend(of_files);
    }
    // A name that only Postgres knows, such as an abbreviation, is left out.
    let named = names.iter().filter_map(|name| TimeZone::get(name).ok());
    let mut zones = vec![TimeZone::UTC];
    for zone in std::iter::once(TimeZone::system()).chain(named) {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    Ok(zones)
}
