//! Everything that is not a scratch database is refused, with a specific message and before any write.

use prodverdict::scratch::{Error, Sameness, ScratchRefusal};

use super::world::{
    INSERT, TABLES, World, assert_error_text, in_a_world, lines, seed, setup, setup_reading,
};

/// Checks that the rehearsal left nothing in the database.
async fn assert_untouched(world: &World) {
    let schemas = "select nspname::text from pg_namespace where nspname like 'prodverdict%'";
    assert!(lines(world, schemas).await.is_empty());
    let triggers = "select tgname::text from pg_trigger where tgname like 'prodverdict%'";
    assert!(lines(world, triggers).await.is_empty());
}

#[test]
fn a_missing_or_invalid_url_is_refused() {
    in_a_world(async |world| {
        let setup = setup(INSERT, "");
        assert_error_text(
            setup.open_beside(None, None).await,
            &[
                "`REHEARSAL_DATABASE_URL` is not set, but a rehearsal needs a separate database",
                "services: postgres:",
            ],
        );
        assert_error_text(
            setup
                .open_beside(Some("mysql://u:secret-canary@localhost/db"), None)
                .await,
            &["`REHEARSAL_DATABASE_URL` cannot be used as a database URL"],
        );
        assert_error_text(
            setup
                .open_beside(Some("postgres://u:secret-canary@127.0.0.1:1/db"), None)
                .await,
            &[
                "no connection to the database at `127.0.0.1:1`",
                "check host and port in `REHEARSAL_DATABASE_URL`",
            ],
        );
        assert_untouched(&world).await;
    });
}

#[test]
fn the_contracts_own_database_is_refused_under_every_name() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        let same = setup(INSERT, "");
        let url = world.url();
        let refused = async |url: &str, contract: &str, expected: Sameness| {
            let result = same.open_beside(Some(url), Some(contract)).await;
            let Err(Error::Refused(ScratchRefusal::SameDatabase { how, .. })) = &result else {
                panic!("{url} beside {contract}: {result:?}");
            };
            assert_eq!(*how, expected, "{url} beside {contract}");
            assert_error_text(
                result,
                &[
                    "`REHEARSAL_DATABASE_URL` names the database of the contract itself (`DATABASE_URL`)",
                ],
            );
        };
        // Another user, another spelling, the same database.
        let role = world.role("reader", "nosuperuser").await;
        refused(url.as_str(), url.as_str(), Sameness::Written).await;
        refused(
            url.as_str(),
            world.url_of(&role).as_str(),
            Sameness::Written,
        )
        .await;
        let mut alias = url.clone();
        alias.set_host(Some("localhost")).expect("a host");
        refused(url.as_str(), alias.as_str(), Sameness::Written).await;
        // An address that does not show that the server is the same.
        let address = format!(
            "{}:{}",
            url.host_str().expect("a host"),
            url.port().unwrap_or(5432)
        );
        let port = forward(address).await;
        let mut forwarded = url.clone();
        forwarded.set_port(Some(port)).expect("a port");
        refused(url.as_str(), forwarded.as_str(), Sameness::Server).await;
        refused(forwarded.as_str(), url.as_str(), Sameness::Server).await;
        assert_untouched(&world).await;
    });
}

/// Returns a port that forwards to the server.
async fn forward(address: String) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let address = address.clone();
            tokio::spawn(async move {
                let mut server = tokio::net::TcpStream::connect(address)
                    .await
                    .expect("the server");
                tokio::io::copy_bidirectional(&mut client, &mut server)
                    .await
                    .ok();
            });
        }
    });
    port
}

#[test]
fn another_database_of_the_same_server_is_accepted() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        let mut other = world.url();
        other.set_path("postgres");
        let scratch = setup(INSERT, "")
            .open_beside(Some(world.url().as_str()), Some(other.as_str()))
            .await
            .expect("a scratch database");
        scratch.clean().await.expect("clean");
        drop(scratch);
        // The contract's database may be unreachable: pull requests from forks get no secrets.
        for unreachable in ["postgres://u:p@127.0.0.1:1/db", "nonsense"] {
            drop(
                setup(INSERT, "")
                    .open_beside(Some(world.url().as_str()), Some(unreachable))
                    .await
                    .expect("a scratch database"),
            );
        }
    });
}

#[test]
fn one_variable_cannot_hold_both_databases() {
    in_a_world(async |world| {
        let setup = setup(INSERT, "  database: { url_env: DATABASE_URL }\n");
        assert_error_text(
            setup.open(&world.url()).await,
            &[
                "from the same variable, `DATABASE_URL`",
                "name another variable",
            ],
        );
    });
}

#[test]
fn a_remote_database_needs_allow_remote() {
    in_a_world(async |_| {
        for host in ["db.example.com", "8.8.8.8", "[2001:db8::1]"] {
            let url = format!("postgres://u:secret-canary@{host}/db");
            let result = setup(INSERT, "").open_beside(Some(&url), None).await;
            assert_error_text(
                result,
                &[
                    "`REHEARSAL_DATABASE_URL` points to `",
                    "neither this machine nor on its network",
                    "allow_remote: true",
                ],
            );
        }
        // With it, the connection is tried.
        let url = "postgres://u:secret-canary@no-such-host.invalid/db";
        let result = setup(INSERT, "  allow_remote: true\n")
            .open_beside(Some(url), None)
            .await;
        assert_error_text(
            result,
            &["no connection to the database at `no-such-host.invalid:5432`"],
        );
    });
}

#[test]
fn localhost_in_a_container_action_is_explained() {
    in_a_world(async |_| {
        let setup = setup(INSERT, "");
        let url = secrecy::SecretString::from("postgres://u:secret-canary@localhost:1/db");
        let result = prodverdict::scratch::Scratch::open(prodverdict::scratch::ScratchOptions {
            url: Some(&url),
            rehearsal: &setup.rehearsal,
            contract: &setup.contract,
            contract_url: None,
            in_container_action: true,
        })
        .await;
        assert_error_text(
            result,
            &[
                "inside a container action that is the container itself",
                "label of the service container",
            ],
        );
    });
}

#[test]
fn existing_accounts_need_allow_rows() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        world.run("insert into users (id, email) values ('u1', 'alice@example.com'), ('u2', 'bob@example.com')").await;
        assert_error_text(
            setup(INSERT, "").open(&world.url()).await,
            &[
                "table `users` of the scratch database contains 2 rows that no rehearsal created",
                "`allow_rows: true`",
            ],
        );
        assert_untouched(&world).await;
        // A query has no table name, so the tables that `account.sql` writes to are counted.
        let query = "query: \"select id, null as customer_id, true as has_paid_access from users\"";
        assert_error_text(
            setup_reading(query, INSERT, "").open(&world.url()).await,
            &["table `users` of the scratch database contains 2 rows"],
        );
        let scratch = setup(INSERT, "  allow_rows: true\n")
            .open(&world.url())
            .await
            .expect("allowed");
        scratch
            .add_account(&seed("trial", None))
            .await
            .expect("an account");
        scratch.clean().await.expect("clean");
        assert_eq!(
            lines(&world, "select id from users order by id").await,
            ["u1", "u2"]
        );
        assert_untouched(&world).await;
    });
}

#[test]
fn a_database_with_too_many_rows_is_refused() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        world.run("insert into events (event_id) select 'evt_' || n from generate_series(1, 20001) as n").await;
        assert_error_text(
            setup(INSERT, "").open(&world.url()).await,
            &[
                "`events` of the scratch database contains more than 20000 rows",
                "little more",
            ],
        );
        assert_untouched(&world).await;
    });
}

#[test]
fn a_second_rehearsal_is_refused() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        let first = setup(INSERT, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        assert_error_text(
            setup(INSERT, "").open(&world.url()).await,
            &[
                "another rehearsal is using the database of `REHEARSAL_DATABASE_URL`",
                "its own database",
            ],
        );
        first.clean().await.expect("clean");
    });
}

#[test]
fn a_database_that_is_only_read_is_refused() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        let role = world.role("reader", "superuser").await;
        world
            .run(&format!(
                "alter role {role} set default_transaction_read_only = on"
            ))
            .await;
        assert_error_text(
            setup(INSERT, "").open(&world.url_of(&role)).await,
            &["is a replica or read-only"],
        );
    });
}

#[test]
fn rows_that_a_policy_hides_are_not_overlooked() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        let role = world.role("app", "nosuperuser").await;
        world
            .run(&format!(
                "grant all on all tables in schema public to {role}; alter table users enable row level security; \
                 create policy own on users using (id = 'u1')"
            ))
            .await;
        assert_error_text(
            setup(INSERT, "").open(&world.url_of(&role)).await,
            &["row-level security hides rows", "`bypassrls`"],
        );
    });
}
