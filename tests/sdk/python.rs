//! stripe-python, with its module-level API and its clients, over each of its transports.

use std::{fs, path::PathBuf, process::Command};

use fake_http::{
    Certificates, PADDLE, STRIPE,
    redirect::{self, AUTHORITY_VARIABLE},
};
use fake_stripe::Endpoint;
use tempfile::TempDir;
use testing::installed::{failed, folder, succeeded};

use crate::shop;

const SCRIPTS: &[(&str, &str)] = &[
    ("paddle_sdk.py", include_str!("python/paddle_sdk.py")),
    ("reading.py", include_str!("python/reading.py")),
    ("refused.py", include_str!("python/refused.py")),
    ("trusting.py", include_str!("python/trusting.py")),
    ("waiting.py", include_str!("python/waiting.py")),
    ("writing.py", include_str!("python/writing.py")),
];

struct Python {
    folder: PathBuf,
    path: TempDir,
}

impl Python {
    fn find() -> Option<Self> {
        let folder = folder("python", SCRIPTS)?;
        let path = TempDir::new().expect("a folder");
        redirect::write_sitecustomize(path.path()).expect("written");
        Some(Self { folder, path })
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin/python"));
        command
            .arg(self.folder.join(name))
            .env("PYTHONPATH", self.path.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env_remove("https_proxy")
            .env_remove("http_proxy")
            .env_remove("no_proxy")
            .env_remove(STRIPE.variable);
        command
    }
}

#[test]
fn the_official_paddle_library_works() {
    let Some(python) = Python::find() else { return };
    let fake = shop::open_paddle();
    let mut command = python.script("paddle_sdk.py");
    let command = command.env("PADDLE_API_KEY", "pdl_sdbx_apikey_1");
    let output = succeeded(command.env(PADDLE.variable, fake.base_url()));
    assert!(output.contains("paddle ok"), "{output}");
}

#[test]
fn every_transport_works() {
    let Some(python) = Python::find() else { return };
    let fake = shop::open();
    let output = succeeded(
        python
            .script("reading.py")
            .env(STRIPE.variable, fake.base_url()),
    );
    assert_eq!(output.matches(" ok").count(), 5, "{output}");
}

#[test]
fn changes_through_the_library_take_effect() {
    let Some(python) = Python::find() else { return };
    let fake = shop::open();
    succeeded(
        python
            .script("writing.py")
            .env(STRIPE.variable, fake.base_url()),
    );
    let cancelled = fake
        .requests()
        .into_iter()
        .rfind(|request| request.endpoint == Endpoint::CancelSubscription)
        .expect("it was cancelled");
    assert_eq!(cancelled.method, "DELETE");
}

#[test]
fn the_address_is_read_from_a_file_once_it_is_there() {
    let Some(python) = Python::find() else { return };
    let fake = shop::open();
    let folder = TempDir::with_prefix("with blanks ").expect("a folder");
    let file = folder.path().join("stripe.address");
    let url = format!("file://{}", file.display()).replace(' ', "%20");
    for variable in [file.display().to_string(), url] {
        let mut command = python.script("waiting.py");
        let command = command.env(STRIPE.variable, variable).arg(&file);
        succeeded(command.arg(fake.base_url()));
    }
    assert!(!fake.requests().is_empty());
}

#[test]
fn requests_that_are_not_redirected_are_refused() {
    let Some(python) = Python::find() else { return };
    let fake = shop::open();
    let mut command = python.script("refused.py");
    succeeded(
        command
            .env(STRIPE.variable, fake.base_url())
            .env("NO_PROXY", "*"),
    );
    assert!(fake.requests().is_empty());
    let mut command = python.script("refused.py");
    succeeded(command.arg("all").env("NO_PROXY", "*"));
}

#[test]
fn only_the_authority_of_the_rehearsal_is_trusted() {
    let Some(python) = Python::find() else { return };
    let folders = [0, 1].map(|_| TempDir::new().expect("a folder"));
    #[expect(
        clippy::disallowed_methods,
        reason = "certificates end by the real clock"
    )]
    let now = jiff::Timestamp::now().as_second();
    let [own, other] = folders
        .each_ref()
        .map(|folder| Certificates::in_folder(STRIPE, folder.path(), now).expect("certificates"));
    let fake = shop::over_tls(own.clone());
    for (of_the_rehearsal, is_own) in [(&own, "yes"), (&other, "no")] {
        let mut command = python.script("trusting.py");
        succeeded(
            command
                .env(AUTHORITY_VARIABLE, of_the_rehearsal.authority())
                .arg(fake.address().port().to_string())
                .arg(own.authority())
                .arg(is_own),
        );
    }
}

#[test]
fn a_malformed_variable_stops_the_program_at_its_start() {
    let Some(python) = Python::find() else { return };
    for malformed in [
        "127.0.0.1:12111",
        "https://localhost:1",
        "http://h:port",
        "http://h/v1",
        "file://elsewhere/x",
    ] {
        let output = failed(python.script("refused.py").env(STRIPE.variable, malformed));
        assert!(
            output.contains(STRIPE.variable) && output.contains("such as http://"),
            "{output}"
        );
    }
}

#[test]
fn another_sitecustomize_still_runs() {
    let Some(python) = Python::find() else { return };
    let other = TempDir::new().expect("a folder");
    fs::write(
        other.path().join("sitecustomize.py"),
        "print('the other one')",
    )
    .expect("written");
    let paths = [python.path.path(), other.path()];
    let paths = std::env::join_paths(paths).expect("no colons");
    let fake = shop::open();
    let mut command = python.script("reading.py");
    let output = succeeded(
        command
            .env("PYTHONPATH", paths)
            .env(STRIPE.variable, fake.base_url()),
    );
    assert!(output.starts_with("the other one"), "{output}");
}
