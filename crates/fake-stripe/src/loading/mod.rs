//! Loads a world from recorded objects, in the format of the API.

mod objects;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use fake_http::LoadProblem;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::objects::{
    RecordedCustomer, RecordedEntitlement, RecordedPrice, RecordedProduct, RecordedSubscription,
    ShortSubscription,
};
use super::world::World;

/// Files that a folder may contain.
const FILES: [&str; 5] = [
    "customers.json",
    "entitlements.json",
    "prices.json",
    "products.json",
    "subscriptions.json",
];

impl World {
    /// Adds the objects of a folder or its subfolder `stripe`: those of `customers.json`, `products.json`,
    /// `prices.json`, `subscriptions.json` and `entitlements.json` that exist. Each file is an array of objects as the
    /// API returns them, or a list object around one. Missing objects that they refer to are created. Adds nothing if
    /// there is any error. Returns the number of objects read.
    pub fn load(&mut self, folder: &Path) -> Result<usize, Vec<LoadProblem>> {
        let mut loader = Loader {
            folder: folder.to_owned(),
            problems: Vec::new(),
        };
        loader.choose_folder();
        loader.look_for_others();
        let products: Vec<RecordedProduct> = loader.read("products.json", "product", object);
        let prices: Vec<RecordedPrice> = loader.read("prices.json", "price", object);
        let customers: Vec<RecordedCustomer> = loader.read("customers.json", "customer", object);
        let subscriptions = loader.read("subscriptions.json", "subscription", subscription);
        let kind = "entitlements.active_entitlement";
        let entitlements: Vec<RecordedEntitlement> = loader.read("entitlements.json", kind, object);
        if !loader.problems.is_empty() {
            return Err(loader.problems);
        }
        let counts = [
            products.len(),
            prices.len(),
            customers.len(),
            subscriptions.len(),
            entitlements.len(),
        ];
        for product in products {
            self.product(product.into_product());
        }
        for price in prices {
            price.add_to(self);
        }
        for customer in customers {
            self.customer(customer.into_customer());
        }
        for subscription in subscriptions {
            subscription.add_to(self);
        }
        for entitlement in entitlements {
            entitlement.add_to(self);
        }
        Ok(counts.into_iter().sum())
    }
}

struct Loader {
    folder: PathBuf,
    problems: Vec<LoadProblem>,
}

impl Loader {
    fn problem(&mut self, file: PathBuf, message: String) {
        self.problems.push(LoadProblem {
            file,
            entry: None,
            id: None,
            message,
        });
    }

    /// Selects the subfolder `stripe` if it exists, as in the folder of a recorded world.
    fn choose_folder(&mut self) {
        let inner = self.folder.join("stripe");
        if !inner.is_dir() {
            return;
        }
        for name in FILES {
            let file = self.folder.join(name);
            if file.exists() {
                let message = "is not read where there is a folder `stripe`: move it there";
                self.problem(file, message.to_owned());
            }
        }
        self.folder = inner;
    }

    /// Reports unknown files, because a misnamed one would be skipped silently.
    fn look_for_others(&mut self) {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) => {
                return self.problem(self.folder.clone(), format!("cannot be read: {error}"));
            }
        };
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                Path::new(name)
                    .extension()
                    .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
            })
            .collect();
        names.sort();
        if names.is_empty() {
            let message = format!("holds none of {}", FILES.join(", "));
            self.problem(self.folder.clone(), message);
        }
        for name in names {
            if !FILES.contains(&name.as_str()) {
                let message = format!("is not one of {}", FILES.join(", "));
                self.problem(self.folder.join(name), message);
            }
        }
    }

    fn read<T>(
        &mut self,
        name: &str,
        kind: &str,
        parse: impl Fn(Value, &str) -> Result<T, String>,
    ) -> Vec<T> {
        let file = self.folder.join(name);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.problem(file, format!("cannot be read: {error}"));
                return Vec::new();
            }
        };
        let entries = match parse_entries(&text) {
            Ok(entries) => entries,
            Err(message) => {
                self.problem(file, message);
                return Vec::new();
            }
        };
        let mut ids = BTreeSet::new();
        let mut objects = Vec::with_capacity(entries.len());
        for (position, entry) in entries.into_iter().enumerate() {
            let id = entry.get("id").and_then(Value::as_str).map(str::to_owned);
            let is_new = id.as_ref().is_none_or(|id| ids.insert(id.clone()));
            let object = if is_new {
                parse(entry, kind)
            } else {
                Err("is in the file twice; keep the newer one".to_owned())
            };
            match object {
                Ok(object) => objects.push(object),
                Err(message) => self.problems.push(LoadProblem {
                    file: file.clone(),
                    entry: Some(position.saturating_add(1)),
                    id,
                    message,
                }),
            }
        }
        objects
    }
}

fn parse_entries(text: &str) -> Result<Vec<Value>, String> {
    const EXPECTED: &str = "expected an array of objects, or a list object with `data`";
    let list = match serde_json::from_str(text) {
        Ok(Value::Array(entries)) => return Ok(entries),
        Ok(Value::Object(list)) => list,
        Ok(_) => return Err(EXPECTED.to_owned()),
        Err(error) => return Err(format!("is not JSON: {error}")),
    };
    if list.get("has_more") == Some(&Value::Bool(true)) {
        return Err(
            "is only one page of a longer list (`has_more` is true): record the other pages too"
                .to_owned(),
        );
    }
    match list.get("data") {
        Some(Value::Array(entries)) => Ok(entries.clone()),
        _ => Err(EXPECTED.to_owned()),
    }
}

/// Parses a subscription in the API's format, or in the short form of a recorded world.
fn subscription(entry: Value, kind: &str) -> Result<RecordedSubscription, String> {
    let is_short = entry.get("customerId").is_some() || entry.get("priceIds").is_some();
    if !is_short {
        return object(entry, kind);
    }
    let short: ShortSubscription = object(entry, kind)?;
    Ok(short.into())
}

fn object<T: DeserializeOwned>(entry: Value, kind: &str) -> Result<T, String> {
    if !entry.is_object() {
        return Err(format!("expected a {kind}, an object"));
    }
    match entry.get("object").and_then(Value::as_str) {
        Some(other) if other != kind => {
            return Err(format!("`object`: expected `{kind}`, found `{other}`"));
        }
        _ => {}
    }
    serde_path_to_error::deserialize(entry).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        if path == "." {
            message
        } else {
            format!("`{path}`: {message}")
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Status;

    const NOW: i64 = 1_790_812_800;

    fn folder(files: &[(&str, Value)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content.to_string()).unwrap();
        }
        folder
    }

    fn problems(files: &[(&str, Value)]) -> Vec<String> {
        let folder = folder(files);
        let problems = World::new(NOW).load(folder.path()).unwrap_err();
        let prefix = format!("{}/", folder.path().display());
        problems
            .iter()
            .map(|problem| problem.to_string().replace(&prefix, ""))
            .collect()
    }

    #[test]
    fn recorded_objects_become_a_world() {
        let folder = folder(&[
            (
                "products.json",
                json!([{"id": "prod_a", "object": "product", "name": "A", "metadata": {"k": "v"}}]),
            ),
            (
                "customers.json",
                json!([{"id": "cus_a", "email": "a@example.com", "created": 7}, {"id": "cus_b", "deleted": true}]),
            ),
            (
                "subscriptions.json",
                json!({"object": "list", "has_more": false, "data": [{
                    "id": "sub_a", "object": "subscription", "customer": "cus_a", "status": "past_due", "created": 8,
                    "cancel_at_period_end": true, "metadata": {"userId": "u1"},
                    "items": {"object": "list", "data": [{
                        "id": "si_a", "quantity": 3, "current_period_start": 10, "current_period_end": 20,
                        "price": {"id": "price_a", "product": "prod_a", "unit_amount": 900, "currency": "eur",
                            "recurring": {"interval": "year", "interval_count": 1, "usage_type": "licensed"}},
                    }]},
                }, {
                    "id": "sub_old", "customer": {"id": "cus_a"}, "status": "active",
                    "current_period_start": 5, "current_period_end": 6,
                    "items": {"data": [{"id": "si_b", "plan": {"id": "price_a"}, "quantity": 1}]},
                }]}),
            ),
        ]);
        let mut world = World::new(NOW);
        assert_eq!(world.load(folder.path()), Ok(5));
        let subscription = world.find_subscription("sub_a").unwrap();
        assert_eq!(subscription.status, Status::PastDue);
        assert_eq!(subscription.items.first().unwrap().quantity, Some(3));
        assert_eq!(subscription.details.cancel_at, Some(20));
        let old = world.find_subscription("sub_old").unwrap();
        assert_eq!(old.items.first().unwrap().period.unwrap().end, 6);
        assert_eq!(world.prices.get("price_a").unwrap().currency, "eur");
        assert_eq!(world.products.get("prod_a").unwrap().name, "A");
        assert!(world.find_customer("cus_b").unwrap().deleted);
    }

    #[test]
    fn every_problem_is_named_with_its_file_and_entry() {
        let found = problems(&[
            ("users.json", json!([])),
            (
                "customers.json",
                json!([{"id": "cus_a"}, {"id": "cus_a"}, 7, {"email": "x"}]),
            ),
            (
                "prices.json",
                json!([{"id": "price_a", "recurring": {"interval": "decade"}}]),
            ),
            ("products.json", json!({"has_more": true, "data": []})),
            (
                "subscriptions.json",
                json!([{"id": "in_a", "object": "invoice"}, {"id": "sub_a", "customer": "cus_a", "status": "active",
                    "items": {"has_more": true, "data": []}}]),
            ),
        ]);
        assert_eq!(
            found,
            [
                "`users.json`: is not one of customers.json, entitlements.json, prices.json, products.json, subscriptions.json",
                "`products.json`: is only one page of a longer list (`has_more` is true): record the other pages too",
                "`prices.json`: entry 1 (`price_a`): `recurring.interval`: unknown variant `decade`, expected one of `day`, `week`, `month`, `year`",
                "`customers.json`: entry 2 (`cus_a`): is in the file twice; keep the newer one",
                "`customers.json`: entry 3: expected a customer, an object",
                "`customers.json`: entry 4: missing field `id`",
                "`subscriptions.json`: entry 1 (`in_a`): `object`: expected `subscription`, found `invoice`",
                "`subscriptions.json`: entry 2 (`sub_a`): `items`: this is only the first page of its items (`has_more`); record all of them",
            ]
        );
    }

    #[test]
    fn the_folder_of_a_recorded_world_is_read_too() {
        let folder = folder(&[]);
        for inner in ["stripe", "db"] {
            fs::create_dir(folder.path().join(inner)).unwrap();
        }
        let write = |name: &str, content: Value| {
            fs::write(folder.path().join(name), content.to_string()).unwrap();
        };
        write("db/users.json", json!([{"id": "u1"}]));
        write(
            "stripe/subscriptions.json",
            json!([
                {"id": "sub_a", "customerId": "cus_a", "status": "trialing", "priceIds": ["price_a", "price_b"]},
                {"id": "sub_b", "customer": "cus_b", "status": "active", "test_clock": "clock_1",
                    "items": {"data": [{"price": {"id": "price_c", "product": "prod_c", "unit_amount": 700}}]}},
            ]),
        );
        write(
            "stripe/entitlements.json",
            json!([{"customer": "cus_a", "lookup_key": "reports", "feature": "feat_reports"}]),
        );
        let mut world = World::new(NOW);
        assert_eq!(world.load(folder.path()), Ok(3));
        let subscription = world.find_subscription("sub_a").unwrap();
        assert_eq!(subscription.status, Status::Trialing);
        let prices: Vec<_> = subscription
            .items
            .iter()
            .map(|item| item.price.as_str())
            .collect();
        assert_eq!(prices, ["price_a", "price_b"]);
        assert!(world.find_customer("cus_a").is_some());
        assert!(world.find_price("price_b").is_some());
        assert!(world.products.get("prod_c").is_some());
        assert_eq!(
            world.features.get("feat_reports").unwrap().lookup_key,
            "reports"
        );
        let on_clock = world.find_subscription("sub_b").unwrap();
        assert_eq!(on_clock.details.test_clock.as_deref(), Some("clock_1"));

        write("prices.json", json!([]));
        let problems = World::new(NOW).load(folder.path()).unwrap_err();
        let message = problems.first().unwrap().to_string();
        assert!(
            message.ends_with(
                "prices.json`: is not read where there is a folder `stripe`: move it there"
            ),
            "{message}"
        );
    }

    #[test]
    fn a_subscription_in_neither_form_is_an_error() {
        let found = problems(&[(
            "subscriptions.json",
            json!([
                {"id": "sub_a", "customer": "cus_a", "status": "active", "items": [{"price": "p"}]},
                {"id": "sub_b", "customer": "cus_a", "status": "active", "items": {"data": [{"price": 7}]}},
                {"id": "sub_c", "customerId": "cus_a", "status": "active"},
                {"id": "sub_d", "customerId": "cus_a", "status": "active", "priceIds": [], "plan": 1},
            ]),
        )]);
        let messages: Vec<_> = found
            .iter()
            .map(|problem| problem.split_once(": entry ").unwrap().1)
            .collect();
        assert_eq!(
            messages,
            [
                "1 (`sub_a`): `items`: invalid type: sequence, expected a list object, such as {\"data\": [{\"price\": \"price_1\"}]}",
                "2 (`sub_b`): `items.data[0].price`: expected a price, or its id",
                "3 (`sub_c`): missing field `priceIds`",
                "4 (`sub_d`): `plan`: unknown field `plan`, expected one of `id`, `customerId`, `status`, `priceIds`",
            ]
        );
    }

    #[test]
    fn an_empty_folder_is_a_mistake() {
        assert_eq!(problems(&[]).len(), 1);
        let error = World::new(NOW)
            .load(Path::new("/nowhere/at/all"))
            .unwrap_err();
        assert!(error.first().unwrap().message.starts_with("cannot be read"));
    }
}
