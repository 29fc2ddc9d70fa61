//! Row-level security: it hides rows silently, so the reader has to notice.

use prodverdict::{config::DatabaseSettings, contract::Field};

use super::world::{
    ReadAccounts as _, World, column, error_text, in_a_world, lines, query, sql, table, with,
};

/// Creates accounts that anyone may see, and subscriptions that a policy guards.
async fn guarded(world: &World, grantee: &str) {
    world
        .run(&format!(
            "create table users (id text, stripe_customer_id text, has_paid_access boolean); \
             insert into users values ('u1', 'cus_1', true); \
             create table subscriptions (user_id text, plan text); insert into subscriptions values ('u1', 'pro'); \
             alter table subscriptions enable row level security; \
             grant select on all tables in schema public to {grantee}"
        ))
        .await;
}

fn joined() -> DatabaseSettings {
    let settings = table("users", &[(Field::Plan, column("plan"))]);
    let join = "left join subscriptions s on s.user_id = users.id";
    with(settings, Some(join), None)
}

#[track_caller]
fn assert_stopped(error: &str, role: &str) {
    assert!(
        error.contains("row-level security hides rows of `public.subscriptions`")
            && error.contains(&format!("alter role \"{role}\" bypassrls"))
            && error
                .contains("create policy prodverdict_read on public.subscriptions for select to"),
        "{error}"
    );
}

#[test]
fn a_guarded_table_stops_the_reading_wherever_it_is_named() {
    in_a_world(async |world| {
        let role = world.role("reader", "").await;
        guarded(&world, &role).await;
        world
            .run(&format!(
                "create table plain (id text, stripe_customer_id text, has_paid_access boolean); \
                 create view invoker with (security_invoker = true) as select user_id as id, plan, 'cus' as customer_id, true as has_paid_access from subscriptions; \
                 create function plans() returns setof subscriptions language sql stable as 'select * from subscriptions'; \
                 grant select on all tables in schema public to {role}"
            ))
            .await;
        let url = world.url_of(&role);
        for settings in [
            joined(),
            with(
                table("users", &[]),
                None,
                Some("exists (select from subscriptions)"),
            ),
            with(
                table("users", &[]),
                None,
                Some("false and id in (select user_id from subscriptions)"),
            ),
            query(
                "select user_id as id, 'c' as customer_id, true as has_paid_access, plan from subscriptions",
            ),
            query("select * from invoker"),
            query(
                "select user_id as id, 'c' as customer_id, true as has_paid_access, plan from plans()",
            ),
            query(
                "with s as (select * from subscriptions) select user_id as id, 'c' as customer_id, true as has_paid_access, plan from s",
            ),
        ] {
            assert_stopped(&error_text(world.read_as(&url, &settings).await), &role);
        }
        // The check precedes the read of any row.
        let meaningless = [
            (Field::Plan, column("plan")),
            (Field::HasPaidAccess, sql("'what'")),
        ];
        let join = "left join subscriptions s on s.user_id = users.id";
        let settings = with(table("users", &meaningless), Some(join), None);
        assert_stopped(&error_text(world.read_as(&url, &settings).await), &role);
        // The tables without policies are read as always.
        let facts = world.read_as(&url, &table("users", &[])).await.unwrap();
        assert_eq!(lines(&facts), ["u1|cus_1|t|"]);
    });
}

#[test]
fn a_role_exempt_from_policies_reads_everything() {
    in_a_world(async |world| {
        let role = world.role("free", "bypassrls").await;
        guarded(&world, &role).await;
        let facts = world
            .read_as(&world.url_of(&role), &joined())
            .await
            .unwrap();
        assert_eq!(lines(&facts), ["u1|cus_1|t|pro"]);
        assert_eq!(
            lines(&world.read(&joined()).await.unwrap()),
            ["u1|cus_1|t|pro"]
        );

        let owner = world.role("owner", "").await;
        world
            .run(&format!(
                "alter table users owner to {owner}; alter table subscriptions owner to {owner}"
            ))
            .await;
        let url = world.url_of(&owner);
        assert_eq!(
            lines(&world.read_as(&url, &joined()).await.unwrap()),
            ["u1|cus_1|t|pro"]
        );
        world
            .run("alter table subscriptions force row level security")
            .await;
        assert_stopped(&error_text(world.read_as(&url, &joined()).await), &owner);
    });
}

#[test]
fn the_policy_suggested_by_the_error_is_enough() {
    in_a_world(async |world| {
        let role = world.role("reader", "").await;
        guarded(&world, &role).await;
        let url = world.url_of(&role);
        let error = error_text(world.read_as(&url, &joined()).await);
        let policy = error
            .split('`')
            .find(|part| part.starts_with("create policy"))
            .unwrap();
        world.run(policy).await;
        assert_eq!(
            lines(&world.read_as(&url, &joined()).await.unwrap()),
            ["u1|cus_1|t|pro"]
        );

        // A restrictive policy in addition hides rows again.
        world
            .run("create policy narrow on subscriptions as restrictive for select using (plan = 'free')")
            .await;
        assert_stopped(&error_text(world.read_as(&url, &joined()).await), &role);
    });
}

#[test]
fn a_policy_for_others_or_for_some_rows_is_not_enough() {
    in_a_world(async |world| {
        let role = world.role("reader", "").await;
        let other = world.role("other", "").await;
        guarded(&world, &role).await;
        world
            .run(&format!(
                "create policy a on subscriptions for select to {other} using (true); \
                 create policy b on subscriptions for select using (user_id = current_user); \
                 create policy c on subscriptions for update using (true)"
            ))
            .await;
        assert_stopped(
            &error_text(world.read_as(&world.url_of(&role), &joined()).await),
            &role,
        );
    });
}

#[test]
fn under_a_view_the_views_owner_is_the_one_who_reads() {
    in_a_world(async |world| {
        let reader = world.role("reader", "").await;
        let bound = world.role("bound", "").await;
        guarded(&world, &bound).await;
        world
            .run(&format!(
                "create view seen as select user_id as id, 'c' as customer_id, true as has_paid_access, plan from subscriptions; \
                 grant select on seen to {reader}"
            ))
            .await;
        let seen = query("select * from seen");
        let url = world.url_of(&reader);
        // The superuser who owns the view sees all rows, and so does everyone who reads through it.
        assert_eq!(
            lines(&world.read_as(&url, &seen).await.unwrap()),
            ["u1|c|t|pro"]
        );

        world
            .run(&format!("alter view seen owner to {bound}"))
            .await;
        let error = error_text(world.read_as(&url, &seen).await);
        assert!(
            error.contains("public.subscriptions") && error.contains(&bound),
            "{error}"
        );
        // Bypassing the policies oneself does not help there.
        let free = world.role("free", "bypassrls").await;
        world.run(&format!("grant select on seen to {free}")).await;
        let error = error_text(world.read_as(&world.url_of(&free), &seen).await);
        assert!(
            error.contains("public.subscriptions") && error.contains(&bound),
            "{error}"
        );
    });
}

#[test]
fn tables_read_by_a_function_as_its_owner_are_checked_too() {
    in_a_world(async |world| {
        let role = world.role("free", "bypassrls").await;
        let bound = world.role("bound", "").await;
        guarded(&world, &bound).await;
        world
            .run(&format!(
                "create function plan_of(who text) returns text language plpgsql stable security definer as \
                 $$ begin return (select plan from subscriptions where user_id = who); end $$; \
                 alter function plan_of owner to {bound}; grant select on users to {role}"
            ))
            .await;
        let settings = table("users", &[(Field::Plan, sql("plan_of(id)"))]);
        let error = error_text(world.read_as(&world.url_of(&role), &settings).await);
        assert!(
            error.contains("public.subscriptions") && error.contains(&bound),
            "{error}"
        );
    });
}

#[test]
fn partitions_keep_to_the_policies_of_their_parent() {
    in_a_world(async |world| {
        let role = world.role("reader", "").await;
        world
            .run(&format!(
                "create table users (id int, stripe_customer_id text, has_paid_access boolean) partition by range (id); \
                 create table low partition of users for values from (0) to (10); \
                 alter table low enable row level security; insert into users values (1, 'cus_1', true); \
                 grant select on users, low to {role}"
            ))
            .await;
        let url = world.url_of(&role);
        let settings = table("users", &[]);
        assert_eq!(
            lines(&world.read_as(&url, &settings).await.unwrap()),
            ["1|cus_1|t|"]
        );
        world
            .run("alter table users enable row level security")
            .await;
        let error = error_text(world.read_as(&url, &settings).await);
        assert!(error.contains("`public.users`"), "{error}");
    });
}
