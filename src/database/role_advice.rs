//! Advice for a role that can do more than read: the SQL that creates a read-only one.

use crate::problem::Warning;

use super::{
    catalog::{CurrentRole, TouchedRelation},
    statement::quoted,
};

/// Returns a warning if the role could write to the tables that it reads.
pub(super) fn warning(
    role: &CurrentRole,
    touched: &[TouchedRelation],
    env: &str,
) -> Option<Warning> {
    let written: Vec<&str> = touched
        .iter()
        .filter(|table| table.can_be_written)
        .map(|table| table.name.as_str())
        .collect();
    let can = if role.is_superuser {
        "is a superuser".to_owned()
    } else if written.is_empty() {
        return None;
    } else {
        format!("can write {}", written.join(", "))
    };
    Some(
        Warning::new(format!(
            "database role {} {can}, but it only needs to read",
            quoted(&role.name)
        ))
        .hint(format!(
            "create a read-only role and use it in `{env}`: {}",
            read_only_role(role, touched)
        )),
    )
}

fn read_only_role(role: &CurrentRole, touched: &[TouchedRelation]) -> String {
    // A policy would hide rows from the new role. Not everybody may give it `bypassrls`.
    let hidden = touched.iter().filter(|table| table.has_row_security);
    let policies: Vec<String> = hidden
        .map(|table| {
            format!(
                "create policy prodverdict_read on {} for select to prodverdict using (true);",
                table.name
            )
        })
        .collect();
    let (bypass, or_policies) = if policies.is_empty() {
        ("", String::new())
    } else {
        let instead = format!(
            " -- if you may not give bypassrls, leave it out and add: {}",
            policies.join(" ")
        );
        (" bypassrls", instead)
    };
    let mut schemas: Vec<&str> = touched.iter().map(|table| table.schema.as_str()).collect();
    schemas.dedup();
    let tables: Vec<&str> = touched.iter().map(|table| table.name.as_str()).collect();
    let reading = if tables.is_empty() {
        String::new()
    } else {
        format!(
            "grant usage on schema {} to prodverdict; grant select on {} to prodverdict; ",
            schemas.join(", "),
            tables.join(", ")
        )
    };
    format!(
        "create role prodverdict login{bypass} password '…'; grant connect on database {} to prodverdict; \
         {reading}alter role prodverdict set default_transaction_read_only = on;{or_policies}",
        quoted(&role.database)
    )
}
