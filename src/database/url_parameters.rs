//! Parameters of a database URL: those that choose what is read, and those of drivers and poolers that do not.

use std::path::PathBuf;

use sqlx::postgres::PgSslMode;
use url::Url;

use super::{statement::quoted, url_error::UrlError};

/// Parameters that configure a driver, a pool or a framework, or its timeouts. None of them chooses what is read. From
/// the manuals of libpq, Prisma, node-postgres, postgres.js, `SQLAlchemy`, asyncpg, psycopg, pgx, lib/pq, JDBC, Rails,
/// Django, Symfony, Supabase, Vercel and Neon.
const WITHOUT_EFFECT: [&str; 126] = [
    // libpq.
    "application_name",
    "fallback_application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "passfile",
    "require_auth",
    "requirepeer",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslnegotiation",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    // Prisma.
    "connection_limit",
    "max_connection_lifetime",
    "max_idle_connection_lifetime",
    "pgbouncer",
    "pool_timeout",
    "single_use_connections",
    "socket_timeout",
    "statement_cache_size",
    // node-postgres, postgres.js, Knex, Drizzle.
    "backoff",
    "binary",
    "connectionTimeout",
    "connectionTimeoutMillis",
    "debug",
    "encoding",
    "fetch_types",
    "idle_timeout",
    "idleTimeoutMillis",
    "keepAlive",
    "keep_alive",
    "max",
    "maxUses",
    "max_lifetime",
    "max_pipeline",
    "min",
    "prepare",
    "query_timeout",
    "uselibpqcompat",
    // SQLAlchemy, asyncpg, psycopg, Django.
    "async_fallback",
    "command_timeout",
    "conn_health_checks",
    "conn_max_age",
    "max_cached_statement_lifetime",
    "max_cacheable_statement_size",
    "max_inactive_connection_lifetime",
    "max_overflow",
    "max_queries",
    "max_size",
    "min_size",
    "pool_pre_ping",
    "pool_recycle",
    "pool_size",
    "prepare_threshold",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "timeout",
    // pgx, lib/pq, Rust.
    "binary_parameters",
    "default_query_exec_mode",
    "description_cache_capacity",
    "disable_prepared_binary_result",
    "pool_health_check_period",
    "pool_max_conn_idle_time",
    "pool_max_conn_lifetime",
    "pool_max_conn_lifetime_jitter",
    "pool_max_conns",
    "pool_min_conns",
    "pool_min_idle_conns",
    "prefer_simple_protocol",
    "statement-cache-capacity",
    "statement_cache_capacity",
    "statement_cache_mode",
    // JDBC.
    "ApplicationName",
    "cancelSignalTimeout",
    "connectTimeout",
    "defaultRowFetchSize",
    "loadBalanceHosts",
    "loginTimeout",
    "logUnclosedConnections",
    "preferQueryMode",
    "prepareThreshold",
    "preparedStatementCacheQueries",
    "preparedStatementCacheSizeMiB",
    "reWriteBatchedInserts",
    "readOnly",
    "socketTimeout",
    "stringtype",
    "targetServerType",
    "tcpKeepAlive",
    // Rails, Symfony, Laravel, Ecto.
    "adapter",
    "advisory_locks",
    "charset",
    "checkout_timeout",
    "insert_returning",
    "min_messages",
    "pool",
    "pool_mode",
    "prefix",
    "prepared_statements",
    "queue_interval",
    "queue_target",
    "reaping_frequency",
    "server_version",
    "serverVersion",
    "statement_limit",
    // Limits that the session sets itself.
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "statement_timeout",
    "default_transaction_read_only",
    // Supabase, Vercel, Neon and other hosts.
    "supa",
    "workaround",
];

/// Parameters in the URL's query.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
    pub(super) options: Option<String>,
    /// In the syntax of `set search_path`.
    pub(super) search_path: Option<String>,
    /// Further settings of the session: `options[name]=value`.
    pub(super) settings: Vec<(String, String)>,
    ssl: Option<String>,
    ssl_mode: Option<String>,
    ssl_accept: Option<String>,
    root_certificate: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

#[derive(Debug)]
pub(super) struct Tls {
    pub(super) mode: PgSslMode,
    pub(super) root_certificate: Option<PathBuf>,
    /// True for `sslrootcert=system`.
    pub(super) is_system: bool,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

/// Names that libraries use for a search path.
const SEARCH_PATHS: [&str; 4] = [
    "search_path",
    "currentSchema",
    "schema_search_path",
    "options[search_path]",
];

impl Parameters {
    pub(super) fn from_url(url: &Url) -> Result<Self, UrlError> {
        let mut parameters = Self::default();
        let mut schema = None;
        let mut search_path = None;
        let mut unknown = None;
        let mut has_stray_at = false;
        for (key, value) in url.query_pairs() {
            let slot = match key.as_ref() {
                "host" | "hostaddr" => &mut parameters.host,
                "port" => &mut parameters.port,
                "user" => &mut parameters.user,
                "password" => &mut parameters.password,
                "dbname" => &mut parameters.database,
                "options" => &mut parameters.options,
                "schema" => &mut schema,
                "ssl" => &mut parameters.ssl,
                "sslmode" | "ssl-mode" => &mut parameters.ssl_mode,
                "sslaccept" => &mut parameters.ssl_accept,
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => &mut parameters.root_certificate,
                "sslcert" | "ssl-cert" => &mut parameters.certificate,
                "sslkey" | "ssl-key" => &mut parameters.key,
                key if SEARCH_PATHS.contains(&key) => &mut search_path,
                key => {
                    has_stray_at |= key.contains('@') || value.contains('@');
                    if let Some(name) = setting(key) {
                        parameters
                            .settings
                            .push((name.to_owned(), value.into_owned()));
                    } else if !has_no_effect(key) && unknown.is_none() {
                        unknown = Some(safe_name(key));
                    }
                    continue;
                }
            };
            *slot = Some(value.into_owned());
        }
        // The text after an unencoded `?` in the password contains the `@` before the host.
        if has_stray_at {
            return Err(UrlError::Unencoded);
        }
        if let Some(name) = unknown {
            return Err(UrlError::UnknownParameter(name));
        }
        parameters.search_path = match (schema, search_path) {
            (Some(_), Some(_)) => return Err(UrlError::TwoSearchPaths("schema", "search_path")),
            (Some(schema), None) if schema.is_empty() || schema.contains('\0') => {
                return Err(UrlError::Parameter("schema"));
            }
            // Prisma runs `set search_path = "…"`.
            (Some(schema), None) => Some(quoted(&schema)),
            (None, Some(names)) if !is_list_of_names(&names) => {
                return Err(UrlError::Parameter("search_path"));
            }
            (None, names) => names,
        };
        Ok(parameters)
    }

    pub(super) fn tls(&self) -> Result<Tls, UrlError> {
        // As in libpq 16: the public authorities, and nothing weaker than verify-full.
        let is_system = self.root_certificate.as_deref() == Some("system");
        let root_certificate = self
            .root_certificate
            .as_ref()
            .filter(|_| !is_system)
            .map(PathBuf::from);
        let mut mode = self.mode(is_system, root_certificate.is_some())?;
        match self.ssl_accept.as_deref() {
            // Prisma's values for whether to verify the server.
            Some("strict") if !matches!(mode, PgSslMode::Disable) => mode = PgSslMode::VerifyFull,
            None | Some("strict" | "accept_invalid_certs") => {}
            Some(_) => return Err(UrlError::Parameter("sslaccept")),
        }
        if self.certificate.is_some() != self.key.is_some() {
            return Err(UrlError::Parameter("sslcert` without `sslkey"));
        }
        Ok(Tls {
            mode,
            root_certificate,
            is_system,
            certificate: self.certificate.as_ref().map(PathBuf::from),
            key: self.key.as_ref().map(PathBuf::from),
        })
    }

    fn mode(&self, is_system: bool, has_root: bool) -> Result<PgSslMode, UrlError> {
        // asyncpg takes the values of `sslmode` in `ssl`, where others take `true`.
        let word = match (self.ssl_mode.as_deref(), self.ssl.as_deref()) {
            (Some(mode), _) => Some(mode),
            (None, Some("true" | "1")) => Some("require"),
            (None, None | Some("false" | "0" | "")) => None,
            (None, Some(word)) => Some(word),
        };
        Ok(match word {
            None | Some("verify-full") if is_system => PgSslMode::VerifyFull,
            Some(_) if is_system => return Err(UrlError::Parameter("sslmode")),
            Some("disable") => PgSslMode::Disable,
            // The driver's `allow` never tries TLS, while libpq's uses it if the server insists.
            None | Some("allow" | "prefer") => PgSslMode::Prefer,
            // As in libpq: with a root certificate, `require` verifies the authority.
            Some("require") if has_root => PgSslMode::VerifyCa,
            // `no-verify` is node-postgres's name for it.
            Some("require" | "no-verify") => PgSslMode::Require,
            Some("verify-ca") => PgSslMode::VerifyCa,
            Some("verify-full") => PgSslMode::VerifyFull,
            Some(_) => return Err(UrlError::Parameter("sslmode")),
        })
    }
}

/// Returns the name in `options[name]`, which is how sqlx writes a setting of the session.
fn setting(key: &str) -> Option<&str> {
    let name = key.strip_prefix("options[")?.strip_suffix(']')?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    (!name.is_empty() && name.chars().all(allowed)).then_some(name)
}

fn has_no_effect(key: &str) -> bool {
    // golang-migrate's own parameters begin with `x-`.
    WITHOUT_EFFECT.contains(&key) || key.starts_with("x-")
}

/// Returns a name that is safe to show: any other text might be a part of the password.
fn safe_name(key: &str) -> Option<String> {
    const MAX_LENGTH: usize = 40;
    let allowed = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-');
    (key.len() <= MAX_LENGTH && key.chars().all(allowed)).then(|| key.to_owned())
}

/// Returns true for comma-separated names, each quoted or plain.
fn is_list_of_names(text: &str) -> bool {
    let mut rest = text.trim();
    loop {
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let without_escapes = quoted.replace("\"\"", "__");
            let end = without_escapes.find('"').filter(|end| *end > 0);
            end.and_then(|end| quoted.get(end + 1..))
        } else {
            let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-');
            let end = rest.find(|c: char| !allowed(c)).unwrap_or(rest.len());
            rest.get(end..).filter(|_| end > 0)
        };
        let Some(after) = after.map(str::trim_start) else {
            return false;
        };
        if after.is_empty() {
            return true;
        }
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<Parameters, String> {
        let url = Url::parse(&format!("postgres://u@h/d?{query}")).unwrap();
        Parameters::from_url(&url).map_err(|error| error.to_string())
    }

    fn search_path(query: &str) -> Option<String> {
        of(query).unwrap().search_path
    }

    #[test]
    fn a_schema_is_one_name_and_a_search_path_is_a_list() {
        assert_eq!(search_path("schema=app"), Some("\"app\"".to_owned()));
        assert_eq!(
            search_path("schema=My%22App"),
            Some("\"My\"\"App\"".to_owned())
        );
        for name in [
            "search_path",
            "currentSchema",
            "schema_search_path",
            "options[search_path]",
        ] {
            let query = format!("{name}=app,%20%22Other%20one%22,%24user");
            assert_eq!(
                search_path(&query),
                Some("app, \"Other one\",$user".to_owned())
            );
        }
        for query in [
            "schema=",
            "schema=%00",
            "search_path=",
            "search_path=a;b",
            "search_path=a,",
            "search_path=%22",
        ] {
            assert!(of(query).is_err(), "{query}");
        }
        let both = of("schema=app&search_path=app").err().unwrap();
        assert!(
            both.contains("`schema`") && both.contains("`search_path`"),
            "{both}"
        );
    }

    #[test]
    fn parameters_without_effect_are_left_alone() {
        let all: Vec<String> = WITHOUT_EFFECT
            .iter()
            .map(|key| format!("{key}=1"))
            .collect();
        let parameters = of(&all.join("&")).unwrap();
        assert_eq!(parameters.search_path, None);
        assert!(of("x-migrations-table=m&supa=base-pooler.x").is_ok());
    }

    #[test]
    fn any_other_parameter_is_named_if_it_looks_like_one() {
        for name in [
            "role",
            "replication",
            "service",
            "timezone",
            "Schema",
            "no_such_one",
        ] {
            let error = of(&format!("pgbouncer=true&{name}=canary")).err().unwrap();
            assert!(error.contains(&format!("`{name}`")), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
        let error = of("s3cret=1").err().unwrap();
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn words_for_tls_have_the_meaning_of_their_library() {
        for (query, mode) in [
            ("", PgSslMode::Prefer),
            ("ssl=true", PgSslMode::Require),
            ("ssl=false", PgSslMode::Prefer),
            ("ssl=verify-full", PgSslMode::VerifyFull),
            ("ssl=no-verify", PgSslMode::Require),
            ("sslmode=require&sslaccept=strict", PgSslMode::VerifyFull),
            (
                "sslmode=require&sslaccept=accept_invalid_certs",
                PgSslMode::Require,
            ),
            ("sslmode=require&sslrootcert=ca.pem", PgSslMode::VerifyCa),
        ] {
            let tls = of(query).unwrap().tls().unwrap();
            assert!(
                matches!(
                    (tls.mode, mode),
                    (PgSslMode::Prefer, PgSslMode::Prefer)
                        | (PgSslMode::Require, PgSslMode::Require)
                        | (PgSslMode::VerifyCa, PgSslMode::VerifyCa)
                        | (PgSslMode::VerifyFull, PgSslMode::VerifyFull)
                ),
                "{query}"
            );
        }
        for query in ["ssl=maybe", "sslaccept=maybe", "sslmode=maybe"] {
            assert!(of(query).unwrap().tls().is_err(), "{query}");
        }
    }
}
