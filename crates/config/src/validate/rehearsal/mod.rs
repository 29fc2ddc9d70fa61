//! `rehearsal:`: the contract that judges, the addresses of the application, and the SQL that creates an account.

mod addresses;
mod app;
mod choices;
mod provider;
mod statements;
mod texts;

use std::time::Duration;

use contract::Source;

use super::{
    super::{
        CheckoutSettings, FakeSettings, Gate, Rehearsal, RehearsalPlaces,
        diagnostics::{DiagnosticDraft, Diagnostics, Parent, quote},
        document::RawContract,
        entry::{Entry, SourceSpan},
        rehearsal::{self as written, RawRehearsal},
        scalars::DurationText,
    },
    values::{duration, variable},
};

/// Version of Stripe's API that the fake speaks by default.
const DEFAULT_API_VERSION: &str = "2026-10-28.endive";
/// Default time to settle: long enough for a job queue to write.
const DEFAULT_SETTLE: Duration = Duration::from_secs(5);

/// Maximum time to settle. Every step of every scenario may wait this long.
const MAX_SETTLE: Duration = Duration::from_mins(10);

/// Returns the rehearsal, or `None` if a required part is missing or invalid. `contracts` are the contracts with their
/// names.
pub(super) fn settings<'e>(
    (span, written): (&SourceSpan, &RawRehearsal),
    contracts: impl Iterator<Item = (&'e RawContract, &'e str)>,
    places: RehearsalPlaces,
    diagnostics: &Diagnostics<'_>,
) -> Option<Rehearsal> {
    let owner = Parent {
        name: "`rehearsal`",
        span,
    };
    let allow_remote = written.allow_remote.value().copied().unwrap_or_default();
    let contract = choices::contract(&written.contract, contracts, owner, diagnostics);
    // Without a valid contract, the other keys are checked as for Stripe.
    let source = contract.map_or(Source::Stripe, |(_, source)| source);
    provider::report_keys_of_other_provider(written, source, diagnostics);
    let handler = addresses::handler(&written.handler, allow_remote, owner, diagnostics);
    let secret_env = variable(
        "secret_env",
        &written.secret_env,
        provider::default_secret_variable(source),
        diagnostics,
    );
    let source_ip = addresses::source_ip(&written.source_ip, diagnostics);
    let url_env = match written.database.value() {
        Some(database) => variable(
            "url_env",
            &database.url_env,
            "REHEARSAL_DATABASE_URL",
            diagnostics,
        ),
        None => Some("REHEARSAL_DATABASE_URL"),
    };
    let migrate = written
        .database
        .value()
        .and_then(|database| app::command("migrate", &database.migrate, diagnostics));
    let api_version = api_version(&written.api_version, diagnostics);
    let api_versions = api_versions(&written.api_versions, diagnostics);
    let fake = fake(
        provider::fake_key(written, diagnostics),
        source,
        diagnostics,
    );
    let app = app::settings(&written.app, allow_remote, diagnostics);
    let account = diagnostics
        .require(&written.account, "account", owner)
        .and_then(|(span, account)| statements::statements(account, span, diagnostics));
    let checkout = checkout(&written.checkout, allow_remote, diagnostics);
    let subscription_metadata = texts::metadata(&written.subscription_metadata, diagnostics);
    let gate = match written.gate.written() {
        Some((span, gate)) => self::gate(gate, span, allow_remote, diagnostics).map(Some),
        None => Some(None),
    };
    let settle = settle(&written.settle, diagnostics);
    let scenarios = choices::scenarios(&written.scenarios, diagnostics);
    let scenarios_dir = texts::path("scenarios_dir", &written.scenarios_dir, diagnostics);
    let events = choices::events(&written.events, diagnostics);
    let handler_paths = texts::paths("handler_paths", &written.handler_paths, diagnostics);
    Some(Rehearsal {
        contract_index: contract?.0,
        source,
        handler: handler?,
        secret_env: secret_env?.to_owned(),
        source_ip: source_ip?,
        url_env: url_env?.to_owned(),
        migrate,
        api_version: api_version?,
        api_versions: api_versions?,
        fake: fake?,
        app: app?,
        account: account?,
        checkout: checkout?,
        subscription_metadata: subscription_metadata?,
        gate: gate?,
        settle: settle?,
        skip: scenarios.skip,
        only: scenarios.only,
        scenarios_dir,
        events,
        handler_paths,
        allow_remote,
        allow_rows: written.allow_rows.value().copied().unwrap_or_default(),
        places,
    })
}

fn api_version(entry: &Entry<String>, diagnostics: &Diagnostics<'_>) -> Option<String> {
    let Some((span, text)) = entry.written() else {
        return entry.is_absent().then(|| DEFAULT_API_VERSION.to_owned());
    };
    version("api_version", text, span, diagnostics)
}

fn api_versions(
    entry: &Entry<Vec<Entry<String>>>,
    diagnostics: &Diagnostics<'_>,
) -> Option<Vec<String>> {
    let Some(versions) = entry.value() else {
        return entry.is_absent().then(Vec::new);
    };
    let versions = versions.iter().map(|entry| {
        let (span, text) = entry.written()?;
        version("api_versions", text, span, diagnostics)
    });
    // Checks every version, so that all problems are reported at once.
    let versions: Vec<Option<String>> = versions.collect();
    versions.into_iter().collect()
}

fn version(
    key: &str,
    text: &str,
    span: &SourceSpan,
    diagnostics: &Diagnostics<'_>,
) -> Option<String> {
    let (day, name) = text
        .split_once('.')
        .map_or((text, None), |(day, name)| (day, Some(name)));
    let is_day = day.len() == "2026-10-28".len()
        && day.chars().enumerate().all(|(at, c)| match at {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        });
    let is_name = name.is_none_or(|name| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase())
    });
    if is_day && is_name {
        return Some(text.to_owned());
    }
    let message = format!(
        "`{key}` should be a version of Stripe's API, found {}",
        quote(text)
    );
    let help = format!("write one such as `{DEFAULT_API_VERSION}` or `2024-06-20`");
    diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    None
}

fn fake(
    entry: &Entry<written::Fake>,
    source: Source,
    diagnostics: &Diagnostics<'_>,
) -> Option<FakeSettings> {
    let Some(written) = entry.value() else {
        return entry.is_absent().then(|| FakeSettings {
            listen: provider::default_address(source).to_owned(),
            fixtures: None,
            address_file: None,
        });
    };
    let fixtures = texts::path("fixtures", &written.fixtures, diagnostics);
    let address_file = texts::path("address_file", &written.address_file, diagnostics);
    let listen = match written.listen.written() {
        Some((span, text)) => addresses::listen(text, span, diagnostics),
        None => Some(provider::default_address(source).to_owned()),
    };
    Some(FakeSettings {
        listen: listen?,
        fixtures,
        address_file,
    })
}

fn checkout(
    entry: &Entry<written::RawCheckout>,
    allow_remote: bool,
    diagnostics: &Diagnostics<'_>,
) -> Option<CheckoutSettings> {
    let Some(written) = entry.value() else {
        return entry.is_absent().then(CheckoutSettings::default);
    };
    let client_reference_id = match written.client_reference_id.written() {
        Some((span, text)) => {
            texts::template("client_reference_id", text, span, diagnostics).map(Some)
        }
        None => Some(None),
    };
    let metadata = texts::metadata(&written.metadata, diagnostics);
    let custom_data = texts::metadata(&written.custom_data, diagnostics);
    let visit = match written.visit.written() {
        Some((span, text)) => addresses::visit(text, span, allow_remote, diagnostics).map(Some),
        None => Some(None),
    };
    Some(CheckoutSettings {
        visit: visit?,
        client_reference_id: client_reference_id?,
        metadata: metadata?,
        custom_data: custom_data?,
    })
}

fn gate(
    written: &written::RawGate,
    span: &SourceSpan,
    allow_remote: bool,
    diagnostics: &Diagnostics<'_>,
) -> Option<Gate> {
    let owner = Parent {
        name: "`gate`",
        span,
    };
    let url = diagnostics
        .require(&written.url, "url", owner)
        .and_then(|(span, text)| addresses::gate(text, span, allow_remote, diagnostics));
    let (span, paid) = diagnostics.require(&written.paid, "paid", owner)?;
    let pointer = texts::json_pointer(paid);
    if pointer.is_none() {
        let message = format!(
            "`paid` should be the path of a value in JSON, found {}",
            quote(paid)
        );
        let help =
            "write `$` and the keys that lead to it, such as `$.user.paid` or `$.plans[0].active`";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    Some(Gate {
        url: url?,
        paid: paid.clone(),
        paid_pointer: pointer?,
    })
}

fn settle(entry: &Entry<DurationText>, diagnostics: &Diagnostics<'_>) -> Option<Duration> {
    if entry.is_absent() {
        return Some(DEFAULT_SETTLE);
    }
    let settle = duration("settle", entry, diagnostics)?;
    if settle <= MAX_SETTLE {
        return Some(settle);
    }
    if let Some((span, DurationText(text))) = entry.written() {
        let message = format!("`settle` should be at most 10m, found {}", quote(text));
        let help = "a rehearsal does not wait longer for a handler to write";
        diagnostics.add_at(DiagnosticDraft::invalid(message).help(help), span);
    }
    None
}
