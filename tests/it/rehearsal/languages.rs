//! `prodverdict rehearse -- COMMAND` with applications in several languages: a correct and a broken one in each. Where
//! docs/rehearsal.md names a line for the language, the applications contain it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use testing::{
    database::Database,
    installed,
    ports::free_port,
    program::{Program, ProgramOutput, write},
};

use super::{
    skipped,
    small::{ACCOUNTS, Small},
};
use crate::prodverdict;

/// Folder with the sources of the applications.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/rehearsal/languages");

/// Prefix of the event types that the handlers process, and its replacement in broken ones.
const HANDLED: (&str, &str) = ("customer.subscription.", "customer.subscription.created");

/// Debian's paths of the Postgres driver for Java, and of the Go libraries, which include one.
const JDBC: &str = "/usr/share/java/postgresql.jar";
const GO_PATH: &str = "/usr/share/gocode";

/// A copy of an application that is not running.
struct App {
    folder: TempDir,
    database: Database,
    port: u16,
    variables: Vec<(&'static str, String)>,
    config: Small<'static>,
}

/// The role of the applications.
const ROLE: &str = "app";

impl App {
    /// Copies an application into a temporary folder under `parent`.
    fn under(parent: &Path, sources: &str) -> Self {
        let folder = tempfile::tempdir_in(parent).expect("a folder");
        copy(&Path::new(SOURCES).join(sources), folder.path());
        let database = Database::with(ACCOUNTS.schema);
        // The clients of Go and Java refuse the superuser of scripts/postgres, whose password is hashed once.
        let role = database.role(ROLE);
        database.run(&format!("alter role {role} superuser"));
        Self {
            folder,
            database,
            port: free_port(),
            variables: vec![("PGSSLMODE", "disable".to_owned())],
            config: ACCOUNTS,
        }
    }

    fn new(sources: &str) -> Self {
        Self::under(&std::env::temp_dir(), sources)
    }

    fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn broken(self) -> Self {
        let (text, other) = HANDLED;
        assert_eq!(replace(self.folder.path(), text, other), 1);
        self
    }

    fn rehearse(&self, arguments: &str, command: &[&str]) -> ProgramOutput {
        let handler = format!("http://127.0.0.1:{}/api/stripe/webhook", self.port);
        let listen = format!("127.0.0.1:{}", free_port());
        let text = self.config.configuration(&handler, &listen);
        write(self.folder.path(), "prodverdict.yml", &text);
        let mut program = prodverdict(&format!("rehearse {arguments}"))
            .within(self.folder.path())
            .variable("PORT", &self.port.to_string())
            .variable(
                "REHEARSAL_DATABASE_URL",
                self.database.url_of(ROLE).as_str(),
            );
        for (name, value) in &self.variables {
            program = program.variable(name, value);
        }
        let program = program.argument("--");
        command.iter().fold(program, Program::argument).run()
    }

    #[track_caller]
    fn holds(&self, command: &[&str]) {
        let scenarios = "--scenario first-purchase --scenario cancel-now --scenario forged";
        self.rehearse(scenarios, command).with_status(0);
    }

    #[track_caller]
    fn fails(&self, command: &[&str]) {
        let scenarios = "--format json --scenario first-purchase --scenario cancel-now";
        assert_eq!(
            self.rehearse(scenarios, command).with_status(1).findings(),
            ["wrongful-access scenario:cancel-now/deleted"]
        );
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the sources") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).expect("a folder");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

/// Replaces a text in all files of a folder, and returns the number of files that contained it.
fn replace(folder: &Path, text: &str, other: &str) -> usize {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| {
            if path.is_dir() {
                return replace(&path, text, other);
            }
            let source = fs::read_to_string(&path).expect("a text");
            fs::write(&path, source.replace(text, other)).expect("writable");
            usize::from(source.contains(text))
        })
        .sum()
}

/// Returns true if a language and its Postgres driver are installed.
fn has(language: &str, command: &mut Command) -> bool {
    let is_there = command.output().is_ok_and(|output| output.status.success());
    if !is_there {
        skipped(&format!(
            "{language}, or its driver for Postgres, is not installed; scripts/languages installs it"
        ));
    }
    is_there
}

/// Returns the folder under which Node finds the installed packages.
fn packages_of_node() -> Option<PathBuf> {
    installed::folder("apps/node", &[])
}

/// Returns the path of the Python interpreter with the installed packages.
fn python() -> Option<String> {
    let folder = installed::folder("apps/python", &[])?;
    Some(folder.join("bin/python").display().to_string())
}

#[test]
fn a_server_in_commonjs_is_rehearsed() {
    let Some(packages) = packages_of_node() else {
        return;
    };
    let app = || App::under(&packages, "node/commonjs");
    app().holds(&["node", "server.cjs"]);
    app().broken().fails(&["node", "server.cjs"]);
}

#[test]
fn a_server_of_es_modules_is_rehearsed() {
    let Some(packages) = packages_of_node() else {
        return;
    };
    let app = || App::under(&packages, "node/esm");
    app().holds(&["node", "server.mjs"]);
    app().broken().fails(&["node", "server.mjs"]);
}

#[test]
fn the_server_of_next_js_is_rehearsed() {
    let Some(packages) = packages_of_node() else {
        return;
    };
    let next = packages.join("node_modules/.bin/next");
    let app = || App::under(&packages, "node/next").variable("NEXT_TELEMETRY_DISABLED", "1");
    let built = app();
    let build = Command::new(&next)
        .arg("build")
        .current_dir(built.folder.path())
        .env("NEXT_TELEMETRY_DISABLED", "1")
        .output()
        .expect("it starts");
    assert!(build.status.success(), "{build:?}");
    let serve = |how: &str| format!("exec '{}' {how} -p $PORT", next.display());
    built.holds(&["sh", "-c", &serve("start")]);
    app().broken().fails(&["sh", "-c", &serve("dev")]);
}

#[test]
fn a_flask_app_is_rehearsed() {
    let Some(python) = python() else { return };
    let app = || App::new("python/flask");
    app().holds(&[&python, "app.py"]);
    app().broken().fails(&[&python, "app.py"]);
}

#[test]
fn an_asynchronous_fastapi_app_is_rehearsed() {
    let Some(python) = python() else { return };
    let app = || App::new("python/fastapi");
    app().holds(&[&python, "app.py"]);
    app().broken().fails(&[&python, "app.py"]);
}

#[test]
fn a_flask_app_that_forgets_a_status_is_caught() {
    let Some(python) = python() else { return };
    let mut app = App::new("python/faults").variable("FAULT", "forgets-dunning");
    app.config.contract = "    database:
      url_env: DATABASE_URL
      users_table: accts
      columns:
        id: id
        stripe_customer_id: stripe_customer_id
        has_paid_access: { column: status, in: [active, trialing] }
        status: status
    grace: { past_due: 14d }
";
    let scenarios = "--format json --scenario dunning";
    let ran = app.rehearse(scenarios, &[&python, "app.py"]).with_status(1);
    let findings = ran.findings();
    assert_eq!(findings, ["wrongful-access scenario:dunning/unpaid"]);
}

#[test]
fn a_flask_app_that_answers_first_is_caught() {
    let Some(python) = python() else { return };
    let mut app = App::new("python/faults").variable("FAULT", "answers-first");
    app.config.settle = "2s";
    app.rehearse("--scenario failing-write", &[&python, "app.py"])
        .with_status(1)
        .says(&["[HIGH] scenario:failing-write/end-not-written"]);
}

/// The output of an application that exits early is in the report: here, what each client received.
#[test]
fn clients_of_python_go_through_the_proxy() {
    let Some(python) = python() else { return };
    let script = format!("'{python}' clients.py; exit 5");
    App::new("python/clients")
        .rehearse("--scenario first-purchase", &["sh", "-c", &script])
        .unanswered()
        .says(&[
            "requests list []",
            "requests with authorities of its own list []",
            "httpx without async list []",
            "urllib 200",
            "httpx list []",
            "aiohttp list []",
            "exit status: 5",
        ]);
}

#[test]
fn a_server_in_go_is_rehearsed() {
    let go = || {
        let mut go = Command::new("/usr/bin/go");
        go.env("GO111MODULE", "off").env("GOPATH", GO_PATH);
        go
    };
    if !has("Go", go().args(["list", "github.com/lib/pq"])) {
        return;
    }
    let app = |app: App| {
        let built = go()
            .args(["build", "-o", "server", "main.go"])
            .current_dir(app.folder.path())
            .status();
        assert!(built.expect("go starts").success());
        app
    };
    app(App::new("go")).holds(&["./server"]);
    app(App::new("go").broken()).fails(&["./server"]);
}

const SERVE_PHP: [&str; 3] = ["sh", "-c", "exec php -S 127.0.0.1:$PORT index.php"];

fn has_php() -> bool {
    let probe = "exit(extension_loaded('curl') && extension_loaded('pgsql') ? 0 : 1);";
    has("PHP", Command::new("/usr/bin/php").args(["-r", probe]))
}

#[test]
fn a_script_in_php_is_rehearsed() {
    if has_php() {
        App::new("php").holds(&SERVE_PHP);
        App::new("php").broken().fails(&SERVE_PHP);
    }
}

/// Runs the script without the documented line. It uses the proxy, but trusts only its own certificate authorities.
pub(crate) fn php_without_the_line() -> Option<ProgramOutput> {
    if !has_php() {
        return None;
    }
    let app = App::new("php");
    let line = "Stripe::setCABundlePath(getenv('SSL_CERT_FILE'));";
    assert_eq!(replace(app.folder.path(), line, ""), 1);
    Some(app.rehearse("--scenario first-purchase", &SERVE_PHP))
}

#[test]
fn a_server_in_ruby_is_rehearsed() {
    let probe = "require 'pg'; require 'webrick'";
    if !has("Ruby", Command::new("/usr/bin/ruby").args(["-e", probe])) {
        return;
    }
    App::new("ruby").holds(&["ruby", "server.rb"]);
    App::new("ruby").broken().fails(&["ruby", "server.rb"]);
}

#[test]
fn a_server_in_java_is_rehearsed() {
    let probe = format!("test -f {JDBC} && /usr/bin/javac -version");
    if !has("Java", Command::new("sh").args(["-c", &probe])) {
        return;
    }
    let command = ["java", "-cp", JDBC, "Server.java"];
    App::new("java").holds(&command);
    App::new("java").broken().fails(&command);
}

#[test]
fn the_documented_lines_are_those_that_are_tested() {
    let documented = include_str!("../../../docs/rehearsal.md");
    for source in [
        include_str!("languages/php/index.php"),
        include_str!("languages/ruby/server.rb"),
        include_str!("languages/java/Server.java"),
    ] {
        let mut lines = source.lines().map(str::trim);
        assert!(lines.any(|line| line.ends_with(" The documented line.")));
        let line = lines.next().expect("a line");
        assert!(documented.contains(line), "{line}");
    }
}
