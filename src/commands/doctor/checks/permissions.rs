//! `permissions`: the key may read what a check reads. Each permission is tried with a request for one object.

use crate::{
    billing::{BillingReader, KeyPermission},
    commands::doctor::{
        contract_facts::{ContractFacts, KeyState},
        definition::{CheckFuture, ContractCheck, DoctorCheck},
    },
    problem::{PermissionGrant, Problem, Warning},
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "permissions",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

async fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    let Some(reader) = facts
        .reader
        .as_ref()
        .filter(|_| facts.key == KeyState::Accepted)
    else {
        return StepResult::needs(super::api::CHECK.id);
    };
    let permissions = match reader.permissions().await {
        Ok(permissions) => permissions,
        Err(error) => return StepResult::fail(Problem::from(error)),
    };
    let with = |grant: &PermissionGrant| {
        let all = permissions.iter();
        all.filter(|permission| permission.grant == *grant)
            .collect::<Vec<_>>()
    };
    let granted = with(&PermissionGrant::Granted);
    let denied = with(&PermissionGrant::Denied);
    let unknown = permissions
        .iter()
        .filter_map(|permission| match &permission.grant {
            PermissionGrant::Unknown(problem) => Some(problem.clone()),
            PermissionGrant::Granted | PermissionGrant::Denied => None,
        });
    let unknown: Vec<_> = unknown.collect();
    let may_read = match granted.as_slice() {
        [] => "the key may read nothing that a check needs".to_owned(),
        granted => format!("the key may read {}", objects(granted)),
    };
    let lacks: Vec<_> = denied.iter().map(|permission| lacks(permission)).collect();
    let is_usable = |permission: &KeyPermission| {
        permission.lost.is_some() || permission.grant == PermissionGrant::Granted
    };
    let said = Warning::new(may_read).hint(advice(reader, &denied));
    let result = if permissions.iter().all(is_usable) {
        facts.key = KeyState::Permitted;
        if denied.is_empty() && unknown.is_empty() {
            StepResult::pass(said.text)
        } else {
            StepResult::warn(said)
        }
    } else {
        StepResult::fail(said)
    };
    result.with(lacks.into_iter().chain(unknown))
}

fn objects(permissions: &[&KeyPermission]) -> String {
    let objects: Vec<_> = permissions
        .iter()
        .map(|permission| permission.objects)
        .collect();
    objects.join(", ")
}

fn lacks(permission: &KeyPermission) -> Warning {
    let lost = permission.lost.unwrap_or("there is no check without it");
    Warning::new(format!(
        "it may not read {} (`{}`): {lost}",
        permission.objects, permission.name
    ))
}

fn advice(reader: &BillingReader, denied: &[&KeyPermission]) -> String {
    let names: Vec<_> = denied
        .iter()
        .map(|permission| format!("`{}`", permission.name))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        "give the key {}, or replace it: {}",
        names.join(" and "),
        reader.creation_advice()
    )
}
