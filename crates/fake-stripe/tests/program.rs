//! Tests of the program: it serves until it is stopped, and explains why it does not start.
#![expect(clippy::expect_used, reason = "a test may panic")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Output, Stdio},
};

/// The running program, killed on drop.
struct Running {
    child: Child,
    base_url: String,
}

impl Running {
    fn start() -> Self {
        let mut child = program()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut line).expect("readable");
        let base_url = line.trim().to_owned();
        Self { child, base_url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fake-stripe"));
    program.args(["--listen", "127.0.0.1:0"]).env_clear();
    program
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn it_serves_at_the_printed_address_until_it_is_ended() {
    let mut running = Running::start();
    let client = fake_stripe::client_builder().no_proxy().build();
    let url = format!("{}/v1/customers", running.base_url);
    let request = client.expect("a client").post(url);
    let request = request
        .bearer_auth("sk_test_1")
        .body("email=ada@example.com");
    let created = request.send().await.expect("an answer");
    assert_eq!(created.status(), 200);

    let id = running.child.id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(sent.expect("kill starts").success());
    assert_eq!(running.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_taken_address_is_an_error_with_a_hint() {
    let running = Running::start();
    let address = running.base_url.trim_start_matches("http://");
    let mut second = Command::new(env!("CARGO_BIN_EXE_fake-stripe"));
    let output = second.args(["--listen", address]).output();
    let output = output.expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(
        text.starts_with(&format!("error: cannot listen on `{address}`: ")),
        "{text}"
    );
    assert!(text.contains("\n  help: "), "{text}");
}

#[test]
fn every_problem_of_the_fixtures_is_shown_without_control_characters() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("customers.json"), "{").expect("written");
    fs::write(folder.path().join("pri\u{1b}ces.json"), "[]").expect("written");
    let output = program().arg("--fixtures").arg(folder.path()).output();
    let output = output.expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert_eq!(text.matches("error: ").count(), 2, "{text}");
    assert!(text.contains("pri\\u{1b}ces.json"), "{text}");
}
