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

/// Proposes a contract. `now` is written as Postgres writes a time in UTC. The error names the part that was not found.
pub fn propose(sample: &DatabaseSample, now: &str) -> Result<Proposal, String> {
    let tables = measured(sample);
    let mapping = best_mapping(&tables, now)?;
    let link = mapping.link_values();
    let is_paddle =
        link.is_some_and(|values| values.words.keys().any(|word| word.starts_with("ctm_")));
    let (storage, stored) = stored_plans(&mapping, now);
    let (mut evidence, mut unknown) = (Vec::new(), Vec::new());
    explain(&mapping, &mut evidence, &mut unknown);
    unknown.extend(kept_plan(&mapping, now));
    unknown.extend(other_customers(&mapping, &tables));
    Ok(Proposal {
        contract: wording::contract(&mapping, is_paddle, now),
        is_paddle,
        storage,
        stored,
        evidence,
        unknown,
    })
}

fn stored_plans(mapping: &Mapping<'_, '_>, now: &str) -> (PlanStorage, Vec<StoredPlan>) {
    let storage = match &mapping.plan {
        None => return (PlanStorage::Word, Vec::new()),
        Some(Plan::Listed(list)) => return (PlanStorage::Word, list.stored.clone()),
        Some(Plan::Stored(_, storage)) => *storage,
    };
    let used = mapping.plan_use(now).unwrap_or_default();
    let plans = used.sold().iter().cloned().map(|value| match storage {
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
    let mut owners = mapping.account.owners();
    if let Some(owner) = owners.find(|owner| owner.column != mapping.id) {
        unknown.push(format!(
            "whether a row of `{}` is an account, as in the proposal, or a row of `{}`",
            mapping.account.name(),
            owner.target.name
        ));
    }
    if let Some(billing) = &mapping.billing
        && let Some(rival) = &billing.rival
    {
        unknown.push(format!(
            "whether `{name}.{}`, as in the proposal, or `{name}.{rival}` is the account that pays",
            billing.column
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
        None if mapping.unrelated_plan.is_some() => {
            let column = mapping.unrelated_plan.as_deref().unwrap_or_default();
            unknown.push(format!(
                "which plan an account has: `{column}` has the same word whether an account pays or not, so the contract does not \
                 read it, and plans are not checked"
            ));
        }
        None => unknown.push("which plan an account has, so that plans are not checked".to_owned()),
    }
}

fn kept_plan(mapping: &Mapping<'_, '_>, now: &str) -> Option<String> {
    mapping.keeps_plan(now).then(|| {
        "whether your code reads the plan of rows without access, which keep it; `stale-plan` is off".to_owned()
    })
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

    const NOW: &str = "2026-06-01 00:00:00";

    fn proposed(tables: Vec<crate::database::SampledTable>) -> Proposal {
        let sample = DatabaseSample {
            role: String::new(),
            tables,
            is_truncated: false,
        };
        let proposal = propose(&sample, NOW).unwrap();
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
            propose(&empty, NOW)
                .unwrap_err()
                .starts_with("no column holds ids of customers")
        );
        let columns = [("id", ColumnForm::Number), ("cus", ColumnForm::Text)];
        let sample = DatabaseSample {
            role: String::new(),
            tables: vec![table("users", &columns, &[&[Some("1"), Some("cus_1")]])],
            is_truncated: false,
        };
        assert!(
            propose(&sample, NOW)
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

    const TEXT: ColumnForm = ColumnForm::Text;

    fn users(rows: &[[&str; 4]], access: (&str, ColumnForm)) -> Proposal {
        let columns = [("id", TEXT), ("customer", TEXT), access, ("plan", TEXT)];
        let rows: Vec<Vec<Option<&str>>> = rows
            .iter()
            .map(|row| {
                let cells = row.iter();
                cells
                    .map(|cell| (!cell.is_empty()).then_some(*cell))
                    .collect()
            })
            .collect();
        let rows: Vec<&[Option<&str>]> = rows.iter().map(Vec::as_slice).collect();
        proposed(vec![table("users", &columns, &rows)])
    }

    fn words(proposal: &Proposal) -> Vec<&str> {
        let words = proposal.stored.iter();
        words.filter_map(|plan| plan.word.as_deref()).collect()
    }

    #[test]
    fn a_plan_that_is_the_same_for_everybody_is_not_read() {
        let proposal = users(
            &[
                ["1", "cus_1", "active", "starter"],
                ["2", "cus_2", "canceled", "starter"],
                ["3", "", "", "starter"],
            ],
            ("status", TEXT),
        );
        assert!(!proposal.contract.contains("plan"), "{}", proposal.contract);
        let said = "`users.plan` has the same word whether an account pays or not";
        let is_said = |line: &String| line.contains(said);
        assert!(
            proposal.unknown.iter().any(is_said),
            "{:?}",
            proposal.unknown
        );
    }

    #[test]
    fn the_words_of_accounts_that_never_paid_are_free_plans() {
        let proposal = users(
            &[
                ["1", "cus_1", "active", "pro"],
                ["2", "cus_2", "canceled", "hobby"],
                ["3", "", "", "hobby"],
                ["4", "", "", "Free"],
            ],
            ("status", TEXT),
        );
        assert_eq!(words(&proposal), ["pro"]);
        assert!(
            proposal.contract.contains("free_plans: [Free, hobby]\n"),
            "{}",
            proposal.contract
        );
        assert!(
            !proposal.contract.contains("stale-plan"),
            "{}",
            proposal.contract
        );
    }

    #[test]
    fn plans_of_another_table_s_accounts_follow_their_access() {
        let users = table(
            "users",
            &[("id", TEXT), ("customer", TEXT), ("plan", TEXT)],
            &[
                &[Some("1"), Some("cus_1"), Some("pro")],
                &[Some("2"), Some("cus_2"), Some("free")],
                &[Some("3"), None, Some("free")],
            ],
        );
        let subscriptions = table(
            "subscriptions",
            &[("id", TEXT), ("user_id", TEXT), ("status", TEXT)],
            &[
                &[Some("sub_1"), Some("1"), Some("active")],
                &[Some("sub_2"), Some("2"), Some("canceled")],
            ],
        );
        let proposal = proposed(vec![users, subscriptions]);
        assert_eq!(words(&proposal), ["pro"]);
        assert!(
            !proposal.contract.contains("stale-plan"),
            "{}",
            proposal.contract
        );
    }

    #[test]
    fn a_plan_that_is_reset_when_its_period_ends_is_judged() {
        let period = ("paid_until", ColumnForm::Time);
        let rows = |ended| {
            [
                ["1", "cus_1", "2026-06-20 10:00:00+00", "pro"],
                ["2", "cus_2", "2026-05-20 10:00:00+00", ended],
                ["3", "", "", "free"],
            ]
        };
        let reset = users(&rows("free"), period);
        assert_eq!(words(&reset), ["pro"]);
        assert!(!reset.contract.contains("stale-plan"), "{}", reset.contract);
        let kept = users(&rows("pro"), period);
        assert!(kept.contract.contains("stale-plan"), "{}", kept.contract);
    }

    fn owned(rows: &[&[Option<&str>]]) -> Proposal {
        let key = |column: &str, target: &str| crate::database::ForeignKey {
            column: column.to_owned(),
            target: table(target, &[], &[]).table,
            target_column: "id".to_owned(),
        };
        let ids: [&[Option<&str>]; 3] = [&[Some("1")], &[Some("2")], &[Some("3")]];
        let columns = [
            ("id", TEXT),
            ("team_id", TEXT),
            ("user_id", TEXT),
            ("customer", TEXT),
            ("status", TEXT),
        ];
        let mut subscriptions = table("subscriptions", &columns, rows);
        subscriptions.references = vec![key("team_id", "teams"), key("user_id", "users")];
        proposed(vec![
            table("teams", &[("id", TEXT)], &ids),
            table("users", &[("id", TEXT)], &ids),
            subscriptions,
        ])
    }

    #[test]
    fn the_owner_is_the_account_that_rows_name() {
        let row = |id: &'static str, user: &'static str, customer: &'static str| {
            [Some(id), None, Some(user), Some(customer), Some("active")]
        };
        let rows = [
            row("a", "1", "cus_1"),
            row("b", "1", "cus_1"),
            row("c", "2", "cus_2"),
        ];
        let rows: Vec<&[Option<&str>]> = rows.iter().map(<[_; 5]>::as_slice).collect();
        let proposal = owned(&rows);
        assert!(
            proposal.contract.contains("from \"users\" a"),
            "{}",
            proposal.contract
        );
    }

    #[test]
    fn an_owner_for_whom_nothing_speaks_is_not_known() {
        let row = |id: &'static str, owner: &'static str, customer: &'static str| {
            [
                Some(id),
                Some(owner),
                Some(owner),
                Some(customer),
                Some("active"),
            ]
        };
        let rows = [
            row("a", "1", "cus_1"),
            row("b", "1", "cus_1"),
            row("c", "2", "cus_2"),
        ];
        let rows: Vec<&[Option<&str>]> = rows.iter().map(<[_; 5]>::as_slice).collect();
        let proposal = owned(&rows);
        let said = "or `subscriptions.user_id` is the account that pays";
        let is_said = |line: &String| line.contains(said);
        assert!(
            proposal.unknown.iter().any(is_said),
            "{:?}",
            proposal.unknown
        );
        assert!(
            proposal.contract.contains("# Not known: whether"),
            "{}",
            proposal.contract
        );
    }
}
