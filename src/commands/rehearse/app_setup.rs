//! Sets up the application that the rehearsal starts: command, environment, and database.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use fake_http::{PADDLE, ProviderHosts, STRIPE};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{files::ConfigFiles, random::random, redirection::Redirection, running::Running};
use crate::{
    application::{self, Application, CommandLine, Launch, Log, ReadyCheck, STARTING, run_to_end},
    cli::Environment,
    commands::{
        failure::Failure,
        secrets::{mask_of, rehearsal_secrets},
    },
    config::{AccessContract, Config, Rehearsal},
    contract::Source,
    problem::{ErrorCode, Problem, Warning},
    rehearsal::Provider,
    scratch::{ScratchOptions, TemporaryDatabase},
};

/// The provider's credentials and hosts that the rehearsed application is given.
struct AppCredentials {
    hosts: ProviderHosts,
    /// A key in the provider's form. The fake accepts any test key.
    key: &'static str,
    /// Usual variable of the key, whatever the contract's is called.
    key_variable: &'static str,
    secret_prefix: &'static str,
}

impl AppCredentials {
    fn for_source(source: Source) -> Self {
        match Provider::for_source(source) {
            Provider::Stripe | Provider::Entitlements => Self {
                hosts: STRIPE,
                key: "sk_test_prodverdict_rehearsal",
                key_variable: "STRIPE_SECRET_KEY",
                secret_prefix: "whsec_",
            },
            Provider::Paddle => Self {
                hosts: PADDLE,
                key: concat!(
                    "pdl_sdbx_",
                    "apikey_01prodverdictrehearsal0000_ProdVerdictRehearsal00_000"
                ),
                key_variable: "PADDLE_API_KEY",
                secret_prefix: "pdl_ntfset_",
            },
        }
    }
}

/// Prefixes of the runner's variables that hold inputs and tokens of the action.
const RUNNER_PREFIXES: [&str; 2] = ["INPUT_", "ACTIONS_"];

/// Other variables that are withheld from the application: a job's credentials, and the paths of the files through
/// which a step passes outputs, a summary and variables to the runner.
const JOB_VARIABLES: [&str; 9] = [
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "SLACK_WEBHOOK_URL",
    "GITHUB_EVENT_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_ENV",
    "GITHUB_PATH",
];

/// Time limit for migrations, enough for a large application.
const MIGRATING: Duration = Duration::from_mins(5);

/// Everything that is needed to start the application.
#[derive(Debug)]
pub(crate) struct AppSetup {
    /// The variables of this process, and those that the rehearsal adds.
    pub(crate) environment: Environment,
    command: Option<AppCommand>,
    database: Option<OwnDatabase>,
    masked: Vec<SecretString>,
}

/// The command that starts the application.
#[derive(Debug)]
pub(crate) struct AppCommand {
    pub(crate) line: CommandLine,
    /// Working folder.
    pub(crate) folder: PathBuf,
    /// Advice if a program is missing; `None` for installing it.
    pub(crate) if_program_is_missing: Option<&'static str>,
}

/// A database that the rehearsal creates, with its migration.
#[derive(Debug)]
struct OwnDatabase {
    /// URL of the server.
    server: SecretString,
    database: TemporaryDatabase,
    migrate: String,
    /// Working folder of `migrate`.
    folder: PathBuf,
}

impl AppSetup {
    /// Creates the setup. Words after `--` override the configured command.
    pub(crate) fn new(
        config: &Config,
        files: &ConfigFiles,
        environment: &Environment,
        words: &[OsString],
    ) -> Result<Self, Problem> {
        let settings = config.rehearsal.as_ref();
        let written = settings.and_then(|settings| settings.app.command.clone());
        let (line, folder) = match CommandLine::from_words(words) {
            Some(line) => (Some(line), PathBuf::from(".")),
            None => (written.map(CommandLine::Shell), files.path(".")),
        };
        let command = line.map(|line| AppCommand {
            line,
            folder,
            if_program_is_missing: None,
        });
        Self::with(config, files, environment, command)
    }

    fn with(
        config: &Config,
        files: &ConfigFiles,
        environment: &Environment,
        command: Option<AppCommand>,
    ) -> Result<Self, Problem> {
        let mut environment = environment.clone();
        let settings = config.rehearsal.as_ref();
        if command.is_some()
            && let Some(settings) = settings
            && environment.get(&settings.secret_env).is_none()
        {
            let secret = format!(
                "{}{}",
                AppCredentials::for_source(settings.source).secret_prefix,
                random()?
            );
            environment.set(&settings.secret_env, secret);
        }
        let database = match settings {
            Some(settings) => own_database(settings, files, &mut environment)?,
            None => None,
        };
        let mut masked = rehearsal_secrets(config, &environment);
        if command.is_some() || database.is_some() {
            masked.extend(environment.likely_secrets());
        }
        masked.extend(database.iter().map(|own| own.server.clone()));
        Ok(Self {
            environment,
            command,
            database,
            masked,
        })
    }

    /// Creates the setup for the action, whose container has the job's credentials. The command comes from the
    /// workflow; commands of the configuration, which a pull request can change, are refused.
    pub(crate) fn for_action(
        config: &Config,
        files: &ConfigFiles,
        environment: &Environment,
        command: Option<AppCommand>,
    ) -> Result<Self, Problem> {
        let Some(settings) = &config.rehearsal else {
            return Self::with(config, files, environment, command);
        };
        let (key, hint) = if settings.migrate.is_some() {
            (
                "database.migrate",
                "run `prodverdict rehearse` in a step on the runner and publish its report with `mode: publish`, or \
                 run the migrations at the start of `app_command` and remove the key from `rehearsal`",
            )
        } else if settings.app.command.is_some() && command.is_none() {
            (
                "app.command",
                "run `prodverdict rehearse` in a step on the runner and publish its report with `mode: publish`, or \
                 name the command in the input `app_command`",
            )
        } else {
            return Self::with(config, files, environment, command);
        };
        Err(Problem::new(
            ErrorCode::ActionRestriction,
            format!("the action never runs commands from the configuration, but `{key}` names one"),
        )
        .hint(hint)
        .at(settings.places.section.clone()))
    }

    /// Returns the secrets that the application might print.
    pub(crate) fn secrets(&self) -> &[SecretString] {
        &self.masked
    }

    /// Creates and migrates the database, if configured.
    pub(super) async fn prepare_database(&mut self, config: &Config) -> Result<(), Failure> {
        let log = self.log();
        let withheld = self.withheld(config);
        let in_container_action = self.environment.in_container_action();
        let Some(rehearsal) = &config.rehearsal else {
            return Ok(());
        };
        let Some(contract) = config.contracts.get(rehearsal.contract_index) else {
            return Ok(());
        };
        let variables = self.variables(rehearsal, contract);
        let Some(own) = &mut self.database else {
            return Ok(());
        };
        let contract_url = self.environment.secret(&contract.database.url_env);
        let opening = ScratchOptions {
            url: Some(&own.server),
            rehearsal,
            contract,
            contract_url: contract_url.as_ref(),
            in_container_action,
        };
        own.database.create(opening).await?;
        let launch = Launch {
            command: CommandLine::Shell(own.migrate.clone()),
            folder: own.folder.clone(),
            variables,
            withheld,
        };
        let migrated = run_to_end(&launch, &log, MIGRATING).await;
        migrated.map_err(Failure::from)
    }

    /// Drops the created database, or returns a warning if that fails.
    pub(super) async fn remove_database(&mut self) -> Option<Warning> {
        let removed = self.database.take()?.database.remove().await;
        removed.err().map(Warning::from)
    }

    /// Checks that the rehearsal starts the application itself, in the same place as this process.
    pub(super) fn starts_application(&self) -> bool {
        self.command.is_some()
    }

    /// Starts the application, and waits until it is ready.
    pub(super) async fn start(
        &self,
        config: &Config,
        (settings, contract): (&Rehearsal, &AccessContract),
        handler: &Url,
        fake: SocketAddr,
    ) -> Result<Option<Running>, Failure> {
        let Some(command) = &self.command else {
            return Ok(None);
        };
        let port = ReadyCheck::open_port(handler);
        if port.is_met().await {
            let taken = application::Error::Taken {
                address: port.to_string(),
            };
            return Err(Failure::from(&taken));
        }
        let ready = match &settings.app.ready {
            Some(url) => Url::parse(url)
                .ok()
                .and_then(|url| ReadyCheck::response(url).ok()),
            None => None,
        };
        let present = |name: &str| {
            let own = settings.app.env.get(name).map(String::as_str);
            own.or_else(|| self.environment.get(name))
                .map(str::to_owned)
        };
        let hosts = AppCredentials::for_source(settings.source).hosts;
        let redirection = Redirection::start((hosts, fake), &std::env::temp_dir(), present).await?;
        let mut variables = self.variables(settings, contract);
        variables.extend(redirection.variables.clone());
        let launch = Launch {
            command: command.line.clone(),
            folder: command.folder.clone(),
            variables,
            withheld: self.withheld(config),
        };
        let started = Application::start(launch, ready.unwrap_or(port), self.log(), STARTING);
        let running = Running {
            application: started.map_err(|error| not_started(command, &error))?,
            command: command.line.to_string(),
            redirection,
        };
        match running.application.ready().await {
            Ok(()) => Ok(Some(running)),
            Err(error) => {
                running.application.end().await;
                Err(not_started(command, &error))
            }
        }
    }

    fn log(&self) -> Arc<Log> {
        let mask = mask_of(&self.masked);
        Arc::new(Log::new(Box::new(move |text| mask.text(text))))
    }

    /// Lists the variables of the application and its migrations. Later ones override earlier ones.
    fn variables(&self, settings: &Rehearsal, contract: &AccessContract) -> Vec<(String, String)> {
        let credentials = AppCredentials::for_source(settings.source);
        let mut variables: Vec<(String, String)> = [credentials.key_variable, &contract.key_env]
            .map(|name| (name.to_owned(), credentials.key.to_owned()))
            .into();
        let secret = self.environment.get(&settings.secret_env);
        variables.extend(secret.map(|secret| (settings.secret_env.clone(), secret.to_owned())));
        variables.extend(database_variables(&self.environment, settings, contract));
        variables.extend(settings.app.env.clone());
        variables
    }

    /// Lists the variables to withhold: live credentials of any contract, and those of the action.
    fn withheld(&self, config: &Config) -> Vec<String> {
        let contract_variables = config
            .contracts
            .iter()
            .flat_map(|contract| [contract.key_env.clone(), contract.database.url_env.clone()]);
        let action_variables = self.environment.names().filter(|name| {
            let mut prefixes = RUNNER_PREFIXES.iter();
            JOB_VARIABLES.contains(name) || prefixes.any(|prefix| name.starts_with(prefix))
        });
        contract_variables
            .chain(action_variables.map(str::to_owned))
            .collect()
    }
}

/// Returns the error of a start. The advice on a missing program differs between the user's own machine and the
/// action's container.
fn not_started(command: &AppCommand, error: &application::Error) -> Failure {
    let failure = Failure::from(error);
    let is_missing = matches!(
        error,
        application::Error::LacksProgram { .. } | application::Error::NotStarted { .. }
    );
    match command.if_program_is_missing {
        Some(advice) if is_missing => Failure {
            problem: Problem {
                hint: error.hint_with(advice),
                ..failure.problem
            },
            ..failure
        },
        _ => failure,
    }
}

/// Returns the scratch database's URL under the variables of the rehearsal and of the contract.
fn database_variables(
    environment: &Environment,
    settings: &Rehearsal,
    contract: &AccessContract,
) -> Vec<(String, String)> {
    let Some(url) = environment.get(&settings.url_env) else {
        return Vec::new();
    };
    [&settings.url_env, &contract.database.url_env]
        .map(|name| (name.clone(), url.to_owned()))
        .into()
}

/// Prepares a new database on the server of the configured URL, and replaces the URL.
fn own_database(
    settings: &Rehearsal,
    files: &ConfigFiles,
    environment: &mut Environment,
) -> Result<Option<OwnDatabase>, Problem> {
    let (Some(migrate), Some(server)) = (&settings.migrate, environment.secret(&settings.url_env))
    else {
        return Ok(None);
    };
    let database = TemporaryDatabase::new(server.clone(), &settings.url_env, &random()?);
    if let Some(url) = database.url() {
        environment.set(&settings.url_env, url.expose_secret().to_owned());
    }
    Ok(Some(OwnDatabase {
        server,
        database,
        migrate: migrate.clone(),
        folder: files.path("."),
    }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::load;

    const CONFIG: &str = "version: 1
contracts:
  - type: access
    database: {}
rehearsal:
  handler: http://localhost:3000/webhook
  app: { command: npm start }
  account: { sql: 'insert into users (id) values ({account_id})' }
";

    fn for_action(config: &str, command: Option<&str>) -> Result<AppSetup, Problem> {
        let config = load(config, "prodverdict.yml").expect("a configuration");
        let files = ConfigFiles::beside(Path::new("prodverdict.yml"));
        let command = command.map(|text| AppCommand {
            line: CommandLine::Shell(text.to_owned()),
            folder: PathBuf::from("."),
            if_program_is_missing: None,
        });
        AppSetup::for_action(&config, &files, &Environment::default(), command)
    }

    #[test]
    fn the_action_runs_no_command_of_the_configuration() {
        let config = load(CONFIG, "prodverdict.yml").expect("a configuration");
        let files = ConfigFiles::beside(Path::new("prodverdict.yml"));
        let environment = Environment::default();
        let setup = AppSetup::new(&config, &files, &environment, &[]).expect("a setup");
        assert!(setup.starts_application());
        let problem = for_action(CONFIG, None).expect_err("refused");
        assert!(problem.text.ends_with("`app.command` names one"));
        assert_eq!(problem.place.map(|place| place.line), Some(5));
    }

    #[test]
    fn the_command_of_a_workflow_takes_the_place_of_the_configurations() {
        let setup = for_action(CONFIG, Some("node server.js")).expect("a setup");
        let line = setup.command.expect("a command").line.to_string();
        assert_eq!(line, "node server.js");
        let migrating = format!("{CONFIG}  database: {{ migrate: npm run migrate }}\n");
        let refused = for_action(&migrating, Some("node server.js"));
        let problem = refused.expect_err("refused");
        assert!(problem.text.ends_with("`database.migrate` names one"));
    }
}
