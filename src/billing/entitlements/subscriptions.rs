//! Lists the subscriptions that are not canceled with their latest invoices, page by page: reading parts in parallel
//! would take more requests.

use serde_json::value::RawValue;

use super::renewals::RenewedProducts;
use crate::{
    billing::{
        BillingFacts, Decoded, Error,
        facts::FactsBuilder,
        pages::{ListQuery, Pages},
        prices::SharedPrices,
        source::OnProgress,
        stripe::{self, EXPAND, objects::decode_live_text},
        transport::ReadSession,
    },
    contract::Subscription,
};

/// The list, as far as it has been read.
#[derive(Debug)]
pub(super) struct SubscriptionPages<'a> {
    session: ReadSession<'a>,
    pages: Pages<'a>,
    prices: SharedPrices,
    builder: FactsBuilder,
    renewed: RenewedProducts,
}

impl<'a> SubscriptionPages<'a> {
    /// Reads the first page.
    pub(super) async fn begin(session: ReadSession<'a>) -> Result<Self, Error> {
        let mut begun = Self {
            session,
            pages: Pages::new(session, &with_invoices()),
            prices: SharedPrices::default(),
            builder: FactsBuilder::default(),
            renewed: RenewedProducts::default(),
        };
        let page = begun.next_page().await?;
        begun.builder.extend(page.unwrap_or_default());
        Ok(begun)
    }

    /// Returns the subscriptions read so far.
    pub(super) fn seen(&self) -> &[Subscription] {
        self.builder.subscriptions()
    }

    /// Returns the products at the start of each current period, as far as they are known.
    pub(super) fn renewed(&self) -> &RenewedProducts {
        &self.renewed
    }

    pub(super) fn has_more(&self) -> bool {
        self.pages.has_more()
    }

    /// Reads the rest, and then what is new since the first page: a subscription that replaced one on a later page was made
    /// before that page was read without the old one.
    pub(super) async fn read(
        mut self,
        on_progress: OnProgress<'_>,
    ) -> Result<(BillingFacts, RenewedProducts), Error> {
        while let Some(page) = self.next_page().await? {
            self.builder.extend(page);
            on_progress(self.builder.count());
        }
        let newest = self.seen().iter().map(|one| one.created).max();
        self.pages = Pages::new(self.session, &with_invoices());
        while let Some(page) = self.next_page().await? {
            let is_known = |one: &Decoded| Some(one.subscription.created) <= newest;
            let is_complete = page.iter().any(is_known);
            self.builder.extend(page);
            if is_complete {
                break;
            }
        }
        Ok((self.builder.finish(), self.renewed))
    }

    async fn next_page(&mut self) -> Result<Option<Vec<Decoded>>, Error> {
        let Self {
            pages,
            prices,
            renewed,
            ..
        } = self;
        let decode = |text: &RawValue| {
            let decoded = decode_live_text(text, &mut prices.locked())?;
            renewed.record(text, &decoded);
            Ok(decoded)
        };
        let Some(mut page) = pages.next(decode).await? else {
            return Ok(None);
        };
        // Customers with so many items are asked about, which takes no more requests than reading the items.
        let truncated = page.iter_mut().filter(|one| one.may_have_more_items);
        truncated.for_each(|one| one.subscription.items = [].into());
        Ok(Some(page))
    }
}

/// Checks if the key may list subscriptions when their invoices are left out.
pub(super) async fn check_permission(session: ReadSession<'_>) -> Result<(), Error> {
    let prices = SharedPrices::default();
    let mut pages = Pages::new(session, &stripe::subscriptions(&[]));
    let decode = |text: &RawValue| decode_live_text(text, &mut prices.locked());
    pages.next(decode).await.map(drop)
}

fn with_invoices() -> ListQuery {
    stripe::subscriptions(&[(EXPAND, "data.latest_invoice")])
}
