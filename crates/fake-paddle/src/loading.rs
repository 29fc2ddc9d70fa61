//! Loads a world from recorded objects, in the format of the API.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use fake_http::LoadProblem;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    objects::{Customer, ListedObject, Price, Product, Subscription},
    world::World,
};

impl World {
    /// Adds the objects of a folder or its subfolder `paddle`: those of `products.json`, `prices.json`, `customers.json`
    /// and `subscriptions.json` that exist. Each file is an array of objects as the API returns them, or an answer with
    /// such an array as `data`. Adds nothing if there is any error. Returns the number of objects read.
    pub fn load(&mut self, folder: &Path) -> Result<usize, Vec<LoadProblem>> {
        let inner = folder.join("paddle");
        let folder = if inner.is_dir() {
            inner
        } else {
            folder.to_owned()
        };
        let mut problems = Vec::new();
        let products: Vec<Product> = read(&folder.join("products.json"), &mut problems);
        let prices: Vec<Price> = read(&folder.join("prices.json"), &mut problems);
        let customers: Vec<Customer> = read(&folder.join("customers.json"), &mut problems);
        let subscriptions: Vec<Subscription> =
            read(&folder.join("subscriptions.json"), &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let counts = [
            products.len(),
            prices.len(),
            customers.len(),
            subscriptions.len(),
        ];
        for product in products {
            self.product(product);
        }
        for price in prices {
            self.price(price);
        }
        for customer in customers {
            self.customer(customer);
        }
        for subscription in subscriptions {
            self.complete(&subscription);
            self.subscription(subscription);
        }
        Ok(counts.into_iter().sum())
    }

    /// Adds what a subscription refers to and no file contains.
    fn complete(&mut self, subscription: &Subscription) {
        let customer = &subscription.customer_id;
        if !self.customers.contains_key(customer) {
            self.customer(Customer {
                id: customer.clone(),
                email: format!("{customer}@example.com"),
                status: "active".to_owned(),
                locale: "en".to_owned(),
                ..Customer::default()
            });
        }
        for item in &subscription.items {
            if !self.prices.contains_key(&item.price.id) {
                self.price(item.price.clone());
            }
            let product = &item.price.product_id;
            if !product.is_empty() && !self.products.contains_key(product) {
                self.product(Product::new(product, product));
            }
        }
    }
}

/// Reads the objects of a file, if it exists.
fn read<T: DeserializeOwned + ListedObject>(
    path: &Path,
    problems: &mut Vec<LoadProblem>,
) -> Vec<T> {
    let problem = |entry: Option<usize>, id: Option<String>, message: String| LoadProblem {
        file: PathBuf::from(path),
        entry,
        id,
        message,
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(problem(None, None, error.to_string()));
            return Vec::new();
        }
    };
    let mut value: Value = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(error) => {
            problems.push(problem(None, None, error.to_string()));
            return Vec::new();
        }
    };
    let entries = match value.get_mut("data") {
        Some(data) => data.take(),
        None => value,
    };
    let Value::Array(entries) = entries else {
        problems.push(problem(
            None,
            None,
            "expected an array of objects".to_owned(),
        ));
        return Vec::new();
    };
    let mut objects = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let number = index.saturating_add(1);
        let id = entry.get("id").and_then(Value::as_str).map(str::to_owned);
        match serde_json::from_value::<T>(entry) {
            Ok(object) if object.id().is_empty() => {
                problems.push(problem(Some(number), None, "missing field `id`".to_owned()));
            }
            Ok(object) => objects.push(object),
            Err(error) => problems.push(problem(Some(number), id, error.to_string())),
        }
    }
    objects
}
