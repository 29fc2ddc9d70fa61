//! Finds accounts whose owner pays as a customer that the account does not store.

use std::collections::{BTreeMap, BTreeSet};

use super::judged_account::is_paid_elsewhere;
use crate::{
    Account, AccountId, Advice, Contract, ContractKey, CustomerId, MatchOn, Rule, Subscription,
    Word,
    access::CustomerAccess,
    account_index::AccountIndex,
    case::Case,
    customers::{CustomerNumber, Link},
};

/// Minimum number of linked subscriptions that hold the id of their account under a metadata key before the key is
/// trusted.
const MIN_EXAMPLES: usize = 3;

/// The accounts whose owner pays as another customer.
#[derive(Debug, Default)]
pub(crate) struct Mismatches<'f> {
    /// Customers that name an account, by the id of the account and their own id.
    found: BTreeMap<&'f str, BTreeMap<&'f str, NamedAccount<'f>>>,
    explained: BTreeSet<&'f str>,
    advice: Vec<Advice>,
}

/// A customer's metadata entry that names an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedAccount<'f> {
    pub(super) customer: CustomerNumber,
    pub(super) account: &'f Account,
    /// Key of the metadata.
    pub(super) key: &'f Word,
}

impl<'f> Mismatches<'f> {
    /// Checks every paying customer without an account.
    pub(crate) fn find(case: &Case<'f>) -> Self {
        let mut mismatches = Self::default();
        if !applies(case) || !case.is_enabled(Rule::CustomerMismatch) {
            return mismatches;
        }
        let strangers: Vec<_> = unlinked_payers(case).collect();
        let written: BTreeSet<&str> = strangers
            .iter()
            .flat_map(|customer| metadata(case, *customer))
            .map(|(key, _)| &**key)
            .collect();
        if written.is_empty() {
            return mismatches;
        }
        let accounts = AccountIndex::new(case.facts);
        let keys = AccountKeys::learn(case, &accounts, &written);
        mismatches.advice = keys.advice(case);
        for customer in strangers {
            let Some(id) = case.customers.id(customer) else {
                continue;
            };
            for (key, value) in metadata(case, customer) {
                let position = accounts.find(value).filter(|_| keys.is_key(key));
                let Some(position) = position else { continue };
                let Some(account) = case.facts.accounts.get(position) else {
                    continue;
                };
                if is_named_account_suspect(case, account, case.customers.link(position)) {
                    let named = NamedAccount {
                        customer,
                        account,
                        key,
                    };
                    let account_mismatches =
                        mismatches.found.entry(account.id.as_str()).or_default();
                    let known = account_mismatches.entry(id).or_insert(named);
                    // Several subscriptions may name the account under different keys; their order has no meaning, so
                    // the smallest key wins.
                    if **key < **known.key {
                        *known = named;
                    }
                    mismatches.explained.insert(id);
                }
            }
        }
        mismatches
    }

    /// Returns true if the owner of the account pays as another customer.
    pub(super) fn pays_as_another(&self, account: &Account) -> bool {
        self.found.contains_key(account.id.as_str())
    }

    /// Returns true if the customer belongs to an account that stores another customer.
    pub(super) fn explain(&self, case: &Case<'_>, customer: CustomerNumber) -> bool {
        !self.explained.is_empty()
            && case
                .customers
                .id(customer)
                .is_some_and(|id| self.explained.contains(id))
    }

    /// Returns every customer that names an account, with the account.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (CustomerNumber, &'f Account)> {
        let named = self.found.values().flat_map(BTreeMap::values);
        named.map(|named| (named.customer, named.account))
    }

    /// Returns advice about metadata keys that look like account ids but are not.
    pub(crate) fn into_advice(self) -> Vec<Advice> {
        self.advice
    }

    /// Returns the accounts, each with the customer that pays for it.
    pub(super) fn found(&self) -> impl Iterator<Item = (&'f str, NamedAccount<'f>)> {
        let found = self.found.values();
        found.filter_map(|account_mismatches| {
            let (id, named) = account_mismatches.first_key_value()?;
            Some((*id, *named))
        })
    }
}

/// Returns true if the rule applies: entitlements carry no metadata, and matching by subscription leaves no other customer.
fn applies(case: &Case<'_>) -> bool {
    case.contract.source.has_subscriptions() && case.contract.match_on == MatchOn::CustomerId
}

/// Returns the customers with a granting subscription and no account.
fn unlinked_payers(case: &Case<'_>) -> impl Iterator<Item = CustomerNumber> {
    case.customers.all().filter(|customer| {
        case.customers.accounts_of(*customer).next().is_none()
            && case
                .subscriptions(*customer)
                .any(|subscription| case.grants(subscription))
    })
}

/// Returns true if any paying customer has no account.
pub(crate) fn has_unlinked_payers(case: &Case<'_>) -> bool {
    applies(case) && unlinked_payers(case).next().is_some()
}

/// Returns the metadata of the customer's granting subscriptions, then that of the customer itself.
fn metadata<'f>(
    case: &Case<'f>,
    customer: CustomerNumber,
) -> impl Iterator<Item = &'f (Word, Box<str>)> {
    let id = case.customers.id(customer).map(CustomerId::from);
    let customer_metadata = id.and_then(|id| case.facts.customer_metadata.get(&id));
    let granting = case
        .subscriptions(customer)
        .filter(|subscription| case.grants(subscription));
    granting.flat_map(metadata_entries).chain(
        customer_metadata
            .into_iter()
            .flat_map(|metadata| metadata.iter()),
    )
}

fn metadata_entries(subscription: &Subscription) -> impl Iterator<Item = &(Word, Box<str>)> {
    let details = subscription.details.as_ref();
    details
        .into_iter()
        .flat_map(|details| details.metadata.iter())
}

/// Returns true if a payment by another customer would explain the state of the account.
fn is_named_account_suspect(
    case: &Case<'_>,
    account: &Account,
    link: Option<Link<'_, '_>>,
) -> bool {
    if case.is_exempt(account) {
        return false;
    }
    let state = link.map(|link| case.state(&link.holder));
    match state {
        None => !account.paid,
        // The contract has no verdict in this case.
        Some(Err(_)) => false,
        Some(Ok(access)) => is_mismatch_candidate(account, access),
    }
}

/// Returns true if a payment by another customer would explain the state of a linked account: it has access that its
/// customer does not pay for, or no access although its customer does not pay.
pub(super) fn is_mismatch_candidate(account: &Account, access: CustomerAccess) -> bool {
    if account.paid {
        matches!(access, CustomerAccess::NotGranting | CustomerAccess::None)
            && !is_paid_elsewhere(account)
    } else {
        access != CustomerAccess::Granting
    }
}

/// Metadata keys that hold the ids of accounts.
struct AccountKeys<'f> {
    keys: BTreeSet<&'f str>,
    /// Keys under which some linked subscription holds the id of another account.
    vetoed: BTreeSet<&'f str>,
}

impl<'f> AccountKeys<'f> {
    /// Selects keys of `written` by their names and by the values that linked subscriptions hold under them.
    fn learn(case: &Case<'f>, accounts: &AccountIndex<'_>, written: &BTreeSet<&'f str>) -> Self {
        let (mut right, mut wrong) = (BTreeMap::<&str, usize>::new(), BTreeSet::new());
        for customer in case.customers.all() {
            if case.customers.accounts_of(customer).next().is_none() {
                continue;
            }
            for (key, value) in case.subscriptions(customer).flat_map(metadata_entries) {
                let Some(key) = written.get(&**key) else {
                    continue;
                };
                let Some(position) = accounts.find(value) else {
                    continue;
                };
                let link = case.customers.link(position);
                if link.is_some_and(|link| link.holder.customers().any(|linked| linked == customer))
                {
                    *right.entry(key).or_default() += 1;
                } else {
                    wrong.insert(*key);
                }
            }
        }
        let names = AccountKeyNames::new(case.contract);
        let is_candidate = |key: &&&str| {
            names.contain(key) || right.get(**key).is_some_and(|count| *count >= MIN_EXAMPLES)
        };
        let candidates = written.iter().filter(is_candidate).copied();
        let (vetoed, keys) = candidates.partition(|key| wrong.contains(key));
        Self { keys, vetoed }
    }

    fn is_key(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    fn advice(&self, case: &Case<'_>) -> Vec<Advice> {
        let entity = &case.contract.entity;
        let advice = |key: &&str| Advice {
            about: ContractKey::MetadataAccount,
            message: format!(
                "metadata key `{key}` is not read as the id of its {entity}: a subscription of one {entity} contains \
                 the id of another under it"
            ),
            hint: format!(
                "if somebody pays for others, name the key of the {entity} who pays in `metadata_account`"
            ),
        };
        self.vetoed.iter().map(advice).collect()
    }
}

/// Names of metadata keys that hold an account's id, by the contract or by convention.
struct AccountKeyNames<'c> {
    configured: &'c [String],
    /// Usual names, normalized.
    usual: [String; 3],
}

impl<'c> AccountKeyNames<'c> {
    fn new(contract: &'c Contract) -> Self {
        let entity = normalized(&contract.entity);
        Self {
            configured: &contract.metadata_account,
            usual: [
                format!("{entity}id"),
                "userid".to_owned(),
                "accountid".to_owned(),
            ],
        }
    }

    fn contain(&self, key: &str) -> bool {
        self.configured.iter().any(|name| name == key) || self.usual.contains(&normalized(key))
    }
}

fn normalized(key: &str) -> String {
    key.chars()
        .filter(|letter| !matches!(letter, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns the customers whose own metadata may name an account, sorted by id: they pay, have no account, and nothing
/// read so far names one. Returns none if there are more than `max`: they belong to another product.
pub(crate) fn unexplained_customers(case: &Case<'_>, max: usize) -> Vec<CustomerId> {
    if !applies(case) || !case.is_enabled(Rule::CustomerMismatch) {
        return Vec::new();
    }
    let mismatches = Mismatches::find(case);
    let strangers = unlinked_payers(case).filter_map(|customer| case.customers.id(customer));
    let unknown = strangers
        .filter(|id| !mismatches.explained.contains(id))
        .map(CustomerId::from)
        .filter(|id| !case.facts.customer_metadata.contains_key(id));
    let mut unknown: Vec<_> = unknown.take(max.saturating_add(1)).collect();
    if unknown.len() > max {
        return Vec::new();
    }
    unknown.sort_unstable();
    unknown
}

/// Returns the ids that the metadata of paying customers without an account holds under keys with the name of an account's
/// id.
pub(crate) fn named_accounts(case: &Case<'_>) -> BTreeSet<AccountId> {
    if !applies(case) || !case.is_enabled(Rule::CustomerMismatch) {
        return BTreeSet::new();
    }
    let names = AccountKeyNames::new(case.contract);
    unlinked_payers(case)
        .flat_map(|customer| metadata(case, customer))
        .filter(|(key, _)| names.contain(key))
        .map(|(_, value)| AccountId::from(&**value))
        .collect()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{
        Details, Facts, Severity,
        testing::{account, contract, facts, findings, found, only, subscription},
    };

    fn named(mut subscription: Subscription, key: &str, value: &str) -> Subscription {
        let details = Details {
            metadata: [(Word::from(key), value.into())].into(),
            ..Details::default()
        };
        subscription.details = Some(Box::new(details));
        subscription
    }

    /// Returns an account whose stored customer has canceled, and a paying customer without an account that names it.
    fn two_customers(paid: bool) -> Facts {
        let mut account = account("1").plan("pro");
        account.paid = paid;
        facts(
            [account],
            [
                subscription("1", "canceled", "price_pro"),
                named(
                    subscription("new", "active", "price_pro"),
                    "userId",
                    "usr_1",
                ),
            ],
        )
    }

    #[test]
    fn a_person_who_pays_as_another_customer_is_reported() {
        let world = two_customers(true);
        assert_eq!(found(&contract(), &world), ["customer-mismatch user:usr_1"]);
        let finding = only(Rule::CustomerMismatch, &contract(), &world);
        assert_eq!(finding.severity, Severity::High);
        assert_eq!(
            finding.message,
            "User usr_1 is linked to cus_1, and pays as cus_new (metadata.userId).\n\
             Customer mismatch — the user pays, and changes to that subscription will not find the row."
        );
        assert!(
            finding.fix.starts_with("Store customer_id=cus_new"),
            "{finding:?}"
        );
    }

    #[test]
    fn an_account_without_access_is_found_by_metadata() {
        assert_eq!(
            found(&contract(), &two_customers(false)),
            ["customer-mismatch user:usr_1"]
        );
        let mut unlinked = two_customers(false);
        unlinked.accounts[0].customer = None;
        assert_eq!(
            found(&contract(), &unlinked),
            ["customer-mismatch user:usr_1"]
        );
        // The customer's own metadata names it as well.
        unlinked.subscriptions[1].details = None;
        assert_eq!(
            found(&contract(), &unlinked),
            ["orphan-subscription customer:cus_new"]
        );
        let metadata = [(Word::from("account-id"), "usr_1".into())].into();
        unlinked
            .customer_metadata
            .insert("cus_new".into(), metadata);
        assert_eq!(
            found(&contract(), &unlinked),
            ["customer-mismatch user:usr_1"]
        );
    }

    #[test]
    fn the_order_of_subscriptions_does_not_choose_the_key() {
        let mut world = two_customers(true);
        world.subscriptions.push(named(
            subscription("new", "active", "price_pro"),
            "account_id",
            "usr_1",
        ));
        let forwards = only(Rule::CustomerMismatch, &contract(), &world);
        world.subscriptions.reverse();
        let backwards = only(Rule::CustomerMismatch, &contract(), &world);
        assert_eq!(forwards, backwards);
        assert!(
            forwards.message.contains("(metadata.account_id)"),
            "{forwards:?}"
        );
    }

    #[test]
    fn a_metadata_key_counts_by_name_or_three_examples() {
        let world = |known: u8| {
            let mut world = two_customers(true);
            world.subscriptions[1] = named(world.subscriptions[1].clone(), "buyer", "usr_1");
            for name in (0..known).map(|number| format!("k{number}")) {
                world.accounts.push(account(&name).paid().plan("pro"));
                let id = format!("usr_{name}");
                let bought = subscription(&name, "active", "price_pro");
                world.subscriptions.push(named(bought, "buyer", &id));
            }
            world
        };
        let both = [
            "wrongful-access user:usr_1",
            "orphan-subscription customer:cus_new",
        ];
        assert_eq!(found(&contract(), &world(2)), both);
        assert_eq!(
            found(&contract(), &world(3)),
            ["customer-mismatch user:usr_1"]
        );
        let mut configured = contract();
        configured.metadata_account = vec!["buyer".to_owned()];
        assert_eq!(
            found(&configured, &world(0)),
            ["customer-mismatch user:usr_1"]
        );
    }

    #[test]
    fn a_key_under_which_somebody_pays_for_others_is_not_an_account_key() {
        let mut world = two_customers(true);
        world.accounts.push(account("2").paid().plan("pro"));
        world.accounts.push(account("3"));
        let gift = subscription("2", "active", "price_pro");
        world.subscriptions.push(named(gift, "userId", "usr_3"));
        assert_eq!(
            found(&contract(), &world),
            [
                "wrongful-access user:usr_1",
                "orphan-subscription customer:cus_new"
            ]
        );
        let advice = crate::testing::judge(&contract(), &world).expect("an answer");
        let about = advice
            .advice
            .iter()
            .map(|advice| &advice.about)
            .collect::<Vec<_>>();
        assert_eq!(about, [&ContractKey::MetadataAccount]);
    }

    #[test]
    fn no_repair_takes_access_from_somebody_who_pays() {
        let world = two_customers(true);
        let found = findings(&contract(), &world);
        let now = crate::testing::NOW;
        let corrections = crate::corrections(&contract(), &world, now, &found);
        assert!(corrections["usr_1"].values.is_empty(), "{corrections:?}");
        assert!(
            corrections["usr_1"]
                .left
                .contains_key(&Rule::CustomerMismatch)
        );
    }
}
