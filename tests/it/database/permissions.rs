//! Permissions of the role: too few are explained, too many cause warnings, and nothing is ever written.

use prodverdict::{contract::Field, database};
use testing::database::PASSWORD;

use super::world::{
    ReadAccounts as _, World, error_text, in_a_world, lines, query, secret, sql, table,
};

async fn users(world: &World) {
    world
        .run(
            "create table users (id text, stripe_customer_id text, has_paid_access boolean); \
             insert into users values ('u1', 'cus_1', true)",
        )
        .await;
}

#[test]
fn a_missing_grant_is_named() {
    in_a_world(async |world| {
        users(&world).await;
        world
            .run("create schema app; create table app.plans (id text)")
            .await;
        let role = world.role("reader", "").await;
        let url = world.url_of(&role);
        let error = error_text(world.read_as(&url, &table("users", &[])).await);
        assert!(
            error.contains("permission denied for table users")
                && error.contains(&format!("grant select on public.users to \"{role}\"")),
            "{error}"
        );
        let error = error_text(
            world
                .read_as(
                    &url,
                    &query(
                        "select id, stripe_customer_id, has_paid_access, null as plan from users",
                    ),
                )
                .await,
        );
        assert!(
            error.contains(&format!("grant select on public.users to \"{role}\"")),
            "{error}"
        );
        let error = error_text(world.read_as(&url, &table("app.plans", &[])).await);
        assert!(
            error.contains("permission denied for schema app"),
            "{error}"
        );
    });
}

#[test]
fn a_role_that_only_reads_gets_no_warning() {
    in_a_world(async |world| {
        users(&world).await;
        let role = world.role("reader", "").await;
        world.run(&format!("grant select on users to {role}")).await;
        let facts = world
            .read_as(&world.url_of(&role), &table("users", &[]))
            .await
            .unwrap();
        assert_eq!(lines(&facts), ["u1|cus_1|t|"]);
        assert!(facts.warnings.is_empty());
    });
}

#[test]
fn columns_that_are_granted_alone_are_enough() {
    in_a_world(async |world| {
        users(&world).await;
        let role = world.role("reader", "").await;
        world
            .run(&format!(
                "grant select (id, stripe_customer_id, has_paid_access) on users to {role}"
            ))
            .await;
        let facts = world
            .read_as(&world.url_of(&role), &table("users", &[]))
            .await
            .unwrap();
        assert_eq!(lines(&facts), ["u1|cus_1|t|"]);
    });
}

#[test]
fn a_role_that_can_write_is_a_warning() {
    in_a_world(async |world| {
        users(&world).await;
        let role = world.role("writer", "").await;
        for grant in [
            "update",
            "insert",
            "delete",
            "truncate",
            "update (has_paid_access)",
        ] {
            world
                .run(&format!(
                    "revoke all on users from {role}; grant select, {grant} on users to {role}"
                ))
                .await;
            let facts = world
                .read_as(&world.url_of(&role), &table("users", &[]))
                .await
                .unwrap();
            let [warning] = facts.warnings.as_slice() else {
                panic!("{grant}: {:?}", facts.warnings);
            };
            assert!(
                warning.text.contains(&role) && warning.text.contains("can write public.users")
            );
            assert!(
                warning
                    .hint
                    .contains("grant select on public.users to prodverdict")
            );
        }
        let facts = world.read(&table("users", &[])).await.unwrap();
        assert!(facts.warnings[0].text.contains("is a superuser"));
    });
}

#[test]
fn the_sql_of_the_warning_makes_a_role_that_reads_the_same() {
    in_a_world(async |world| {
        users(&world).await;
        world
            .run("alter table users enable row level security")
            .await;
        let facts = world.read(&table("users", &[])).await.unwrap();
        let role = format!("{}_advised", world.name);
        let advice = facts.warnings[0]
            .hint
            .split_once(": ")
            .unwrap()
            .1
            .replace("prodverdict ", &format!("{role} "))
            .replace("prodverdict;", &format!("{role};"))
            .replace('…', PASSWORD);
        world.run(&advice).await;
        let advised = world
            .read_as(&world.url_of(&role), &table("users", &[]))
            .await
            .unwrap();
        assert_eq!(advised.accounts, facts.accounts);
        assert!(advised.warnings.is_empty());
    });
}

#[test]
fn nothing_is_ever_written() {
    in_a_world(async |world| {
        users(&world).await;
        world
            .run(
                "create sequence counter; create function sneak() returns boolean language plpgsql volatile as \
                 $$ begin update users set has_paid_access = false; return true; end $$; \
                 create function sneakier() returns boolean language plpgsql volatile as \
                 $$ begin perform set_config('transaction_read_only', 'off', true); \
                 update users set has_paid_access = false; return true; end $$",
            )
            .await;
        for expression in [
            "sneak()",
            "sneakier()",
            "nextval('counter') > 0",
            "set_config('transaction_read_only', 'off', true) = 'off' and sneak()",
        ] {
            let settings = table("users", &[(Field::HasPaidAccess, sql(expression))]);
            let error = error_text(world.read(&settings).await);
            assert!(
                error.contains("read-only") || error.contains("read-write"),
                "{expression}: {error}"
            );
        }
        for statement in [
            "with gone as (delete from users returning *) select *, null as plan from gone",
            "update users set has_paid_access = false returning id, stripe_customer_id, has_paid_access, null as plan",
            "select id, stripe_customer_id, has_paid_access, null as plan from users for update",
            "select 1 as id; commit; delete from users",
            "select 1) as accounts; commit; delete from users; --",
            "delete from users",
            "drop table users",
            "commit",
        ] {
            error_text(world.read(&query(statement)).await);
        }
        let facts = world.read(&table("users", &[])).await.unwrap();
        assert_eq!(lines(&facts), ["u1|cus_1|t|"]);
    });
}

#[test]
fn privileges_beyond_a_read_only_transaction_are_found() {
    in_a_world(async |world| {
        let settings = table("users", &[]);
        let excess_privilege = async |url: &url::Url| {
            let found = database::excess_privilege(&secret(url), &settings, false).await;
            found.expect("asked").map(|found| found.privilege)
        };
        assert_eq!(
            excess_privilege(&world.url()).await.as_deref(),
            Some("is a superuser")
        );
        let plain = world.role("plain", "bypassrls createdb").await;
        assert_eq!(excess_privilege(&world.url_of(&plain)).await, None);
        let replicates = world.role("replicates", "replication").await;
        let url = world.url_of(&replicates);
        assert_eq!(
            excess_privilege(&url).await.as_deref(),
            Some("has REPLICATION")
        );
        let reader = world.role("files", "noinherit").await;
        let grant = format!("grant pg_read_server_files, pg_execute_server_program to {reader}");
        world.run(&grant).await;
        let url = world.url_of(&reader);
        assert_eq!(
            excess_privilege(&url).await.as_deref(),
            Some("has pg_execute_server_program and pg_read_server_files")
        );
        // Roles that it can switch to count, and so does the one from which it switched to a weaker role.
        world.run(&format!("grant postgres to {plain}")).await;
        let url = world.url_of(&plain);
        assert_eq!(
            excess_privilege(&url).await.as_deref(),
            Some("is a superuser")
        );
        let mut weaker = world.url();
        weaker.set_query(Some(&format!("options=-c%20role%3D{replicates}")));
        assert_eq!(
            excess_privilege(&weaker).await.as_deref(),
            Some("is a superuser")
        );
    });
}
