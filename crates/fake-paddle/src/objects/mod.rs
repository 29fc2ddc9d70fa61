//! Paddle's objects in the form of its API: every key is present, `null` where there is nothing.

mod adjustment;
mod catalog;
mod customer;
mod event;
mod subscription;
mod transaction;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    adjustment::Adjustment,
    catalog::{Cycle, Money, Price, Product, QuantityRange},
    customer::{Address, Customer},
    event::{Event, Notification},
    subscription::{Item, ManagementUrls, ScheduledChange, Subscription},
    transaction::{Transaction, TransactionItem},
};

/// A billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Period {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// Implements `ListedObject` for types with the fields `id` and `status`.
macro_rules! listed {
    ($($name:ty),*) => {$(
        impl $crate::objects::ListedObject for $name {
            fn id(&self) -> &str {
                &self.id
            }

            fn status(&self) -> &str {
                &self.status
            }
        }
    )*};
}

/// Fields that lists of all objects use.
pub(crate) trait ListedObject: Clone + Serialize {
    fn id(&self) -> &str;
    fn status(&self) -> &str;
}

listed!(
    Adjustment,
    Customer,
    Address,
    Price,
    Product,
    Subscription,
    Transaction
);

impl ListedObject for Event {
    fn id(&self) -> &str {
        &self.event_id
    }

    fn status(&self) -> &'static str {
        ""
    }
}
