//! The definition of a tool: its texts, its schemas, what it does to the world, and its function.

use std::sync::Arc;

use futures::future::LocalBoxFuture;
use rmcp::{
    handler::server::tool::{schema_for_input, schema_for_output},
    model::{JsonObject, Tool, ToolAnnotations},
    schemars::JsonSchema,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{answer::ToolAnswer, call::Call, session::Session};

/// A tool. Its file declares one, and `tools` lists them all.
pub(super) struct ToolDefinition {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) input_schema: fn() -> Arc<JsonObject>,
    pub(super) output_schema: fn() -> Arc<JsonObject>,
    pub(super) effects: Effects,
    pub(super) run: ToolFunction,
}

pub(super) type ToolFunction = for<'a> fn(&'a Session, JsonObject, &'a Call) -> ToolFuture<'a>;

pub(super) type ToolFuture<'a> = LocalBoxFuture<'a, Result<ToolAnswer, InvalidArguments>>;

/// Effects of a tool on the world outside the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effects {
    /// Reads files of this machine.
    ReadsFiles,
    /// Reads the provider and the database, or the recorded files in their place.
    ReadsSystems,
    /// Sends events to the application, which may write to its database; removes what it adds.
    CallsApplication,
}

/// The reason why arguments cannot be used.
#[derive(Debug)]
pub(super) struct InvalidArguments(pub(super) String);

/// Parses the arguments of a call.
pub(super) fn parse_arguments<T: DeserializeOwned>(
    arguments: JsonObject,
) -> Result<T, InvalidArguments> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| InvalidArguments(error.to_string()))
}

/// Returns the schema of a tool's arguments.
pub(super) fn input_schema<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    // NOTE: it fails only for types that are not structs, as the test of all tools would show.
    schema_for_input::<T>().unwrap_or_default()
}

/// Returns the schema of a tool's answer, without the sizes of numbers: clients warn of formats that they do not know.
pub(super) fn output_schema<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    let mut schema = Value::Object(schema_for_output::<T>().as_ref().clone());
    remove_sizes(&mut schema);
    match schema {
        Value::Object(schema) => Arc::new(schema),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Arc::default()
        }
    }
}

fn remove_sizes(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            let format = entries.get("format").and_then(Value::as_str);
            if format.is_some_and(|format| format.starts_with("uint")) {
                entries.remove("format");
            }
            entries.values_mut().for_each(remove_sizes);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_sizes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl ToolDefinition {
    /// Describes the tool to a client. `has_recordings` is true if everything is read from recorded files.
    pub(super) fn describe(&self, has_recordings: bool) -> Tool {
        let (is_read_only, is_open) = match self.effects {
            Effects::ReadsFiles => (true, false),
            Effects::ReadsSystems => (true, !has_recordings),
            Effects::CallsApplication => (false, true),
        };
        let mut annotations = ToolAnnotations::with_title(self.title)
            .read_only(is_read_only)
            .open_world(is_open);
        if !is_read_only {
            annotations = annotations.destructive(false).idempotent(true);
        }
        Tool::new(self.name, self.description, (self.input_schema)())
            .with_title(self.title)
            .with_raw_output_schema((self.output_schema)())
            .with_annotations(annotations)
    }
}
