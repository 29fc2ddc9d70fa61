//! `--watch`: plays again when a file of the handler changes, the broken scenarios first, until it is interrupted.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use tokio::sync::oneshot;

use super::{
    ConfigFiles, PlayedRehearsal, interrupted, play, reporting, setup::not_configured,
    some_of::some_of, watched_files::WatchedFiles,
};
use crate::{
    cli::{Environment, RehearseArgs, ReportFormat},
    commands::{
        configuration, failure::fail, git::Git, output::Output, signals::Signals,
        working_tree::folder_of, working_tree_changes::TreePaths,
    },
    config::Config,
    problem::{ErrorCode, Problem},
    report::{Mask, neutral},
};

/// The end of a play.
enum Ending {
    Played(PlayedRehearsal),
    /// These files changed meanwhile, so it proves nothing.
    Outdated(Vec<PathBuf>),
    Interrupted(PlayedRehearsal),
}

/// State of `rehearse --watch`.
struct Watch<'r> {
    arguments: &'r RehearseArgs,
    environment: &'r Environment,
    output: Output,
    paths: TreePaths,
    /// Folder that `handler_paths` are relative to.
    root: PathBuf,
    /// Exit status of the last complete play.
    status: Option<u8>,
    /// Scenarios that were broken in it.
    broken: BTreeSet<String>,
}

pub(super) async fn run(arguments: &RehearseArgs, environment: &Environment) -> u8 {
    let output = Output::of_process(Mask::default());
    if let Err(problem) = check_format(arguments.report.format) {
        return fail(&output, &[problem]);
    }
    let mut signals = Signals::listen();
    let path = &arguments.config.config;
    let folder = folder_of(path);
    let root = Git { folder }.root().await;
    let root = root.unwrap_or_else(|| folder.to_owned());
    let root = root.canonicalize().unwrap_or(root);
    let watch = Watch {
        arguments,
        environment,
        output,
        paths: TreePaths::new(&root, path),
        root,
        status: None,
        broken: BTreeSet::new(),
    };
    watch.run(&mut signals).await
}

impl Watch<'_> {
    /// Plays until it is interrupted, and returns the exit status of the last complete play.
    async fn run(mut self, signals: &mut Signals) -> u8 {
        loop {
            let (mut files, ending) = match self.config() {
                Ok(config) => {
                    let mut files = self.files(Some(&config)).await;
                    let ending = self.play(config, &mut files, signals).await;
                    (files, ending)
                }
                Err(problems) => {
                    let played = PlayedRehearsal::not_begun(problems);
                    if self.status.is_none() {
                        return played.report(reporting(self.arguments)).await;
                    }
                    (self.files(None).await, Ending::Played(played))
                }
            };
            let changed = match ending {
                Ending::Played(played) => {
                    self.report(played).await;
                    self.tell_files(&files);
                    tokio::select! {
                        changed = files.changed() => changed,
                        () = signals.cancelled() => return self.status(),
                    }
                }
                Ending::Outdated(changed) => changed,
                Ending::Interrupted(played) => {
                    if self.status.is_none() {
                        self.report(played).await;
                    } else {
                        self.output.say(&format!(
                            "{}; the exit status is that of the play before",
                            interrupted().text
                        ));
                    }
                    return self.status();
                }
            };
            self.tell_change(&changed);
        }
    }

    /// Loads the configuration, which may have changed.
    fn config(&self) -> Result<Config, Vec<Problem>> {
        let config = configuration::load(&self.arguments.config.config);
        let config = config.map_err(|unusable| unusable.problems())?;
        let settings = config.rehearsal.as_ref();
        let settings = settings.ok_or_else(|| vec![not_configured(&config)])?;
        if settings.handler_paths.is_empty() {
            let problem = Problem::new(
                ErrorCode::InvalidValue,
                "`--watch` needs `rehearsal.handler_paths`, which names the files to watch",
            );
            let hint = "list the files that decide what the handler does, such as `handler_paths: [src/billing/**]`";
            let place = settings.places.section.clone();
            return Err(vec![problem.hint(hint).at(place)]);
        }
        Ok(config)
    }

    async fn files(&self, config: Option<&Config>) -> WatchedFiles {
        let path = &self.arguments.config.config;
        let whole = |path: &Path| {
            path.canonicalize()
                .unwrap_or_else(|_absent| path.to_owned())
        };
        let settings = config.and_then(|config| config.rehearsal.as_ref());
        let own = settings.and_then(|settings| settings.scenarios_dir.as_deref());
        let own = own.map(|folder| whole(&ConfigFiles::beside(path).path(folder)));
        let others = [whole(path)].into_iter().chain(own).collect();
        WatchedFiles::new(&self.root, settings, others).await
    }

    /// Plays once. The play cleans up by itself when it is interrupted or outdated.
    async fn play(
        &self,
        config: Config,
        files: &mut WatchedFiles,
        signals: &mut Signals,
    ) -> Ending {
        let (stop, stopped) = oneshot::channel::<()>();
        let mut stopping = Signals::until(async move { drop(stopped.await) });
        let playing = play(
            self.arguments,
            self.environment,
            (config, &self.broken),
            &mut stopping,
        );
        let mut playing = Box::pin(playing);
        tokio::select! {
            played = &mut playing => Ending::Played(played),
            changed = files.changed() => {
                drop(stop);
                drop(playing.await);
                Ending::Outdated(changed)
            }
            () = signals.cancelled() => {
                drop(stop);
                Ending::Interrupted(playing.await)
            }
        }
    }

    /// Reports a play and remembers its exit status and broken scenarios. A play that did not begin leaves the broken
    /// scenarios as they were.
    async fn report(&mut self, played: PlayedRehearsal) {
        if let Some(broken) = played.broken() {
            self.broken = broken;
        }
        self.status = Some(played.report(reporting(self.arguments)).await);
    }

    fn status(&self) -> u8 {
        self.status.unwrap_or(crate::commands::COULD_NOT_TELL)
    }

    fn tell_files(&self, files: &WatchedFiles) {
        let number = files.of_handler();
        let ending = if number == 1 { "" } else { "s" };
        self.output.say(&format!(
            "Watching {number} file{ending} of `handler_paths`; Ctrl-C ends"
        ));
    }

    fn tell_change(&self, changed: &[PathBuf]) {
        let changed = changed.iter();
        let changed: Vec<_> = changed
            .map(|path| self.paths.displayed(&path.to_string_lossy()))
            .collect();
        let first = match self.broken.len() {
            0 => String::new(),
            _ => format!(", first {}", some_of(&Vec::from_iter(&self.broken))),
        };
        let line = format!("{} changed: playing again{first}", some_of(&changed));
        self.output.say(&neutral::terminal(&line));
    }
}

/// Refuses formats for programs: `--watch` prints many reports, and a program expects one.
fn check_format(format: Option<ReportFormat>) -> Result<(), Problem> {
    let name = match format {
        None | Some(ReportFormat::Text) => return Ok(()),
        Some(ReportFormat::Json) => "json",
        Some(ReportFormat::Agent) => "agent",
    };
    Err(Problem::new(
        ErrorCode::InvalidSetting,
        format!(
            "`--watch` cannot be used with `--format {name}`: it prints one report after another"
        ),
    )
    .hint(format!(
        "run `prodverdict rehearse --format {name}` without `--watch`"
    )))
}
