//! Writes a mapping as a contract.

use super::{
    access::Access,
    account::{DeletedMark, Mapping},
    column::ColumnPath,
    joining::Billing,
    plan::{Plan, PlanList},
    recognition::ValueKind,
};
use crate::{config::TableName, database::quoted, presets::PlanStorage};

/// Indentation of the query in the contract.
const INDENT: &str = "        ";

/// Returns the text of the contract, with the placeholders of a preset for its plans.
pub(super) fn contract(mapping: &Mapping<'_, '_>, is_paddle: bool, now: &str) -> String {
    let table = &mapping.account.table.table;
    let entity = entity(mapping.accounts_table_name());
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
    match mapping.plan.as_ref().map(Plan::storage) {
        Some(PlanStorage::Word | PlanStorage::ProductName) => text.push_str(
            "    # One line per plan: a price or product of the provider, and the word for it.\n    \
             plans:\n      price_your_plan: \"your_plan\"\n",
        ),
        Some(PlanStorage::Price | PlanStorage::Product) => text.push_str(
            "    # One line per price or product, which the rows hold as it is.\n    \
             plans:\n      price_your_plan: price_your_plan\n",
        ),
        None => {}
    }
    text.push_str(&free_plans(mapping, now));
    if mapping.keeps_plan(now) {
        text.push_str(
            "    # Rows keep the plan after access ends. Remove this if your code reads the plan without the access.\n    \
             rules: { stale-plan: \"off\" }\n",
        );
    }
    text.push_str(
        "    # Say what your application does while a card fails, such as `grace: { past_due: 15d }`.\n",
    );
    text
}

/// Writes the words of plans that nobody pays for, unless they are the default.
fn free_plans(mapping: &Mapping<'_, '_>, now: &str) -> String {
    let used = match mapping.plan.as_ref().map(Plan::storage) {
        Some(PlanStorage::Word | PlanStorage::ProductName) => mapping.plan_use(now),
        Some(PlanStorage::Price | PlanStorage::Product) | None => None,
    };
    let words = used.unwrap_or_default().free();
    if words
        .iter()
        .all(|word| word.trim().eq_ignore_ascii_case("free"))
    {
        return String::new();
    }
    let words: Vec<_> = words.iter().map(|word| yaml(word)).collect();
    format!(
        "    # Plans of rows without a customer and without access.\n    free_plans: [{}]\n",
        words.join(", ")
    )
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
        lines.push(format!("  customer_id: {}", link_value(mapping)));
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
    match &mapping.plan {
        Some(Plan::Stored(path, _)) => lines.push(format!("  plan: {}", value(path))),
        Some(Plan::Listed(list)) => {
            let own = format!("{}.", table_sql(table));
            lines.push(format!(
                "  plan: {{ sql: {} }}",
                yaml(&plan_lookup(list, &own))
            ));
        }
        None => {}
    }
    if let Some(path) = &mapping.subscription {
        lines.push(format!("  subscription_id: {}", value(path)));
    }
    if let Some(mark) = mapping.account.deleted_mark() {
        lines.push(format!("where: {}", yaml(&not_deleted(&mark, ""))));
    }
    let lines = lines.into_iter().map(|line| format!("      {line}\n"));
    lines.collect()
}

/// Writes the form with a query, which takes any row of the billing table that gives access.
fn query(mapping: &Mapping<'_, '_>, billing: &Billing<'_, '_>) -> String {
    let access = access(&mapping.access, "b.");
    let mut outer = vec![format!("a.{} as id", quoted(&mapping.id))];
    let belongs = |alias: &str| {
        format!(
            "{alias}.{}::text = a.{}::text",
            quoted(&billing.column),
            quoted(&billing.account_column)
        )
    };
    let billing_table = table_sql(&billing.measured.table.table);
    if mapping.is_link_in_billing {
        outer.push(format!(
            "(select array_agg(distinct {}) from {billing_table} c where {}) as customer_id",
            link_sql(mapping, "c."),
            belongs("c")
        ));
    } else if mapping.link_kind == ValueKind::Customer {
        outer.push(format!("{} as customer_id", link_sql(mapping, "a.")));
    }
    outer.push("s.paid is not null as has_paid_access".to_owned());
    let mut inner = vec!["true as paid".to_owned()];
    let plan = |alias: &str| match &mapping.plan {
        Some(Plan::Stored(path, _)) => Some(sql(path, alias)),
        Some(Plan::Listed(list)) => Some(plan_lookup(list, alias)),
        None => None,
    };
    if mapping.is_plan_of_account {
        outer.extend(plan("a.").map(|plan| format!("{plan} as plan")));
    } else if let Some(plan) = plan("b.") {
        inner.push(format!("{plan} as plan"));
        outer.push("s.plan".to_owned());
    }
    if let Some(path) = &mapping.subscription {
        inner.push(format!("{} as subscription_id", sql(path, "b.")));
        outer.push("s.subscription_id".to_owned());
    }
    let mut conditions = vec![belongs("b"), access];
    conditions.extend(
        billing
            .measured
            .deleted_mark()
            .map(|mark| not_deleted(&mark, "b.")),
    );
    let mark = mapping.account.deleted_mark();
    let accounts = mark.map_or_else(String::new, |mark| {
        format!("where {}\n", not_deleted(&mark, "a."))
    });
    let text = format!(
        "select {}\nfrom {} a\nleft join lateral (\nselect {}\nfrom {billing_table} b\nwhere {}\nlimit 1\n) s on true\n{accounts}",
        outer.join(", "),
        table_sql(&mapping.account.table.table),
        inner.join(", "),
        conditions.join(" and "),
    );
    let lines = text.lines().map(|line| format!("{INDENT}{line}\n"));
    let rival = billing.rival.as_ref().map(|rival| {
        let rival = rival.replace(char::is_control, " ");
        format!("      # Not known: whether the account that pays is in the column below, or in {rival}.\n")
    });
    format!(
        "      # Any row that gives access counts.\n{}      query: |\n{}",
        rival.unwrap_or_default(),
        lines.collect::<String>()
    )
}

/// Returns the condition for rows that are not deleted, in SQL.
fn not_deleted(mark: &DeletedMark, alias: &str) -> String {
    match mark {
        DeletedMark::Time(column) => format!("{alias}{} is null", quoted(column)),
        DeletedMark::Flag(column) => format!("{alias}{} is not true", quoted(column)),
    }
}

/// Returns the word for the plan that a column refers to, in SQL.
fn plan_lookup(list: &PlanList, alias: &str) -> String {
    format!(
        "(select p.{}::text from {} p where p.{}::text = {alias}{}::text)",
        quoted(&list.word),
        table_sql(&list.table),
        quoted(&list.key),
        quoted(&list.column)
    )
}

/// Returns the customer in the table form.
fn link_value(mapping: &Mapping<'_, '_>) -> String {
    if mapping.other_links() == 0 {
        return value(&mapping.link);
    }
    format!("{{ sql: {} }}", yaml(&link_sql(mapping, "")))
}

/// Returns the link in SQL: null for ids that are not the provider's.
fn link_sql(mapping: &Mapping<'_, '_>, alias: &str) -> String {
    let link = sql(&mapping.link, alias);
    let words = mapping.link_values().map(|values| values.words.keys());
    let mut prefixes = words.into_iter().flatten().filter_map(|word| {
        let known = ["cus_", "ctm_", "sub_"];
        known.into_iter().find(|prefix| word.starts_with(prefix))
    });
    match prefixes
        .next()
        .filter(|_| mapping.other_links() > 0 && !mapping.link.is_list)
    {
        Some(prefix) => format!("case when starts_with({link}::text, '{prefix}') then {link} end"),
        None => link,
    }
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
    if name.trim_end_matches('s') == "org" {
        return "organization";
    }
    WORDS
        .into_iter()
        .find(|word| name.contains(word))
        .unwrap_or("user")
}
