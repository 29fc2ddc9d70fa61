//! The application that the rehearsal itself starts: its command, its environment, and its end.

use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{files::Files, redirection::Redirection, running::Running, secrets};
use crate::{
    application::{Application, CommandLine, Launch, Log, Ready, STARTING, run_to_end},
    cli::Environment,
    commands::{failure::Failure, masking::mask_of},
    config::{AccessContract, Config, Rehearsal},
    fake_stripe::FakeStripe,
    problem::Problem,
    scratch::{Opening, TemporaryDatabase},
};

/// The provider's key of an application that is rehearsed. The fake takes any test key.
const TEST_KEY: &str = "sk_test_prodverdict_rehearsal";

/// The variable in which applications look for the key, whatever the contract calls its own.
const KEY_VARIABLE: &str = "STRIPE_SECRET_KEY";

/// Variables of GitHub's runner that hold inputs and tokens of the action.
const OF_THE_RUNNER: [&str; 2] = ["INPUT_", "ACTIONS_"];

/// Migrations of a large application may take so long.
const MIGRATING: Duration = Duration::from_mins(5);

/// What is known before anything is started.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The variables of this process, and the values that the rehearsal makes up.
    pub(crate) environment: Environment,
    command: Option<CommandLine>,
    /// The folder that the command runs in.
    folder: PathBuf,
    database: Option<OwnDatabase>,
    masked: Vec<SecretString>,
}

/// A database that the rehearsal creates, and what makes its tables.
#[derive(Debug)]
struct OwnDatabase {
    /// The URL that leads to its server.
    server: SecretString,
    database: TemporaryDatabase,
    migrate: String,
    /// The folder that `migrate` runs in.
    folder: PathBuf,
}

impl Setup {
    /// The words behind `--` take the place of the command in the configuration.
    pub(crate) fn new(
        config: &Config,
        files: &Files,
        environment: &Environment,
        words: &[OsString],
    ) -> Result<Self, Problem> {
        let mut environment = environment.clone();
        let settings = config.rehearsal.as_ref();
        let written = settings.and_then(|settings| settings.app.command.clone());
        let (command, folder) = match CommandLine::from_words(words) {
            Some(command) => (Some(command), PathBuf::from(".")),
            None => (written.map(CommandLine::Shell), files.path(".")),
        };
        if command.is_some()
            && let Some(settings) = settings
            && environment.get(&settings.secret_env).is_none()
        {
            let secret = format!("whsec_{}", random()?);
            environment.set(&settings.secret_env, secret);
        }
        let database = match settings {
            Some(settings) => own_database(settings, files, &mut environment)?,
            None => None,
        };
        let mut masked = secrets(config, &environment);
        if command.is_some() || database.is_some() {
            masked.extend(environment.likely_secrets());
        }
        masked.extend(database.iter().map(|own| own.server.clone()));
        Ok(Self {
            environment,
            command,
            folder,
            database,
            masked,
        })
    }

    /// For the action, whose container holds the job's credentials: commands of the configuration are refused.
    pub(crate) fn without_commands(
        config: &Config,
        files: &Files,
        environment: &Environment,
    ) -> Result<Self, Problem> {
        if let Some(settings) = &config.rehearsal
            && (settings.app.command.is_some() || settings.migrate.is_some())
        {
            return Err(Problem {
                message: "the action runs no command of the configuration, neither `app.command` nor \
                          `database.migrate`"
                    .to_owned(),
                hint: "run `prodverdict rehearse` in a step on the runner, or start the application there and take the \
                       keys out of `rehearsal`"
                    .to_owned(),
                place: Some(settings.places.section.clone()),
            });
        }
        Self::new(config, files, environment, &[])
    }

    /// The secrets that the application may print.
    pub(crate) fn secrets(&self) -> &[SecretString] {
        &self.masked
    }

    /// Creates the database and makes its tables, where that is asked for.
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
        let opening = Opening {
            url: Some(&own.server),
            rehearsal,
            contract,
            contract_url: contract_url.as_ref(),
            in_container_action,
        };
        let created = own.database.create(opening).await;
        created.map_err(|error| Failure::of(&error))?;
        let launch = Launch {
            command: CommandLine::Shell(own.migrate.clone()),
            folder: own.folder.clone(),
            variables,
            withheld,
        };
        let migrated = run_to_end(&launch, &log, MIGRATING).await;
        migrated.map_err(|error| Failure::of(&error))
    }

    /// Drops the database that was created; a warning where that did not work.
    pub(super) async fn remove_database(&mut self) -> Option<Problem> {
        let removed = self.database.take()?.database.remove().await;
        removed.err().map(|error| Problem::of(&error))
    }

    /// Whether the rehearsal starts the application, so that it runs beside this process.
    pub(super) fn starts_application(&self) -> bool {
        self.command.is_some()
    }

    /// Starts the application, and waits until it is ready.
    pub(super) async fn start(
        &self,
        config: &Config,
        (settings, contract): (&Rehearsal, &AccessContract),
        handler: &Url,
        fake: &FakeStripe,
    ) -> Result<Option<Running>, Failure> {
        let Some(command) = &self.command else {
            return Ok(None);
        };
        let port = Ready::port_of(handler);
        if port.is_met().await {
            let taken = crate::application::Error::Taken {
                address: port.to_string(),
            };
            return Err(Failure::of(&taken));
        }
        let ready = match &settings.app.ready {
            Some(url) => Url::parse(url)
                .ok()
                .and_then(|url| Ready::answer_of(url).ok()),
            None => None,
        };
        let present = |name: &str| {
            let own = settings.app.env.get(name).map(String::as_str);
            own.or_else(|| self.environment.get(name))
                .map(str::to_owned)
        };
        let redirection = Redirection::start(fake, &std::env::temp_dir(), present).await?;
        let mut variables = self.variables(settings, contract);
        variables.extend(redirection.variables.clone());
        let launch = Launch {
            command: command.clone(),
            folder: self.folder.clone(),
            variables,
            withheld: self.withheld(config),
        };
        let started = Application::start(launch, ready.unwrap_or(port), self.log(), STARTING);
        let running = Running {
            application: started.map_err(|error| Failure::of(&error))?,
            command: command.to_string(),
            redirection,
        };
        match running.application.ready().await {
            Ok(()) => Ok(Some(running)),
            Err(error) => {
                running.application.end().await;
                Err(Failure::of(&error))
            }
        }
    }

    fn log(&self) -> Arc<Log> {
        let mask = mask_of(&self.masked);
        Arc::new(Log::new(Box::new(move |text| mask.text(text))))
    }

    /// What the application and its migrations find in their environment. The later of two values counts.
    fn variables(&self, settings: &Rehearsal, contract: &AccessContract) -> Vec<(String, String)> {
        let mut variables: Vec<(String, String)> = [KEY_VARIABLE, &contract.key_env]
            .map(|name| (name.to_owned(), TEST_KEY.to_owned()))
            .into();
        let secret = self.environment.get(&settings.secret_env);
        variables.extend(secret.map(|secret| (settings.secret_env.clone(), secret.to_owned())));
        variables.extend(database_variables(&self.environment, settings, contract));
        variables.extend(settings.app.env.clone());
        variables
    }

    /// Live credentials of any contract, and what belongs to the action.
    fn withheld(&self, config: &Config) -> Vec<String> {
        let of_contracts = config
            .contracts
            .iter()
            .flat_map(|contract| [contract.key_env.clone(), contract.database.url_env.clone()]);
        let of_the_action = self.environment.names().filter(|name| {
            let mut beginnings = OF_THE_RUNNER.iter();
            beginnings.any(|beginning| name.starts_with(beginning))
        });
        of_contracts
            .chain(of_the_action.map(str::to_owned))
            .collect()
    }
}

/// The scratch database, under the names in which rehearsal and contract look for theirs.
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

/// Takes the URL in the environment as that of a server, and puts the new database's in its place.
fn own_database(
    settings: &Rehearsal,
    files: &Files,
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

/// A name or a secret that nobody can guess, in hexadecimal.
pub(super) fn random() -> Result<String, Problem> {
    let number = getrandom::u64().map_err(|error| Problem {
        message: format!("the system gives no random numbers: {error}"),
        hint: String::new(),
        place: None,
    })?;
    Ok(format!("{number:016x}"))
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

    #[test]
    fn the_action_runs_no_command_of_the_configuration() {
        let config = load(CONFIG, "prodverdict.yml").expect("a configuration");
        let files = Files::beside(Path::new("prodverdict.yml"));
        let environment = Environment::default();
        let setup = Setup::new(&config, &files, &environment, &[]).expect("a setup");
        assert!(setup.starts_application());
        let refused = Setup::without_commands(&config, &files, &environment);
        let problem = refused.expect_err("refused");
        assert!(problem.message.starts_with("the action runs no command"));
        assert_eq!(problem.place.map(|place| place.line), Some(5));
    }
}
