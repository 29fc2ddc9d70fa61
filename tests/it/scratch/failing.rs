//! Injected write failures: they happen once, only for the intended account, and leave nothing behind.

use prodverdict::scratch::Writes;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;

use super::world::{INSERT, TABLES, World, in_a_world, lines, opened, seed, setup, tokens};

/// Returns the result of the application's write: nothing, or the server's error code.
async fn write(url: &Url, sql: &str) -> Result<(), String> {
    let mut connection = PgConnection::connect(url.as_str())
        .await
        .expect("the test server");
    let result = connection.execute(AssertSqlSafe(sql.to_owned())).await;
    let code = |error: sqlx::Error| {
        let server = error.into_database_error().expect("the server's word");
        server.code().unwrap_or_default().into_owned()
    };
    result.map(|_| ()).map_err(code)
}

const FULL: &str = "53100";

#[test]
fn the_nth_write_fails_and_the_ones_after_it_pass() {
    in_a_world(async |world| {
        let scratch = opened(&world).await;
        let url = world.url();
        for name in ["trial", "other"] {
            scratch
                .add_account(&seed(name, None))
                .await
                .expect("an account");
        }
        let failure = scratch
            .fail_write(&tokens(&["trial", "cus_1"]), 2)
            .await
            .expect("armed");
        write(
            &url,
            "update users set has_paid_access = true where id = 'other'",
        )
        .await
        .expect("not meant");
        write(
            &url,
            "insert into subscriptions values ('sub_1', 'trial', 'active')",
        )
        .await
        .expect("the first");
        write(
            &url,
            "insert into subscriptions values ('sub_1', 'trial', 'active') on conflict do nothing",
        )
        .await
        .expect("no write");
        assert_eq!(
            failure.writes().await.expect("counted"),
            Writes {
                tried: 1,
                failed: false
            }
        );
        let both = "begin; insert into events (event_id, body) values ('evt_1', '\"none\"'); \
             update users set stripe_customer_id = 'cus_1' where id = 'trial'; commit";
        assert_eq!(write(&url, both).await, Err(FULL.to_owned()));
        assert!(
            lines(&world, "select event_id from events")
                .await
                .is_empty(),
            "rolled back"
        );
        write(&url, both).await.expect("the second try");
        write(&url, "delete from subscriptions")
            .await
            .expect("later ones");
        assert_eq!(
            failure.end().await.expect("ended"),
            Writes {
                tried: 4,
                failed: true
            }
        );
        write(
            &url,
            "update users set stripe_customer_id = null where id = 'trial'",
        )
        .await
        .expect("ended");
        scratch.clean().await.expect("clean");
        write(&url, "insert into users (id, email) values ('trial', 'x')")
            .await
            .expect("clean");
    });
}

#[test]
fn failures_side_by_side_do_not_touch_each_other() {
    in_a_world(async |world| {
        let scratch = opened(&world).await;
        let url = world.url();
        let names: Vec<String> = (0..8).map(|number| format!("account-{number}")).collect();
        for name in &names {
            scratch
                .add_account(&seed(name, None))
                .await
                .expect("an account");
        }
        let rounds = names.iter().map(|name| {
            let (scratch, url) = (&scratch, &url);
            async move {
                let failure = scratch
                    .fail_write(&tokens(&[name]), 1)
                    .await
                    .expect("armed");
                let update = format!("update users set has_paid_access = true where id = '{name}'");
                assert_eq!(write(url, &update).await, Err(FULL.to_owned()), "{name}");
                write(url, &update).await.expect("the second try");
                failure.end().await.expect("ended")
            }
        });
        for writes in futures::future::join_all(rounds).await {
            assert_eq!(
                writes,
                Writes {
                    tried: 2,
                    failed: true
                }
            );
        }
        scratch.clean().await.expect("clean");
    });
}

/// Creates an application whose role owns nothing, with partitions, in another schema.
async fn guarded_world(world: &World) -> Url {
    world.run(TABLES).await;
    let role = world.role("app", "nosuperuser").await;
    world
        .run(&format!(
            "create schema billing; create table billing.log (n int, owner text, primary key (n)) partition by range (n); \
             create table billing.log_1 partition of billing.log for values from (0) to (10); \
             grant usage on schema billing to {role}; grant all on all tables in schema public, billing to {role}"
        ))
        .await;
    world.url_of(&role)
}

#[test]
fn the_applications_role_needs_no_privileges() {
    in_a_world(async |world| {
        let url = guarded_world(&world).await;
        let scratch = setup(INSERT, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        let failure = scratch
            .fail_write(&tokens(&["usr_somebody"]), 1)
            .await
            .expect("armed");
        let insert = "insert into billing.log values (1, 'usr_somebody')";
        assert_eq!(write(&url, insert).await, Err(FULL.to_owned()));
        write(&url, insert).await.expect("the second try");
        assert_eq!(
            failure.end().await.expect("ended"),
            Writes {
                tried: 2,
                failed: true
            }
        );
        // A write directly to the partition fails too.
        let failure = scratch
            .fail_write(&tokens(&["usr_somebody"]), 1)
            .await
            .expect("armed");
        assert_eq!(
            write(&url, "insert into billing.log_1 values (2, 'usr_somebody')").await,
            Err(FULL.to_owned())
        );
        assert!(failure.end().await.expect("ended").failed);
        scratch.clean().await.expect("clean");
        let left = "select tgname::text from pg_trigger where tgname like 'prodverdict%'";
        assert!(lines(&world, left).await.is_empty());
    });
}
