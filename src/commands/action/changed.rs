//! Findings of a rehearsal at the changed lines of the handler, where `handler_paths` says which files that is.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::{
    config::{AccessContract, Config},
    contract::{ColumnName, Field, Finding, HandlerRule, Rule},
    github::{ChangedLine, Client, ClientError, Context, Due, Repository, best_line, says},
    problem::{Place, Problem},
    report::Outcome,
};

/// A longer source file is none that a person wrote.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// Moves findings to the changed lines that they are likely about. What GitHub does not tell leaves them where they
/// are; why is a warning.
pub(super) async fn place(
    outcome: &mut Outcome,
    config: &Config,
    context: &Context,
    client: Result<Client, ClientError>,
) {
    let Some(settings) = config
        .rehearsal
        .as_ref()
        .filter(|_| outcome.rehearsal.is_some())
    else {
        return;
    };
    let has_findings = outcome.contracts.iter().any(|one| !one.findings.is_empty());
    if settings.handler_paths.is_empty() || !has_findings {
        return;
    }
    let (Some(contract), Some(repository), Some(number), Some(sha), true) = (
        config.contracts.get(settings.contract_index),
        &context.repository,
        context.pull_request,
        &context.sha,
        // A merge group knows its pull request too, but reports on another commit.
        context.comment != Due::No,
    ) else {
        return;
    };
    let listed = async {
        let mut client = client?;
        let mut files = client.changed_files(repository, number, sha).await?;
        let of_handler = patterns(&settings.handler_paths);
        files.retain(|file| of_handler.is_match(&file.path));
        Ok((client, files))
    };
    let (client, files) = match listed.await {
        Ok(listed) => listed,
        Err(error) => return outcome.warnings.push(unlisted(&error)),
    };
    let mut asked = Asked {
        client,
        repository,
        sha,
    };
    for contract_outcome in &mut outcome.contracts {
        for found in &mut contract_outcome.findings {
            let names = names(&found.finding, contract);
            let Some(line) = best_line(&files, &names) else {
                continue;
            };
            if let Some(lost) = &line.lost
                && asked.has_no_other(&line, lost).await
            {
                found.finding.message.push_str(&format!(
                    "\nThis pull request removed the only line of `{}` that mentions `{lost}`.",
                    line.path
                ));
            }
            found.place = Some(whole_line(line));
        }
    }
}

fn unlisted(error: &ClientError) -> Problem {
    Problem {
        message: format!(
            "what the pull request changes cannot be read, so that findings are shown at the configuration: {}",
            Problem::of(error).message
        ),
        hint: "give the job `pull-requests: read` or `write`".to_owned(),
        place: None,
    }
}

/// Patterns were checked with the configuration; one that is none means nothing.
fn patterns(written: &[String]) -> GlobSet {
    let mut patterns = GlobSetBuilder::new();
    for pattern in written {
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            patterns.add(glob);
        }
    }
    patterns.build().unwrap_or_default()
}

fn whole_line(line: ChangedLine) -> Place {
    Place {
        path: line.path,
        line: line.line,
        column: 1,
        end_line: line.line,
        end_column: 1,
    }
}

struct Asked<'a> {
    client: Client,
    repository: &'a Repository,
    sha: &'a str,
}

impl Asked<'_> {
    /// Whether the file as it is now does not mention the name at all; no where that is not known.
    async fn has_no_other(&mut self, line: &ChangedLine, name: &str) -> bool {
        let text = self
            .client
            .fetch_file(self.repository, &line.path, self.sha, MOST_BYTES)
            .await;
        matches!(text, Ok(Some(text)) if !says(&text, name))
    }
}

/// The names that matter to a finding, the weightiest first: the column that its rule is about, the other columns that
/// its text names, its plans and its price, the events that were sent.
fn names(finding: &Finding, contract: &AccessContract) -> Vec<String> {
    let text = format!("{}\n{}", finding.fix, finding.message);
    let columns = &contract.contract.columns;
    let of_field = |field: Field| match columns.get(&field)? {
        ColumnName::Column(name) | ColumnName::In { column: name, .. } => Some(name.clone()),
        ColumnName::Computed => None,
    };
    let mut names: Vec<String> = about(finding.rule).and_then(of_field).into_iter().collect();
    let mentioned = columns.keys().filter_map(|field| of_field(*field));
    names.extend(mentioned.filter(|name| says(&text, name)));
    let subject = &finding.subject;
    let values = [&subject.plan_expected, &subject.plan_found, &subject.price];
    names.extend(values.into_iter().flatten().cloned());
    let (mut now, mut earlier) = (Vec::new(), Vec::new());
    for line in &finding.evidence {
        let mut words = line.split_whitespace();
        if words.next() != Some("sent") {
            continue;
        }
        let Some(event) = words.next().filter(|event| event.contains('.')) else {
            continue;
        };
        let of = if line.ends_with(')') && line.contains(" (at ") {
            &mut earlier
        } else {
            &mut now
        };
        of.push(event.to_owned());
    }
    let (named, others): (Vec<_>, Vec<_>) = now.into_iter().partition(|event| says(&text, event));
    names.extend(named.into_iter().chain(others).chain(earlier));
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| !name.trim().is_empty() && seen.insert(name.clone()));
    names
}

/// The column that a rule is about.
fn about(rule: Rule) -> Option<Field> {
    match rule {
        Rule::RevenueLeak
        | Rule::WrongfulAccess
        | Rule::NoSubscription
        | Rule::Handler(HandlerRule::GateDiffers) => Some(Field::HasPaidAccess),
        Rule::PlanDrift | Rule::StalePlan | Rule::Handler(HandlerRule::PlanDropped) => {
            Some(Field::Plan)
        }
        Rule::OrphanSubscription
        | Rule::DuplicateCustomer
        | Rule::UnlinkedAccess
        | Rule::Handler(HandlerRule::BystanderChanged) => Some(Field::CustomerId),
        Rule::SeatDrift => Some(Field::Seats),
        Rule::PeriodDrift => Some(Field::PeriodEnd),
        Rule::CancelFlagDrift => Some(Field::CancelAtPeriodEnd),
        Rule::StatusDrift => Some(Field::Status),
        Rule::StaleSubscriptionId => Some(Field::SubscriptionId),
        Rule::UnmappedPrice
        | Rule::UnmappedFeature
        | Rule::UnknownStatus
        | Rule::DoubleSubscription
        | Rule::Handler(
            HandlerRule::ForgedAccepted
            | HandlerRule::HandlerAnswer
            | HandlerRule::SwallowedError
            | HandlerRule::HalfWritten
            | HandlerRule::RepeatChanged
            | HandlerRule::UnneededWrite
            | HandlerRule::OrderDependent
            | HandlerRule::AccountGone,
        ) => None,
    }
}
