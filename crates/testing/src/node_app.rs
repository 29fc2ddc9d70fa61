//! Runs a copy of an example app with Node, unchanged or broken by one of its patches.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const FILES: [&str; 3] = ["package.json", "server.js", "webhook.js"];

/// Maximum time until the app listens.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An app under `examples/`.
#[derive(Debug)]
pub struct ExampleApp {
    folder: &'static str,
    /// Folder of its packages under `target/tmp`.
    installed_in: &'static str,
    packages: OnceLock<Result<Packages, String>>,
}

/// The app for Stripe, which the functions of this module without a receiver are about.
pub static STRIPE_APP: ExampleApp = ExampleApp {
    folder: "examples/nextjs-stripe/app",
    installed_in: "example-app",
    packages: OnceLock::new(),
};

/// The app for Paddle.
pub static PADDLE_APP: ExampleApp = ExampleApp {
    folder: "examples/paddle-nextjs/app",
    installed_in: "paddle-app",
    packages: OnceLock::new(),
};

impl ExampleApp {
    /// Installs its packages once for every lock file. Returns an error if Node is too old or missing.
    pub fn packages(&'static self) -> Result<&'static Packages, &'static str> {
        self.packages
            .get_or_init(|| self.try_install())
            .as_ref()
            .map_err(String::as_str)
    }

    fn source(&self) -> PathBuf {
        crate::root().join(self.folder)
    }

    fn patch_file(&self, patch: &str) -> PathBuf {
        self.source().join("mutants").join(format!("{patch}.patch"))
    }

    /// Lists the names of the patches under `mutants/`, in order.
    pub fn patches(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.source().join("mutants"))
            .expect("mutants")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "patch")
            })
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect();
        names.sort();
        names
    }

    /// Returns the title of a patch, and the line that describes the bug.
    pub fn story(&self, patch: &str) -> (String, String) {
        let text = fs::read_to_string(self.patch_file(patch)).expect(patch);
        let mut paragraphs = text.split("\n\n").map(str::to_owned);
        let mut next = || paragraphs.next().unwrap_or_default();
        (next(), next())
    }

    /// Returns the folder of the patches, relative to the repository.
    pub fn patch_folder(&self) -> String {
        format!("{}/mutants", self.folder)
    }

    /// Copies the app's files and applies a patch.
    pub fn copy(&self, patch: Option<&str>) -> TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        for file in FILES {
            fs::copy(self.source().join(file), directory.path().join(file)).expect(file);
        }
        let Some(patch) = patch else {
            return directory;
        };
        let applied = Command::new("git")
            .arg("apply")
            .arg(self.patch_file(patch))
            .current_dir(directory.path())
            // Outside any repository, wherever the directory is.
            .env("GIT_DIR", directory.path().join("none"))
            .output()
            .expect("git starts");
        let errors = String::from_utf8_lossy(&applied.stderr).into_owned();
        assert!(applied.status.success(), "{patch} does not apply: {errors}");
        directory
    }

    fn try_install(&self) -> Result<Packages, String> {
        let version = output("node", &["--version"])?;
        let major = version.trim_start_matches('v').split('.').next();
        if major.and_then(|major| major.parse::<u32>().ok()) < Some(20) {
            return Err(format!(
                "the example app needs Node 20, and this is {version}"
            ));
        }
        let lock =
            fs::read_to_string(self.source().join("package-lock.json")).expect("a lock file");
        let parent = crate::root().join("target/tmp");
        let home = parent.join(self.installed_in);
        let installed = home.join("node_modules");
        if fs::read_to_string(home.join("package-lock.json")).is_ok_and(|other| other == lock)
            && installed.exists()
        {
            return Ok(Packages(installed));
        }
        // Moved to its place when complete: other test programs may look for it meanwhile.
        fs::create_dir_all(&parent).map_err(|error| error.to_string())?;
        let fresh = tempfile::tempdir_in(&parent).map_err(|error| error.to_string())?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(self.source().join(file), fresh.path().join(file)).expect(file);
        }
        let directory = fresh.path().to_string_lossy().into_owned();
        let arguments = [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefix",
            &directory,
        ];
        output("npm", &arguments)?;
        fs::remove_dir_all(&home).ok();
        match fs::rename(fresh.keep(), &home) {
            Ok(()) => Ok(Packages(installed)),
            // Another process was faster.
            Err(_) if installed.exists() => Ok(Packages(installed)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The running app; it is killed when dropped.
#[derive(Debug)]
pub struct NodeApp {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl NodeApp {
    /// Starts a copy on a free port, with these environment variables besides PORT. The patch is the name of one under
    /// `mutants/`, without `.patch`.
    pub fn start(packages: &Packages, patch: Option<&str>, environment: &[(&str, &str)]) -> Self {
        Self::run(packages, copy(patch), environment)
    }

    /// Starts a copy in which texts of `webhook.js` are replaced by others.
    pub fn start_edited(
        packages: &Packages,
        edits: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Self {
        let directory = copy(None);
        let path = directory.path().join("webhook.js");
        let mut source = fs::read_to_string(&path).expect("webhook.js");
        for (text, other) in edits {
            assert!(source.contains(text), "{text} is not in webhook.js");
            source = source.replace(text, other);
        }
        fs::write(&path, source).expect("webhook.js");
        Self::run(packages, directory, environment)
    }

    /// Starts the `server.js` of a directory in the same way.
    pub fn run(packages: &Packages, directory: TempDir, environment: &[(&str, &str)]) -> Self {
        packages.link(directory.path());
        let port = crate::ports::free_port();
        let log = File::create(directory.path().join("log")).expect("a log");
        let child = Command::new("node")
            .arg("server.js")
            .current_dir(directory.path())
            .env("PORT", port.to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("node starts");
        let mut app = Self {
            child,
            port,
            directory,
        };
        app.wait_until_it_listens();
        app
    }

    pub fn webhook_url(&self) -> String {
        format!("http://127.0.0.1:{}/api/stripe/webhook", self.port)
    }

    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the URL of the app's access endpoint; `{account_id}` is the placeholder of the user.
    pub fn gate_url(&self) -> String {
        format!("http://127.0.0.1:{}/api/me?user={{account_id}}", self.port)
    }

    /// Returns its output so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn wait_until_it_listens(&mut self) {
        let deadline = Instant::now() + TIMEOUT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let is_running = matches!(self.child.try_wait(), Ok(None));
            assert!(
                is_running && Instant::now() < deadline,
                "the app does not listen: {}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for NodeApp {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Lists the names of the patches under `mutants/`, in order.
pub fn patches() -> Vec<String> {
    STRIPE_APP.patches()
}

/// Returns the title of a patch, and the line that describes the bug.
pub fn story(patch: &str) -> (String, String) {
    STRIPE_APP.story(patch)
}

/// Copies the app's files and applies a patch.
pub fn copy(patch: Option<&str>) -> TempDir {
    STRIPE_APP.copy(patch)
}

/// The app's packages as npm installed them.
#[derive(Debug)]
pub struct Packages(PathBuf);

impl Packages {
    /// Installs them once for every lock file, under `target/tmp`. Returns an error if Node is too old or missing.
    pub fn install() -> Result<&'static Self, &'static str> {
        STRIPE_APP.packages()
    }

    /// Links them into a copy of the app.
    pub fn link(&self, directory: &Path) {
        let modules = directory.join("node_modules");
        std::os::unix::fs::symlink(&self.0, modules).expect("a link to the packages");
    }
}

fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                format!("there is no {program} on this machine")
            } else {
                format!("{program} did not start: {error}")
            }
        })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!(
            "{program} {} failed: {errors}",
            arguments.join(" ")
        ))
    }
}
