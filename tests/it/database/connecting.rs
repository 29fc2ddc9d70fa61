//! Connecting: URLs, passwords, TLS, and every way in which a server refuses.

use prodverdict::database::{self, ReadRequest};
use secrecy::SecretString;
use url::Url;

use super::{
    proxy::{ProxyBehavior, authority, start},
    world::{ReadAccounts as _, World, error_text, in_a_world, lines, query, request},
};

const ROWS: &str =
    "select 'u1' as id, 'cus_1' as customer_id, true as has_paid_access, null as plan";

pub(crate) async fn read(
    url: &str,
    request: ReadRequest,
) -> Result<database::DatabaseFacts, database::Error> {
    database::read(&SecretString::from(url), &query(ROWS), &request, &|_| {}).await
}

/// Returns the database's URL through a proxy under another host name, with parameters.
pub(crate) async fn through(
    world: &World,
    behavior: ProxyBehavior,
    host: &str,
    parameters: &str,
) -> String {
    let direct = world.url();
    let address = format!(
        "{}:{}",
        direct.host_str().expect("a host"),
        direct.port().unwrap_or(5432)
    );
    let mut url = direct;
    url.set_port(Some(start(behavior, address).await))
        .expect("a port");
    url.set_host(Some(host)).expect("a host");
    url.set_query(Some(parameters));
    url.to_string()
}

#[track_caller]
pub(crate) fn assert_told(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
}

#[test]
fn a_url_that_does_not_parse_is_not_shown() {
    in_a_world(async |_| {
        for url in [
            "",
            "   ",
            "secret-canary",
            "host=localhost password=secret-canary",
            "mysql://u:secret-canary@localhost/db",
            "secret-canary://u:p@localhost/db",
            "postgres:secret-canary",
            "postgres://user:secret-canary/rest@localhost/db",
            "postgres://user:12/secret-canary@localhost/db",
            "postgres://user:12#secret-canary@localhost/db",
            "postgres://user:12?secret-canary@localhost/db",
            "postgres://user:12@secret-canary/3@localhost/db",
            "postgres://user:12@secret-canary?3@localhost/db",
            "postgres://user:12@secret-canary?3=4@localhost/db",
            "postgres://user:12@secret-canary#3@localhost/db",
            "postgres://:secret-canary@localhost/db",
            "postgres://user:secret-canary@/db",
            "postgres://u:secret-canary@localhost:99999/db",
            "postgres://u:secret-canary@localhost/db?sslmode=secret-canary",
            "postgres://u:secret-canary@localhost/db?port=secret-canary",
            "postgres://u:secret-canary@localhost/db?sslrootcert=/no/such/secret-canary",
            "postgres://u:secret-canary@localhost/db?sslcert=/secret-canary",
            "postgres://u:secret-canary@localhost/db?schema=",
            "postgres://u:secret-canary@localhost/db?role=secret-canary",
            "postgres://u:p@localhost/db?secret-canary-1=1",
            "postgresql+asyncpg://u:secret-canary@localhost/db",
            "jdbc:postgresql://localhost/db?password=secret-canary",
            "'postgres://u:secret-canary@localhost/db'",
            "DATABASE_URL=postgres://u:secret-canary@localhost/db",
        ] {
            let result = read(url, request()).await;
            let debug = format!("{result:?}");
            assert!(!debug.contains("secret-canary"), "{url}: {debug}");
            assert_told(
                &error_text(result),
                &["`DATABASE_URL` cannot be used as a database URL"],
            );
        }
    });
}

#[test]
fn a_url_may_have_everything_in_its_parameters() {
    in_a_world(async |world| {
        let url = world.url();
        let all = format!(
            "postgresql://ignored/ignored?host={}&port={}&user={}&password={}&dbname={}&schema=public&pgbouncer=true&ssl=false",
            url.host_str().unwrap(),
            url.port().unwrap_or(5432),
            url.username(),
            url.password().unwrap(),
            world.name
        );
        assert_eq!(
            lines(&read(&all, request()).await.unwrap()),
            ["u1|cus_1|t|"]
        );
        let padded = format!("  {url}\n");
        assert!(read(&padded, request()).await.is_ok());
    });
}

#[test]
fn startup_options_of_the_url_reach_the_server() {
    in_a_world(async |world| {
        world.run("create schema app; create table app.here (id text); insert into app.here values ('u1')").await;
        let mut url = world.url();
        url.set_query(Some("options=-c%20search_path%3Dapp"));
        let settings = query(
            "select id, 'c' as customer_id, current_setting('application_name') = 'prodverdict' as has_paid_access, null as plan from here",
        );
        let facts = world.read_as(&url, &settings).await.unwrap();
        assert_eq!(lines(&facts), ["u1|c|t|"]);
    });
}

#[test]
fn missing_users_and_databases_are_named() {
    in_a_world(async |world| {
        let free_port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let nobody = format!("postgres://u:secret-canary@127.0.0.1:{free_port}/db");
        let error = error_text(read(&nobody, request()).await);
        assert_told(
            &error,
            &[
                &format!("`127.0.0.1:{free_port}`"),
                "nothing accepts connections there",
            ],
        );

        let unknown = "postgres://u:secret-canary@no-such-host.invalid/db";
        assert_told(
            &error_text(read(unknown, request()).await),
            &["no-such-host.invalid:5432", "has no address"],
        );

        let silent = through(&world, ProxyBehavior::Silent, "127.0.0.1", "").await;
        assert_told(
            &error_text(read(&silent, request()).await),
            &["did not answer within 10 seconds", "firewall"],
        );
        assert_told(
            &error_text(
                read(
                    "postgres://u:secret-canary@%2Fno%2Fsuch%2Ffolder/db",
                    request(),
                )
                .await,
            ),
            &["/no/such/folder", "nothing accepts connections there"],
        );
    });
}

#[test]
fn localhost_in_a_container_action_is_explained() {
    in_a_world(async |_| {
        for host in ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"] {
            let request = ReadRequest {
                in_container_action: true,
                ..request()
            };
            let url = format!("postgres://u:secret-canary@{host}:1/db");
            assert_told(
                &error_text(read(&url, request).await),
                &[
                    "inside a container action",
                    "`postgres:5432`",
                    "172.17.0.1:1",
                ],
            );
        }
    });
}

#[test]
fn wrong_credentials_are_explained() {
    in_a_world(async |world| {
        let mut wrong = world.url();
        wrong.set_password(Some("secret-canary")).unwrap();
        assert_told(
            &error_text(read(wrong.as_str(), request()).await),
            &["the password of user `postgres` is wrong"],
        );
        wrong.set_username("nobody_here").unwrap();
        assert_told(
            &error_text(read(wrong.as_str(), request()).await),
            &["`nobody_here`"],
        );
        let mut missing = world.url();
        missing.set_path("no_such_database");
        assert_told(
            &error_text(read(missing.as_str(), request()).await),
            &["no database `no_such_database`"],
        );
        let role = world.role("locked", "nologin").await;
        assert_told(
            &error_text(read(world.url_of(&role).as_str(), request()).await),
            &["not permitted to log in", "LOGIN"],
        );
    });
}

#[test]
fn a_full_server_is_reported() {
    in_a_world(async |world| {
        let role = world.role("single", "connection limit 0").await;
        assert_told(
            &error_text(read(world.url_of(&role).as_str(), request()).await),
            &["it has no free connection", "pooler"],
        );
    });
}

#[test]
fn refusals_of_other_servers_are_understood_by_their_code() {
    in_a_world(async |world| {
        for (code, message, expected) in [
            (
                "28000",
                "no pg_hba.conf entry for host \"10.0.0.1\", user \"u\", database \"db\", no encryption",
                "sslmode=require",
            ),
            (
                "53300",
                "sorry, too many clients already",
                "no free connection",
            ),
            ("57P03", "the database system is starting up", "starting up"),
            (
                "XX000",
                "Tenant or user not found",
                "Tenant or user not found",
            ),
        ] {
            let url = through(
                &world,
                ProxyBehavior::Refusing(code, message),
                "127.0.0.1",
                "",
            )
            .await;
            assert_told(&error_text(read(&url, request()).await), &[expected]);
        }
    });
}

#[test]
fn a_certificate_is_checked_as_far_as_the_url_asks() {
    in_a_world(async |world| {
        let (trusted, stranger) = (authority("trusted"), authority("stranger"));
        let ca = trusted.path.display();
        let other = stranger.path.display();
        for (host, parameters, refusal) in [
            ("localhost", "sslmode=require".to_owned(), None),
            ("localhost", "sslmode=prefer".to_owned(), None),
            ("localhost", "ssl=true".to_owned(), None),
            (
                "localhost",
                format!("sslmode=verify-full&sslrootcert={ca}"),
                None,
            ),
            (
                "localhost",
                format!("sslmode=verify-ca&sslrootcert={ca}"),
                None,
            ),
            (
                "127.0.0.1",
                format!("sslmode=verify-ca&sslrootcert={ca}"),
                None,
            ),
            (
                "127.0.0.1",
                format!("sslmode=require&sslrootcert={ca}"),
                None,
            ),
            (
                "127.0.0.1",
                format!("sslmode=verify-full&sslrootcert={ca}"),
                Some("not valid for name"),
            ),
            (
                "localhost",
                format!("sslmode=verify-full&sslrootcert={other}"),
                Some("UnknownIssuer"),
            ),
            (
                "localhost",
                format!("sslmode=verify-ca&sslrootcert={other}"),
                Some("UnknownIssuer"),
            ),
            (
                "localhost",
                format!("sslmode=require&sslrootcert={other}"),
                Some("UnknownIssuer"),
            ),
            (
                "localhost",
                "sslmode=verify-full".to_owned(),
                Some("UnknownIssuer"),
            ),
            (
                "localhost",
                "sslrootcert=system".to_owned(),
                Some("UnknownIssuer"),
            ),
        ] {
            let url = through(&world, trusted.behavior.clone(), host, &parameters).await;
            let result = read(&url, request()).await;
            match refusal {
                None => assert_eq!(lines(&result.expect(&parameters)), ["u1|cus_1|t|"]),
                Some(reason) => assert_told(
                    &error_text(result),
                    &[
                        "its TLS certificate is not trusted",
                        reason,
                        "sslrootcert=",
                        "sslmode=require",
                    ],
                ),
            }
        }
    });
}

#[test]
fn tls_that_is_requested_and_not_offered_is_an_error() {
    in_a_world(async |world| {
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = through(
                &world,
                ProxyBehavior::Plain,
                "127.0.0.1",
                &format!("sslmode={mode}"),
            )
            .await;
            assert_told(
                &error_text(read(&url, request()).await),
                &["which the server does not offer", "sslmode=prefer"],
            );
        }
        for mode in ["disable", "allow", "prefer"] {
            let url = through(
                &world,
                ProxyBehavior::Plain,
                "127.0.0.1",
                &format!("sslmode={mode}"),
            )
            .await;
            assert!(read(&url, request()).await.is_ok(), "{mode}");
        }
    });
}

#[test]
fn a_url_is_kept_out_of_debug_output() {
    in_a_world(async |world| {
        let url: Url = world.url();
        let password = url.password().unwrap().to_owned();
        let mut broken = query("select broken");
        broken.url_env = "DATABASE_URL".to_owned();
        let error = world.read(&broken).await.unwrap_err();
        assert!(!format!("{error:?}").contains(&password));
    });
}

#[test]
fn only_the_url_decides_where_to_connect() {
    let test = "database::forms::a_table_with_plain_columns_is_read_in_full";
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program)
        .args([test, "--exact"])
        .envs(
            ["HOST", "HOSTADDR", "USER", "PASSWORD", "DATABASE"]
                .map(|name| (format!("PG{name}"), "wrong")),
        )
        .env("PGPORT", "1")
        .env("PGSSLMODE", "verify-full")
        .env("PGSSLROOTCERT", "/no/such/file")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("1 passed"), "{printed}");

    in_a_world(async |world| {
        // Without a password in the URL, none is used.
        let mut url = world.url();
        url.set_password(None).unwrap();
        assert_told(
            &error_text(read(url.as_str(), request()).await),
            &["the password of user `postgres` is wrong"],
        );
    });
}
