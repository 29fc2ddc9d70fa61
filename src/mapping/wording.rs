//! Writes a mapping as a contract.

use super::{
    account::{Access, Billing, Mapping},
    column::ColumnPath,
    recognition::ValueKind,
};
use crate::{config::TableName, database::quoted, presets::PlanStorage};

/// Indentation of the query in the contract.
const INDENT: &str = "        ";

/// Returns the text of the contract, with the placeholders of a preset for its plans.
pub(super) fn contract(mapping: &Mapping<'_, '_>, is_paddle: bool) -> String {
    let table = &mapping.account.table.table;
    let entity = entity(&table.name);
    let (source, key) = if is_paddle {
        ("paddle", "paddle: { api_key_env: PADDLE_API_KEY }")
    } else {
        ("stripe", "stripe: { secret_env: STRIPE_SECRET_KEY }")
    };
    let mut text = format!(
        "# Proposed by `prodverdict init` from the values in the database. Compare it with your code.\n\
         version: 1\ncontracts:\n  - type: access\n    name: {}\n    entity: {entity}\n    source_of_truth: {source}\n    \
         {key}\n    database:\n      url_env: DATABASE_URL\n",
        yaml(&table.name),
    );
    match &mapping.billing {
        None => text.push_str(&columns(mapping)),
        Some(billing) => text.push_str(&query(mapping, billing)),
    }
    if mapping.link_kind == ValueKind::Subscription {
        text.push_str("      match_on: subscription_id\n");
    }
    match &mapping.plan {
        Some((_, PlanStorage::Word | PlanStorage::ProductName)) => text.push_str(
            "    # One line per plan: a price or product of the provider, and the word for it.\n    \
             plans:\n      price_your_plan: \"your_plan\"\n",
        ),
        Some((_, PlanStorage::Price | PlanStorage::Product)) => text.push_str(
            "    # One line per price or product, which the rows hold as it is.\n    \
             plans:\n      price_your_plan: price_your_plan\n",
        ),
        None => {}
    }
    text.push_str(
        "    # Say what your application does while a card fails, such as `grace: { past_due: 14d }`.\n",
    );
    text
}

/// Writes the form with a table and its columns.
fn columns(mapping: &Mapping<'_, '_>) -> String {
    let table = &mapping.account.table.table;
    let mut lines = vec![
        format!("users_table: {}", yaml(&table_text(table))),
        "columns:".to_owned(),
        format!("  id: {}", yaml(&mapping.id)),
    ];
    if mapping.link_kind == ValueKind::Customer {
        lines.push(format!("  customer_id: {}", value(&mapping.link)));
    }
    lines.push(match &mapping.access {
        Access::Status { path, granting, .. } if path.keys.is_empty() => {
            let words: Vec<_> = granting.iter().map(|word| yaml(word)).collect();
            let column = yaml(&path.column);
            format!(
                "  has_paid_access: {{ column: {column}, in: [{}] }}",
                words.join(", ")
            )
        }
        Access::Flag(path) => format!("  has_paid_access: {}", value(path)),
        Access::Status { .. } | Access::Until(_) => {
            format!(
                "  has_paid_access: {{ sql: {} }}",
                yaml(&access(&mapping.access, ""))
            )
        }
    });
    if let Some((path, _)) = &mapping.plan {
        lines.push(format!("  plan: {}", value(path)));
    }
    if let Some(path) = &mapping.subscription {
        lines.push(format!("  subscription_id: {}", value(path)));
    }
    let lines = lines.into_iter().map(|line| format!("      {line}\n"));
    lines.collect()
}

/// Writes the form with a query, which takes any row of the billing table that gives access.
fn query(mapping: &Mapping<'_, '_>, billing: &Billing<'_, '_>) -> String {
    let access = access(&mapping.access, "b.");
    let mut outer = vec![format!("a.{} as id", quoted(&mapping.id))];
    if mapping.link_kind == ValueKind::Customer {
        outer.push(format!("{} as customer_id", sql(&mapping.link, "a.")));
    }
    outer.push("s.paid is not null as has_paid_access".to_owned());
    let mut inner = vec!["true as paid".to_owned()];
    if let Some((path, _)) = &mapping.plan {
        inner.push(format!("{} as plan", sql(path, "b.")));
        outer.push("s.plan".to_owned());
    }
    if let Some(path) = &mapping.subscription {
        inner.push(format!("{} as subscription_id", sql(path, "b.")));
        outer.push("s.subscription_id".to_owned());
    }
    let text = format!(
        "select {}\nfrom {} a\nleft join lateral (\nselect {}\nfrom {} b\nwhere b.{}::text = a.{}::text and {access}\nlimit 1\n) s on true\n",
        outer.join(", "),
        table_sql(&mapping.account.table.table),
        inner.join(", "),
        table_sql(&billing.measured.table.table),
        quoted(&billing.column),
        quoted(&billing.account_column),
    );
    let lines = text.lines().map(|line| format!("{INDENT}{line}\n"));
    format!(
        "      # Any row that gives access counts.\n      query: |\n{}",
        lines.collect::<String>()
    )
}

/// Returns the condition for access, in SQL.
fn access(access: &Access, alias: &str) -> String {
    match access {
        Access::Flag(path) => sql(path, alias),
        Access::Status { path, granting, .. } => {
            let words: Vec<_> = granting.iter().map(|word| text_sql(word)).collect();
            format!(
                "coalesce({}::text in ({}), false)",
                sql(path, alias),
                words.join(", ")
            )
        }
        Access::Until(path) => format!("coalesce({} > {{{{now}}}}, false)", sql(path, alias)),
    }
}

/// Returns the value of a column in the table form.
fn value(path: &ColumnPath) -> String {
    if path.keys.is_empty() {
        return yaml(&path.column);
    }
    format!("{{ sql: {} }}", yaml(&sql(path, "")))
}

/// Returns the value in SQL; a list inside JSON stays JSON.
fn sql(path: &ColumnPath, alias: &str) -> String {
    let column = quoted(&path.column);
    if path.keys.is_empty() {
        return format!("{alias}{column}");
    }
    let keys: Vec<_> = path.keys.iter().map(|key| text_sql(key)).collect();
    let operator = if path.is_list { "#>" } else { "#>>" };
    format!("({alias}{column} {operator} array[{}])", keys.join(", "))
}

fn text_sql(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn table_sql(table: &TableName) -> String {
    let schema = table
        .schema
        .as_ref()
        .map(|schema| format!("{}.", quoted(schema)));
    format!("{}{}", schema.unwrap_or_default(), quoted(&table.name))
}

/// Returns the name as `users_table` expects it.
fn table_text(table: &TableName) -> String {
    let is_plain = |name: &str| {
        name.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let part = |name: &String| {
        if is_plain(name) {
            name.clone()
        } else {
            quoted(name)
        }
    };
    let schema = table
        .schema
        .as_ref()
        .map(|schema| format!("{}.", part(schema)));
    format!("{}{}", schema.unwrap_or_default(), part(&table.name))
}

/// Writes any text as a YAML scalar.
fn yaml(text: &str) -> String {
    crate::presets::yaml_name(text)
}

fn entity(table: &str) -> &'static str {
    const WORDS: [&str; 7] = [
        "team",
        "organization",
        "workspace",
        "account",
        "company",
        "tenant",
        "project",
    ];
    let name = table.to_lowercase();
    WORDS
        .into_iter()
        .find(|word| name.contains(word))
        .unwrap_or("user")
}
