//! `github-token`: the token of a job may write where the action reports.

use crate::{
    commands::{
        doctor::{
            definition::{CheckFuture, DoctorCheck, SetupCheck},
            setup::Setup,
        },
        failure::no_http_client,
        job,
    },
    github::{Client, Context, Limits, TokenPermission},
    http,
    problem::{PermissionGrant, Warning},
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: SetupCheck = DoctorCheck {
    id: "github-token",
    run: |setup| -> CheckFuture<'_> { Box::pin(check(setup)) },
};

async fn check(setup: &Setup<'_>) -> StepResult {
    let environment = setup.run.environment;
    if environment.get("GITHUB_ACTIONS") != Some("true") {
        return StepResult::skip("not in a job of GitHub Actions");
    }
    let context = job::context(environment);
    let event = &context.event_name;
    let Some(token) = job::token(environment) else {
        return StepResult::warn(
            Warning::new(format!("the event is `{event}`, and the step has no token"))
                .hint("give the step `env: { GITHUB_TOKEN: ${{ github.token }} }` to have its permissions checked"),
        );
    };
    let http = match http::client() {
        Ok(http) => http,
        Err(error) => return StepResult::fail(no_http_client(&error)),
    };
    let client = Client::new(
        &http,
        &context,
        Some(&token),
        setup.mask.clone(),
        Limits::default(),
    );
    let mut client = match client {
        Ok(client) => client,
        Err(error) => return StepResult::fail(Warning::from(error)),
    };
    let permissions = client.token_permissions(&context).await;
    result(&context, &permissions)
}

fn result(context: &Context, permissions: &[TokenPermission]) -> StepResult {
    let event = &context.event_name;
    let granted: Vec<_> = names_of(permissions, |grant| *grant == PermissionGrant::Granted);
    let denied: Vec<_> = names_of(permissions, |grant| *grant == PermissionGrant::Denied);
    let unknown: Vec<_> = permissions
        .iter()
        .filter_map(|permission| match &permission.grant {
            PermissionGrant::Unknown(problem) => Some(problem.clone()),
            PermissionGrant::Granted | PermissionGrant::Denied => None,
        })
        .collect();
    let has = match granted.as_slice() {
        [] => String::new(),
        granted => format!(" has {}", granted.join(", ")),
    };
    if denied.is_empty() {
        let message = format!("the event is `{event}`, and the token{has}");
        return StepResult::warned(message, unknown);
    }
    let lacks = format!("lacks {}", denied.join(", "));
    let and = if granted.is_empty() { "" } else { " and" };
    let problem = Warning::new(format!(
        "the event is `{event}`, and the token{has}{and} {lacks}: the report goes to the job summary alone"
    ));
    let all: Vec<_> = permissions
        .iter()
        .map(|permission| permission.name)
        .collect();
    let hint = if context.expects_read_only() {
        "GitHub gives runs for forks and for Dependabot a read-only token; there is nothing to change".to_owned()
    } else {
        format!(
            "give the job `permissions: {{ contents: read, {} }}`",
            all.join(", ")
        )
    };
    StepResult::warn(problem.hint(hint)).with(unknown)
}

fn names_of(
    permissions: &[TokenPermission],
    is_meant: fn(&PermissionGrant) -> bool,
) -> Vec<String> {
    let meant = permissions
        .iter()
        .filter(|permission| is_meant(&permission.grant));
    meant
        .map(|permission| format!("`{}`", permission.name))
        .collect()
}
