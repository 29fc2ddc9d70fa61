//! Scalars of the format that serde's own types cannot express: text or number, durations, limited numbers.

use schemars::JsonSchema;
use serde::Deserialize;

/// Names by which the reader recognizes these newtypes.
pub(super) const VERSION: &str = "Version";
pub(super) const LITERAL: &str = "Literal";
pub(super) const DURATION_TEXT: &str = "DurationText";
pub(super) const COLUMN_VALUE: &str = "ColumnValue";
pub(super) const POSITIVE_INTEGER: &str = "PositiveInteger";
pub(super) const WHOLE_NUMBER: &str = "WholeNumber";
pub(super) const NULLABLE_INTEGER: &str = "NullableInteger";

/// Version of the format.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = "integer", "const" = 1))]
pub(super) struct Version(pub(super) String);

/// Text, or a number that is read as text.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number"]))]
pub(super) struct Literal(pub(super) String);

/// A duration such as `14d`, `5m` or `10s`, or 0.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["string", "integer"]))]
pub(super) struct DurationText(pub(super) String);

/// A whole number, at least 1.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = "integer", "minimum" = 1, "maximum" = 4_294_967_295_u32))]
pub(super) struct PositiveInteger(pub(super) String);

/// A whole number.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = "integer", "minimum" = 0, "maximum" = 4_294_967_295_u32))]
pub(super) struct WholeNumber(pub(super) String);

/// A whole number as stored, or null.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["integer", "null"]))]
pub(super) struct NullableInteger(pub(super) String);

/// A value of a column, as text.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number", "boolean"]))]
pub(super) struct ColumnValue(pub(super) String);
