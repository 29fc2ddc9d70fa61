//! Servers that are not Postgres, and rejected certificates: the error messages must help.

use rcgen::{BasicConstraints, IsCa, date_time_ymd};

use super::{
    connecting::{assert_told, read, through},
    proxy::{ProxyBehavior, authority, authority_with, self_signed},
    world::{error_text, in_a_world, request},
};

#[test]
fn a_server_that_is_not_postgres_is_recognized_by_its_response() {
    in_a_world(async |world| {
        for (answer, words) in [
            (
                &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
                "is not Postgres: it speaks HTTP",
            ),
            (
                b"\x15\x03\x01\x00\x02\x02\x46",
                "is not Postgres: it expects TLS",
            ),
            (b"-ERR unknown command\r\n", "is not Postgres"),
        ] {
            let url = through(&world, ProxyBehavior::Answering(answer), "127.0.0.1", "").await;
            let error = error_text(read(&url, request()).await);
            assert_told(&error, &[words, "check host and port", "5432"]);
            assert!(!error.contains("sqlx"), "{error}");
        }
    });
}

#[test]
fn http_is_recognized_even_if_the_url_disables_tls() {
    in_a_world(async |world| {
        let http =
            ProxyBehavior::Answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        let url = through(&world, http, "127.0.0.1", "sslmode=disable").await;
        assert_told(
            &error_text(read(&url, request()).await),
            &["it speaks HTTP"],
        );
    });
}

#[test]
fn an_expired_certificate_is_reported_with_its_last_day() {
    in_a_world(async |world| {
        let expired = authority_with("old", |certificate| {
            certificate.not_before = date_time_ymd(2020, 1, 1);
            certificate.not_after = date_time_ymd(2021, 1, 1);
        });
        let parameters = format!("sslmode=verify-full&sslrootcert={}", expired.path.display());
        let url = through(&world, expired.behavior.clone(), "localhost", &parameters).await;
        let error = error_text(read(&url, request()).await);
        assert_told(
            &error,
            &[
                "it expired on 2021-01-01",
                "renew it",
                "`sslrootcert=` does not help",
            ],
        );
        let early = authority_with("new", |certificate| {
            certificate.not_before = date_time_ymd(2999, 1, 1);
            certificate.not_after = date_time_ymd(3000, 1, 1);
        });
        let parameters = format!("sslmode=verify-full&sslrootcert={}", early.path.display());
        let url = through(&world, early.behavior.clone(), "localhost", &parameters).await;
        assert_told(
            &error_text(read(&url, request()).await),
            &["it is not valid before 2999-01-01", "clocks"],
        );
    });
}

#[test]
fn a_self_signed_certificate_is_explained() {
    in_a_world(async |world| {
        for mode in ["verify-full", "verify-ca", "require"] {
            let own = self_signed(IsCa::ExplicitNoCa);
            let parameters = format!("sslmode={mode}&sslrootcert={}", own.path.display());
            let url = through(&world, own.behavior.clone(), "localhost", &parameters).await;
            assert!(read(&url, request()).await.is_ok(), "{mode}");

            let own = self_signed(IsCa::Ca(BasicConstraints::Unconstrained));
            let parameters = format!("sslmode={mode}&sslrootcert={}", own.path.display());
            let url = through(&world, own.behavior.clone(), "localhost", &parameters).await;
            let error = error_text(read(&url, request()).await);
            assert_told(
                &error,
                &["it is a CA certificate", "CA:FALSE", "`sslmode=require`"],
            );
            assert!(!error.contains("OtherError"), "{error}");
        }
    });
}

#[test]
fn a_configured_authority_is_not_suggested_again() {
    in_a_world(async |world| {
        let (trusted, stranger) = (authority("trusted"), authority("stranger"));
        let parameters = format!(
            "sslmode=verify-full&sslrootcert={}",
            stranger.path.display()
        );
        let url = through(&world, trusted.behavior.clone(), "localhost", &parameters).await;
        assert_told(
            &error_text(read(&url, request()).await),
            &["the file of `sslrootcert=`", "must contain the authority"],
        );
        let url = through(
            &world,
            trusted.behavior.clone(),
            "localhost",
            "sslrootcert=system",
        )
        .await;
        assert_told(
            &error_text(read(&url, request()).await),
            &["no public authority issued it", "replace `system`"],
        );
    });
}
