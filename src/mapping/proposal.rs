//! The proposed contract, with the evidence for it and the parts that are not known.

use super::{
    access::Access,
    account::{DeletedMark, Mapping, best_mapping},
    measured::{MeasuredTable, measured, names_account},
    plan::Plan,
    recognition::ValueKind,
    wording,
};
use crate::{
    database::DatabaseSample,
    presets::{PlanStorage, StoredPlan},
};

/// A contract for the tables of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The text, with a placeholder for plans if any column holds them.
    pub contract: String,
    pub is_paddle: bool,
    /// The kind of value that the rows hold for a plan.
    pub storage: PlanStorage,
    pub stored: Vec<StoredPlan>,
    /// Reasons for each part.
    pub evidence: Vec<String>,
    /// Parts that a person has to decide.
    pub unknown: Vec<String>,
}

/// Proposes a contract. The error names the part that was not found.
pub fn propose(sample: &DatabaseSample) -> Result<Proposal, String> {
    let tables = measured(sample);
    let mapping = best_mapping(&tables)?;
    let link = mapping.link_values();
    let is_paddle =
        link.is_some_and(|values| values.words.keys().any(|word| word.starts_with("ctm_")));
    let (storage, stored) = stored_plans(&mapping);
    let (mut evidence, mut unknown) = (Vec::new(), Vec::new());
    explain(&mapping, &mut evidence, &mut unknown);
    unknown.extend(other_customers(&mapping, &tables));
    Ok(Proposal {
        contract: wording::contract(&mapping, is_paddle),
        is_paddle,
        storage,
        stored,
        evidence,
        unknown,
    })
}

fn stored_plans(mapping: &Mapping<'_, '_>) -> (PlanStorage, Vec<StoredPlan>) {
    let (path, storage) = match &mapping.plan {
        None => return (PlanStorage::Word, Vec::new()),
        Some(Plan::Listed(list)) => return (PlanStorage::Word, list.stored.clone()),
        Some(Plan::Stored(path, storage)) => (path, *storage),
    };
    let values = if mapping.is_plan_of_account {
        mapping.account.plans_with_access(None, path)
    } else {
        let access = Some(&mapping.access);
        mapping.access_table().plans_with_access(access, path)
    };
    let plans = values.into_iter().map(|value| match storage {
        PlanStorage::Word | PlanStorage::ProductName => StoredPlan {
            key: None,
            word: Some(value),
        },
        PlanStorage::Price | PlanStorage::Product => StoredPlan {
            key: Some(value),
            word: None,
        },
    });
    (storage, plans.collect())
}

fn explain(mapping: &Mapping<'_, '_>, evidence: &mut Vec<String>, unknown: &mut Vec<String>) {
    explain_link(mapping, evidence, unknown);
    explain_access(mapping, evidence, unknown);
    explain_plan(mapping, evidence, unknown);
    explain_kept_plan(mapping, unknown);
    explain_deleted(mapping, evidence, unknown);
    unknown.push(
        "what happens while a card fails; without `grace`, such customers have no access"
            .to_owned(),
    );
}

fn explain_link(mapping: &Mapping<'_, '_>, evidence: &mut Vec<String>, unknown: &mut Vec<String>) {
    let link_table = mapping.link_table();
    let (name, path) = (link_table.name(), mapping.link.shown());
    let kind = match mapping.link_kind {
        ValueKind::Customer => "a customer id",
        ValueKind::Subscription | ValueKind::Price | ValueKind::Product | ValueKind::Status => {
            "a subscription id"
        }
    };
    let linked = mapping.link_values();
    let linked = linked.map_or(0, |values| values.count(mapping.link_kind));
    evidence.push(format!(
        "`{name}.{path}` holds {kind} in {linked} of {} rows",
        link_table.table.rows.len()
    ));
    let owner = mapping.account.owners().next();
    if let Some(owner) = owner.filter(|owner| owner.column != mapping.id) {
        unknown.push(format!(
            "whether a row of `{}` is an account, as in the proposal, or a row of `{}`",
            mapping.account.name(),
            owner.target.name
        ));
    }
    let others = mapping.other_links();
    if others > 0 {
        unknown.push(format!(
            "what the other {others} values of `{name}.{path}` are; such accounts count as without a customer, so if they pay \
             elsewhere, map `paid_elsewhere`"
        ));
    }
}

fn explain_access(
    mapping: &Mapping<'_, '_>,
    evidence: &mut Vec<String>,
    unknown: &mut Vec<String>,
) {
    let access_table = mapping.access_table();
    if let Some(billing) = &mapping.billing {
        evidence.push(format!(
            "`{}.{}` refers to `{}.{}`",
            billing.measured.name(),
            billing.column,
            mapping.account.name(),
            billing.account_column
        ));
    }
    let table = access_table.name();
    match &mapping.access {
        Access::Flag(path) => {
            evidence.push(format!(
                "`{table}.{}` is the yes/no column with a telling name",
                path.shown()
            ));
        }
        Access::Status {
            path,
            granting,
            unknown: unknown_words,
        } => {
            let values = access_table.values.get(path);
            let known = values
                .map(|values| values.count(ValueKind::Status))
                .unwrap_or_default();
            let rows = values.map(|values| values.rows).unwrap_or_default();
            evidence.push(format!(
                "`{table}.{}` holds a known status in {known} of {rows} rows; {} gives access",
                path.shown(),
                joined(granting)
            ));
            if !unknown_words.is_empty() {
                unknown.push(format!(
                    "whether {} in `{table}.{}` gives access; it does not in the proposal",
                    joined(unknown_words),
                    path.shown()
                ));
            }
            if mapping.billing.is_none() && access_table.is_weak(&mapping.access) {
                unknown.push(format!(
                    "whether `{table}.{}` is about paying: its name could mean something else",
                    path.shown()
                ));
            }
        }
        Access::Until(path) => {
            evidence.push(format!("`{table}.{}` is the end of a period", path.shown()));
            unknown
                .push("whether anything but the end of the period decides about access".to_owned());
        }
    }
}

fn explain_plan(mapping: &Mapping<'_, '_>, evidence: &mut Vec<String>, unknown: &mut Vec<String>) {
    let holder = if mapping.is_plan_of_account {
        mapping.account
    } else {
        mapping.access_table()
    };
    match &mapping.plan {
        Some(Plan::Stored(path, _)) => {
            evidence.push(format!(
                "`{}.{}` holds the plan",
                holder.name(),
                path.shown()
            ));
        }
        Some(Plan::Listed(list)) => evidence.push(format!(
            "`{}.{}` refers to the plans in `{}`, whose prices are in {}",
            holder.name(),
            list.column,
            list.table.name,
            joined(&list.prices)
        )),
        None => unknown.push("which plan an account has, so that plans are not checked".to_owned()),
    }
}

fn explain_kept_plan(mapping: &Mapping<'_, '_>, unknown: &mut Vec<String>) {
    if mapping.keeps_plan() {
        unknown.push(
            "whether your code reads the plan of rows without access, which keep it; `stale-plan` is off"
                .to_owned(),
        );
    }
}

fn explain_deleted(
    mapping: &Mapping<'_, '_>,
    evidence: &mut Vec<String>,
    unknown: &mut Vec<String>,
) {
    let column = |table: &MeasuredTable<'_>| match table.deleted_mark()? {
        DeletedMark::Time(column) | DeletedMark::Flag(column) => {
            Some(format!("`{}.{column}`", table.name()))
        }
    };
    if let Some(billing) = &mapping.billing
        && let Some(column) = column(billing.measured)
    {
        evidence.push(format!("rows that {column} marks give no access"));
    }
    if let Some(column) = column(mapping.account) {
        unknown.push(format!(
            "whether rows that {column} marks are accounts; they are not in the proposal"
        ));
    }
}

/// Names other tables of accounts with customers: a contract reads one.
fn other_customers(mapping: &Mapping<'_, '_>, tables: &[MeasuredTable<'_>]) -> Option<String> {
    let is_read = |table: &MeasuredTable<'_>| {
        [mapping.account, mapping.access_table()]
            .iter()
            .any(|read| read.table.table == table.table.table)
    };
    let others = tables
        .iter()
        .filter(|table| names_account(table.name()) && !is_read(table));
    let others = others.filter_map(|table| {
        let path = table.path_of(ValueKind::Customer)?;
        Some(format!("{}.{}", table.name(), path.shown()))
    });
    let others: Vec<_> = others.collect();
    (!others.is_empty()).then(|| {
        format!(
            "who the customers in {} are: the contract does not read them, so add a contract for them",
            joined(&others)
        )
    })
}

fn joined(words: &[String]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{config, database::ColumnForm, mapping::column::table, presets};

    fn proposed(tables: Vec<crate::database::SampledTable>) -> Proposal {
        let sample = DatabaseSample {
            tables,
            is_truncated: false,
        };
        let proposal = propose(&sample).unwrap();
        let plans = [presets::PlanPair::new("price_a", "pro")];
        let text = presets::fill(&proposal.contract, &plans);
        config::load(&text, "prodverdict.yml").unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        proposal
    }

    #[test]
    fn one_table_with_a_status_is_mapped_by_columns() {
        let columns = [
            ("acct", ColumnForm::Number),
            ("billing ref", ColumnForm::Text),
            ("state", ColumnForm::Text),
            ("tier", ColumnForm::Text),
        ];
        let rows: [&[Option<&str>]; 3] = [
            &[Some("1"), Some("cus_1"), Some("ACTIVE"), Some("gold")],
            &[Some("2"), Some("cus_2"), Some("CANCELED"), Some("silver")],
            &[Some("3"), None, Some("ODD"), None],
        ];
        let proposal = proposed(vec![table("shop_users", &columns, &rows)]);
        for line in [
            "users_table: shop_users",
            "id: acct",
            "customer_id: \"billing ref\"",
            "has_paid_access: { column: state, in: [ACTIVE] }",
            "plan: tier",
        ] {
            assert!(
                proposal.contract.contains(line),
                "{line}\n{}",
                proposal.contract
            );
        }
        let words: Vec<_> = proposal
            .stored
            .iter()
            .filter_map(|plan| plan.word.clone())
            .collect();
        assert_eq!(words, ["gold"]);
        assert_eq!(
            proposal.evidence[0],
            "`shop_users.billing ref` holds a customer id in 2 of 3 rows"
        );
        assert!(
            proposal.unknown[0].contains("`ODD`"),
            "{:?}",
            proposal.unknown
        );
    }

    #[test]
    fn a_status_in_another_table_is_joined_by_equal_values() {
        let users = table(
            "members",
            &[("id", ColumnForm::Number), ("meta", ColumnForm::Json)],
            &[
                &[Some("1"), Some(r#"{"billing": {"customer": "cus_1"}}"#)],
                &[Some("2"), None],
            ],
        );
        let billing = table(
            "contracts",
            &[
                ("id", ColumnForm::Number),
                ("member_id", ColumnForm::Number),
                ("status", ColumnForm::Text),
                ("price", ColumnForm::Text),
            ],
            &[&[Some("9"), Some("1"), Some("active"), Some("price_a")]],
        );
        let proposal = proposed(vec![users, billing]);
        for part in [
            "(a.\"meta\" #>> array['billing', 'customer']) as customer_id",
            "where b.\"member_id\"::text = a.\"id\"::text",
            "b.\"price\" as plan",
            "price_your_plan: price_your_plan\n",
        ] {
            assert!(
                proposal.contract.contains(part),
                "{part}\n{}",
                proposal.contract
            );
        }
        assert_eq!(proposal.storage, PlanStorage::Price);
    }

    #[test]
    fn a_part_that_is_not_found_is_reported() {
        let empty = DatabaseSample::default();
        assert!(
            propose(&empty)
                .unwrap_err()
                .starts_with("no column holds ids of customers")
        );
        let columns = [("id", ColumnForm::Number), ("cus", ColumnForm::Text)];
        let sample = DatabaseSample {
            tables: vec![table("users", &columns, &[&[Some("1"), Some("cus_1")]])],
            is_truncated: false,
        };
        assert!(
            propose(&sample)
                .unwrap_err()
                .contains("says who has access")
        );
    }

    #[test]
    fn hostile_names_stay_names() {
        let name = "a\"; drop table x; --'";
        let columns = [
            ("id\"\n: {", ColumnForm::Number),
            ("c'} #", ColumnForm::Text),
            ("status\\", ColumnForm::Text),
        ];
        let rows: [&[Option<&str>]; 1] = [&[Some("1"), Some("cus_1"), Some("active")]];
        let proposal = proposed(vec![table(name, &columns, &rows)]);
        assert!(
            proposal
                .contract
                .contains("users_table: \"\\\"a\\\"\\\"; drop table x; --'\\\"\""),
            "{}",
            proposal.contract
        );
    }
}
