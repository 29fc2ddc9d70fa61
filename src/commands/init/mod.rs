//! `prodverdict init`: recognizes the stack, writes a contract for it, and checks it.

mod agents;
mod choice;
mod facts;
mod files;
mod preview;
mod question;
mod repository;
mod workflow;

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use self::{
    choice::{Draft, KnownSigns},
    files::NewFile,
    question::Answer,
};
use super::{check, failure::fail, output::Output, secrets::mask_of};
use crate::{
    cli::{CheckArgs, ConfigArgs, Environment, FixtureArgs, InitArgs, Redact, ReportArgs},
    config::{self, AccessContract},
    detection::{self, declared_tables, rank, routes},
    notice::Progress,
    presets::{
        self, CatalogEntry, FilledPlans, PlanPair, Preset, fill, fill_plans, is_placeholder,
    },
    problem::{ErrorCode, Problem, Warning},
    report::{self, neutral},
    text::counted,
};

/// The file that `init` writes.
const CONTRACT: &str = "prodverdict.yml";

pub(super) async fn run(arguments: &InitArgs, environment: &Environment) -> u8 {
    let output = Output::of_process(mask_of(&environment.likely_secrets()));
    match init(arguments, environment, &output).await {
        Ok(status) => status,
        Err(problem) => fail(&output, &[problem]),
    }
}

async fn init(
    arguments: &InitArgs,
    environment: &Environment,
    output: &Output,
) -> Result<u8, Problem> {
    let presets = embedded_presets()?;
    if arguments.list_stacks {
        return Ok(super::print(&preset_list(&presets)));
    }
    if agents::are_asked_for(arguments) && !arguments.workflow && Path::new(CONTRACT).exists() {
        return add_agents(arguments, &presets, environment, output).await;
    }
    let mut paths = vec![CONTRACT];
    if arguments.workflow {
        paths.extend([workflow::CHECK, workflow::REHEARSAL]);
    }
    files::refuse_existing(paths.into_iter(), arguments.force)?;
    let url = environment.secret(facts::URL_ENV);
    let place = (Path::new("."), arguments.stack.clone());
    let known = look_around(place, &presets, url.as_ref(), environment, output).await?;
    let prepare = async |known: &KnownSigns<'_>| {
        let draft = draft(known, output)?;
        let written = fill_in(&draft, url.as_ref(), environment, output).await?;
        let mut files = new_files(arguments, &draft, &written);
        files.extend(agents::files(arguments, &billing_paths(draft.preset)).await?);
        let notes = if arguments.workflow {
            workflow_notes(&draft)
        } else {
            Vec::new()
        };
        Ok((PreparedFiles { files, notes }, written))
    };
    let Some(written) = agreed(arguments, known, output, prepare).await? else {
        return Ok(0);
    };
    if let Some(missing) = missing(&written, environment) {
        say(output, &format!("before the first verdict: {missing}"));
        output.say(SEE_DOCTOR);
        return Ok(0);
    }
    let status = check::run(&check_arguments(), environment).await;
    if status == super::COULD_NOT_TELL {
        output.say(SEE_DOCTOR);
    }
    Ok(status)
}

/// A contract that is proposed, and not written.
#[derive(Debug)]
pub(super) struct Proposal {
    /// Name of the preset; `None` if none fits.
    pub(super) stack: Option<&'static str>,
    /// Text of the configuration.
    pub(super) text: String,
    /// The reasons, and what a person has to decide.
    pub(super) notes: Vec<String>,
    /// The first thing that a check needs.
    pub(super) missing: Option<String>,
}

/// Proposes a contract for the repository at `root` and its database.
pub(super) async fn propose(
    (root, stack): (&Path, Option<&str>),
    environment: &Environment,
    output: &Output,
) -> Result<Proposal, Problem> {
    let presets = embedded_presets()?;
    let url = environment.secret(facts::URL_ENV);
    let place = (root, stack.map(str::to_owned));
    let known = look_around(place, &presets, url.as_ref(), environment, output).await?;
    let draft = draft(&known, output)?;
    let written = fill_in(&draft, url.as_ref(), environment, output).await?;
    Ok(Proposal {
        stack: draft.preset.map(|preset| preset.name),
        missing: missing(&written, environment),
        text: written.text,
        notes: draft.notes,
    })
}

fn embedded_presets() -> Result<Vec<Preset>, Problem> {
    presets::all().map_err(|error| {
        Problem::new(ErrorCode::Internal, error.to_string())
            .hint("report this as a bug: nothing was written")
    })
}

/// Adds files for coding agents to a repository that has a contract.
async fn add_agents(
    arguments: &InitArgs,
    presets: &[Preset],
    environment: &Environment,
    output: &Output,
) -> Result<u8, Problem> {
    let place = (Path::new("."), arguments.stack.clone());
    let known = look_around(place, presets, None, environment, output).await?;
    let prepare = async |known: &KnownSigns<'_>| {
        let preset = choice::preset(known)?;
        let files = agents::files(arguments, &billing_paths(preset)).await?;
        let notes = Vec::new();
        Ok((PreparedFiles { files, notes }, ()))
    };
    agreed(arguments, known, output, prepare).await?;
    Ok(0)
}

/// Files that may be written, with what a person has to know about them.
#[derive(Debug)]
struct PreparedFiles {
    files: Vec<NewFile>,
    notes: Vec<String>,
}

/// Shows files until they may be written, and writes them; another stack changes what is known. Returns what was prepared
/// with them, or `None` if nothing was written.
async fn agreed<'p, T>(
    arguments: &InitArgs,
    mut known: KnownSigns<'p>,
    output: &Output,
    prepare: impl AsyncFn(&KnownSigns<'p>) -> Result<(PreparedFiles, T), Problem>,
) -> Result<Option<T>, Problem> {
    loop {
        let (PreparedFiles { files, notes }, more) = prepare(&known).await?;
        if files.is_empty() {
            output.say("nothing to add: the files hold it already");
            return Ok(None);
        }
        say(output, &files::show(&files));
        if !notes.is_empty() {
            say(output, &notes.join("\n"));
        }
        match question::ask(arguments.yes, output)? {
            Answer::Write => {
                write(&files, output)?;
                return Ok(Some(more));
            }
            Answer::Leave => {
                output.say("nothing was written");
                return Ok(None);
            }
            Answer::Stack(name) => known.stack = Some(name),
        }
    }
}

/// Returns the paths of billing code: those of the stack, or those that common names suggest.
fn billing_paths(preset: Option<&Preset>) -> Vec<String> {
    let Some(preset) = preset else {
        let names = ["billing", "paddle", "stripe", "webhook"];
        return names
            .iter()
            .flat_map(|name| [format!("**/*{name}*"), format!("**/*{name}*/**")])
            .collect();
    };
    preset.description.billing_paths.clone()
}

fn write(files: &[NewFile], output: &Output) -> Result<(), Problem> {
    files::write(files, output)?;
    let names: Vec<_> = files.iter().map(|file| &*file.path).collect();
    output.say(&format!("wrote {}", names.join(", ")));
    Ok(())
}

/// Advice if the first check could not run.
const SEE_DOCTOR: &str =
    "`prodverdict doctor` checks each step: variables, key, database, columns, plans";

fn preset_list(presets: &[Preset]) -> String {
    let lines = presets.iter().map(|preset| {
        format!(
            "{:<32}{}: {}\n",
            preset.name, preset.description.title, preset.description.description
        )
    });
    lines.collect()
}

/// Prints lines that contain names of others.
fn say(output: &Output, text: &str) {
    let lines: Vec<_> = text.lines().map(neutral::terminal).collect();
    output.say(&lines.join("\n"));
}

/// Looks at the repository and the database.
async fn look_around<'p>(
    (root, stack): (&Path, Option<String>),
    presets: &'p [Preset],
    url: Option<&SecretString>,
    environment: &Environment,
    output: &Output,
) -> Result<KnownSigns<'p>, Problem> {
    let repository = repository::read(root, presets);
    let declared = declared_tables(&repository);
    let packages = detection::packages(&repository);
    let ranked = rank(presets, &repository, &packages, &declared);
    if repository.is_truncated {
        output.say("not all files of the repository were looked at: it is large");
    }
    let sample = match url {
        Some(url) => Some(facts::sample(url, &facts::settings(), environment).await?),
        None => None,
    };
    if let Some(sample) = &sample {
        let cut = if sample.is_truncated {
            ", not all of them: it has more than a minute allows, or more than 300"
        } else {
            ""
        };
        let tables = counted(sample.tables.len(), "table");
        output.say(&format!("read some rows of {tables} in the database{cut}"));
    }
    Ok(KnownSigns {
        presets,
        ranked,
        declared,
        routes: routes(&repository),
        sample,
        now: super::now().to_string().replace('T', " "),
        stack,
    })
}

/// Chooses, and says why.
fn draft<'p>(known: &KnownSigns<'p>, output: &Output) -> Result<Draft<'p>, Problem> {
    let draft = choice::choose(known)?;
    let name = draft.preset.map_or("none", |preset| preset.name);
    let mut lines = vec![format!("stack: {name}")];
    lines.extend(draft.notes.iter().map(|line| format!("  {line}")));
    let ranked = known.ranked.iter().map(|ranked| ranked.preset.name);
    let others: Vec<_> = ranked.filter(|other| *other != name).collect();
    if !others.is_empty() && draft.preset.is_some() {
        lines.push(format!(
            "  also possible: {} (`--stack NAME`)",
            others.join(", ")
        ));
    }
    say(output, &lines.join("\n"));
    Ok(draft)
}

/// A contract with its plans.
#[derive(Debug)]
struct WrittenContract {
    text: String,
    plans: Vec<PlanPair>,
    key_env: String,
    url_env: String,
}

/// Fills in the plans that the rows and the provider know, and shows a few accounts.
async fn fill_in(
    draft: &Draft<'_>,
    url: Option<&SecretString>,
    environment: &Environment,
    output: &Output,
) -> Result<WrittenContract, Problem> {
    let progress = Progress::new(output.on_terminal);
    let sample = sample_contract(&draft.contract)?;
    let mut stored = draft.stored.clone();
    if let (Some(url), Some(sql)) = (url, &draft.plans_sql) {
        match facts::stored_plans(url, sql, &facts::settings(), environment).await {
            Ok(plans) => stored = plans,
            Err(problem) => warn(output, "the plans in the database cannot be read", problem),
        }
    }
    let catalog = match environment.get(&sample.key_env) {
        Some(_) => match facts::catalog(&sample, environment, &progress).await {
            Ok(prices) => prices,
            Err(problem) => {
                warn(output, "the provider's prices cannot be read", problem);
                Vec::new()
            }
        },
        None => Vec::new(),
    };
    let plans = plans(draft, &stored, &catalog);
    let text = fill(&draft.contract, &plans.pairs);
    check_text(&text)?;
    explain_plans(&plans, output);
    if let Some(url) = url {
        match facts::some_accounts(url, &sample, environment).await {
            Ok(accounts) => {
                let lines = preview::lines(&accounts);
                say(
                    output,
                    &format!("accounts, as they would be read:\n{}", lines.join("\n")),
                );
            }
            Err(problem) => warn(
                output,
                "the accounts cannot be read with this contract",
                problem,
            ),
        }
    }
    Ok(WrittenContract {
        text,
        plans: plans.pairs,
        key_env: sample.key_env,
        url_env: sample.database.url_env,
    })
}

fn plans(
    draft: &Draft<'_>,
    stored: &[presets::StoredPlan],
    catalog: &[CatalogEntry],
) -> FilledPlans {
    if !draft.contract.contains("price_your_plan") {
        return FilledPlans::default();
    }
    let words = draft
        .preset
        .map(|preset| preset.description.plans.words.as_slice());
    fill_plans(draft.storage, words.unwrap_or_default(), stored, catalog)
}

fn explain_plans(plans: &FilledPlans, output: &Output) {
    let known = plans
        .pairs
        .iter()
        .filter(|plan| !plan.is_placeholder())
        .count();
    let open = plans.pairs.len() - known;
    let mut line = format!("plans: {} matched", counted(known, "plan"));
    if open > 0 {
        line.push_str(&format!(", {} to complete", counted(open, "plan")));
    }
    if plans.unusable > 0 {
        line.push_str(&format!(
            ", {} left out because no contract can hold it",
            plans.unusable
        ));
    }
    output.say(&line);
}

fn warn(output: &Output, what: &str, problem: Problem) {
    let warning = Warning::new(format!("{what}: {}", problem.text))
        .hint(problem.hint)
        .at(problem.place);
    output.say(&report::warnings(&[warning], output.color_on_stderr));
}

/// Reads the draft with a made-up plan, for everything but its plans.
fn sample_contract(draft: &str) -> Result<AccessContract, Problem> {
    let with = |key: &str| config::load(&fill(draft, &[PlanPair::new(key, "plan")]), CONTRACT);
    let config = with("price_1").or_else(|_| with("pri_1"));
    let contract = config.map(|config| config.contracts.into_iter().next());
    match contract {
        Ok(Some(contract)) => Ok(contract),
        Ok(None) => Err(invalid("it has no contract")),
        Err(diagnostics) => Err(invalid(
            diagnostics
                .first()
                .map_or("", |diagnostic| diagnostic.message.as_str()),
        )),
    }
}

/// Checks that nothing but placeholders is wrong with the text.
fn check_text(text: &str) -> Result<(), Problem> {
    let Err(diagnostics) = config::load(text, CONTRACT) else {
        return Ok(());
    };
    let mut others = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code != ErrorCode::Placeholder);
    others
        .next()
        .map_or(Ok(()), |diagnostic| Err(invalid(&diagnostic.message)))
}

fn invalid(reason: &str) -> Problem {
    Problem::new(ErrorCode::NoProposal, format!("the contract would not be valid, so nothing was written: {reason}"))
        .hint("a name or a value in the database cannot be written in the configuration; begin with a preset (`--stack NAME`)")
}

fn new_files(arguments: &InitArgs, draft: &Draft<'_>, written: &WrittenContract) -> Vec<NewFile> {
    let mut files = vec![NewFile::new(CONTRACT, written.text.clone())];
    if arguments.workflow {
        let text = workflow::check(&written.key_env, &written.url_env);
        files.push(NewFile::new(workflow::CHECK, text));
        if let (Some(preset), Some(rehearsal)) = (draft.preset, &draft.rehearsal) {
            if let Some(contract) = files.first_mut() {
                let section = fill(&rehearsal.section, &written.plans);
                contract.text.push_str(&section);
            }
            files.push(NewFile::new(
                workflow::REHEARSAL,
                workflow::rehearsal(preset),
            ));
        }
    }
    files
}

/// Returns what a person has to know about the workflows.
fn workflow_notes(draft: &Draft<'_>) -> Vec<String> {
    let mut notes = vec![workflow::NOT_PUBLISHED.to_owned()];
    match &draft.rehearsal {
        Some(rehearsal) => notes.extend(rehearsal.notes.iter().cloned()),
        None => notes.push(
            "no rehearsal is written: the webhook handler that writes these tables is not known; docs/rehearsal.md describes \
             the section `rehearsal`"
                .to_owned(),
        ),
    }
    notes
}

/// Returns the first thing that a check needs.
fn missing(written: &WrittenContract, environment: &Environment) -> Option<String> {
    let is_open = |line: &str| line.split(['"', '\'', ' ', ':']).any(is_placeholder);
    let line = written
        .text
        .lines()
        .position(|line| !line.trim_start().starts_with('#') && is_open(line));
    if let Some(line) = line {
        return Some(format!(
            "replace each placeholder (`price_your_…`, `your_plan`) in {CONTRACT} by a price or product and its word; the first is on \
             line {}. Then run `prodverdict check access`",
            line + 1
        ));
    }
    let names = [&written.url_env, &written.key_env];
    let name = names
        .into_iter()
        .find(|name| environment.get(name).is_none())?;
    Some(format!("set `{name}`, and run `prodverdict check access`"))
}

/// Returns the arguments of `check access` without options.
fn check_arguments() -> CheckArgs {
    CheckArgs {
        config: ConfigArgs {
            config: PathBuf::from(CONTRACT),
        },
        fixtures: FixtureArgs {
            fixtures: false,
            fixtures_stripe: false,
            fixtures_dir: None,
        },
        report: ReportArgs {
            format: None,
            output: Vec::new(),
            redact: Redact::Off,
        },
        plan: false,
        baseline: None,
        strict: false,
        now: None,
    }
}
