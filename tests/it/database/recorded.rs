//! The same table read live and from recorded rows: the results are the same.

use std::{fmt::Write as _, fs, path::Path};

use prodverdict::{
    config::{AccountsQuery, DatabaseSettings},
    contract::Field,
    database::DatabaseFacts,
    sources::{self, FixtureFiles, RecordedAccounts},
};

use sqlx::AssertSqlSafe;

use super::world::{ReadAccounts as _, World, column, in_a_world, one_of, table};

/// Records the rows of a table as people do, with Postgres's own JSON, and reads them.
async fn recorded(world: &World, settings: &DatabaseSettings, name: &str) -> RecordedAccounts {
    let query = format!("select json_agg(row_to_json(t) order by id)::text from {name} t");
    let rows: String = sqlx::query_scalar(AssertSqlSafe(query))
        .fetch_one(&mut world.connection().await)
        .await
        .expect("rows");
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("db")).expect("a folder");
    fs::write(folder.path().join("db/users.json"), rows).expect("written");
    let recording = FixtureFiles::find(Some(folder.path()), Path::new("prodverdict.yml"));
    sources::accounts(&recording, settings, true).expect("read")
}

#[expect(
    clippy::use_debug,
    reason = "every field is compared, including later additions"
)]
fn shown(live: &DatabaseFacts, recorded: &RecordedAccounts) -> (String, String) {
    let mut texts = (String::new(), String::new());
    let live = (&live.accounts, &live.mapped, &live.stored_words);
    let recorded = (&recorded.accounts, &recorded.mapped, &recorded.stored_words);
    write!(texts.0, "{live:#?}").expect("text");
    write!(texts.1, "{recorded:#?}").expect("text");
    texts
}

const TABLE: &str = "create table spaces (id int, customers text[], document jsonb, status text, plan text, seats int, \
    ends timestamp, renewed timestamptz, due date, apple boolean); \
    insert into spaces values \
    (1, '{cus_1b,cus_1}', '[\"cus_1\", null, \"\"]', 'ACTIVE', 'pro', 3, '2026-11-29 12:00:00', '2026-11-29 12:00:00+02', '2026-11-29', true), \
    (2, '{cus_2}', '\"cus_2\"', 'canceled', null, null, '2026-07-01 02:00:00.123456', '2026-07-01 02:00:00.999Z', '2026-03-29', false), \
    (3, '{}', '[]', null, '', 0, '2026-10-25 02:30:00', null, null, null), \
    (4, null, null, 'ACTIVE', ' pro', 1, '2026-03-29 02:30:00', 'infinity', null, null)";

#[test]
fn rows_are_read_the_same_way_live_and_recorded() {
    in_a_world(async |world| {
        world.run(TABLE).await;
        for zone in ["UTC", "Europe/Berlin", "America/New_York"] {
            for customers in ["customers", "document"] {
                let mut settings = table(
                    "spaces",
                    &[
                        (Field::CustomerId, column(customers)),
                        (Field::HasPaidAccess, one_of("status", &["ACTIVE"])),
                        (Field::Plan, column("plan")),
                        (Field::Seats, column("seats")),
                        (Field::PeriodEnd, column("ends")),
                        (Field::UpdatedAt, column("renewed")),
                        (Field::PastDueSince, column("due")),
                        (Field::PaidElsewhere, column("apple")),
                    ],
                );
                settings.timezone = zone.to_owned();
                let live = world.read(&settings).await.expect("read");
                let recorded = recorded(&world, &settings, "spaces").await;
                let (live, recorded) = shown(&live, &recorded);
                assert_eq!(live, recorded, "{zone}, {customers}");
            }
        }
    });
}

#[test]
fn a_query_is_read_the_same_way_live_and_recorded() {
    in_a_world(async |world| {
        world.run(TABLE).await;
        world
            .run("create view answers as select id, customers as customer_id, status = 'ACTIVE' as has_paid_access, plan, \
                  ends as past_due_since, apple as paid_elsewhere from spaces")
            .await;
        let mut settings = table("answers", &[]);
        settings.accounts = AccountsQuery::Query {
            sql: "select * from answers order by id".to_owned(),
        };
        let live = world.read(&settings).await.expect("read");
        let account = &live.accounts[0];
        let columns = account.columns.as_ref().expect("columns");
        assert!(columns.paid_elsewhere && columns.past_due_since.is_some());
        let recorded = recorded(&world, &settings, "answers").await;
        let (live, recorded) = shown(&live, &recorded);
        assert_eq!(live, recorded);
    });
}
