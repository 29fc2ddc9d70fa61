//! Recognizes common mistakes in a database URL by the prefix of the text, which is the only part that messages show.

use std::fmt;

/// A recognizable text that is not a Postgres URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    Quotes,
    /// `DATABASE_URL=postgres://…`.
    Assignment,
    /// `psql postgres://…`.
    Command,
    /// A scheme that a library or a framework extends.
    Scheme(&'static str),
    Jdbc,
    Accelerate(&'static str),
    Web(&'static str),
    OtherDatabase(&'static str, &'static str),
    /// `host=… dbname=…`.
    Keywords,
}

/// Other spellings of the scheme `postgres`.
const SPELLINGS: [&str; 22] = [
    "postgresql+asyncpg",
    "postgresql+psycopg2",
    "postgresql+psycopg",
    "postgresql+psycopg2cffi",
    "postgresql+psycopg_async",
    "postgresql+pg8000",
    "postgresql+aiopg",
    "postgres+asyncpg",
    "postgres+psycopg2",
    "postgres+psycopg",
    "asyncpg",
    "psycopg2",
    "psycopg",
    "postgis",
    "timescaledb",
    "timescale",
    "pgsql",
    "psql",
    "pgx5",
    "pgx",
    "pg",
    "postgre",
];

const OTHER_DATABASES: [(&str, &str); 16] = [
    ("mysql", "MySQL"),
    ("mysql2", "MySQL"),
    ("mysqlx", "MySQL"),
    ("mariadb", "MariaDB"),
    ("sqlserver", "SQL Server"),
    ("mssql", "SQL Server"),
    ("oracle", "Oracle"),
    ("mongodb", "MongoDB"),
    ("mongodb+srv", "MongoDB"),
    ("redis", "Redis"),
    ("rediss", "Redis"),
    ("libsql", "libSQL"),
    ("sqlite", "SQLite"),
    ("sqlite3", "SQLite"),
    ("file", "a file"),
    ("clickhouse", "ClickHouse"),
];

impl Mistake {
    /// Recognizes the form of a text that is not a Postgres URL.
    pub(super) fn find_in(text: &str) -> Option<Self> {
        let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’');
        if text.starts_with(is_quote) {
            return Some(Self::Quotes);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        if let ["psql", ..] = words.as_slice()
            && words.len() > 1
        {
            return Some(Self::Command);
        }
        let assigned = text.strip_prefix("export ").unwrap_or(text).trim_start();
        if let Some((name, value)) = assigned.split_once('=')
            && is_variable(name)
            && value.trim_start_matches(is_quote).starts_with("postgres")
        {
            return Some(Self::Assignment);
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        // For `sqlite:file` and `jdbc:postgresql://`.
        let start = text.split_once(':').map(|(start, _)| start);
        let equals = |word: &str, found: Option<&str>| {
            found.is_some_and(|found| found.eq_ignore_ascii_case(word))
        };
        if equals("jdbc", start) {
            return Some(Self::Jdbc);
        }
        let known =
            |words: &[&'static str]| words.iter().copied().find(|word| equals(word, scheme));
        if let Some(scheme) = known(&SPELLINGS) {
            return Some(Self::Scheme(scheme));
        }
        if let Some(scheme) = known(&["prisma", "prisma+postgres", "prisma+postgresql"]) {
            return Some(Self::Accelerate(scheme));
        }
        if let Some(scheme) = known(&["https", "http"]) {
            return Some(Self::Web(scheme));
        }
        let other = OTHER_DATABASES.iter().find(|(word, _)| equals(word, start));
        if let Some((scheme, name)) = other {
            return Some(Self::OtherDatabase(scheme, name));
        }
        is_keywords(text).then_some(Self::Keywords)
    }

    pub(super) fn hint(self) -> String {
        match self {
            Self::Quotes => "store the URL without the quotes around it; `docker --env-file` and secrets keep them".to_owned(),
            Self::Assignment => "store what comes after the `=`, without quotes".to_owned(),
            Self::Command => "store the URL alone, without `psql` and without quotes".to_owned(),
            Self::Scheme(scheme) => match scheme.split_once('+') {
                Some((_, driver)) => format!("leave out `+{driver}`: only that library needs it"),
                None => "begin it with `postgres://`; the rest can stay".to_owned(),
            },
            Self::Jdbc => "write it as `postgres://user:password@host:5432/database`, without `jdbc:` and with user and \
                 password before the host"
                .to_owned(),
            Self::Accelerate(_) => "use the database's own URL, which begins with `postgres://` and which Prisma calls the \
                 direct URL (often `DIRECT_URL`)"
                .to_owned(),
            Self::Web(_) => "use the database's connection string, which begins with `postgres://`; in Supabase it is \
                             under Connect"
                .to_owned(),
            Self::OtherDatabase(..) => "accounts are read from Postgres: use the URL of that database".to_owned(),
            Self::Keywords => "write it as `postgres://user:password@host:5432/database`; `/`, `?`, `#`, `@` and `%` in the \
                 password are percent-encoded"
                .to_owned(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quotes => f.write_str("it begins with a quote"),
            Self::Assignment => {
                f.write_str("it begins with the name of a variable and `=`, as in a `.env` file")
            }
            Self::Command => f.write_str("it begins with `psql`: it is a command"),
            Self::Scheme(scheme) => {
                write!(f, "it begins with `{scheme}://`, not with `postgres://`")
            }
            Self::Jdbc => f.write_str("it begins with `jdbc:`, which is Java's form"),
            Self::Accelerate(scheme) => write!(
                f,
                "it begins with `{scheme}://`: that is Prisma Accelerate, not Postgres"
            ),
            Self::Web(scheme) => {
                write!(
                    f,
                    "it begins with `{scheme}://`: that is the address of a web API"
                )
            }
            Self::OtherDatabase(scheme, name) => {
                write!(f, "it begins with `{scheme}:`, and {name} is not supported")
            }
            Self::Keywords => f.write_str("it is a list of keywords, not a URL"),
        }
    }
}

fn is_variable(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(allowed)
}

/// Returns true for libpq's `host=… dbname=…` and .NET's `Host=…;Database=…`.
fn is_keywords(text: &str) -> bool {
    const KEYWORDS: [&str; 8] = [
        "host", "hostaddr", "server", "dbname", "database", "user", "username", "port",
    ];
    let pairs = text.split(|c: char| c == ';' || c.is_whitespace());
    pairs
        .filter_map(|pair| pair.split_once('='))
        .any(|(key, _)| {
            KEYWORDS
                .iter()
                .any(|word| word.eq_ignore_ascii_case(key.trim()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_almost_a_url_is_recognized_by_its_beginning() {
        for (text, message, hint) in [
            (
                "postgresql+asyncpg://u:canary@h/db",
                "`postgresql+asyncpg://`",
                "`+asyncpg`",
            ),
            (
                "PostgreSQL+Psycopg2://u:canary@h/db",
                "`postgresql+psycopg2://`",
                "`+psycopg2`",
            ),
            ("postgis://u:canary@h/db", "`postgis://`", "`postgres://`"),
            ("pgsql://u:canary@h/db", "`pgsql://`", "`postgres://`"),
            (
                "jdbc:postgresql://h/db?user=u&password=canary",
                "`jdbc:`",
                "without `jdbc:`",
            ),
            (
                "prisma://accelerate.prisma-data.net/?api_key=canary",
                "`prisma://`",
                "direct URL",
            ),
            (
                "prisma+postgres://localhost:51213/?api_key=canary",
                "Accelerate",
                "direct URL",
            ),
            ("https://canary.supabase.co", "`https://`", "Supabase"),
            (
                "mysql://u:canary@h/db",
                "MySQL is not supported",
                "Postgres",
            ),
            ("sqlite:canary.db", "SQLite is not supported", "Postgres"),
            ("mongodb+srv://u:canary@h/db", "MongoDB", "Postgres"),
            (
                "host=h dbname=db user=u password=canary",
                "keywords",
                "`postgres://",
            ),
            (
                "Host=h;Username=u;Password=canary;Database=db",
                "keywords",
                "`postgres://",
            ),
            (
                "DATABASE_URL=postgres://u:canary@h/db",
                "name of a variable",
                "after the `=`",
            ),
            (
                "export DATABASE_URL=\"postgresql://u:canary@h/db\"",
                "variable",
                "after the `=`",
            ),
            (
                "\"postgres://u:canary@h/db\"",
                "a quote",
                "without the quotes",
            ),
            (
                "'postgres://u:canary@h/db'",
                "a quote",
                "without the quotes",
            ),
            (
                "psql 'postgres://u:canary@h/db'",
                "a command",
                "without `psql`",
            ),
        ] {
            let mistake = Mistake::find_in(text).expect(text);
            assert!(mistake.to_string().contains(message), "{text}: {mistake}");
            assert!(mistake.hint().contains(hint), "{text}: {}", mistake.hint());
            assert!(
                !format!("{mistake}{}", mistake.hint()).contains("canary"),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_is_guessed_of_other_texts() {
        for text in [
            "canary",
            "postgres:canary",
            "canary://u:p@h/db",
            "u:canary@h:5432/db",
        ] {
            assert_eq!(Mistake::find_in(text), None, "{text}");
        }
    }
}
