//! Pages of lists.

use fake_http::{Fault, MalformedList};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Call, ResponseData};
use crate::{error::ApiError, objects::ListedObject};

const DEFAULT_PAGE: usize = 50;

/// Maximum size of a page. Paddle silently reduces a larger one to it.
const MAX_PAGE: usize = 200;

/// Counts are exact up to this number.
const MAX_COUNT: usize = 100_000;

/// The order of a list by id, and so by time of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListOrder {
    OldestFirst,
    NewestFirst,
}

/// Returns true if a filter has the value, or is not set.
pub(super) fn matches(filter: &[String], value: &str) -> bool {
    filter.is_empty() || filter.iter().any(|wanted| wanted == value)
}

impl Call<'_> {
    /// Returns the requested page of objects, given in the order of their ids. The filters `id` and `status` are for all
    /// kinds of objects; other filters were read before, because this rejects what was not.
    pub(super) fn page<'w, T: ListedObject + 'w>(
        &mut self,
        objects: impl Iterator<Item = &'w T>,
        default_order: ListOrder,
        show: impl Fn(&T) -> Value,
    ) -> Result<ResponseData, ApiError> {
        let asked = self.query.clone();
        let (ids, statuses) = (self.take("id"), self.take("status"));
        let after = self.take("after").pop();
        let size = self.page_size()?;
        let order = self.order(default_order)?;
        self.finish()?;
        let mut found: Vec<&T> = objects
            .filter(|object| matches(&ids, object.id()) && matches(&statuses, object.status()))
            .collect();
        let total = found.len();
        if order == ListOrder::NewestFirst {
            found.reverse();
        }
        let malformed = match self.fault {
            Some(Fault::MalformedList(malformed)) => Some(*malformed),
            Some(_) | None => None,
        };
        let is_first = after.is_none()
            || matches!(
                malformed,
                Some(MalformedList::RepeatedPage | MalformedList::UnknownCursor)
            );
        if !is_first && let Some(after) = after {
            let is_twice = malformed == Some(MalformedList::ObjectTwice);
            found.retain(|object| {
                let position = match order {
                    ListOrder::OldestFirst => object.id().cmp(after.as_str()),
                    ListOrder::NewestFirst => after.as_str().cmp(object.id()),
                };
                position.is_gt() || is_twice && position.is_eq()
            });
        }
        let has_more = found.len() > size || malformed == Some(MalformedList::RepeatedPage);
        found.truncate(size);
        let last = found.last().map(|object| object.id().to_owned());
        if malformed == Some(MalformedList::HasMoreWithoutData) {
            found.clear();
        }
        let is_forced = malformed == Some(MalformedList::HasMoreWithoutData);
        Ok(ResponseData {
            status: 200,
            data: found.into_iter().map(show).collect(),
            pagination: Some(json!({
                "per_page": size,
                "next": self.next(&asked, last),
                "has_more": has_more || is_forced,
                "estimated_total": if self.skips_count {
                    json!(-1)
                } else {
                    json!(total.min(MAX_COUNT.saturating_add(1)))
                },
            })),
        })
    }

    fn page_size(&mut self) -> Result<usize, ApiError> {
        let Some(written) = self.take("per_page").pop() else {
            return Ok(DEFAULT_PAGE);
        };
        let size = written.parse::<usize>().ok().filter(|size| *size > 0);
        let size = size.ok_or_else(|| {
            ApiError::invalid_field("per_page", "must be a number of at least one")
        })?;
        Ok(size.min(MAX_PAGE))
    }

    fn order(&mut self, default: ListOrder) -> Result<ListOrder, ApiError> {
        let Some(written) = self.take("order_by").pop() else {
            return Ok(default);
        };
        // The official libraries write the direction in different cases.
        match written.to_lowercase().as_str() {
            "id[asc]" => Ok(ListOrder::OldestFirst),
            "id[desc]" => Ok(ListOrder::NewestFirst),
            _ => {
                let detail = format!("cannot order by {written}");
                Err(ApiError::invalid_field("order_by", detail))
            }
        }
    }

    /// Returns the address of the next page, which is there on the last one too.
    fn next(&self, asked: &[(String, String)], last: Option<String>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in asked.iter().filter(|(name, _)| name != "after") {
            query.append_pair(name, value);
        }
        if let Some(last) = last {
            query.append_pair("after", &last);
        }
        format!("{}{}?{}", self.base_url, self.path, query.finish())
    }
}
