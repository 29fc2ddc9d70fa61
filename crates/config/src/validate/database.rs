//! `database:`: a table with its columns, or one query, and the settings of the session.

use std::{collections::BTreeMap, time::Duration};

use super::{
    super::{
        AccountsQuery, DatabaseSettings, TableName,
        diagnostics::{DiagnosticDraft, Diagnostics, Parent, quote},
        document::{self, RawDatabase},
        entry::{Entry, SourceSpan},
        plain_columns,
        scalars::DurationText,
    },
    columns::{self, Needs},
    sql, table_name,
    values::{duration, variable},
};
use contract::{ColumnName, Field, MatchOn};
use problem::ErrorCode;

/// Default of `users_table`.
const DEFAULT_TABLE: &str = "users";

const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

/// Maximum timeout: Postgres keeps `statement_timeout` as milliseconds in 32 bits, and 0 means none.
const MAX_TIMEOUT: Duration = Duration::from_millis(2_147_483_647);

/// Returns the settings, and the sources of the mapped columns for messages.
pub(super) fn settings(
    database: &RawDatabase,
    span: &SourceSpan,
    plans_configured: bool,
    diagnostics: &Diagnostics<'_>,
) -> Option<(DatabaseSettings, BTreeMap<Field, ColumnName>)> {
    let match_on = match &database.match_on {
        Entry::Absent => Some(MatchOn::default()),
        Entry::Broken(_) => None,
        Entry::Written(_, document::RawMatchOn::CustomerId) => Some(MatchOn::CustomerId),
        Entry::Written(_, document::RawMatchOn::SubscriptionId) => Some(MatchOn::SubscriptionId),
    };
    let needs = Needs {
        match_on,
        plan: plans_configured,
    };
    let url_env = variable("url_env", &database.url_env, "DATABASE_URL", diagnostics);
    let statement_timeout = statement_timeout(&database.statement_timeout, diagnostics);
    let timezone = timezone(&database.timezone, diagnostics);
    let accounts = if database.query.is_absent() {
        table(database, span, needs, diagnostics)
    } else {
        query(database, diagnostics)
    }?;
    let names = match &accounts {
        AccountsQuery::Table { columns, .. } => columns::names(columns),
        AccountsQuery::Query { sql } => columns_of_a_query(sql, needs, match_on?),
    };
    let email = database.columns.value();
    let email = email.and_then(|columns| columns::email(columns, diagnostics));
    let settings = DatabaseSettings {
        url_env: url_env?.to_owned(),
        accounts,
        email,
        match_on: match_on?,
        statement_timeout: statement_timeout?,
        timezone: timezone?.to_owned(),
    };
    Some((settings, names))
}

fn table(
    database: &RawDatabase,
    span: &SourceSpan,
    needs: Needs,
    diagnostics: &Diagnostics<'_>,
) -> Option<AccountsQuery> {
    let parent = Parent {
        name: "`database`",
        span,
    };
    let name = table_name(&database.users_table, diagnostics);
    let join = sql::fragment("join", &database.join, diagnostics);
    let filter = sql::fragment("where", &database.filter, diagnostics);
    if let (Some(condition), Some(span)) = (filter, database.filter.span())
        && let Some(word) = condition.split_whitespace().next()
        && word.eq_ignore_ascii_case("where")
    {
        let message = "`where` should be a condition, found one that begins with the word `where`";
        let draft = DiagnosticDraft::invalid(message).help("remove that word");
        diagnostics.add_at(draft, span);
    }
    let columns = match &database.columns {
        Entry::Absent => columns::defaults(parent, needs, diagnostics),
        Entry::Broken(_) => return None,
        Entry::Written(span, columns) => {
            let parent = Parent {
                name: "`columns`",
                span,
            };
            columns::expressions(columns, parent, needs, diagnostics)
        }
    };
    Some(AccountsQuery::Table {
        table: name?,
        columns,
        join: join.map(str::to_owned),
        filter: filter.map(str::to_owned),
    })
}

fn table_name(entry: &Entry<String>, diagnostics: &Diagnostics<'_>) -> Option<TableName> {
    let Some((span, text)) = entry.written() else {
        let default = || TableName {
            schema: None,
            name: DEFAULT_TABLE.to_owned(),
        };
        return entry.is_absent().then(default);
    };
    match table_name::parse(text) {
        Ok(name) => Some(name),
        Err(reason) => {
            let message = format!(
                "`users_table` should be the name of a table, found {}: {reason}",
                quote(text)
            );
            let help = "write `users`, `schema.table` or, within single quotes, `\"Quoted Name\"`";
            diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
            None
        }
    }
}

fn query(database: &RawDatabase, diagnostics: &Diagnostics<'_>) -> Option<AccountsQuery> {
    let others = [
        ("users_table", database.users_table.span()),
        ("columns", database.columns.span()),
        ("join", database.join.span()),
        ("where", database.filter.span()),
    ];
    for (key, other) in others {
        if let Some(span) = other {
            let draft = DiagnosticDraft::new(
                ErrorCode::Conflict,
                format!("`{key}` cannot be combined with `query`"),
            )
            .help("keep one of the two: `query` already selects the accounts");
            diagnostics.add_at(draft, span);
        }
    }
    sql::statement("query", &database.query, diagnostics).map(|sql| AccountsQuery::Query {
        sql: sql.to_owned(),
    })
}

/// Returns the columns that a query must have, and those that it plainly names; its other columns are unknown until it runs.
fn columns_of_a_query(sql: &str, needs: Needs, match_on: MatchOn) -> BTreeMap<Field, ColumnName> {
    let required = [Field::Id, match_on.link(), Field::HasPaidAccess];
    let required = required.map(|field| (field, ColumnName::Computed));
    let plain = plain_columns(sql)
        .into_iter()
        .filter(|(field, _)| *field != Field::Plan || needs.plan)
        .map(|(field, plain)| (field, ColumnName::Column(plain.column)));
    required.into_iter().chain(plain).collect()
}

fn statement_timeout(
    entry: &Entry<DurationText>,
    diagnostics: &Diagnostics<'_>,
) -> Option<Duration> {
    if entry.is_absent() {
        return Some(DEFAULT_TIMEOUT);
    }
    let timeout = duration("statement_timeout", entry, diagnostics)?;
    if (Duration::from_millis(1)..=MAX_TIMEOUT).contains(&timeout) {
        return Some(timeout);
    }
    if let Some((span, text)) = entry.written() {
        let message = format!(
            "`statement_timeout` should be between 1ms and 24days, found {}",
            quote(&text.0)
        );
        let help = "a statement without a time limit could block your database";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    None
}

fn timezone<'e>(entry: &'e Entry<String>, diagnostics: &Diagnostics<'_>) -> Option<&'e str> {
    let Some((span, name)) = entry.written() else {
        return entry.is_absent().then_some("UTC");
    };
    let allowed =
        |character: char| character.is_ascii_alphanumeric() || "_+-/:".contains(character);
    if !name.is_empty() && name.chars().all(allowed) {
        return Some(name);
    }
    let message = format!(
        "`timezone` should be the name of a time zone, found {}",
        quote(name)
    );
    diagnostics.add_at(
        DiagnosticDraft::invalid(message).help("write one such as `UTC` or `Europe/Berlin`"),
        span,
    );
    None
}
