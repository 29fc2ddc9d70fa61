//! `database`: the database can be reached, and the connection is encrypted where others could read it.

use crate::{
    commands::doctor::{
        contract_facts::ContractFacts,
        definition::{CheckFuture, ContractCheck, DoctorCheck},
    },
    database::describe_server,
    problem::Problem,
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "database",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

async fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    let environment = facts.setup.run.environment;
    let settings = &facts.contract.database;
    let Some(url) = environment.secret(&settings.url_env) else {
        return StepResult::needs(super::variables::CHECK.id);
    };
    let in_container = environment.in_container_action();
    let server = match describe_server(&url, settings, in_container).await {
        Ok(server) => server,
        Err(error) => return StepResult::fail(Problem::from(error)),
    };
    let encrypted = match &server.tls {
        Some(version) => format!("encrypted with {version}"),
        None => "without TLS".to_owned(),
    };
    let message = format!(
        "Postgres {} at `{}`, {encrypted}",
        server.version, server.address
    );
    let warning = server.warning.clone();
    facts.server = Some(server);
    StepResult::warned(message, warning)
}
