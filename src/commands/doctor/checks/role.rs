//! `role`: the database role sees every row, and cannot write.

use crate::{
    commands::doctor::{
        contract_facts::ContractFacts,
        definition::{CheckFuture, ContractCheck, DoctorCheck},
    },
    database::{Error, ExcessPrivilege, ServerFacts},
    problem::{Problem, Warning},
    report::StepResult,
};

pub(in crate::commands::doctor) const CHECK: ContractCheck = DoctorCheck {
    id: "role",
    run: |facts| -> CheckFuture<'_> { Box::pin(check(facts)) },
};

async fn check(facts: &mut ContractFacts<'_>) -> StepResult {
    if facts.server.is_none() {
        return StepResult::needs(super::database::CHECK.id);
    }
    facts.read_accounts().await;
    let (Some(server), Some(read)) = (&facts.server, &facts.accounts) else {
        return StepResult::needs(super::database::CHECK.id);
    };
    let role = &server.role;
    let beyond_reading = role.excess_privilege.as_ref().map(excess);
    let read = match read {
        Ok(read) => read,
        Err(error @ (Error::RowSecurity { .. } | Error::Permission { .. })) => {
            return StepResult::fail(Problem::from(error)).with(beyond_reading);
        }
        // Which tables are read is only known if they can be read.
        Err(_) => return unread(server, beyond_reading),
    };
    // The check `database` reports the connection's own warning.
    let role_warnings = read
        .warnings
        .iter()
        .filter(|warning| Some(*warning) != server.warning.as_ref())
        .cloned();
    let mut warnings: Vec<_> = role_warnings.collect();
    // A warning about the tables already advises a role that only reads.
    if warnings.is_empty() {
        warnings.extend(beyond_reading);
    }
    let bypasses = if role.bypasses_row_security {
        " (it bypasses row-level security)"
    } else {
        ""
    };
    let read_only = if warnings.is_empty() {
        ", and cannot write to its tables"
    } else {
        ""
    };
    let message = format!("role {} sees every row{bypasses}{read_only}", role.name);
    StepResult::warned(message, warnings)
}

fn unread(server: &ServerFacts, beyond_reading: Option<Warning>) -> StepResult {
    let role = &server.role.name;
    let message = format!("role {role}: the accounts cannot be read; see `columns`");
    match beyond_reading {
        Some(warning) => StepResult::warned(message, vec![warning]),
        None => StepResult::skip(message),
    }
}

fn excess(found: &ExcessPrivilege) -> Warning {
    Warning::new(format!(
        "role {} {}, but a check only needs to read",
        found.role, found.privilege
    ))
    .hint(format!("create a read-only role: {}", found.remedy))
}
