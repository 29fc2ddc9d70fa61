//! The text format of an explanation: aligned lines in blocks, then the findings as in a check, then the verdict.

use anstyle::{AnsiColor, Style};

use super::{ExplainedContract, ExplainedEntity};
use crate::{
    Reported,
    amount::amounts,
    count::grouped,
    neutral::{LINE_CHARACTERS, shortened, terminal, visible},
    shown::{ShownFinding, displayed_name},
    text::{Paint, finding, no_verdict, severity_style, verdict_style},
};
use contract::{
    ColumnName, ExplainedAccount, ExplainedField, ExplainedPrice, ExplainedSubscription,
    Explanation, FieldValue, Judgement, PriceUse, RuleOutcome, ScheduledAction, Source,
    SubscriptionAccess,
};

/// Maximum length of a label that widens the column.
const MAX_LABEL_WIDTH: usize = 40;

/// Renders the explanation as blocks with blank lines between them.
pub fn text(explained: &ExplainedEntity, color: bool) -> String {
    let paint = Paint { color };
    let mut blocks: Vec<_> = explained
        .problems
        .iter()
        .map(|problem| no_verdict(problem, None, paint))
        .collect();
    let is_one = explained.contracts.len() == 1;
    for contract in &explained.contracts {
        let name = (!is_one).then_some(contract.name.as_str());
        let heading = |name| paint.with(Style::new().bold(), &safe(&format!("contract {name}")));
        blocks.extend(name.map(heading));
        for customer in &contract.customers {
            blocks.extend(customer_lines(contract, customer, paint));
        }
        blocks.extend(
            contract
                .problem
                .iter()
                .map(|problem| no_verdict(problem, name, paint)),
        );
        blocks.extend(
            contract
                .findings
                .iter()
                .map(|found| with_evidence(found, name, paint)),
        );
    }
    let verdict = explained.verdict.as_str().to_uppercase();
    let verdict = paint.with(verdict_style(explained.verdict), &verdict);
    blocks.push(format!("VERDICT: {verdict}\n"));
    blocks.join("\n\n")
}

fn customer_lines(
    contract: &ExplainedContract,
    customer: &Explanation,
    paint: Paint,
) -> Vec<String> {
    let mut blocks: Vec<_> = customer
        .accounts
        .iter()
        .map(|explained| account(explained, paint))
        .collect();
    let state = customer
        .judgement
        .as_ref()
        .map(|judgement| judgement.state.as_ref());
    let ids: Vec<_> = customer
        .customers
        .iter()
        .map(|id| displayed_name(id))
        .collect();
    if !ids.is_empty() || matches!(state, Ok(Some(_))) {
        let ids = match ids.as_slice() {
            [] => " not known".to_owned(),
            ids => ids.join(", "),
        };
        let state = match state {
            Ok(Some(state)) => format!("{}: {}", state.access.as_str(), state.reason),
            Ok(None) | Err(_) => "not told".to_owned(),
        };
        let provider = contract.source.provider();
        let heading = format!("{provider} customer:{ids}");
        blocks.push(table(&heading, &[row("state", &state)], paint));
    }
    let is_entitlement = contract.source == Source::StripeEntitlements;
    blocks.extend(customer.subscriptions.iter().map(|bought| {
        if is_entitlement {
            entitlements(bought, paint)
        } else {
            subscription(bought, customer.customers.len() > 1, paint)
        }
    }));
    if let Ok(judgement) = &customer.judgement {
        let is_one = customer.accounts.len() < 2;
        blocks.push(rules(judgement, is_one, paint));
    }
    blocks
}

/// A row of a table.
struct TableRow {
    label: String,
    text: String,
    style: Style,
}

fn row(label: &str, text: &str) -> TableRow {
    TableRow {
        label: label.to_owned(),
        text: text.to_owned(),
        style: Style::new(),
    }
}

/// Renders a heading and the rows below it, with aligned texts.
fn table(heading: &str, rows: &[TableRow], paint: Paint) -> String {
    let labels: Vec<_> = rows.iter().map(|row| displayed_name(&row.label)).collect();
    let widths = labels.iter().map(|label| label.chars().count());
    let width = widths
        .filter(|width| *width <= MAX_LABEL_WIDTH)
        .max()
        .unwrap_or_default();
    let mut lines = vec![paint.with(Style::new().bold(), &safe(heading))];
    for (label, row) in labels.iter().zip(rows) {
        let text = paint.with(row.style, &safe(&row.text));
        lines.push(format!("  {}  {text}", safe(&format!("{label:width$}"))));
    }
    lines.join("\n")
}

/// Returns untrusted text as one safe line.
fn safe(text: &str) -> String {
    terminal(&shortened(&visible(text), LINE_CHARACTERS))
}

fn account(account: &ExplainedAccount, paint: Paint) -> String {
    let mut rows: Vec<_> = account.fields.iter().map(field).collect();
    rows.extend(
        account
            .exempt
            .map(|why| row("(exempt)", &format!("never judged: {why}"))),
    );
    table(&displayed_name(&account.entity), &rows, paint)
}

/// Formats a column by its name in the database, with its configuration key if that differs.
fn field(field: &ExplainedField) -> TableRow {
    let key = field.field.as_str();
    let value = match &field.value {
        FieldValue::Null => "null".to_owned(),
        FieldValue::Text(text) => displayed_name(text),
        FieldValue::List(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| displayed_name(text)).collect();
            texts.join(", ")
        }
        FieldValue::Boolean(yes) => yes.to_string(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Time(time) => time.to_string(),
    };
    match &field.column {
        ColumnName::Column(column) if is_same(column, key) => row(column, &value),
        ColumnName::Column(column) => row(column, &format!("{value}  ({key})")),
        ColumnName::In { column, values } => {
            let values = values.join(", ");
            row(key, &format!("{value}  ({column} in {values})"))
        }
        ColumnName::Computed => row(key, &format!("{value}  (computed)")),
    }
}

fn is_same(column: &str, key: &str) -> bool {
    column == key || (column == "stripe_customer_id" && key == "customer_id")
}

/// Renders a subscription, with its customer if there are several.
fn subscription(
    subscription: &ExplainedSubscription,
    names_customer: bool,
    paint: Paint,
) -> String {
    let mut rows = vec![
        row("status", &displayed_name(&subscription.status)),
        counts(subscription),
    ];
    if names_customer {
        rows.push(row("customer", &displayed_name(&subscription.customer)));
    }
    rows.extend(
        subscription
            .prices
            .iter()
            .map(|item| row("price", &price(item))),
    );
    if subscription.prices.is_empty() {
        rows.push(row("price", "none"));
    }
    rows.extend(
        subscription
            .created
            .map(|at| row("created", &at.to_string())),
    );
    match (subscription.period_start, subscription.period_end) {
        (Some(start), Some(end)) => rows.push(row("period", &format!("{start} to {end}"))),
        (None, Some(end)) => rows.push(row("period", &format!("to {end}"))),
        (Some(start), None) => rows.push(row("period", &format!("from {start}"))),
        (None, None) => {}
    }
    if let Some(pause) = &subscription.pause {
        let behavior = displayed_name(pause.as_str());
        rows.push(row(
            "pause",
            &format!("collection is paused as `{behavior}`"),
        ));
    }
    if let Some(end) = subscription.ended_at {
        rows.push(row("ended", &end.to_string()));
    } else if let Some(change) = subscription.scheduled {
        let name = match change.action {
            ScheduledAction::Cancel => "cancels",
            ScheduledAction::Pause => "pauses",
            ScheduledAction::Resume => "resumes",
        };
        let until = change.resumes.map(|end| format!(" until {end}"));
        let text = format!("scheduled for {}{}", change.at, until.unwrap_or_default());
        rows.push(row(name, &text));
    } else if subscription.cancel_scheduled == Some(true) {
        rows.push(row("cancels", "scheduled"));
    }
    let decides = if subscription.decides {
        " (decides)"
    } else {
        ""
    };
    table(
        &format!("subscription:{}{decides}", displayed_name(&subscription.id)),
        &rows,
        paint,
    )
}

fn entitlements(subscription: &ExplainedSubscription, paint: Paint) -> String {
    let mut rows = vec![counts(subscription)];
    rows.extend(subscription.prices.iter().map(|item| {
        row(
            "feature",
            &format!("{} {}", displayed_name(&item.price), meaning(item)),
        )
    }));
    table("entitlements", &rows, paint)
}

fn counts(subscription: &ExplainedSubscription) -> TableRow {
    TableRow {
        style: match &subscription.access {
            SubscriptionAccess::Grants => AnsiColor::Green.on_default(),
            SubscriptionAccess::InGrace
            | SubscriptionAccess::Unjudged
            | SubscriptionAccess::Undecidable(_) => AnsiColor::Yellow.on_default(),
            SubscriptionAccess::Denies | SubscriptionAccess::LeftOut => Style::new(),
        },
        ..row(
            "counts",
            &format!("{}: {}", subscription.access.as_str(), subscription.reason),
        )
    }
}

fn price(item: &ExplainedPrice) -> String {
    let quantity = item
        .quantity
        .map(|quantity| format!(", quantity {}", grouped(quantity)));
    let monthly = match amounts(&item.monthly).as_str() {
        "" => String::new(),
        monthly => format!(", {monthly} a month"),
    };
    format!(
        "{} {}{}{monthly}",
        displayed_name(&item.price),
        meaning(item),
        quantity.unwrap_or_default()
    )
}

fn meaning(item: &ExplainedPrice) -> String {
    match &item.meaning {
        PriceUse::Plan {
            plan,
            is_free: true,
        } => format!("→ {} (free)", displayed_name(plan)),
        PriceUse::Plan {
            plan,
            is_free: false,
        } => format!("→ {}", displayed_name(plan)),
        PriceUse::Ignored => "(ignored)".to_owned(),
        PriceUse::Seats => "(seats)".to_owned(),
        PriceUse::Unmapped => "(not in `plans`)".to_owned(),
        PriceUse::NotChecked => "(plans are not checked)".to_owned(),
    }
}

fn rules(judgement: &Judgement, is_one_account: bool, paint: Paint) -> String {
    let rows: Vec<_> = judgement
        .rules
        .iter()
        .map(|rule| {
            let account = rule.account.as_ref().filter(|_| !is_one_account);
            let label = match account {
                Some(account) => format!("{} {}", rule.rule, displayed_name(account)),
                None => rule.rule.to_string(),
            };
            let (text, style) = match rule.outcome {
                RuleOutcome::Holds => (format!("holds   {}", rule.reason), Style::new()),
                RuleOutcome::DoesNotApply => {
                    (format!("n/a     {}", rule.reason), Style::new().dimmed())
                }
                RuleOutcome::Broken(severity) => (
                    "BROKEN  ".to_owned() + severity.as_str(),
                    severity_style(severity),
                ),
            };
            TableRow { label, text, style }
        })
        .collect();
    table("rules", &rows, paint)
}

/// Renders a finding as in a check, followed by its evidence.
fn with_evidence(found: &Reported, contract: Option<&str>, paint: Paint) -> String {
    let mut lines = vec![finding(found, contract, &[], paint)];
    let label = paint.with(AnsiColor::Cyan.on_default(), "evidence:");
    let evidence = ShownFinding::new(&found.finding).evidence;
    lines.extend(
        evidence
            .iter()
            .enumerate()
            .map(|(index, line)| match index {
                0 => format!("{label} {}", terminal(line)),
                _ => terminal(&format!("          {line}")),
            }),
    );
    lines.join("\n")
}
