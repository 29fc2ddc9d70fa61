//! The resources: the schema of the configuration, the last report, the scenarios, and the rules.

use std::fmt::Write as _;

use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents},
};

use super::session::Session;
use crate::{
    commands::{configuration, rehearse},
    config,
    contract::Rule,
    report::{self, DATA_NOTICE},
};

/// Maximum size of a resource.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A resource.
struct ResourceDefinition {
    uri: &'static str,
    name: &'static str,
    title: &'static str,
    mime_type: &'static str,
    /// True if it quotes texts of others.
    quotes: bool,
    read: fn(&Session) -> Result<String, ErrorData>,
}

const LAST_REPORT: ResourceDefinition = ResourceDefinition {
    uri: "prodverdict://report/last",
    name: "last-report",
    title: "All findings of the last check or rehearsal of this session",
    mime_type: "application/json",
    quotes: true,
    read: read_last_report,
};

const ALL: [ResourceDefinition; 4] = [
    ResourceDefinition {
        uri: "prodverdict://schema/configuration",
        name: "configuration-schema",
        title: "JSON Schema of prodverdict.yml",
        mime_type: "application/schema+json",
        quotes: false,
        read: |_| Ok(config::json_schema()),
    },
    LAST_REPORT,
    ResourceDefinition {
        uri: "prodverdict://scenarios",
        name: "scenarios",
        title: "Scenarios of a rehearsal, one per line",
        mime_type: "text/plain",
        quotes: true,
        read: read_scenarios,
    },
    ResourceDefinition {
        uri: "prodverdict://rules",
        name: "rules",
        title: "All rules: when they are broken, and what helps",
        mime_type: "text/markdown",
        quotes: false,
        read: |_| Ok(rules()),
    },
];

impl ResourceDefinition {
    fn describe(&self) -> Resource {
        Resource::new(self.uri, self.name)
            .with_title(self.title)
            .with_description(self.title)
            .with_mime_type(self.mime_type)
    }
}

/// Lists the resources.
pub(super) fn all() -> Vec<Resource> {
    ALL.iter().map(ResourceDefinition::describe).collect()
}

/// Returns the link to the last report.
pub(super) fn last_report() -> Resource {
    LAST_REPORT.describe()
}

/// Reads a resource. Texts of others are marked as data by a content of their own, which comes first.
pub(super) fn read(uri: &str, session: &Session) -> Result<ReadResourceResult, ErrorData> {
    let mut resources = ALL.iter();
    let resource = resources
        .find(|resource| resource.uri == uri)
        .ok_or_else(|| ErrorData::resource_not_found("there is no such resource", None))?;
    let mut text = (resource.read)(session)?;
    let mut contents = Vec::new();
    if resource.quotes {
        let config = configuration::load(session.config_path()).ok();
        text = session.output(config.as_ref()).mask(&text);
        contents.push(ResourceContents::text(DATA_NOTICE, uri));
    }
    contents.push(ResourceContents::text(text, uri).with_mime_type(resource.mime_type));
    Ok(ReadResourceResult::new(contents))
}

fn read_last_report(session: &Session) -> Result<String, ErrorData> {
    let outcome = session.last_report().ok_or_else(|| {
        ErrorData::resource_not_found(
            "nothing was checked or rehearsed in this session: call `check_access_contract` or `rehearse_webhooks` first",
            None,
        )
    })?;
    let text = report::json(&outcome);
    if text.len() > MAX_BYTES {
        return Err(ErrorData::internal_error(
            "the report is longer than 8 MiB: write it to a file with `prodverdict check access --output report.json`",
            None,
        ));
    }
    Ok(text)
}

fn read_scenarios(session: &Session) -> Result<String, ErrorData> {
    // Without a configuration, these are the built-in ones.
    let config = configuration::load(session.config_path()).ok();
    let lines = rehearse::scenario_lines(config.as_ref(), session.config_path());
    lines.map_err(|_unreadable| {
        ErrorData::internal_error(
            "a scenario cannot be read: `rehearse_webhooks` says why",
            None,
        )
    })
}

/// Describes every rule.
fn rules() -> String {
    let mut text =
        "# Rules\n\n| rule | severity | broken when | what helps |\n|---|---|---|---|\n".to_owned();
    for rule in Rule::all_with_handler_rules() {
        let info = rule.info();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            info.id, info.severity, info.description, info.help
        );
    }
    text
}
