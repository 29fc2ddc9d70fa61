//! Random metadata: most applications write the id of their own account under one key, some write that of a
//! different account.

use std::collections::BTreeMap;

use contract::{Account, CustomerId, Metadata, Subscription};
use proptest::{collection::vec, option, prelude::*, sample::select};

const KEYS: [&str; 13] = [
    "USER-ID",
    "accountId",
    "team_id",
    "workspace_id",
    "owner",
    "owner",
    "owner",
    "ref",
    "ref",
    "ref",
    "REF",
    "REF",
    "REF",
];

/// The account whose id is written.
#[derive(Debug, Clone, Copy)]
enum Who {
    /// The account linked to the customer; if there is none, one of the others.
    Own(u8),
    Account(u8),
    Nobody,
}

/// Everything written into metadata, before customers are linked to accounts.
#[derive(Debug, Clone)]
pub(crate) struct Notes {
    habit: Option<&'static str>,
    by_habit: Vec<Who>,
    besides: Vec<Option<(&'static str, Who)>>,
    of_customers: Vec<(u8, &'static str, u8)>,
}

pub(crate) fn notes() -> impl Strategy<Value = Notes> {
    let number = || 0..6_u8;
    // If one in ten referred to another account, few keys would remain account keys.
    let mostly_own = prop_oneof![
        24 => number().prop_map(Who::Own),
        5 => number().prop_map(Who::Account),
        1 => Just(Who::Nobody),
    ];
    let anybody = prop_oneof![number().prop_map(Who::Own), number().prop_map(Who::Account)];
    (
        option::weighted(0.95, select(&KEYS[..])),
        vec(mostly_own, 10),
        vec(option::weighted(0.1, (select(&KEYS[..]), anybody)), 10),
        vec((3..7_u8, select(&KEYS[..]), number()), 1..8),
    )
        .prop_map(|(habit, by_habit, besides, of_customers)| Notes {
            habit,
            by_habit,
            besides,
            of_customers,
        })
}

impl Notes {
    pub(crate) fn write(&self, accounts: &[Account], subscriptions: &mut [Subscription]) {
        for (place, subscription) in subscriptions.iter_mut().enumerate() {
            let mut written = BTreeMap::new();
            if let Some((key, who)) = self.besides[place] {
                written.insert(key, who.id(accounts, &subscription.customer));
            }
            if let Some(key) = self.habit {
                let who = self.by_habit[place];
                written.insert(key, who.id(accounts, &subscription.customer));
            }
            if !written.is_empty() {
                let details = subscription.details.get_or_insert_default();
                details.metadata = metadata(written);
            }
        }
    }

    pub(crate) fn of_customers(&self) -> BTreeMap<CustomerId, Metadata> {
        let notes = self.of_customers.iter();
        notes
            .map(|(customer, key, account)| {
                let id = CustomerId::from(format!("cus_{customer}"));
                (id, metadata([(*key, format!("usr_{account}"))]))
            })
            .collect()
    }
}

impl Who {
    fn id(self, accounts: &[Account], customer: &CustomerId) -> String {
        let linked = accounts
            .iter()
            .find(|account| account.customer.as_ref() == Some(customer));
        match self {
            Self::Own(number) => {
                // An account without access may have been paid for by another customer.
                let mut others = accounts.iter().filter(|account| !account.paid);
                let other = others.nth(usize::from(number) % 3);
                let own = linked.or(other).or(accounts.first());
                own.map_or("nobody".to_owned(), |account| account.id.to_string())
            }
            Self::Account(number) => format!("usr_{number}"),
            Self::Nobody => "cart 17".to_owned(),
        }
    }
}

fn metadata<'k>(written: impl IntoIterator<Item = (&'k str, String)>) -> Metadata {
    let written = written.into_iter();
    written
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}
