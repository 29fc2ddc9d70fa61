//! Tests of the repair script. `tests/it/integration` runs it in Postgres.

use proptest::prelude::*;

use super::*;
use crate::sample;
use contract::{Entity, EventMention, Mentions};

fn cell(column: &str, kind: CellKind, value: Option<&str>) -> RepairCell {
    RepairCell {
        column: column.to_owned(),
        kind,
        value: value.map(str::to_owned),
    }
}

fn row(id: &str) -> RowRepair {
    RowRepair {
        database: "DATABASE_URL".to_owned(),
        table: vec!["public".to_owned(), "users".to_owned()],
        time_zone: "UTC".to_owned(),
        id: cell("id", CellKind::Text, Some(id)),
        seen: vec![cell("stripe_customer_id", CellKind::Text, Some(id))],
        changes: vec![
            CellChange {
                before: cell("has_paid_access", CellKind::Boolean, Some("false")),
                after: CellValue::Text("true".to_owned()),
            },
            CellChange {
                before: cell("plan", CellKind::Text, None),
                after: CellValue::Text(id.to_owned()),
            },
            CellChange {
                before: cell("period_end", CellKind::Text, None),
                after: CellValue::Moment(1_785_542_400),
            },
        ],
    }
}

fn repaired(id: &str) -> Outcome {
    let mut outcome = sample::several_contracts();
    let users = &mut outcome.contracts[0];
    users.findings[0].repair = Some(Repair::Row(Box::new(row(id))));
    users.findings[0].finding.evidence.push(
        "webhook customer.subscription.created of 2026-10-31T00:00:00Z (evt_1Created) is not accepted by an endpoint",
    );
    users.findings[0].finding.mentions = Some(Box::new(mentioning("evt_1Created")));
    users.findings[1].repair = Some(Repair::ByHand("choose one".to_owned()));
    outcome
}

fn mentioning(id: &str) -> Mentions {
    let event = EventMention {
        kind: "customer.subscription.created".to_owned(),
        id: Some(id.to_owned()),
        is_earlier: false,
    };
    Mentions {
        fields: Vec::new(),
        events: vec![event],
    }
}

#[test]
fn a_script_explains_guards_and_ends_in_rollback() {
    insta::assert_snapshot!(script(&repaired("usr_alice")));
}

#[test]
fn findings_of_one_account_are_one_statement() {
    let mut outcome = repaired("usr_alice");
    outcome.contracts[0].findings[2].repair = Some(Repair::Row(Box::new(row("usr_alice"))));
    let script = script(&outcome);
    assert_eq!(script.matches("UPDATE").count(), 1, "{script}");
    assert!(
        script.contains("1 statement, and 3 findings without one"),
        "{script}"
    );
}

#[test]
fn each_database_has_its_own_transaction() {
    let mut outcome = repaired("usr_alice");
    let elsewhere = RowRepair {
        database: "TEAMS_URL".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        ..row("4")
    };
    outcome.contracts[1].findings[0].repair = Some(Repair::Row(Box::new(elsewhere)));
    let script = script(&outcome);
    assert_eq!(script.matches("\nBEGIN;\n").count(), 2, "{script}");
    assert_eq!(script.matches("\nROLLBACK;\n").count(), 2, "{script}");
    assert!(script.contains("that TEAMS_URL names"), "{script}");
    assert!(script.contains("SET LOCAL TIME ZONE 'Europe/Berlin';"));
}

#[test]
fn nothing_to_repair_and_no_verdict_are_two_things() {
    assert!(script(&sample::passing()).contains("There is nothing to repair."));
    let none = script(&sample::unanswerable());
    assert!(none.contains("NO VERDICT of contract users: the accounts query returned no row"));
    assert!(none.contains("Nothing is repaired.") && !none.contains("There is nothing"));
}

/// Returns the statements of a script without comments and with empty strings and identifiers, as an SQL lexer sees
/// them. Returns `None` if one of those is not closed.
fn skeleton(script: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '-' if letters.peek() == Some(&'-') => {
                while letters.next_if(|c| !matches!(c, '\n' | '\r')).is_some() {}
            }
            quote @ ('\'' | '"') => {
                let escapes = quote == '\'' && out.ends_with('E');
                loop {
                    match letters.next()? {
                        '\\' if escapes => {
                            letters.next()?;
                        }
                        end if end == quote && letters.next_if_eq(&quote).is_none() => break,
                        _ => {}
                    }
                }
                if escapes {
                    out.pop();
                }
                out.push(quote);
            }
            other => out.push(other),
        }
    }
    // Ignore whether there are comments.
    Some(out.split_whitespace().collect::<Vec<_>>().join(" "))
}

proptest! {
    #[test]
    fn no_text_adds_anything_to_the_script(
        text in prop_oneof![sample::hostile(), any::<String>(), "['\"\\\\;$*/\n\r-]{0,10}"]
    ) {
        let expected = skeleton(&script(&repaired("usr_alice")));
        let mut outcome = repaired(&text);
        {
            let users = &mut outcome.contracts[0];
            if let Some(Repair::Row(row)) = &mut users.findings[0].repair {
                row.database.clone_from(&text);
                row.time_zone.clone_from(&text);
                row.id.column.clone_from(&text);
                row.table[1].clone_from(&text);
            }
            users.findings[1].repair = Some(Repair::ByHand(text.clone()));
            users.findings[0].finding.entity = Entity::account("user", &text);
            users.findings[0].finding.message = text.as_str().into();
            users.findings[0].finding.evidence.push(&text);
            users.findings[1].finding.mentions = Some(Box::new(mentioning(&text)));
            users.name.clone_from(&text);
        }
        let written = script(&outcome);
        prop_assert_eq!(skeleton(&written), expected, "{}", written);
        prop_assert!(written.ends_with("--live\n"), "{}", written);
    }
}
