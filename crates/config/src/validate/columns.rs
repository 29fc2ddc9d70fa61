//! `columns:`: the canonical columns that are required, and the source of each.

use std::collections::BTreeMap;

use super::{
    super::{
        Expression,
        column::{ColumnForm, RawColumn},
        diagnostics::{DiagnosticDraft, Diagnostics, Parent},
        document::Columns,
        entry::{Entry, SourceSpan},
    },
    values::not_blank,
};
use contract::{ColumnName, Field, MatchOn};
use problem::ErrorCode;

/// Requirements of the rest of the contract.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// `None` if its value could not be read.
    pub(super) match_on: Option<MatchOn>,
    pub(super) plan: bool,
}

/// Returns the columns by canonical field.
pub(in super::super) fn fields_of(columns: &Columns) -> [(Field, &Entry<RawColumn>); 13] {
    let customer = if columns.customer_id.is_absent() {
        &columns.stripe_customer_id
    } else {
        &columns.customer_id
    };
    [
        (Field::Id, &columns.id),
        (Field::CustomerId, customer),
        (Field::HasPaidAccess, &columns.has_paid_access),
        (Field::Plan, &columns.plan),
        (Field::Exempt, &columns.exempt),
        (Field::Seats, &columns.seats),
        (Field::Status, &columns.status),
        (Field::SubscriptionId, &columns.subscription_id),
        (Field::PeriodEnd, &columns.period_end),
        (Field::CancelAtPeriodEnd, &columns.cancel_at_period_end),
        (Field::UpdatedAt, &columns.updated_at),
        (Field::PaidElsewhere, &columns.paid_elsewhere),
        (Field::PastDueSince, &columns.past_due_since),
    ]
}

/// Returns the default name of a column that the contract needs but does not map.
fn default_of(field: Field, needs: Needs) -> Option<&'static str> {
    match field {
        Field::Id => Some("id"),
        Field::HasPaidAccess => Some("has_paid_access"),
        Field::CustomerId if needs.match_on == Some(MatchOn::CustomerId) => {
            Some("stripe_customer_id")
        }
        // An application that stores no plan writes `plan: null`.
        Field::Plan if needs.plan => Some("plan"),
        Field::CustomerId
        | Field::Plan
        | Field::Exempt
        | Field::Seats
        | Field::Status
        | Field::SubscriptionId
        | Field::PeriodEnd
        | Field::CancelAtPeriodEnd
        | Field::UpdatedAt
        | Field::PaidElsewhere
        | Field::PastDueSince => None,
    }
}

/// Returns the columns of a contract without `columns`. Problems are reported at `parent`, the section in which they
/// could be mapped.
pub(super) fn defaults(
    parent: Parent<'_>,
    needs: Needs,
    diagnostics: &Diagnostics<'_>,
) -> BTreeMap<Field, Expression> {
    if needs.match_on == Some(MatchOn::SubscriptionId) {
        let nothing: Entry<RawColumn> = Entry::Absent;
        diagnostics.require(&nothing, Field::SubscriptionId.as_str(), parent);
    }
    let default = |field| {
        let name = default_of(field, needs)?;
        Some((field, Expression::Column(name.to_owned())))
    };
    Field::ALL.into_iter().filter_map(default).collect()
}

/// Reads the columns; the plan is left out if the contract does not check plans.
pub(super) fn expressions(
    columns: &Columns,
    parent: Parent<'_>,
    needs: Needs,
    diagnostics: &Diagnostics<'_>,
) -> BTreeMap<Field, Expression> {
    if let Some(span) = columns.stripe_customer_id.span()
        && !columns.customer_id.is_absent()
    {
        let message = "`stripe_customer_id` and `customer_id` are the same key";
        let draft = DiagnosticDraft::new(ErrorCode::Conflict, message).help("keep one of the two");
        diagnostics.add_at(draft, span);
    }
    let mut expressions = BTreeMap::new();
    for (field, entry) in fields_of(columns) {
        let needed = is_needed(field, needs);
        let default = default_of(field, needs).filter(|_| entry.is_absent());
        if let Some(name) = default {
            expressions.insert(field, Expression::Column(name.to_owned()));
        } else if needed {
            diagnostics.require(entry, field.as_str(), parent);
        }
        let Some((span, column)) = entry.written() else {
            continue;
        };
        match read(field, column, span, diagnostics) {
            Some(_) if field == Field::Plan && !needs.plan => {}
            Some(expression) => {
                expressions.insert(field, expression);
            }
            None if needed && matches!(column, RawColumn::Unmapped) => {
                let message = format!("`{}` should be mapped, found nothing", field.as_str());
                let draft = DiagnosticDraft::new(ErrorCode::MissingKey, message)
                    .help("name the column to read, or give an expression: `{sql: …}`");
                diagnostics.add_at(draft, span);
            }
            None => {}
        }
    }
    expressions
}

/// Reads the source of the e-mail address, which only lookups need.
pub(super) fn email(columns: &Columns, diagnostics: &Diagnostics<'_>) -> Option<Expression> {
    let (span, column) = columns.email.written()?;
    match column {
        RawColumn::Unmapped => None,
        RawColumn::Name(name) => Some(Expression::Column(name.clone())),
        RawColumn::Form(form) if !form.sql.is_absent() => computed(form, diagnostics),
        RawColumn::Form(_) => {
            let message = "`email` should be a column or an SQL expression, found a list of values";
            let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
                .help("name the column alone, or use `{sql: …}`");
            diagnostics.add_at(draft, span);
            None
        }
    }
}

/// Returns the sources of the columns for messages.
pub(super) fn names(expressions: &BTreeMap<Field, Expression>) -> BTreeMap<Field, ColumnName> {
    let name = |expression: &Expression| match expression {
        Expression::Column(column) => ColumnName::Column(column.clone()),
        Expression::In { column, values } => ColumnName::In {
            column: column.clone(),
            values: values.clone(),
        },
        Expression::Sql(_) => ColumnName::Computed,
    };
    expressions
        .iter()
        .map(|(field, expression)| (*field, name(expression)))
        .collect()
}

fn is_needed(field: Field, needs: Needs) -> bool {
    match field {
        Field::Id | Field::HasPaidAccess => true,
        Field::CustomerId => needs.match_on == Some(MatchOn::CustomerId),
        Field::SubscriptionId => needs.match_on == Some(MatchOn::SubscriptionId),
        Field::Plan
        | Field::Exempt
        | Field::Seats
        | Field::Status
        | Field::PeriodEnd
        | Field::CancelAtPeriodEnd
        | Field::UpdatedAt
        | Field::PaidElsewhere
        | Field::PastDueSince => false,
    }
}

fn read(
    field: Field,
    column: &RawColumn,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<Expression> {
    match column {
        RawColumn::Unmapped => None,
        RawColumn::Name(name) => Some(Expression::Column(name.clone())),
        RawColumn::Form(form) if !form.sql.is_absent() => computed(form, diagnostics),
        RawColumn::Form(form) if defines_values(field) && form.values.is_absent() => {
            named(field, form, span, diagnostics)
        }
        RawColumn::Form(form) => listed(field, form, span, diagnostics),
    }
}

/// Returns true if the column has a form that defines the meaning of its values: `seats` and `status`.
fn defines_values(field: Field) -> bool {
    matches!(field, Field::Seats | Field::Status)
}

/// Reads `{column: c, …}`.
fn named(
    field: Field,
    form: &ColumnForm,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<Expression> {
    let name = format!("`{}`", field.as_str());
    let parent = Parent { name: &name, span };
    let (span, column) = diagnostics.require(&form.column, "column", parent)?;
    not_blank("`column`", column, span, diagnostics).then(|| Expression::Column(column.clone()))
}

/// Reads `{sql: …}`.
fn computed(form: &ColumnForm, diagnostics: &Diagnostics<'_>) -> Option<Expression> {
    let others = [("column", form.column.span()), ("in", form.values.span())];
    for (key, other) in others {
        if let Some(other) = other {
            let draft = DiagnosticDraft::new(
                ErrorCode::Conflict,
                format!("`{key}` cannot be combined with `sql`"),
            )
            .help("keep one of the two");
            diagnostics.add_at(draft, other);
        }
    }
    let sql = super::sql::fragment("sql", &form.sql, diagnostics)?;
    Some(Expression::Sql(sql.to_owned()))
}

/// Reads `{column: c, in: […]}`.
fn listed(
    field: Field,
    form: &ColumnForm,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<Expression> {
    let name = format!("`{}`", field.as_str());
    let parent = Parent { name: &name, span };
    let column = diagnostics.require(&form.column, "column", parent);
    let (values_span, values) = diagnostics.require(&form.values, "in", parent)?;
    if !is_yes_or_no(field) {
        let message = format!("`in` yields true or false, but {name} is not a boolean");
        let draft = DiagnosticDraft::new(ErrorCode::Conflict, message)
            .help("name the column alone, or use `{sql: …}`");
        diagnostics.add_at(draft, values_span);
    }
    if values.is_empty() {
        let draft = DiagnosticDraft::invalid("`in` should list at least one value, found none");
        diagnostics.add_at(
            draft.help("with an empty list nobody would ever have access"),
            values_span,
        );
    }
    let (span, column) = column?;
    not_blank("`column`", column, span, diagnostics).then(|| Expression::In {
        column: column.clone(),
        values: values
            .iter()
            .filter_map(Entry::value)
            .map(|value| value.0.clone())
            .collect(),
    })
}

fn is_yes_or_no(field: Field) -> bool {
    matches!(
        field,
        Field::HasPaidAccess | Field::Exempt | Field::CancelAtPeriodEnd | Field::PaidElsewhere
    )
}
