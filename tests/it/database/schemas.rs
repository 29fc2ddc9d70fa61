//! The schemas in which tables are searched: `schema` in the URL as Prisma means it, and search paths.

use super::world::{ReadAccounts as _, World, error_text, in_a_world, lines, query, table};

const TWO_SCHEMAS: &str = "create schema app; create schema \"My App\"; \
    create table public.users (id text, stripe_customer_id text, has_paid_access boolean); \
    create table app.users (like public.users); create table \"My App\".users (like public.users); \
    insert into public.users values ('old', 'cus_1', true); insert into app.users values ('new', 'cus_1', false); \
    insert into \"My App\".users values ('mine', 'cus_1', false)";

async fn read(world: &World, parameters: &str) -> Result<Vec<String>, String> {
    let mut url = world.url();
    url.set_query(Some(parameters));
    match world.read_as(&url, &table("users", &[])).await {
        Ok(facts) => Ok(lines(&facts)),
        error => Err(error_text(error)),
    }
}

#[test]
fn tables_are_searched_in_the_schema_of_the_url() {
    in_a_world(async |world| {
        world.run(TWO_SCHEMAS).await;
        for (parameters, line) in [
            ("", "old|cus_1|t|"),
            ("schema=public", "old|cus_1|t|"),
            ("schema=app", "new|cus_1|f|"),
            (
                "pgbouncer=true&schema=app&connection_limit=1",
                "new|cus_1|f|",
            ),
            ("schema=My%20App", "mine|cus_1|f|"),
            ("search_path=app", "new|cus_1|f|"),
            ("search_path=app,public", "new|cus_1|f|"),
            ("search_path=%22My%20App%22,app", "mine|cus_1|f|"),
            ("currentSchema=app", "new|cus_1|f|"),
            ("options=-c%20search_path%3Dapp", "new|cus_1|f|"),
            ("options[search_path]=app", "new|cus_1|f|"),
            (
                "options=-c%20search_path%3Dpublic&schema=app",
                "new|cus_1|f|",
            ),
            (
                "supa=base-pooler.x&workaround=supabase-pooler.vercel",
                "old|cus_1|t|",
            ),
        ] {
            assert_eq!(
                read(&world, parameters).await,
                Ok(vec![line.to_owned()]),
                "{parameters}"
            );
        }
    });
}

#[test]
fn a_query_searches_tables_in_the_schema_of_the_url() {
    in_a_world(async |world| {
        world.run(TWO_SCHEMAS).await;
        let mut url = world.url();
        url.set_query(Some("schema=app"));
        let settings =
            query("select id, stripe_customer_id, has_paid_access, null as plan from users");
        let facts = world.read_as(&url, &settings).await.unwrap();
        assert_eq!(lines(&facts), ["new|cus_1|f|"]);
    });
}

#[test]
fn a_schema_without_the_table_is_an_error_that_names_another() {
    in_a_world(async |world| {
        world
            .run("create schema app; create table app.users (id text)")
            .await;
        for schema in ["no_such_schema", "APP", "public", "pg_catalog"] {
            let error = read(&world, &format!("schema={schema}")).await.unwrap_err();
            assert!(
                error.contains("there is no table `users`"),
                "{schema}: {error}"
            );
            assert!(
                error.contains("did you mean `app.users`?"),
                "{schema}: {error}"
            );
        }
    });
}

#[test]
fn a_parameter_that_is_not_known_is_named() {
    in_a_world(async |world| {
        world.run(TWO_SCHEMAS).await;
        for name in ["role", "service", "replication", "Schema", "no_such_one"] {
            let error = read(&world, &format!("{name}=app")).await.unwrap_err();
            assert!(
                error.contains(&format!("its parameter `{name}` is unknown")),
                "{error}"
            );
        }
    });
}
