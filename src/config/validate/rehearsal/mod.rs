//! `rehearsal:`: the contract that judges, the addresses of the application, and the SQL that creates an account.

mod addresses;
mod app;
mod choices;
mod statements;
mod texts;

use std::time::Duration;

use super::{
    super::{
        CheckoutSettings, FakeStripeSettings, Gate, Rehearsal, RehearsalPlaces,
        collector::{Collector, DiagnosticDraft, Parent, quote},
        document::{DurationText, RawContract},
        entry::{Entry, SourceSpan},
        key_places::KeyPlaces,
        rehearsal::{self as written, RawRehearsal},
    },
    values::{duration, variable},
};

const DEFAULT_API_VERSION: &str = "2026-10-28.endive";
const DEFAULT_LISTEN: &str = "127.0.0.1:12111";
const DEFAULT_SETTLE: Duration = Duration::from_secs(5);

/// Maximum time to settle, which every step of every scenario may take.
const LONGEST_SETTLE: Duration = Duration::from_mins(10);

/// Returns the rehearsal, if everything that it needs is there; `contracts` come with their names.
pub(super) fn settings<'e>(
    (spot, written): (&SourceSpan, &RawRehearsal),
    contracts: impl Iterator<Item = (&'e RawContract, &'e str)>,
    collector: &Collector<'_>,
) -> Option<Rehearsal> {
    let owner = Parent {
        name: "`rehearsal`",
        spot,
    };
    let allow_remote = written.allow_remote.value().copied().unwrap_or_default();
    let contract_index = choices::contract(&written.contract, contracts, owner, collector);
    let handler = addresses::handler(&written.handler, allow_remote, owner, collector);
    let secret_env = variable(
        "secret_env",
        &written.secret_env,
        "STRIPE_WEBHOOK_SECRET",
        collector,
    );
    let url_env = match written.database.value() {
        Some(database) => variable(
            "url_env",
            &database.url_env,
            "REHEARSAL_DATABASE_URL",
            collector,
        ),
        None => Some("REHEARSAL_DATABASE_URL"),
    };
    let migrate = written
        .database
        .value()
        .and_then(|database| app::command("migrate", &database.migrate, collector));
    let api_version = api_version(&written.api_version, collector);
    let api_versions = api_versions(&written.api_versions, collector);
    let fake_stripe = fake_stripe(&written.fake_stripe, collector);
    let app = app::settings(&written.app, allow_remote, collector);
    let account = collector
        .require(&written.account, "account", owner)
        .and_then(|(spot, account)| statements::statements(account, spot, collector));
    let checkout = checkout(&written.checkout, allow_remote, collector);
    let subscription_metadata = texts::metadata(&written.subscription_metadata, collector);
    let gate = match written.gate.written() {
        Some((spot, gate)) => self::gate(gate, spot, allow_remote, collector).map(Some),
        None => Some(None),
    };
    let settle = settle(&written.settle, collector);
    let scenarios = choices::scenarios(&written.scenarios, collector);
    let scenarios_dir = texts::path("scenarios_dir", &written.scenarios_dir, collector);
    let events = choices::events(&written.events, collector);
    let handler_paths = texts::paths("handler_paths", &written.handler_paths, collector);
    Some(Rehearsal {
        contract_index: contract_index?,
        handler: handler?,
        secret_env: secret_env?.to_owned(),
        url_env: url_env?.to_owned(),
        migrate,
        api_version: api_version?,
        api_versions: api_versions?,
        fake_stripe: fake_stripe?,
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
        places: places(written, spot, collector),
    })
}

fn api_version(entry: &Entry<String>, collector: &Collector<'_>) -> Option<String> {
    let Some((spot, text)) = entry.written() else {
        return entry.is_absent().then(|| DEFAULT_API_VERSION.to_owned());
    };
    version("api_version", text, spot, collector)
}

fn api_versions(
    entry: &Entry<Vec<Entry<String>>>,
    collector: &Collector<'_>,
) -> Option<Vec<String>> {
    let Some(versions) = entry.value() else {
        return entry.is_absent().then(Vec::new);
    };
    let versions = versions.iter().map(|entry| {
        let (spot, text) = entry.written()?;
        version("api_versions", text, spot, collector)
    });
    // Checks every version, so that all problems are reported at once.
    let versions: Vec<Option<String>> = versions.collect();
    versions.into_iter().collect()
}

fn version(key: &str, text: &str, spot: &SourceSpan, collector: &Collector<'_>) -> Option<String> {
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
    collector.add_at(DiagnosticDraft::invalid(message).help(help), spot);
    None
}

fn fake_stripe(
    entry: &Entry<written::FakeStripe>,
    collector: &Collector<'_>,
) -> Option<FakeStripeSettings> {
    let Some(written) = entry.value() else {
        return entry.is_absent().then(|| FakeStripeSettings {
            listen: DEFAULT_LISTEN.to_owned(),
            fixtures: None,
            address_file: None,
        });
    };
    let fixtures = texts::path("fixtures", &written.fixtures, collector);
    let address_file = texts::path("address_file", &written.address_file, collector);
    let listen = match written.listen.written() {
        Some((spot, text)) => addresses::listen(text, spot, collector),
        None => Some(DEFAULT_LISTEN.to_owned()),
    };
    Some(FakeStripeSettings {
        listen: listen?,
        fixtures,
        address_file,
    })
}

fn checkout(
    entry: &Entry<written::RawCheckout>,
    allow_remote: bool,
    collector: &Collector<'_>,
) -> Option<CheckoutSettings> {
    let Some(written) = entry.value() else {
        return entry.is_absent().then(CheckoutSettings::default);
    };
    let client_reference_id = match written.client_reference_id.written() {
        Some((spot, text)) => {
            texts::template("client_reference_id", text, spot, collector).map(Some)
        }
        None => Some(None),
    };
    let metadata = texts::metadata(&written.metadata, collector);
    let visit = match written.visit.written() {
        Some((spot, text)) => addresses::visit(text, spot, allow_remote, collector).map(Some),
        None => Some(None),
    };
    Some(CheckoutSettings {
        visit: visit?,
        client_reference_id: client_reference_id?,
        metadata: metadata?,
    })
}

fn gate(
    written: &written::RawGate,
    spot: &SourceSpan,
    allow_remote: bool,
    collector: &Collector<'_>,
) -> Option<Gate> {
    let owner = Parent {
        name: "`gate`",
        spot,
    };
    let url = collector
        .require(&written.url, "url", owner)
        .and_then(|(spot, text)| addresses::gate(text, spot, allow_remote, collector));
    let (spot, paid) = collector.require(&written.paid, "paid", owner)?;
    let pointer = texts::json_pointer(paid);
    if pointer.is_none() {
        let message = format!(
            "`paid` should be the path of a value in JSON, found {}",
            quote(paid)
        );
        let help =
            "write `$` and the keys that lead to it, such as `$.user.paid` or `$.plans[0].active`";
        collector.add_at(DiagnosticDraft::invalid(message).help(help), spot);
    }
    Some(Gate {
        url: url?,
        paid: paid.clone(),
        paid_pointer: pointer?,
    })
}

fn settle(entry: &Entry<DurationText>, collector: &Collector<'_>) -> Option<Duration> {
    if entry.is_absent() {
        return Some(DEFAULT_SETTLE);
    }
    let settle = duration("settle", entry, collector)?;
    if settle <= LONGEST_SETTLE {
        return Some(settle);
    }
    if let Some((spot, DurationText(text))) = entry.written() {
        let message = format!("`settle` should be at most 10m, found {}", quote(text));
        let help = "a rehearsal does not wait longer for a handler to write";
        collector.add_at(DiagnosticDraft::invalid(message).help(help), spot);
    }
    None
}

fn places(written: &RawRehearsal, spot: &SourceSpan, collector: &Collector<'_>) -> RehearsalPlaces {
    let section = collector.entry_place(spot);
    let place = |spot: Option<&SourceSpan>| spot.map(|spot| collector.entry_place(spot));
    RehearsalPlaces {
        handler: place(written.handler.spot()).unwrap_or_else(|| section.clone()),
        account: place(written.account.spot()).unwrap_or_else(|| section.clone()),
        api_version: place(written.api_version.spot()),
        api_versions: place(written.api_versions.spot()),
        gate: place(written.gate.spot()),
        scenarios_dir: place(written.scenarios_dir.spot()),
        keys: keys(written, collector),
        section,
    }
}

fn keys(written: &RawRehearsal, collector: &Collector<'_>) -> KeyPlaces {
    let mut keys = KeyPlaces::default();
    keys.key("contract", &written.contract, collector);
    keys.list(
        "api_versions",
        &written.api_versions,
        |version| version,
        collector,
    );
    keys.key("gate", &written.gate, collector);
    keys.key("settle", &written.settle, collector);
    keys.key("scenarios", &written.scenarios, collector);
    if let Some(scenarios) = written.scenarios.value() {
        keys.list("skip", &scenarios.skip, |id| id, collector);
        keys.list("only", &scenarios.only, |id| id, collector);
    }
    keys.key("scenarios_dir", &written.scenarios_dir, collector);
    keys.list("events", &written.events, |kind| kind, collector);
    keys.list(
        "handler_paths",
        &written.handler_paths,
        |path| path,
        collector,
    );
    keys.key("allow_remote", &written.allow_remote, collector);
    keys.key("allow_rows", &written.allow_rows, collector);
    keys
}
