//! Reads the features that come with products.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::objects::{ProductFeature, product_feature};
use crate::billing::{
    Error,
    extras::is_refusal,
    pages::{ListElement, Pages},
    stripe,
    transport::ReadSession,
};

/// HTTP status when the key lacks a permission.
const FORBIDDEN: u16 = 403;

/// Features of products, by product id; `None` for a product whose features do not show what its customers may use.
#[derive(Debug, Default)]
pub(super) struct ProductFeatures(BTreeMap<String, Option<BTreeSet<String>>>);

impl ProductFeatures {
    /// Returns the features of all these products together, or `None` if those of one are not known.
    pub(super) fn of_all<'p>(
        &self,
        products: impl IntoIterator<Item = &'p str>,
    ) -> Option<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for product in products {
            all.extend(self.0.get(product)?.as_ref()?.iter().cloned());
        }
        Some(all)
    }

    /// Reads the features of the products that have not been read.
    pub(super) async fn read(
        &mut self,
        session: ReadSession<'_>,
        products: &BTreeSet<String>,
    ) -> Result<(), Error> {
        let new = products.iter().filter(|id| !self.0.contains_key(*id));
        let new: Vec<_> = new.cloned().collect();
        let mut read = stream::iter(new)
            .map(|product| async move {
                let features = features_of_product(session, &product).await?;
                Ok::<_, Error>((product, features))
            })
            .buffered(session.rate_limit().concurrency);
        while let Some((product, features)) = read.try_next().await? {
            self.0.insert(product, features);
        }
        Ok(())
    }
}

impl ListElement for ProductFeature {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Returns the features of a product. Returns `None` if Stripe does not find the product, or if one of its features is
/// archived: Stripe does not document who may use an archived feature.
async fn features_of_product(
    session: ReadSession<'_>,
    product: &str,
) -> Result<Option<BTreeSet<String>>, Error> {
    let mut pages = Pages::new(
        session,
        &stripe::listing_of("v1/products/{id}/features", product),
    );
    let mut found = BTreeSet::new();
    loop {
        match pages.next(product_feature).await {
            Ok(Some(page)) if page.iter().any(|one| one.is_archived) => return Ok(None),
            Ok(Some(page)) => found.extend(page.into_iter().map(|one| one.feature)),
            Ok(None) => return Ok(Some(found)),
            Err(error) if is_refusal(&error) && !is_forbidden(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

fn is_forbidden(error: &Error) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| refusal.status == FORBIDDEN)
}

#[cfg(test)]
impl FromIterator<(&'static str, Option<BTreeSet<String>>)> for ProductFeatures {
    fn from_iter<I: IntoIterator<Item = (&'static str, Option<BTreeSet<String>>)>>(
        products: I,
    ) -> Self {
        let owned = |(id, features): (&str, _)| (id.to_owned(), features);
        Self(products.into_iter().map(owned).collect())
    }
}
