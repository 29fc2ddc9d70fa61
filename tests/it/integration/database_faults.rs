//! Failures of the database during a read: the findings stay the same, or there is no verdict.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use fake_stripe::{Status, Subscription, World};
use testing::{database::Database, program::ProgramOutput};

use super::live::{Live, NOW, contract};

/// Alice pays and has no access; `rows` more accounts are correct.
fn live(rows: u32) -> Live {
    let mut world = World::new(NOW);
    world.subscription(Subscription::new("cus_alice", Status::Active).price("price_pro"));
    let database = Database::of_users("('usr_alice', 'cus_alice', false, null)");
    database.run(&format!(
        "insert into users select 'usr_' || n, null, false, null from generate_series(1, {rows}) n"
    ));
    Live::new(world, database, &contract(&[]))
}

/// Starts a proxy that breaks a connection once the server has sent this many bytes on it.
fn breaking_after(bytes: usize, live: &Live) -> u16 {
    let server = live.database.url_of("reader");
    let address = (
        server.host_str().expect("a host").to_owned(),
        server.port().expect("a port"),
    );
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (
                client.expect("a client"),
                TcpStream::connect(&address).expect("the server"),
            );
            let (mut from_client, mut to_server) = (
                client.try_clone().expect("a clone"),
                server.try_clone().expect("a clone"),
            );
            thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
            thread::spawn(move || pass(server, client, bytes));
        }
    });
    port
}

fn pass(mut server: TcpStream, mut client: TcpStream, bytes: usize) {
    let mut left = bytes;
    let mut buffer = [0; 8192];
    while left > 0
        && let Ok(read @ 1..) = server.read(&mut buffer)
    {
        let part = read.min(left);
        if client.write_all(&buffer[..part]).is_err() {
            break;
        }
        left -= part;
    }
    for end in [&server, &client] {
        end.shutdown(Shutdown::Both).ok();
    }
}

#[test]
fn a_server_that_stops_in_the_middle_leaves_no_verdict() {
    let live = live(20_000);
    for bytes in [300_000, 30_000, 2_000] {
        let mut url = live.database.url_of("reader");
        url.set_port(Some(breaking_after(bytes, &live)))
            .expect("a port");
        let ran = live.run(
            live.program("check access")
                .variable("DATABASE_URL", url.as_str()),
        );
        let ran = ran.unanswered();
        assert!(!ran.all().contains("usr_alice"), "{bytes}: {ran:#?}");
        assert!(ran.stdout.contains("fix: "), "{bytes}: {ran:#?}");
    }
    live.check().with_status(1).says(&["[HIGH] user:usr_alice"]);
}

/// The key of the lock that stops the read.
const LOCK: u32 = 7;

/// Runs a check whose database stops after three quarters of its rows, and `meanwhile` at that point.
fn check_stopped(live: &Live, meanwhile: impl FnOnce() + Send) -> ProgramOutput {
    let row = format!("(select true from pg_advisory_xact_lock({LOCK}))");
    let condition = format!("where: \"case when users.id = 'usr_15000' then {row} else true end\"");
    live.configure(&contract(&[]).replace(
        "      columns:",
        &format!("      {condition}\n      columns:"),
    ));
    let lock = live
        .database
        .hold(&format!("select pg_advisory_lock({LOCK})"));
    thread::scope(|scope| {
        scope.spawn(move || {
            live.database.until(&format!(
                "select exists (select from pg_locks where locktype = 'advisory' and objid = {LOCK} and not granted \
                 and database = (select oid from pg_database where datname = current_database()))"
            ));
            meanwhile();
            drop(lock);
        });
        live.json()
    })
}

#[test]
fn a_backend_that_is_terminated_in_the_middle_leaves_no_verdict() {
    let live = live(20_000);
    let role = live.database.url_of("reader").username().to_owned();
    let terminate =
        format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{role}'");
    let ran = check_stopped(&live, || {
        live.database.run(&terminate);
        live.database.until(&format!(
            "select not exists (select from pg_stat_activity where usename = '{role}')"
        ));
    });
    let ran = ran.with_status(2);
    assert_eq!(ran.json()["verdict"], "error");
    assert!(!ran.all().contains("usr_"), "{ran:#?}");
    ran.says(&["connection to the database was lost"]);
}

#[test]
fn a_table_that_grows_while_it_is_read_is_read_as_it_was() {
    let live = live(20_000);
    let add = |name: &str| {
        live.database.run(&format!(
            "insert into users select 'usr_{name}_' || n, 'cus_{name}_' || n, true, null from generate_series(1, 3) n"
        ));
    };
    add("before");
    let ran = check_stopped(&live, || {
        add("while");
        live.database
            .run("update users set has_paid_access = true, stripe_customer_id = 'cus_nobody'");
    });
    // Each account present at the start is judged by its old values, and none twice.
    let ran = ran.with_status(1);
    assert_eq!(ran.json()["summary"]["accounts"], 20_004);
    assert_eq!(
        ran.findings(),
        [
            "revenue-leak user:usr_alice",
            "no-subscription user:usr_before_1",
            "no-subscription user:usr_before_2",
            "no-subscription user:usr_before_3",
        ]
    );
}

#[test]
fn ids_that_differ_in_case_alone_are_two_accounts() {
    let mut world = World::new(NOW);
    for customer in ["cus_a", "cus_A"] {
        world.subscription(Subscription::new(customer, Status::Active).price("price_pro"));
    }
    let rows = "('usr_a', 'cus_a', true, null), ('USR_A', 'cus_A', true, null), ('usr_A', 'cus_A ', true, null)";
    let live = Live::new(world, Database::of_users(rows), &contract(&[]));
    let ran = live.json().with_status(1);
    // With a trailing space, it is another customer.
    assert_eq!(ran.findings(), ["no-subscription user:usr_A"]);
    assert_eq!(ran.json()["summary"]["accounts"], 3);
}

#[test]
fn an_id_of_a_megabyte_is_judged_and_not_repeated_in_full() {
    let live = live(3);
    live.database
        .run("insert into users values (repeat('x', 1000000), 'cus_nobody', true, null)");
    let ran = live.check().with_status(1);
    assert!(ran.stdout.contains("[HIGH] user:usr_alice"));
    assert!(ran.stdout.contains("[HIGH] user:xxx"), "it is judged");
    assert!(ran.stdout.len() < 100_000, "{} bytes", ran.stdout.len());
    let ran = live.json().with_status(1);
    assert_eq!(ran.findings().len(), 2);
}
