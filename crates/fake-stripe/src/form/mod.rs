//! The form-encoded body of a write request, with nested brackets, read name by name.

mod tree;

use compact_str::CompactString;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use self::tree::{Node, in_order, insert, json, keys, names};
use super::{error::ApiError, parameters::unknown_parameters, world::Metadata};

/// Maximum length of a body.
pub(crate) const LONGEST_BODY: usize = 1 << 20;

/// Upper limits; real requests have neither more pairs nor deeper names.
const MOST_PAIRS: usize = 1000;
const DEEPEST: usize = 8;

/// A parameter that a request may omit, or set to an empty value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given<T> {
    Absent,
    /// Set to an empty text, which unsets a field.
    Unset,
    Set(T),
}

impl<T> Given<T> {
    pub(crate) fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Unset => None,
        }
    }

    /// Returns the value as JSON: null to unset it, and `None` to leave it alone.
    pub(crate) fn into_value(self, write: impl FnOnce(T) -> Value) -> Option<Value> {
        match self {
            Self::Set(value) => Some(write(value)),
            Self::Unset => Some(Value::Null),
            Self::Absent => None,
        }
    }

    /// Sets or unsets a field, or leaves it alone if the parameter is absent.
    pub(crate) fn put_in(self, place: &mut Option<T>) {
        match self {
            Self::Set(value) => *place = Some(value),
            Self::Unset => *place = None,
            Self::Absent => {}
        }
    }
}

/// Returns the pairs of a body in their original order.
pub(crate) fn pairs(headers: &HeaderMap, body: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map_or("", |kind| kind.to_str().unwrap_or_default());
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.is_empty() && !kind.eq_ignore_ascii_case(FORM) {
        return Err(ApiError::invalid(format!(
            "Invalid request (check that your POST content type is {FORM}). If you have any questions, we can help at \
             https://support.stripe.com/."
        )));
    }
    let pairs: Vec<_> = url::form_urlencoded::parse(body)
        .into_owned()
        .take(MOST_PAIRS.saturating_add(1))
        .collect();
    if pairs.len() > MOST_PAIRS {
        return Err(too_large());
    }
    Ok(pairs)
}

pub(crate) fn too_large() -> ApiError {
    ApiError::invalid("Request body is too large.").status(StatusCode::PAYLOAD_TOO_LARGE)
}

/// Parameters that are still to be read. Those left on `finish` are unknown.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// Prefix of the names as written; empty at the root.
    path: String,
    fields: Vec<(String, Node)>,
}

impl Form {
    pub(crate) fn from_pairs(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut form = Self::default();
        for (written, value) in pairs {
            let keys = keys(written);
            if keys.len() > DEEPEST {
                return Err(ApiError::invalid(format!(
                    "Invalid request: {written} is nested too deep."
                ))
                .param(written));
            }
            insert(&mut form.fields, &keys, value);
        }
        Ok(form)
    }

    fn written(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}[{name}]", self.path)
        }
    }

    fn take(&mut self, name: &str) -> Option<Node> {
        let position = self.fields.iter().position(|(field, _)| field == name)?;
        Some(self.fields.remove(position).1)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Given<CompactString>, ApiError> {
        match self.take(name) {
            None => Ok(Given::Absent),
            Some(Node::Text(text)) if text.is_empty() => Ok(Given::Unset),
            Some(Node::Text(text)) => Ok(Given::Set(text.into())),
            Some(Node::Branch(_)) => Err(self.invalid(name, "string", "a hash")),
        }
    }

    /// Reads a text that cannot be unset.
    pub(crate) fn plain(&mut self, name: &str) -> Result<Option<CompactString>, ApiError> {
        match self.text(name)? {
            Given::Absent => Ok(None),
            Given::Set(text) => Ok(Some(text)),
            Given::Unset => Err(self.empty(name)),
        }
    }

    pub(crate) fn required(&mut self, name: &str) -> Result<CompactString, ApiError> {
        self.plain(name)?.ok_or_else(|| self.missing(name))
    }

    pub(crate) fn missing(&self, name: &str) -> ApiError {
        let written = self.written(name);
        ApiError::invalid(format!("Missing required param: {written}."))
            .code("parameter_missing")
            .param(written)
    }

    fn empty(&self, name: &str) -> ApiError {
        let written = self.written(name);
        ApiError::invalid(format!(
            "You passed an empty string for '{written}'. We assume empty values are an attempt to unset a field; however \
             '{written}' cannot be unset. You should remove '{written}' from your request or supply a non-empty value."
        ))
        .code("parameter_invalid_empty")
        .param(written)
    }

    fn invalid(&self, name: &str, wanted: &str, found: &str) -> ApiError {
        ApiError::invalid(format!("Invalid {wanted}: {found}")).param(self.written(name))
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.plain(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(self.invalid(name, "boolean", other)),
        }
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Given<i64>, ApiError> {
        match self.text(name)? {
            Given::Absent => Ok(Given::Absent),
            Given::Unset => Ok(Given::Unset),
            Given::Set(text) => match text.parse() {
                Ok(number) => Ok(Given::Set(number)),
                Err(_) => Err(self
                    .invalid(name, "integer", &text)
                    .code("parameter_invalid_integer")),
            },
        }
    }

    /// Reads a non-negative number that cannot be unset.
    pub(crate) fn count(&mut self, name: &str) -> Result<Option<u32>, ApiError> {
        match self.integer(name)? {
            Given::Absent => Ok(None),
            Given::Unset => Err(self.empty(name)),
            Given::Set(number) => u32::try_from(number).map(Some).map_err(|_malformed| {
                ApiError::invalid("This value must be greater than or equal to 0.")
                    .code("parameter_invalid_integer")
                    .param(self.written(name))
            }),
        }
    }

    /// Reads one of some words.
    pub(crate) fn choice(
        &mut self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Given<&'static str>, ApiError> {
        Ok(match self.text(name)? {
            Given::Absent => Given::Absent,
            Given::Unset => Given::Unset,
            Given::Set(text) => match words.iter().find(|word| **word == text) {
                Some(word) => Given::Set(word),
                None => return Err(super::parameters::one_of(&self.written(name), words)),
            },
        })
    }

    /// Reads `name[key]=…`; an empty text unsets it.
    pub(crate) fn hash(&mut self, name: &str) -> Result<Given<Self>, ApiError> {
        match self.take(name) {
            None => Ok(Given::Absent),
            Some(Node::Text(text)) if text.is_empty() => Ok(Given::Unset),
            Some(Node::Text(text)) => Err(self.invalid(name, "object", &text)),
            Some(Node::Branch(fields)) => Ok(Given::Set(Self {
                path: self.written(name),
                fields,
            })),
        }
    }

    /// Reads a hash or a list with any content as JSON.
    pub(crate) fn tree(&mut self, name: &str) -> Option<Value> {
        self.take(name).map(json)
    }

    /// Reads `name[0][key]=…`.
    pub(crate) fn list(&mut self, name: &str) -> Result<Given<Vec<Self>>, ApiError> {
        let Given::Set(entries) = self.hash(name)? else {
            return Ok(Given::Absent);
        };
        let path = entries.path;
        let mut forms = Vec::with_capacity(entries.fields.len());
        for (index, node) in in_order(entries.fields) {
            match node {
                Node::Branch(fields) => forms.push(Self {
                    path: format!("{path}[{index}]"),
                    fields,
                }),
                Node::Text(text) => return Err(self.invalid(name, "object", &text)),
            }
        }
        Ok(Given::Set(forms))
    }

    /// Reads `name[]=a&name[]=b`, also with indexes.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<CompactString>, ApiError> {
        let Given::Set(entries) = self.hash(name)? else {
            return Ok(Vec::new());
        };
        let entries = in_order(entries.fields).into_iter();
        entries
            .map(|(_, node)| match node {
                Node::Text(text) => Ok(text.into()),
                Node::Branch(_) => Err(self.invalid(name, "string", "a hash")),
            })
            .collect()
    }

    /// Reads `metadata` to be merged: an empty value removes a key, and an empty text removes all.
    pub(crate) fn metadata(&mut self) -> Result<Given<Vec<(String, String)>>, ApiError> {
        const MOST_KEYS: usize = 50;
        const LONGEST_KEY: usize = 40;
        const LONGEST_VALUE: usize = 500;
        let fields = match self.hash("metadata")? {
            Given::Absent => return Ok(Given::Absent),
            Given::Unset => return Ok(Given::Unset),
            Given::Set(form) => form.fields,
        };
        let mut changes = Vec::with_capacity(fields.len());
        for (key, node) in fields {
            let refused = |message: String| {
                Err(ApiError::invalid(message)
                    .param(format!("{}[{key}]", self.written("metadata"))))
            };
            match node {
                Node::Branch(_) => {
                    return refused(format!(
                        "Metadata values must be strings, but {key} is a hash."
                    ));
                }
                Node::Text(_) if key.chars().count() > LONGEST_KEY => {
                    return refused(format!(
                        "Metadata keys must be under {LONGEST_KEY} characters in length."
                    ));
                }
                Node::Text(text) if text.chars().count() > LONGEST_VALUE => {
                    return refused(format!(
                        "Metadata values can have up to {LONGEST_VALUE} characters, but you passed in a value that is {} \
                         characters.",
                        text.chars().count()
                    ));
                }
                Node::Text(text) => changes.push((key, text)),
            }
        }
        if changes.len() > MOST_KEYS {
            return Err(ApiError::invalid(format!(
                "You can only specify up to {MOST_KEYS} metadata keys."
            ))
            .param(self.written("metadata")));
        }
        Ok(Given::Set(changes))
    }

    /// Drops parameters that Stripe knows but that have no effect here.
    pub(crate) fn ignore(&mut self, names: &[&str]) {
        self.fields
            .retain(|(field, _)| !names.contains(&field.as_str()));
    }

    /// Fails if any parameter was not read.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        let mut left = Vec::new();
        for (name, node) in &self.fields {
            names(node, self.written(name), &mut left);
        }
        match left.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(unknown_parameters(first, &left)),
        }
    }
}

/// Merges given metadata into existing metadata.
pub(crate) fn merge(metadata: &mut Metadata, given: Given<Vec<(String, String)>>) {
    match given {
        Given::Absent => {}
        Given::Unset => metadata.clear(),
        Given::Set(changes) => {
            for (key, value) in changes {
                if value.is_empty() {
                    metadata.remove(&key);
                } else {
                    metadata.insert(key, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> Form {
        Form::from_pairs(&pairs(&HeaderMap::new(), body.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn brackets_nest_hashes_and_lists_in_every_spelling() {
        for body in [
            "items[0][price]=a&items[0][quantity]=2&items[1][price]=b",
            "items[1][price]=b&items[0][price]=a&items[0][quantity]=2",
            "items[][price]=a&items[][quantity]=2&items[][price]=b",
            "items%5B0%5D%5Bprice%5D=a&items%5B0%5D%5Bquantity%5D=2&items%5B1%5D%5Bprice%5D=b",
        ] {
            let mut form = form(body);
            let mut items = form.list("items").unwrap().set().unwrap();
            let [first, second] = items.as_mut_slice() else {
                panic!("{body}: {items:?}")
            };
            assert_eq!(second.required("price").unwrap(), "b", "{body}");
            assert_eq!(first.required("price").unwrap(), "a");
            assert_eq!(first.count("quantity").unwrap(), Some(2));
            form.finish().unwrap();
        }
        for body in ["expand[]=a&expand[]=b", "expand[0]=a&expand[1]=b"] {
            assert_eq!(form(body).texts("expand").unwrap(), ["a", "b"]);
        }
    }

    #[test]
    fn what_nobody_took_is_named_as_it_was_written() {
        let mut some = form("customer=c&items[0][price]=a&items[0][color]=b");
        some.required("customer").unwrap();
        let mut items = some.list("items").unwrap().set().unwrap();
        let mut first = items.remove(0);
        first.required("price").unwrap();
        let error = first.finish().unwrap_err();
        assert_eq!(error.message, "Received unknown parameter: items[0][color]");
        assert_eq!(error.code, Some("parameter_unknown"));
        let error = form("a=1&b[c]=2").finish().unwrap_err();
        assert_eq!(error.message, "Received unknown parameters: a, b[c]");
        assert_eq!(error.param.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_malformed_is_named() {
        let message = |error: ApiError| (error.message, error.param.unwrap_or_default());
        let mut some = form("b=maybe&i=many&t[x]=1&h=flat&e=&n=-1");
        let is = |text: &str, param: &str| (text.to_owned(), param.to_owned());
        assert_eq!(
            message(some.boolean("b").unwrap_err()),
            is("Invalid boolean: maybe", "b")
        );
        assert_eq!(
            message(some.integer("i").unwrap_err()),
            is("Invalid integer: many", "i")
        );
        assert_eq!(
            message(some.text("t").unwrap_err()),
            is("Invalid string: a hash", "t")
        );
        assert_eq!(
            message(some.hash("h").unwrap_err()),
            is("Invalid object: flat", "h")
        );
        assert!(
            some.plain("e")
                .unwrap_err()
                .message
                .starts_with("You passed an empty string for 'e'.")
        );
        assert!(
            some.count("n")
                .unwrap_err()
                .message
                .starts_with("This value must be greater")
        );
        assert_eq!(
            message(some.required("z").unwrap_err()),
            is("Missing required param: z.", "z")
        );
    }

    #[test]
    fn metadata_merges_and_unsets() {
        let mut metadata: Metadata = [("a", "1"), ("b", "2")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        merge(
            &mut metadata,
            form("metadata[a]=&metadata[c]=3").metadata().unwrap(),
        );
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["b", "c"]);
        merge(&mut metadata, form("metadata=").metadata().unwrap());
        assert!(metadata.is_empty());
        let long = format!("metadata[k]={}", "x".repeat(501));
        assert!(form(&long).metadata().is_err());
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let many: Vec<String> = (0..1001).map(|number| format!("a{number}=1")).collect();
        let error = pairs(&HeaderMap::new(), many.join("&").as_bytes()).unwrap_err();
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
        let deep = format!("a{}=1", "[a]".repeat(9));
        let deep = pairs(&HeaderMap::new(), deep.as_bytes()).unwrap();
        assert!(Form::from_pairs(&deep).is_err());
        let mut json = HeaderMap::new();
        json.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        assert!(pairs(&json, b"{}").is_err());
    }
}
