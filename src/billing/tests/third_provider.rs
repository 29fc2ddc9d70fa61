//! A provider that exists only here: it is read like the others, without a change outside its folder.

use std::{collections::BTreeSet, num::NonZeroUsize};

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use url::Url;

use super::scripted::{Answer, Server, impatient};
use crate::{
    billing::{
        BillingFacts, BillingReader, DecodeError, Decoded, ExceededLimit, PriceTable,
        ProviderRefusal, RateLimit, ReadPlan, ReadStep, RecordedForm, RefusalMeaning, Settings,
        SourceDefinition,
        answer::ProviderResponse,
        decoding::{from_text, from_value},
        facts::FactsBuilder,
        keys::KeyFormat,
        metadata::WireCustomer,
        pages::{ListPage, ListQuery, PageFormat, Pages},
        prices::SharedPrices,
        provider::{Hosts, Provider},
        source::{BegunList, Lists, Lookups, OnProgress, RestOfList},
        transport::{Endpoint, ReadFuture, ReadSession},
    },
    contract::{
        CustomerId, ListingScope, Status, Subscription, SubscriptionId, Terms, UnixSeconds,
    },
    http,
};

static PROVIDER: Provider = Provider {
    name: "Acme",
    hosts: Hosts::One("https://api.acme.example"),
    base_variable: "ACME_API_BASE",
    version_header: ("acme-version", "3"),
    request_id_header: "acme-request",
    keys: KeyFormat {
        prefixes: &["acme_"],
        kinds: &[],
        hexadecimal: None,
        mismatch: "it does not begin with `acme_`",
        lookalikes: &[("acme_hook_", "a webhook signing secret")],
        live: &["acme_live_"],
        test: &["acme_test_"],
        unrestricted: None,
        creation: "create one in the settings",
    },
    key_form: None,
    live_limit: RateLimit::per_second(100, 100, 2),
    test_limit: RateLimit::per_second(100, 100, 2),
    customer_ids: "m_",
    subscription_ids: "ms_",
    customer_permission: "customers",
    refusal,
};

static MEMBERSHIPS: SourceDefinition = SourceDefinition {
    provider: &PROVIDER,
    lists: &Acme,
    lookups: &Acme,
    events: None,
    has_subscriptions: true,
    listed_by_customer: false,
    customers_at_once: NonZeroUsize::MIN,
    extras: &[],
    permissions: &[],
    active_prices: None,
    key_page: None,
    recorded_file: "acme/memberships.json",
    recorded_form: RecordedForm::Subscriptions {
        from_text: membership_text,
        from_value: membership_value,
    },
    recorded_refunds: None,
};

fn refusal(answer: &ProviderResponse<'_>) -> ProviderRefusal {
    let meaning = match answer.status.as_u16() {
        404 => RefusalMeaning::NoSuchObject(None),
        429 => RefusalMeaning::RateLimited(ExceededLimit::Unknown),
        _ => answer.meaning_without_envelope(),
    };
    ProviderRefusal {
        provider: PROVIDER.name,
        status: answer.status.as_u16(),
        hint: meaning.hint(PROVIDER.name, "create another key", |_| String::new()),
        meaning,
        message: answer.excerpt(),
        request_id: answer.request_id(),
        passing: answer.may_pass(),
    }
}

#[derive(Deserialize)]
struct Membership {
    number: String,
    member: String,
}

fn decoded(membership: Membership, prices: &mut PriceTable) -> Decoded {
    Decoded::whole(Subscription {
        id: SubscriptionId::from(membership.number),
        customer: CustomerId::from(membership.member),
        created: UnixSeconds::default(),
        ended_at: None,
        period: None,
        details: None,
        terms: prices.share_terms(Terms {
            status: Status::Active,
            cancel_scheduled: None,
            only_cancel_at: false,
            pause: None,
            days_until_due: None,
            on_test_clock: false,
            items: Box::default(),
        }),
    })
}

fn membership_text(text: &RawValue, prices: &mut PriceTable) -> Result<Decoded, DecodeError> {
    from_text("membership", text).map(|membership| decoded(membership, prices))
}

fn membership_value(value: &Value, prices: &mut PriceTable) -> Result<Decoded, DecodeError> {
    from_value("membership", value).map(|membership| decoded(membership, prices))
}

#[derive(Deserialize)]
struct AcmePage {
    memberships: Vec<Box<RawValue>>,
    last: bool,
}

#[derive(Debug)]
struct Acme;

impl PageFormat for Acme {
    fn page<'a>(
        &'a self,
        session: ReadSession<'a>,
        listing: Endpoint,
        address: &'a Url,
        _: bool,
    ) -> ReadFuture<'a, ListPage> {
        Box::pin(async move {
            let page: AcmePage = session.get(listing, address).await?;
            Ok(ListPage {
                rows: page.memberships,
                has_more: !page.last,
                next: None,
                total: None,
                exact_total: None,
            })
        })
    }

    fn cursor(&self, _: &ListPage, last: &str) -> Result<(&'static str, String), &'static str> {
        Ok(("behind", last.to_owned()))
    }
}

fn pages<'a>(session: ReadSession<'a>, query: Vec<(&'static str, String)>) -> Pages<'a> {
    let listing = ListQuery {
        path: "memberships",
        id: None,
        query,
        format: &Acme,
    };
    Pages::new(session, &listing)
}

#[derive(Debug)]
struct Rest<'a>(Pages<'a>);

impl<'a> RestOfList<'a> for Rest<'a> {
    fn read<'p>(mut self: Box<Self>, on_progress: OnProgress<'p>) -> ReadFuture<'p, BillingFacts>
    where
        'a: 'p,
        Self: 'p,
    {
        Box::pin(async move {
            let (mut prices, mut builder) = (PriceTable::default(), FactsBuilder::default());
            let mut decode = |text: &RawValue| membership_text(text, &mut prices);
            while let Some(page) = self.0.next(&mut decode).await? {
                builder.extend(page);
                on_progress(builder.count());
            }
            Ok(builder.finish())
        })
    }
}

impl Lists for Acme {
    fn begin<'a>(
        &'a self,
        session: ReadSession<'a>,
        _: &'a ListingScope,
        _: &'a [CustomerId],
    ) -> ReadFuture<'a, BegunList<'a>> {
        let mut plan = ReadPlan::new(true);
        plan.steps.push(ReadStep::new("every membership", 1));
        let rest = Box::new(Rest(pages(session, Vec::new())));
        Box::pin(async { Ok(BegunList { plan, rest }) })
    }

    fn customers<'a>(
        &'a self,
        session: ReadSession<'a>,
        customers: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, BillingFacts> {
        let customer = customers.iter().map(ToString::to_string);
        let query = customer.map(|customer| ("member", customer)).collect();
        Box::new(Rest(pages(session, query))).read(&|_| {})
    }
}

impl Lookups for Acme {
    fn subscription<'a>(
        &'a self,
        session: ReadSession<'a>,
        id: &'a str,
        prices: &'a SharedPrices,
    ) -> ReadFuture<'a, Decoded> {
        Box::pin(async move {
            let address = session.address(["memberships", id], &[]);
            let membership = session.get("memberships/{number}", &address).await?;
            Ok(decoded(membership, &mut prices.locked()))
        })
    }

    fn owner<'a>(
        &'a self,
        session: ReadSession<'a>,
        id: &'a str,
    ) -> ReadFuture<'a, (String, String)> {
        Box::pin(async move {
            let address = session.address(["memberships", id], &[]);
            let found: Membership = session.get("memberships/{number}", &address).await?;
            Ok((found.number, found.member))
        })
    }

    fn customers<'a>(
        &'a self,
        _: ReadSession<'a>,
        _: &'a BTreeSet<&'a CustomerId>,
    ) -> ReadFuture<'a, Vec<WireCustomer>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn customers_with_email<'a>(
        &'a self,
        _: ReadSession<'a>,
        _: &'a str,
    ) -> ReadFuture<'a, Vec<WireCustomer>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn any_customer_exists<'a>(
        &'a self,
        _: ReadSession<'a>,
        _: &'a [CustomerId],
    ) -> ReadFuture<'a, bool> {
        Box::pin(async { Ok(true) })
    }
}

fn membership(number: &str, member: &str) -> Value {
    json!({"number": number, "member": member})
}

async fn acme() -> Server {
    Server::start(
        |_, request| match (request.path.as_str(), request.value("behind")) {
            ("/memberships", None) => Answer::ok(&json!({
                "memberships": [membership("m_1", "p_1")], "last": false,
            })),
            ("/memberships", Some(_)) => Answer::ok(&json!({
                "memberships": [membership("m_2", "p_2")], "last": true,
            })),
            ("/memberships/m_1", _) => Answer::ok(&membership("m_1", "p_1")),
            _ => Answer::status(404, &[], "no such membership"),
        },
    )
    .await
}

fn reader(server: &Server) -> BillingReader {
    let settings = Settings {
        base: Some(server.base.clone()),
        retry_policy: impatient(),
        ..Settings::default()
    };
    let key = SecretString::from("acme_test_1");
    let client = http::client().unwrap();
    BillingReader::for_definition(&MEMBERSHIPS, client, &key, &settings).unwrap()
}

#[tokio::test]
async fn a_third_provider_is_listed_and_planned() {
    let server = acme().await;
    let reader = reader(&server);
    let begun = reader.begin(&ListingScope::Everything, &[]).await.unwrap();
    let facts = begun.read(&|_| {}).await.unwrap();
    let ids = facts.subscriptions.iter().map(|one| one.id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["m_1", "m_2"]);
    assert_eq!(server.requests()[0].header("acme-version"), Some("3"));
}

#[tokio::test]
async fn single_objects_of_a_third_provider_are_looked_up() {
    let server = acme().await;
    let reader = reader(&server);
    let ids = ["m_1", "m_3"].map(SubscriptionId::from);
    let owners = reader.owners(&ids).await.unwrap();
    assert_eq!(owners, [CustomerId::from("p_1")]);
    let found = reader.read_subscriptions(&ids).await.unwrap();
    assert_eq!(found.subscriptions.len(), 1);
}

#[test]
fn a_key_of_a_third_provider_has_its_form() {
    let check = |key| PROVIDER.check_key(&SecretString::from(key), None, None, None);
    assert_eq!(check("acme_live_1"), Ok(()));
    assert_eq!(
        check("rk_live_1").unwrap_err().to_string(),
        "the Acme key does not look like one: it does not begin with `acme_`"
    );
    assert!(check("acme_hook_1").is_err());
}
