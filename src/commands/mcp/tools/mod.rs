//! The tools, one per file. A new one is a file and a line.

mod check;
mod doctor;
mod explain;
mod rehearse;
mod suggest_mapping;
mod validate;
mod what_changed;

use super::definition::ToolDefinition;

/// All tools, in the order in which they are listed to clients.
pub(super) const ALL: [ToolDefinition; 7] = [
    what_changed::TOOL,
    rehearse::TOOL,
    check::TOOL,
    explain::TOOL,
    doctor::TOOL,
    validate::TOOL,
    suggest_mapping::TOOL,
];

/// Returns the tool with this name.
pub(super) fn find(name: &str) -> Option<&'static ToolDefinition> {
    const TOOLS: &[ToolDefinition] = &ALL;
    TOOLS.iter().find(|tool| tool.name == name)
}
