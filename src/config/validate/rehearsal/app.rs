//! `app:`: the command that starts the application, the URL that shows that it is ready, and its environment.

use std::collections::BTreeMap;

use super::{
    super::{
        super::{
            AppSettings,
            collector::{Collector, DiagnosticDraft, quote},
            document::Literal,
            entry::{Entry, Pairs},
            rehearsal::RawApp,
            secrets,
        },
        values::filled,
    },
    addresses, texts,
};

/// Reads the section; `None` if its environment is invalid. Other mistakes are reported too.
pub(super) fn settings(
    entry: &Entry<RawApp>,
    allow_remote: bool,
    collector: &Collector<'_>,
) -> Option<AppSettings> {
    let Some(written) = entry.value() else {
        return entry.is_absent().then(AppSettings::default);
    };
    let command = command("command", &written.command, collector);
    let ready = written
        .ready
        .written()
        .and_then(|(spot, text)| addresses::url("ready", text, spot, allow_remote, collector))
        .map(|url| url.to_string());
    let env = variables(&written.env, collector);
    Some(AppSettings {
        command,
        ready,
        env: env?,
    })
}

/// Reads a shell command.
pub(super) fn command(
    key: &str,
    entry: &Entry<String>,
    collector: &Collector<'_>,
) -> Option<String> {
    let (spot, _) = entry.written()?;
    let text = filled(key, entry, collector)?;
    texts::is_public(key, text, spot, collector).then(|| text.to_owned())
}

fn variables(
    entry: &Entry<Pairs<Literal>>,
    collector: &Collector<'_>,
) -> Option<BTreeMap<String, String>> {
    let Some(Pairs(pairs)) = entry.value() else {
        return entry.is_absent().then(BTreeMap::new);
    };
    // Checks every pair before it stops at a broken one.
    let read: Vec<_> = pairs
        .iter()
        .map(|(name, entry)| {
            let (spot, Literal(text)) = entry.written()?;
            if !secrets::is_variable_name(name) {
                let message = format!(
                    "a key of `env` should be the name of an environment variable, found {}",
                    quote(name)
                );
                collector.add_at(DiagnosticDraft::invalid(message), spot);
                return None;
            }
            let is_public = texts::is_public(name, text, spot, collector);
            is_public.then(|| (name.clone(), text.clone()))
        })
        .collect();
    read.into_iter().collect()
}
