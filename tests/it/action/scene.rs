//! One job: a shop, a GitHub, and the step that reads both.

use std::process::{Child, Command, Stdio};

use serde_json::Value;
use testing::{
    fake_github::{CheckRun, FakeGithub, TOKEN, Token, World},
    runner::{ProgramOutput, Step},
    shop::{CONFIG, KEY, Person, Shop},
};

pub(crate) struct Scene {
    pub(crate) shop: Shop,
    pub(crate) github: FakeGithub,
    pub(crate) step: Step,
    /// Starts and ends of the requests that GitHub is expected to refuse.
    refused: Vec<(&'static str, &'static str)>,
}

impl Scene {
    /// Creates a pull request from a branch of the same repository.
    pub(crate) async fn open(people: &[Person]) -> Self {
        Self::on("pull_request", "pull_request", people).await
    }

    /// Creates a job for an event; `payload` is the name of a file in `fixtures/github`.
    pub(crate) async fn on(event: &str, payload: &str, people: &[Person]) -> Self {
        Self::in_world(World::new(), event, payload, people).await
    }

    pub(crate) async fn in_world(
        world: World,
        event: &str,
        payload: &str,
        people: &[Person],
    ) -> Self {
        let shop = Shop::open(people);
        let github = FakeGithub::start(world).await;
        let base = (World::sha(9), "prodverdict.yml".to_owned());
        let text = CONFIG.as_bytes().to_vec();
        github.world().files.entry(base).or_insert(text);
        let step = step(event, payload, &shop, &github);
        Self {
            shop,
            github,
            step,
            refused: Vec::new(),
        }
    }

    /// Expects GitHub to refuse requests whose status, method and path start and end like this.
    pub(crate) fn refusing(mut self, start: &'static str, end: &'static str) -> Self {
        self.refused.push((start, end));
        self
    }

    /// Commits the configuration.
    pub(crate) fn commit(&self, commits: &[u8], text: &str) {
        for commit in commits {
            let at = (World::sha(*commit), "prodverdict.yml".to_owned());
            let text = text.as_bytes().to_vec();
            self.github.world().files.insert(at, text);
        }
    }

    /// Gives the job a read-only token, like a fork's.
    pub(crate) fn only_reading(self) -> Self {
        let token = &self.step.variables["INPUT_GITHUB_TOKEN"];
        let mut world = self.github.world();
        world.tokens.insert(token.clone(), Token::reading());
        drop(world);
        self.refusing("403 POST ", "/check-runs")
            .refusing("403 POST ", "/issues/7/comments")
    }

    /// Creates another step with the same shop and GitHub.
    pub(crate) fn another(&self, event: &str, payload: &str, run: u64) -> Step {
        let mut another = step(event, payload, &self.shop, &self.github);
        another.again(run);
        another
    }

    /// Switches to another job of the same repository, in the workflow run of that number.
    pub(crate) fn turn_to(&mut self, event: &str, payload: &str, run: u64) {
        self.step = self.another(event, payload, run);
    }

    pub(crate) fn with(mut self, input: &str, value: &str) -> Self {
        self.step.input(input, value);
        self
    }

    pub(crate) fn start(&self) -> Child {
        start(&self.step)
    }

    /// Runs the step and checks the properties of every run.
    pub(crate) async fn run(&self) -> ProgramOutput {
        self.end(self.start()).await
    }

    /// Checks that GitHub refused only expected requests.
    #[track_caller]
    fn expect_no_refusal(&self, ran: &ProgramOutput) {
        let world = self.github.world();
        let is_meant = |refusal: &&String| {
            // The label is looked up before it is created.
            let is_question = refusal.starts_with("404 GET ") && refusal.contains("/labels/");
            let mut meant = self.refused.iter();
            is_question
                || meant.any(|(start, end)| refusal.starts_with(start) && refusal.ends_with(end))
        };
        let unmeant: Vec<_> = world
            .refusals
            .iter()
            .filter(|refusal| !is_meant(refusal))
            .collect();
        assert_eq!(unmeant, [""; 0], "{}", ran.log());
    }

    pub(crate) async fn end(&self, child: Child) -> ProgramOutput {
        // The fakes run on this thread.
        let output = tokio::task::spawn_blocking(|| child.wait_with_output())
            .await
            .expect("a thread")
            .expect("the program ends");
        let ran = ProgramOutput {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        };
        assert_eq!(self.github.violations(), [""; 0], "{}", ran.log());
        self.expect_no_refusal(&ran);
        assert!(!ran.log().contains('\u{1b}'), "colour: {}", ran.log());
        ran
    }

    /// Returns the only check run.
    #[track_caller]
    pub(crate) fn check_run(&self) -> CheckRun {
        let runs = self.github.world().check_runs.clone();
        let [run] = runs.as_slice() else {
            panic!("{} check runs", runs.len());
        };
        run.clone()
    }

    #[track_caller]
    pub(crate) fn expect_conclusion(&self, conclusion: &str) {
        let run = self.check_run();
        assert_eq!(run.status, "completed");
        assert_eq!(run.conclusion.as_deref(), Some(conclusion));
    }

    /// Returns the only comment.
    #[track_caller]
    pub(crate) fn comment(&self) -> String {
        let comments = self.comments();
        let [comment] = comments.as_slice() else {
            panic!("{} comments: {comments:?}", comments.len());
        };
        comment.clone()
    }

    pub(crate) fn comments(&self) -> Vec<String> {
        let world = self.github.world();
        let bodies = world.comments.iter().map(|comment| comment.body.clone());
        bodies.collect()
    }

    /// Lists everything that others can read after the run.
    pub(crate) fn everything_that_left(&self, ran: &ProgramOutput) -> Vec<(String, String)> {
        let mut left: Vec<_> = self
            .github
            .requests()
            .into_iter()
            .map(|request| {
                (
                    format!("{} {}", request.method, request.path),
                    format!("{}?{}\n{}", request.path, request.query, request.body),
                )
            })
            .collect();
        let report = std::fs::read_to_string(self.step.workspace("prodverdict-report.json"));
        let files = std::fs::read_dir(self.step.workspace("")).expect("the workspace");
        let files = files.map(|file| file.expect("a file").path());
        let asked_for = files.filter(|path| path.file_stem().is_some_and(|stem| stem == "report"));
        left.extend(asked_for.map(|path| {
            let text = std::fs::read_to_string(&path).expect("text");
            (path.display().to_string(), text)
        }));
        left.extend([
            ("summary".to_owned(), self.step.summary()),
            ("outputs".to_owned(), self.step.raw_outputs()),
            ("report".to_owned(), report.unwrap_or_default()),
            ("log".to_owned(), ran.shown()),
        ]);
        left
    }

    /// Checks that no place claims a pass. The word itself must not appear, so that no search finds it.
    #[track_caller]
    pub(crate) fn expect_no_pass(&self, ran: &ProgramOutput) {
        for (place, text) in self.everything_that_left(ran) {
            let text = text.to_lowercase();
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            assert!(
                !words.any(|word| matches!(word, "pass" | "passed" | "passes" | "success")),
                "{place} speaks of a pass: {text}"
            );
            assert!(!text.contains('✅'), "{place} has a tick: {text}");
        }
    }
}

/// Creates a step about the shop.
fn step(event: &str, payload: &str, shop: &Shop, github: &FakeGithub) -> Step {
    let mut step = Step::new(event, payload, TOKEN);
    step.check_out("prodverdict.yml", CONFIG);
    step.set("STRIPE_SECRET_KEY", KEY);
    step.set("STRIPE_API_BASE", &shop.stripe.base_url());
    step.set("DATABASE_URL", &shop.database_url(None));
    step.set("GITHUB_API_URL", &github.api_url());
    step
}

/// Starts the program as the runner does.
pub(crate) fn start(step: &Step) -> Child {
    start_by(Command::new(env!("CARGO_BIN_EXE_prodverdict")), step)
}

/// Starts it through another program, which gets its path and arguments.
pub(crate) fn start_by(mut command: Command, step: &Step) -> Child {
    command.arg("action");
    spawn(command, step)
}

/// Starts a command with the environment of the step.
pub(crate) fn spawn(mut command: Command, step: &Step) -> Child {
    command
        .env_clear()
        .envs(&step.variables)
        .current_dir(step.workspace(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Returns the title and the first line of each annotation.
pub(crate) fn titles(run: &CheckRun) -> Vec<(String, u64)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    run.annotations
        .iter()
        .map(|annotation| {
            (
                text(&annotation["title"]),
                annotation["start_line"].as_u64().expect("a line"),
            )
        })
        .collect()
}
