//! GitHub's own description of its REST API, by which the fake checks requests and completes its responses.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use jsonschema::Validator;
use serde_json::Value;

use super::{RecordedRequest, reply::Reply};
use crate::github_packages;

mod complete;
mod schema;

use schema::{Schemas, undocumented};

/// The operations of a repository.
pub(super) struct Description {
    paths: BTreeMap<String, Value>,
    schemas: Schemas,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// An operation of the description.
pub(super) struct Operation<'a> {
    description: &'a Description,
    /// Method and path, such as `GET /repos/{owner}/{repo}/pulls`.
    name: String,
    definition: &'a Value,
    /// Parameters of the path, with their values.
    in_path: Vec<(&'a str, String)>,
}

/// Returns the description, or `None` if it cannot be fetched here.
pub(super) fn description() -> Option<&'static Description> {
    static DESCRIPTION: OnceLock<Option<Description>> = OnceLock::new();
    let description =
        DESCRIPTION.get_or_init(|| github_packages::read("api.json").map(Description::new));
    description.as_ref()
}

impl Description {
    fn new(mut document: Value) -> Self {
        schema::allow_null(&mut document);
        let paths = serde_json::from_value(document["paths"].take()).expect("paths");
        Self {
            paths,
            schemas: Schemas::new(&document["components"]),
            validators: Mutex::default(),
        }
    }

    /// Finds the operation of a method and a path. The path must not begin with an Enterprise Server's `/api/v3`.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let method = method.to_lowercase();
        let candidates = self.paths.iter().filter_map(|(template, methods)| {
            let definition = methods.get(&method)?;
            Some((template, definition, match_path(template, path)?))
        });
        // A literal segment is a better match than a parameter.
        let (template, definition, in_path) =
            candidates.min_by_key(|(_, _, in_path)| in_path.len())?;
        Some(Operation {
            description: self,
            name: format!("{} {template}", method.to_uppercase()),
            definition,
            in_path,
        })
    }

    /// Lists the reasons why the value does not fit the schema. `name` identifies the schema.
    fn faults(&self, name: &str, schema: &Value, value: &Value) -> Vec<String> {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(name.to_owned()).or_insert_with(|| {
            let schema = self.schemas.with_components(schema);
            let options = jsonschema::options().should_validate_formats(true);
            Arc::new(options.build(&schema).expect("a schema"))
        });
        let errors = validator.iter_errors(value);
        errors
            .map(|error| format!("{name}: {error} at `{}`", error.instance_path()))
            .collect()
    }
}

/// Matches a path with a template, and returns the values of its parameters. `{path}` is always the last one, and takes
/// several segments.
fn match_path<'a>(template: &'a str, path: &str) -> Option<Vec<(&'a str, String)>> {
    let mut in_path = Vec::new();
    let mut rest = path.split('/');
    for expected in template.split('/') {
        let parameter = expected
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match parameter {
            Some("path") => {
                let all: Vec<&str> = rest.by_ref().collect();
                in_path.push(("path", all.join("/")));
            }
            Some(name) => in_path.push((name, rest.next()?.to_owned())),
            None if rest.next()? == expected => {}
            None => return None,
        }
    }
    rest.next().is_none().then_some(in_path)
}

impl Operation<'_> {
    /// Lists the parts of the request that the description does not allow.
    pub(super) fn faults_of_request(&self, request: &RecordedRequest) -> Vec<String> {
        let mut faults = self.faults_of_parameters(request);
        let body = &self.definition["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        if schema.is_null() {
            if !request.body.is_empty() {
                faults.push(format!("{} takes no body", self.name));
            }
            return faults;
        }
        if request.body.is_empty() && body["required"] != true {
            return faults;
        }
        let value = request.json();
        let name = format!("{} body", self.name);
        faults.extend(self.description.faults(&name, schema, &value));
        let unknown = undocumented(&self.description.schemas, schema, &value);
        faults.extend(
            unknown
                .into_iter()
                .map(|field| format!("{} has no field `{field}`", self.name)),
        );
        faults
    }

    fn faults_of_parameters(&self, request: &RecordedRequest) -> Vec<String> {
        let schemas = &self.description.schemas;
        let parameters = self.definition["parameters"].as_array();
        let parameters: Vec<&Value> = parameters
            .into_iter()
            .flatten()
            .map(|parameter| schemas.resolve(parameter))
            .collect();
        let in_query = url::form_urlencoded::parse(request.query.as_bytes())
            .map(|(name, value)| ("query", name.into_owned(), value.into_owned()));
        let in_path = self
            .in_path
            .iter()
            .map(|(name, value)| ("path", (*name).to_owned(), value.clone()));
        let mut faults = Vec::new();
        for (place, name, text) in in_query.chain(in_path) {
            let known = parameters
                .iter()
                .find(|parameter| parameter["in"] == place && parameter["name"] == name.as_str());
            let Some(known) = known else {
                faults.push(format!("{} has no parameter `{name}`", self.name));
                continue;
            };
            let schema = &known["schema"];
            let value = match schema["type"].as_str() {
                Some("integer" | "number" | "boolean") => {
                    serde_json::from_str(&text).unwrap_or_else(|_| text.into())
                }
                _ => text.into(),
            };
            let name = format!("{} {place} {name}", self.name);
            faults.extend(self.description.faults(&name, schema, &value));
        }
        faults
    }

    /// Adds the fields that GitHub always sends, and lists the parts of the response that the description does not allow.
    pub(super) fn complete(&self, reply: &mut Reply) -> Vec<String> {
        let is_json = reply
            .headers
            .iter()
            .any(|(name, value)| *name == "content-type" && value.starts_with("application/json"));
        if !is_json || reply.body.is_empty() {
            return Vec::new();
        }
        let schemas = &self.description.schemas;
        let response = schemas.resolve(&self.definition["responses"][reply.status.to_string()]);
        let documented = &response["content"]["application/json"]["schema"];
        // Not every operation documents every error.
        let schema = if documented.is_null() && reply.status >= 400 {
            schemas.named("basic-error")
        } else {
            documented
        };
        let mut value: Value = serde_json::from_str(&reply.body).expect("JSON");
        complete::complete(schemas, schema, &mut value);
        let name = format!("{} response {}", self.name, reply.status);
        let faults = self.description.faults(&name, schema, &value);
        reply.body = value.to_string();
        faults
    }
}
