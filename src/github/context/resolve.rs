//! Maps each event to the commit and pull request of the report, and to the places where it is published.

use std::collections::BTreeMap;

use super::{
    Commits, Context, GithubServer, Origin, ReportPolicies, ReportPolicy, Repository, Run, Search,
    Subject, Trust, is_sha, warning,
};
use crate::github::event::{Event, PullRequest, WorkflowRun};

const DEPENDABOT: &str = "dependabot[bot]";

/// Events that run the workflow file of the base branch for code that anybody may have written.
const UNTRUSTED: &[&str] = &["pull_request_target", "workflow_run", "issue_comment"];

pub(super) fn resolve(variables: &BTreeMap<String, String>, payload: Option<&str>) -> Context {
    let mut context = context_without_event(variables);
    let event = parse_event(payload, &mut context);
    context.origin.is_dependabot = is_dependabot(variables, &event);
    let repository = event.repository.clone().unwrap_or_default();
    let is_commit = |sha: &String| is_sha(sha) && !is_zero(sha);
    context.commits.previous = event.before.clone().filter(is_commit);
    context.default_branch = repository
        .default_branch
        .filter(|branch| !branch.is_empty());
    match context.event_name.as_str() {
        "push" => push(&mut context, &event, variables),
        "merge_group" => merge_group(&mut context, &event),
        "workflow_dispatch" => workflow_dispatch(&mut context, &event, variables),
        "workflow_run" => {
            let run = event.workflow_run.unwrap_or_default();
            workflow_run(&mut context, &run, repository.id);
        }
        "issue_comment" => issue_comment(&mut context, &event),
        name if name.starts_with("pull_request") => {
            pull_request(&mut context, &event, variables);
        }
        // `schedule` and other events of the default branch. They create no check run, because GitHub would add it to
        // the check suite of another workflow.
        name => {
            context.commits.head.clone_from(&context.commits.fallback);
            if name == "schedule" {
                context.policies.issue = ReportPolicy::Yes;
                context.subject = Subject::DefaultBranch;
            }
        }
    }
    if UNTRUSTED.contains(&context.event_name.as_str()) && context.trust == Trust::Ordinary {
        context.trust = Trust::BaseOnly {
            base_sha: context.commits.fallback.clone(),
        };
    }
    context
}

/// Builds the part of the context that does not depend on the event.
fn context_without_event(variables: &BTreeMap<String, String>) -> Context {
    let get = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let url = |name: &str, default: &str| {
        get(name)
            .map_or(default, String::as_str)
            .trim_end_matches('/')
            .to_owned()
    };
    let repository = get("GITHUB_REPOSITORY").and_then(|text| Repository::parse(text));
    let mut warnings = Vec::new();
    if repository.is_none() {
        warnings.push(warning(
            "`GITHUB_REPOSITORY` does not name a repository as `owner/name`",
            "run inside a GitHub Actions job, or set it",
        ));
    }
    Context {
        event_name: get("GITHUB_EVENT_NAME").cloned().unwrap_or_default(),
        repository,
        server: GithubServer {
            api_url: url("GITHUB_API_URL", "https://api.github.com"),
            url: url("GITHUB_SERVER_URL", "https://github.com"),
        },
        run: Run::new(variables),
        commits: Commits {
            fallback: get("GITHUB_SHA").filter(|sha| is_sha(sha)).cloned(),
            ..Commits::default()
        },
        pull_request: None,
        subject: Subject::Event,
        search: Search::Nothing,
        policies: ReportPolicies {
            check_run: ReportPolicy::OnRequest,
            comment: ReportPolicy::No,
            issue: ReportPolicy::No,
        },
        trust: Trust::Ordinary,
        default_branch: None,
        origin: Origin::default(),
        nothing_to_do: None,
        warnings,
    }
}

fn parse_event(payload: Option<&str>, context: &mut Context) -> Event {
    let Some(text) = payload else {
        context.warnings.push(warning(
            "the event payload is missing",
            "the file that `GITHUB_EVENT_PATH` names must be readable",
        ));
        return Event::default();
    };
    serde_json::from_str(text).unwrap_or_else(|error| {
        context.warnings.push(warning(
            format!("the event payload is not a JSON object: {error}"),
            "the file that `GITHUB_EVENT_PATH` names must hold the event as GitHub wrote it",
        ));
        Event::default()
    })
}

fn is_dependabot(variables: &BTreeMap<String, String>, event: &Event) -> bool {
    let author = event
        .pull_request
        .as_ref()
        .and_then(|pull| pull.user.as_ref());
    [author, event.sender.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|user| user.login.as_deref())
        .chain(variables.get("GITHUB_ACTOR").map(String::as_str))
        .any(|login| login == DEPENDABOT)
}

fn pull_request(context: &mut Context, event: &Event, variables: &BTreeMap<String, String>) {
    context.policies.check_run = ReportPolicy::Yes;
    context.policies.comment = ReportPolicy::Yes;
    let from_ref = || {
        let reference = variables.get("GITHUB_REF")?;
        reference
            .strip_prefix("refs/pull/")?
            .split('/')
            .next()?
            .parse()
            .ok()
    };
    let pull = event.pull_request.clone().unwrap_or_default();
    context.pull_request = pull.number.or_else(from_ref);
    context.commits.head = head_sha(&pull);
    context.commits.base = base_sha(&pull);
    context.origin.is_fork = is_fork(context, &pull, event.pull_request.is_some());
    if context.is_pull_request_target() {
        context.trust = Trust::BaseOnly {
            base_sha: base_sha(&pull).or_else(|| context.commits.fallback.clone()),
        };
    }
    if context.commits.head.is_none() {
        locate_by_number(context);
    }
}

/// Returns true if the head is in another repository. A payload without a head repository means a deleted fork; without
/// a payload, nothing is known.
fn is_fork(context: &Context, pull: &PullRequest, has_payload: bool) -> bool {
    let head = pull.head.as_ref().and_then(|head| head.repo.as_ref());
    match (
        head.and_then(|repo| repo.full_name.as_deref()),
        &context.repository,
    ) {
        (Some(name), Some(repository)) => !repository.has_name(name),
        (None, _) => has_payload,
        (Some(_), None) => true,
    }
}

fn push(context: &mut Context, event: &Event, variables: &BTreeMap<String, String>) {
    context.policies.check_run = ReportPolicy::Yes;
    context.policies.comment = ReportPolicy::OnRequest;
    if event.deleted == Some(true) || event.after.as_deref().is_some_and(is_zero) {
        context.policies.check_run = ReportPolicy::No;
        context.policies.comment = ReportPolicy::No;
        context.nothing_to_do = Some("the push deleted its branch or tag".to_owned());
        return;
    }
    let after = event.after.clone().filter(|sha| is_sha(sha));
    context.commits.head = after.or_else(|| context.commits.fallback.clone());
    if let Some(sha) = &context.commits.head {
        context.search = Search::Commit(sha.clone());
    }
    allow_issue(context, variables);
}

/// Returns true for the all-zero id, which means that there is no commit.
fn is_zero(sha: &str) -> bool {
    sha.bytes().all(|byte| byte == b'0')
}

/// Allows the issue to be updated, on request, if the workflow runs on the default branch.
fn allow_issue(context: &mut Context, variables: &BTreeMap<String, String>) {
    let branch = context.default_branch.as_deref();
    let reference = variables.get("GITHUB_REF");
    let current = reference.and_then(|reference| reference.strip_prefix("refs/heads/"));
    if branch.is_some() && branch == current {
        context.subject = Subject::DefaultBranch;
        context.policies.issue = ReportPolicy::OnRequest;
    }
}

fn merge_group(context: &mut Context, event: &Event) {
    context.policies.check_run = ReportPolicy::Yes;
    let group = event.merge_group.clone().unwrap_or_default();
    let sha = group.head_sha.filter(|sha| is_sha(sha));
    context.commits.base = group.base_sha.filter(|sha| is_sha(sha));
    context.commits.head = sha.or_else(|| context.commits.fallback.clone());
    context.pull_request = group.head_ref.as_deref().and_then(queued_number);
}

/// Parses the number in `refs/heads/gh-readonly-queue/<base>/pr-<number>-<sha>`.
fn queued_number(reference: &str) -> Option<u64> {
    let (_, queued) = reference.split_once("gh-readonly-queue/")?;
    let last = queued.rsplit('/').next()?;
    last.strip_prefix("pr-")?.split('-').next()?.parse().ok()
}

fn workflow_dispatch(context: &mut Context, event: &Event, variables: &BTreeMap<String, String>) {
    context.policies.check_run = ReportPolicy::Yes;
    context.commits.head.clone_from(&context.commits.fallback);
    let inputs = event.inputs.as_ref();
    let typed = ["pull-request", "pull_request"]
        .into_iter()
        .find_map(|name| inputs?.get(name)?.as_str()?.trim().parse().ok());
    if let Some(number) = typed {
        name_pull_request(context, number);
    } else {
        allow_issue(context, variables);
    }
}

/// Reports on the head of a pull request that a person or the workflow names, rather than on the commit of the event.
/// Until the repository of the head is known, its code is not trusted.
pub(super) fn name_pull_request(context: &mut Context, number: u64) {
    context.pull_request = Some(number);
    context.subject = Subject::NamedPullRequest;
    context.policies.check_run = ReportPolicy::Yes;
    context.policies.comment = ReportPolicy::Yes;
    context.policies.issue = ReportPolicy::No;
    context.nothing_to_do = None;
    context.commits.head = None;
    context.commits.base = None;
    context.search = Search::Number(number);
    if context.trust == Trust::Ordinary {
        context.search = Search::Named(number);
        context.trust = Trust::BaseOnly {
            base_sha: context.commits.fallback.clone(),
        };
    }
}

fn workflow_run(context: &mut Context, run: &WorkflowRun, repository_id: Option<u64>) {
    context.policies.check_run = ReportPolicy::Yes;
    context.policies.comment = ReportPolicy::Yes;
    let run_sha = run.head_sha.clone().filter(|sha| is_sha(sha));
    let mut pulls = run.pull_requests.iter().flatten();
    let pull =
        pulls.find(|pull| head_sha(pull) == run_sha && targets_repository(pull, repository_id));
    context.commits.head.clone_from(&run_sha);
    context.pull_request = pull.and_then(|pull| pull.number);
    context.commits.base = pull.and_then(base_sha);
    context.trust = Trust::BaseOnly {
        base_sha: pull
            .and_then(base_sha)
            .or_else(|| context.commits.fallback.clone()),
    };
    let head = run.head_repository.as_ref();
    let name = head.and_then(|repo| repo.full_name.as_deref());
    context.origin.is_fork = match (name, &context.repository) {
        (Some(name), Some(repository)) => !repository.has_name(name),
        _ => true,
    };
    if context.commits.head.is_none() {
        context.warnings.push(warning(
            "the event payload does not say which commit the workflow ran on",
            "the report is in the job summary only",
        ));
    }
    if context.pull_request.is_some() {
        return;
    }
    let login = head.and_then(|repo| repo.owner.as_ref()?.login.clone());
    let owner = login.or_else(|| Some(Repository::parse(name?)?.owner().to_owned()));
    if let (Some(owner), Some(branch), Some(sha)) = (owner, run.head_branch.clone(), run_sha) {
        context.search = Search::Head { owner, branch, sha };
    }
}

/// Returns true if the base of the pull request is in the repository with this id.
fn targets_repository(pull: &PullRequest, repository_id: Option<u64>) -> bool {
    let base = pull.base.as_ref().and_then(|base| base.repo.as_ref()?.id);
    base.is_some() && base == repository_id
}

fn issue_comment(context: &mut Context, event: &Event) {
    let issue = event.issue.clone().unwrap_or_default();
    if issue.pull_request.is_none() {
        context.commits.head.clone_from(&context.commits.fallback);
        return;
    }
    context.policies.check_run = ReportPolicy::Yes;
    context.policies.comment = ReportPolicy::Yes;
    context.pull_request = issue.number;
    locate_by_number(context);
}

fn locate_by_number(context: &mut Context) {
    match context.pull_request {
        Some(number) => context.search = Search::Number(number),
        None => context.warnings.push(warning(
            "the event does not say which pull request it is about",
            "the report is in the job summary only",
        )),
    }
}

fn head_sha(pull: &PullRequest) -> Option<String> {
    pull.head.as_ref()?.sha.clone().filter(|sha| is_sha(sha))
}

fn base_sha(pull: &PullRequest) -> Option<String> {
    pull.base.as_ref()?.sha.clone().filter(|sha| is_sha(sha))
}
