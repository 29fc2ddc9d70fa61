//! Lists the subscriptions that are not canceled, page by page: reading parts in parallel would take more requests.

use crate::{
    billing::{
        BillingFacts, Decoded, Error,
        facts::FactsBuilder,
        pages::Pages,
        prices::SharedPrices,
        source::OnProgress,
        stripe::{self, next_page},
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
}

impl<'a> SubscriptionPages<'a> {
    /// Reads the first page.
    pub(super) async fn begin(session: ReadSession<'a>) -> Result<Self, Error> {
        let mut begun = Self {
            session,
            pages: Pages::new(session, &stripe::subscriptions(&[])),
            prices: SharedPrices::default(),
            builder: FactsBuilder::default(),
        };
        begun.next_page().await?;
        Ok(begun)
    }

    /// Returns the subscriptions read so far.
    pub(super) fn seen(&self) -> &[Subscription] {
        self.builder.subscriptions()
    }

    pub(super) fn has_more(&self) -> bool {
        self.pages.has_more()
    }

    /// Reads the rest, and then what is new since the first page: a subscription that replaced one on a later page was made
    /// before that page was read without the old one.
    pub(super) async fn read(mut self, on_progress: OnProgress<'_>) -> Result<BillingFacts, Error> {
        while self.pages.has_more() {
            self.next_page().await?;
            on_progress(self.builder.count());
        }
        let newest = self.seen().iter().map(|one| one.created).max();
        let mut again = Pages::new(self.session, &stripe::subscriptions(&[]));
        while let Some(page) = next_page(self.session, &mut again, &self.prices).await? {
            let is_known = |one: &Decoded| Some(one.subscription.created) <= newest;
            let is_complete = page.iter().any(is_known);
            self.builder.extend(page);
            if is_complete {
                break;
            }
        }
        Ok(self.builder.finish())
    }

    async fn next_page(&mut self) -> Result<(), Error> {
        let page = next_page(self.session, &mut self.pages, &self.prices).await?;
        self.builder.extend(page.unwrap_or_default());
        Ok(())
    }
}
