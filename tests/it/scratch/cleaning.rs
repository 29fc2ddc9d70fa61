//! Whatever a run created is removed afterwards, however it ended.

use super::world::{
    INSERT, TABLES, World, assert_error_text, in_a_world, lines, opened, seed, setup, tokens,
};

/// Lists every row of the usual tables.
async fn rows(world: &World) -> Vec<String> {
    lines(
        world,
        "select 'user ' || id from users union all select 'subscription ' || id from subscriptions \
         union all select 'event ' || event_id from events order by 1",
    )
    .await
}

async fn assert_nothing_of_ours(world: &World) {
    let left = "select nspname::text from pg_namespace where nspname like 'prodverdict%' \
         union all select tgname::text from pg_trigger where tgname like 'prodverdict%'";
    assert!(lines(world, left).await.is_empty());
}

/// The rows that an application writes for an account.
const WRITTEN: &str = "insert into subscriptions values ('sub_1', 'trial', 'active'); \
     insert into events (event_id) values ('evt_0001')";

#[test]
fn rows_are_removed_whatever_their_references() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        world
            .run(
                "create table a (id int primary key, b int, me int references a on delete restrict); \
                 create table b (id int primary key, a int references a on delete restrict); \
                 alter table a add foreign key (b) references b on delete restrict; \
                 create table c (id int primary key, a int not null references a on delete cascade); \
                 insert into a values (1, null, 1); insert into b values (1, 1); update a set b = 1; \
                 insert into c values (1, 1)",
            )
            .await;
        let scratch = setup(INSERT, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        scratch
            .add_account(&seed("trial", Some("cus_1")))
            .await
            .expect("an account");
        world.run(WRITTEN).await;
        world
            .run(
                "insert into a values (2, null, 1); insert into a values (3, null, 2); insert into b values (2, 3); \
                 update a set b = 2 where id = 2; insert into c values (2, 3), (3, 1)",
            )
            .await;
        scratch.clean().await.expect("clean");
        assert_eq!(rows(&world).await, Vec::<String>::new());
        let left = "select 'a' || id from a union all select 'b' || id from b union all select 'c' || id from c order by 1";
        assert_eq!(lines(&world, left).await, ["a1", "b1", "c1"]);
        assert_nothing_of_ours(&world).await;
        scratch.clean().await.expect("once more");
        // It can be used again, and is clean again afterwards.
        scratch
            .add_account(&seed("trial", Some("cus_1")))
            .await
            .expect("an account");
        let failure = scratch.fail_write(&tokens(&["trial"]), 1).await;
        drop(failure.expect("armed"));
        scratch.clean().await.expect("clean");
        assert_eq!(rows(&world).await, Vec::<String>::new());
        assert_nothing_of_ours(&world).await;
    });
}

#[test]
fn rows_written_by_the_applications_triggers_are_removed_too() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        world
            .run(
                "create table audit (id serial primary key, what text); \
                 create function log() returns trigger language plpgsql as $$ begin insert into audit (what) values (tg_op); \
                 return null; end $$; \
                 create trigger log after insert or delete on users for each row execute function log()",
            )
            .await;
        let scratch = setup(INSERT, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        scratch
            .add_account(&seed("trial", None))
            .await
            .expect("an account");
        scratch.clean().await.expect("clean");
        assert!(lines(&world, "select what from audit").await.is_empty());
    });
}

#[test]
fn a_table_that_fills_itself_is_reported() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        world
            .run(
                "create function again() returns trigger language plpgsql as $$ begin \
                 insert into events (event_id) values (md5(random()::text)); return null; end $$; \
                 create trigger again after delete on events for each row execute function again()",
            )
            .await;
        let scratch = setup(INSERT, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        world
            .run("insert into events (event_id) values ('evt_1')")
            .await;
        assert_error_text(
            scratch.clean().await,
            &["table `events` still receives new rows", "stop what writes"],
        );
    });
}

#[test]
fn existing_rows_stay_and_changed_ones_do_not_count_as_new() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        world
            .run(
                "insert into users (id, email) values ('u1', 'alice@example.com'); \
                 create table plans (name text); insert into plans values ('free'); create table log (line text)",
            )
            .await;
        let scratch = setup(INSERT, "  allow_rows: true\n")
            .open(&world.url())
            .await
            .expect("a scratch database");
        scratch
            .add_account(&seed("trial", None))
            .await
            .expect("an account");
        world
            .run("update users set has_paid_access = true where id = 'u1'; insert into plans values ('pro'); insert into log values ('x'), ('x')")
            .await;
        scratch.clean().await.expect("clean");
        assert_eq!(rows(&world).await, ["user u1"]);
        assert!(lines(&world, "select line from log").await.is_empty());
        // Existing rows without a key cannot be distinguished from new ones, and are left alone.
        assert_eq!(
            lines(&world, "select name from plans order by 1").await,
            ["free", "pro"]
        );
    });
}

#[test]
fn leftovers_of_a_killed_run_are_removed_at_the_next_start() {
    in_a_world(async |world| {
        let scratch = opened(&world).await;
        scratch
            .add_account(&seed("trial", Some("cus_00001")))
            .await
            .expect("an account");
        scratch.note(&tokens(&["evt_0001"])).await.expect("noted");
        world.run(WRITTEN).await;
        world
            .run("insert into events (event_id) values ('evt_9')")
            .await;
        let failure = scratch
            .fail_write(&tokens(&["cus_00001"]), 1)
            .await
            .expect("armed");
        drop(failure);
        // As if the run had been killed: no cleanup.
        drop(scratch);
        assert_eq!(rows(&world).await.len(), 4);

        let scratch = setup(INSERT, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        assert_eq!(
            rows(&world).await,
            ["event evt_9"],
            "only what is known to be ours"
        );
        let id = scratch
            .add_account(&seed("trial", Some("cus_00001")))
            .await
            .expect("the same account again");
        assert_eq!(id, "trial");
        scratch.clean().await.expect("clean");
        assert_nothing_of_ours(&world).await;
    });
}

#[test]
fn rows_with_generated_ids_are_cleaned_up() {
    in_a_world(async |world| {
        world
            .run(
                "create table users (id serial primary key, email text, stripe_customer_id text); \
                 create table subscriptions (id serial primary key, user_id int references users, status text); \
                 create table invoices (id serial primary key, subscription_id int references subscriptions); \
                 create table counters (id int primary key, name text); insert into counters values (1, 'one')",
            )
            .await;
        let account = "insert into users (email) values ({email}) returning id";
        let scratch = setup(account, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        let id = scratch
            .add_account(&seed("trial", None))
            .await
            .expect("an account");
        world
            .run(&format!(
                "insert into subscriptions (user_id) values ({id}); insert into invoices (subscription_id) values (1)"
            ))
            .await;
        drop(scratch);
        let scratch = setup(account, "")
            .open(&world.url())
            .await
            .expect("a scratch database");
        let left = "select 'user' from users union all select 'subscription' from subscriptions \
             union all select 'invoice' from invoices union all select name from counters";
        assert_eq!(lines(&world, left).await, ["one"]);
        scratch.clean().await.expect("clean");
    });
}

#[test]
fn a_role_that_may_only_write_rows_is_enough() {
    in_a_world(async |world| {
        world.run(TABLES).await;
        let role = world.role("app", "nosuperuser").await;
        world
            .run(&format!(
                "grant select, insert, update, delete on all tables in schema public to {role}; \
                 grant usage on all sequences in schema public to {role}"
            ))
            .await;
        let setup = setup(INSERT, "");
        let scratch = setup
            .open(&world.url_of(&role))
            .await
            .expect("a scratch database");
        scratch
            .add_account(&seed("trial", Some("cus_1")))
            .await
            .expect("an account");
        assert_error_text(
            scratch.fail_write(&tokens(&["trial"]), 1).await,
            &[
                "may not create triggers in the scratch database",
                "failing-write",
            ],
        );
        drop(scratch);
        let scratch = setup
            .open(&world.url_of(&role))
            .await
            .expect("a scratch database");
        assert_eq!(
            rows(&world).await,
            Vec::<String>::new(),
            "known by its e-mail address"
        );
        scratch
            .add_account(&seed("trial", None))
            .await
            .expect("an account");
        scratch.clean().await.expect("clean");
        assert_eq!(rows(&world).await, Vec::<String>::new());
        assert_nothing_of_ours(&world).await;
        // Without the right to delete, it reports an error.
        scratch
            .add_account(&seed("trial", None))
            .await
            .expect("an account");
        world
            .run(&format!("revoke delete on users from {role}"))
            .await;
        assert_error_text(
            scratch.clean().await,
            &["cannot be removed (42501)", "right to delete"],
        );
    });
}
