//! Runs one step of a job in a container, with exactly the options that GitHub's runner passes to `docker run`.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use testing::{
    fake_github::{CheckRun, FakeGithub, TOKEN, World},
    runner::{FOLDERS, ProgramOutput, Step},
    shop::{CONFIG, KEY, Person, Shop},
};

use crate::bridge::{Forwarded, gateway};

pub(crate) struct Job {
    pub(crate) shop: Shop,
    pub(crate) github: FakeGithub,
    pub(crate) step: Step,
    _database: Forwarded,
}

pub(crate) struct Container {
    pub(crate) name: String,
    client: Child,
}

/// Runs the engine's client and returns its output.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("a container engine: scripts/test-container starts one");
    assert!(output.status.success(), "docker {arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn image() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "set by scripts/test-container for the tests alone"
    )]
    std::env::var("PRODVERDICT_IMAGE")
        .expect("PRODVERDICT_IMAGE is not set: run these tests with scripts/test-container")
}

impl Job {
    /// Creates a pull request from a branch of the same repository; both fakes listen where containers can reach them.
    pub(crate) async fn new(people: &[Person]) -> Self {
        let gateway = gateway();
        let shop = Shop::open_on(SocketAddr::new(gateway, 0), people);
        let github = FakeGithub::start_on(&format!("{gateway}:0"), World::new()).await;
        let database = Forwarded::to(shop.database_address()).await;
        let mut step = Step::new("pull_request", "pull_request", TOKEN);
        step.see_files_below("/github");
        step.check_out("prodverdict.yml", CONFIG);
        let host = gateway.to_string();
        step.set("STRIPE_SECRET_KEY", KEY);
        step.set("STRIPE_API_BASE", &shop.stripe.base_url());
        step.set(
            "DATABASE_URL",
            &shop.database_url(Some((&host, database.port))),
        );
        step.set(
            "GITHUB_API_URL",
            &format!("http://{host}:{}", github.port()),
        );
        Self {
            shop,
            github,
            step,
            _database: database,
        }
    }

    pub(crate) fn start(&self) -> Container {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("prodverdict_{:x}_{count}", std::process::id());
        let mut client = Command::new("docker");
        client.args(["run", "--name", &name, "--label", "prodverdict-test"]);
        client.args(["--workdir", "/github/workspace", "--rm"]);
        // Only names: the client reads the values from its environment, so that no list of processes shows them.
        for name in self.step.variables.keys() {
            client.args(["-e", name]);
        }
        client.args(["-v", "/var/run/docker.sock:/var/run/docker.sock"]);
        for folder in FOLDERS {
            let outside = self.step.folder().join(folder);
            client.args(["-v", &format!("{}:/github/{folder}", outside.display())]);
        }
        let client = client
            .arg(image())
            .envs(&self.step.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a container");
        Container { name, client }
    }

    pub(crate) async fn run(&self) -> ProgramOutput {
        self.end(self.start()).await
    }

    pub(crate) async fn end(&self, container: Container) -> ProgramOutput {
        // The fakes run on this thread.
        let output = tokio::task::spawn_blocking(|| container.client.wait_with_output())
            .await
            .expect("a thread")
            .expect("the container ends");
        let ran = ProgramOutput {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        };
        assert_eq!(self.github.violations(), [""; 0], "{}", ran.log());
        ran
    }

    #[track_caller]
    pub(crate) fn check_run(&self) -> CheckRun {
        let runs = self.github.world().check_runs.clone();
        let [run] = runs.as_slice() else {
            panic!("{} check runs", runs.len());
        };
        run.clone()
    }

    pub(crate) fn comments(&self) -> Vec<String> {
        let world = self.github.world();
        let bodies = world.comments.iter().map(|comment| comment.body.clone());
        bodies.collect()
    }

    /// Checks for exit status 2, a failed check run, and the word "pass" nowhere.
    #[track_caller]
    pub(crate) fn expect_no_answer(&self, ran: &ProgramOutput) {
        ran.expect(2);
        let run = self.check_run();
        assert_eq!(run.conclusion.as_deref(), Some("failure"));
        assert_eq!(self.step.output("verdict"), "error");
        let bodies = self.github.requests();
        let bodies = bodies.iter().map(|request| request.body.clone());
        let mut bodies: Vec<_> = bodies.collect();
        bodies.extend([ran.shown(), self.step.summary(), self.step.raw_outputs()]);
        for text in bodies {
            let text = text.to_lowercase();
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            assert!(
                !words.any(|word| matches!(word, "pass" | "passed" | "success"))
                    && !text.contains('✅'),
                "it speaks of a pass: {text}"
            );
        }
    }
}
