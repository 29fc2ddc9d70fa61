//! The answer of a tool: structured data with the same data as text, masked, and marked as data.

use rmcp::model::{CallToolResult, ContentBlock, Resource};
use serde::Serialize;
use serde_json::Value;

use crate::{commands::output::Output, report::DATA_NOTICE};

/// Maximum size of an answer. Every tool keeps below it by itself.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The answer of a tool.
#[derive(Debug)]
pub(super) struct ToolAnswer {
    value: Value,
    /// True if the question could not be answered.
    is_error: bool,
    link: Option<Resource>,
}

impl ToolAnswer {
    /// Creates an answer. `exit_code` is the exit status of the command; `output` masks its secrets.
    pub(super) fn new(answer: &impl Serialize, exit_code: u8, output: &Output) -> Self {
        let mut value = serde_json::to_value(answer).unwrap_or_default();
        output.mask_json(&mut value);
        Self {
            value,
            is_error: exit_code == crate::commands::COULD_NOT_TELL,
            link: None,
        }
    }

    /// Adds a link to a resource with everything that the answer leaves out.
    pub(super) fn with_link(self, link: Resource) -> Self {
        Self {
            link: Some(link),
            ..self
        }
    }

    /// Returns the result for the client. The text that marks the data comes first.
    pub(super) fn into_result(self) -> CallToolResult {
        let text = self.value.to_string();
        if text.len() > MAX_ANSWER_BYTES {
            return failed_call("the answer is too long: run the command in a terminal");
        }
        let mut result = if self.is_error {
            CallToolResult::structured_error(self.value)
        } else {
            CallToolResult::structured(self.value)
        };
        result.content = vec![ContentBlock::text(DATA_NOTICE), ContentBlock::text(text)];
        result
            .content
            .extend(self.link.map(ContentBlock::resource_link));
        result
    }
}

/// Returns the result of a call that was not carried out.
pub(super) fn failed_call(why: &str) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(why)])
}
