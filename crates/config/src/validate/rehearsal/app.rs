//! `app:`: the command that starts the application, the URL that shows that it is ready, and its environment.

use std::collections::BTreeMap;

use super::{
    super::{
        super::{
            AppSettings,
            diagnostics::{DiagnosticDraft, Diagnostics, quote},
            entry::{Entry, Pairs},
            rehearsal::RawApp,
            scalars::Literal,
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
    diagnostics: &Diagnostics<'_>,
) -> Option<AppSettings> {
    let Some(written) = entry.value() else {
        return entry.is_absent().then(AppSettings::default);
    };
    let command = command("command", &written.command, diagnostics);
    let ready = written
        .ready
        .written()
        .and_then(|(span, text)| addresses::url("ready", text, span, allow_remote, diagnostics))
        .map(|url| url.to_string());
    let env = variables(&written.env, diagnostics);
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
    diagnostics: &Diagnostics<'_>,
) -> Option<String> {
    let (span, _) = entry.written()?;
    let text = filled(key, entry, diagnostics)?;
    texts::check_no_secret(key, text, span, diagnostics).then(|| text.to_owned())
}

fn variables(
    entry: &Entry<Pairs<Literal>>,
    diagnostics: &Diagnostics<'_>,
) -> Option<BTreeMap<String, String>> {
    let Some(Pairs(pairs)) = entry.value() else {
        return entry.is_absent().then(BTreeMap::new);
    };
    // Checks every pair, so that all problems are reported at once.
    let read: Vec<_> = pairs
        .iter()
        .map(|(name, entry)| {
            let (span, Literal(text)) = entry.written()?;
            if !secrets::is_variable_name(name) {
                let message = format!(
                    "a key of `env` should be the name of an environment variable, found {}",
                    quote(name)
                );
                diagnostics.add_at(DiagnosticDraft::invalid(message), span);
                return None;
            }
            let has_no_secret = texts::check_no_secret(name, text, span, diagnostics);
            has_no_secret.then(|| (name.clone(), text.clone()))
        })
        .collect();
    read.into_iter().collect()
}
