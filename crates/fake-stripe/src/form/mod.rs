//! The form-encoded parameters of a request. Names may nest with brackets, and each parameter is read by its name.

mod body;
mod filters;
mod metadata;
mod tree;

use compact_str::CompactString;
use serde_json::Value;

use self::tree::{Node, collect_names, in_order, insert_value, split_name, to_json};
pub(crate) use self::{
    body::{MAX_BODY_BYTES, body_too_large, pairs_of_body},
    filters::TimeRange,
    metadata::merge,
};
use super::error::ApiError;

/// Maximum depth of a name; real requests do not nest deeper.
const MAX_DEPTH: usize = 8;

/// A parameter that a request may omit, or set to an empty value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parameter<T> {
    Absent,
    /// Set to an empty text, which unsets a field.
    Unset,
    Set(T),
}

impl<T> Parameter<T> {
    pub(crate) fn into_option(self) -> Option<T> {
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

/// The parameters of a request that were not read yet. Those that are left at the end are unknown.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// Name of the hash or element that the fields are in; empty at the root.
    path: String,
    fields: Vec<(String, Node)>,
}

impl Form {
    pub(crate) fn from_pairs(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut form = Self::default();
        for (name, value) in pairs {
            let keys = split_name(name);
            if keys.len() > MAX_DEPTH {
                return Err(ApiError::invalid(format!(
                    "Invalid request: {name} is nested too deeply."
                ))
                .param(name));
            }
            insert_value(&mut form.fields, &keys, (name, value));
        }
        Ok(form)
    }

    /// Returns the name as the request spells it.
    fn full_name(&self, name: &str) -> String {
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

    pub(crate) fn text(&mut self, name: &str) -> Result<Parameter<CompactString>, ApiError> {
        match self.take(name) {
            None => Ok(Parameter::Absent),
            Some(Node::Text { value, .. }) if value.is_empty() => Ok(Parameter::Unset),
            Some(Node::Text { value, .. }) => Ok(Parameter::Set(value.into())),
            Some(Node::Branch(_)) => Err(self.invalid(name, "string", "a hash")),
        }
    }

    /// Reads a text that cannot be unset.
    pub(crate) fn optional_text(&mut self, name: &str) -> Result<Option<CompactString>, ApiError> {
        let text = self.text(name)?;
        self.not_unset(name, text)
    }

    pub(crate) fn required(&mut self, name: &str) -> Result<CompactString, ApiError> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    pub(crate) fn missing(&self, name: &str) -> ApiError {
        ApiError::missing_parameter(&self.full_name(name))
    }

    fn invalid(&self, name: &str, wanted: &str, found: &str) -> ApiError {
        ApiError::invalid(format!("Invalid {wanted}: {found}")).param(self.full_name(name))
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.optional_text(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(self.invalid(name, "boolean", other)),
        }
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Parameter<i64>, ApiError> {
        match self.text(name)? {
            Parameter::Absent => Ok(Parameter::Absent),
            Parameter::Unset => Ok(Parameter::Unset),
            Parameter::Set(text) => match text.parse() {
                Ok(number) => Ok(Parameter::Set(number)),
                Err(_) => Err(self
                    .invalid(name, "integer", &text)
                    .code("parameter_invalid_integer")),
            },
        }
    }

    /// Reads an integer that cannot be unset.
    fn optional_integer(&mut self, name: &str) -> Result<Option<i64>, ApiError> {
        let number = self.integer(name)?;
        self.not_unset(name, number)
    }

    /// Reads a non-negative number that cannot be unset.
    pub(crate) fn count(&mut self, name: &str) -> Result<Option<u32>, ApiError> {
        let Some(number) = self.optional_integer(name)? else {
            return Ok(None);
        };
        u32::try_from(number).map(Some).map_err(|_out_of_range| {
            ApiError::invalid("This value must be greater than or equal to 0.")
                .code("parameter_invalid_integer")
                .param(self.full_name(name))
        })
    }

    /// Reads one of `words`.
    pub(crate) fn choice(
        &mut self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Parameter<&'static str>, ApiError> {
        Ok(match self.text(name)? {
            Parameter::Absent => Parameter::Absent,
            Parameter::Unset => Parameter::Unset,
            Parameter::Set(text) => match words.iter().find(|word| **word == text) {
                Some(word) => Parameter::Set(word),
                None => return Err(ApiError::none_of(&self.full_name(name), words)),
            },
        })
    }

    /// Reads one of `words`, which cannot be unset.
    pub(crate) fn optional_choice(
        &mut self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, ApiError> {
        let word = self.choice(name, words)?;
        self.not_unset(name, word)
    }

    fn not_unset<T>(&self, name: &str, parameter: Parameter<T>) -> Result<Option<T>, ApiError> {
        match parameter {
            Parameter::Absent => Ok(None),
            Parameter::Set(value) => Ok(Some(value)),
            Parameter::Unset => Err(ApiError::empty(&self.full_name(name))),
        }
    }

    /// Reads `name[key]=…`; an empty text unsets it.
    pub(crate) fn hash(&mut self, name: &str) -> Result<Parameter<Self>, ApiError> {
        match self.take(name) {
            None => Ok(Parameter::Absent),
            Some(Node::Text { value, .. }) if value.is_empty() => Ok(Parameter::Unset),
            Some(Node::Text { value, .. }) => Err(self.invalid(name, "object", &value)),
            Some(Node::Branch(fields)) => Ok(Parameter::Set(Self {
                path: self.full_name(name),
                fields,
            })),
        }
    }

    /// Reads a hash or a list with any content as JSON.
    pub(crate) fn json(&mut self, name: &str) -> Option<Value> {
        self.take(name).map(to_json)
    }

    /// Reads `name[0][key]=…`. An empty text counts as an empty list, and so does an absent parameter.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<Self>, ApiError> {
        let Parameter::Set(entries) = self.hash(name)? else {
            return Ok(Vec::new());
        };
        let path = entries.path;
        let mut forms = Vec::with_capacity(entries.fields.len());
        for (index, node) in in_order(entries.fields) {
            match node {
                Node::Branch(fields) => forms.push(Self {
                    path: format!("{path}[{index}]"),
                    fields,
                }),
                Node::Text { value, .. } => return Err(self.invalid(name, "object", &value)),
            }
        }
        Ok(forms)
    }

    /// Reads `name[]=a&name[]=b`, also with indexes.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<CompactString>, ApiError> {
        let Parameter::Set(entries) = self.hash(name)? else {
            return Ok(Vec::new());
        };
        let entries = in_order(entries.fields).into_iter();
        entries
            .map(|(_, node)| match node {
                Node::Text { full_name, value } if value.is_empty() => {
                    Err(ApiError::empty(&full_name))
                }
                Node::Text { value, .. } => Ok(value.into()),
                Node::Branch(_) => Err(self.invalid(name, "string", "a hash")),
            })
            .collect()
    }

    /// Drops parameters that Stripe accepts but that have no effect here.
    pub(crate) fn ignore(&mut self, names: &[&str]) {
        self.fields
            .retain(|(field, _)| !names.contains(&field.as_str()));
    }

    /// Fails if any parameter was not read.
    pub(crate) fn reject_unread_parameters(self) -> Result<(), ApiError> {
        let mut left = Vec::new();
        for (_, node) in &self.fields {
            collect_names(node, &mut left);
        }
        match left.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(ApiError::unknown_parameters(first, &left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode, header};

    use super::*;

    /// Reads the body of a request.
    pub(super) fn form(body: &str) -> Form {
        Form::from_pairs(&pairs_of_body(&HeaderMap::new(), body.as_bytes()).unwrap()).unwrap()
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
            let mut items = form.list("items").unwrap();
            let [first, second] = items.as_mut_slice() else {
                panic!("{body}: {items:?}")
            };
            assert_eq!(second.required("price").unwrap(), "b", "{body}");
            assert_eq!(first.required("price").unwrap(), "a");
            assert_eq!(first.count("quantity").unwrap(), Some(2));
            form.reject_unread_parameters().unwrap();
        }
        for body in ["expand[]=a&expand[]=b", "expand[0]=a&expand[1]=b"] {
            assert_eq!(form(body).texts("expand").unwrap(), ["a", "b"]);
        }
    }

    #[test]
    fn unread_parameters_are_named_as_written() {
        let mut some = form("customer=c&items[0][price]=a&items[0][color]=b");
        some.required("customer").unwrap();
        let mut items = some.list("items").unwrap();
        let mut first = items.remove(0);
        first.required("price").unwrap();
        let error = first.reject_unread_parameters().unwrap_err();
        assert_eq!(error.message, "Received unknown parameter: items[0][color]");
        assert_eq!(error.code, Some("parameter_unknown"));
        let error = form("a=1&b[c]=2").reject_unread_parameters().unwrap_err();
        assert_eq!(error.message, "Received unknown parameters: a, b[c]");
        assert_eq!(error.param.as_deref(), Some("a"));
    }

    #[test]
    fn malformed_parameters_are_named() {
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
            some.optional_text("e")
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
    fn hostile_bodies_are_refused() {
        let many: Vec<String> = (0..1001).map(|number| format!("a{number}=1")).collect();
        let error = pairs_of_body(&HeaderMap::new(), many.join("&").as_bytes()).unwrap_err();
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
        let deep = format!("a{}=1", "[a]".repeat(9));
        let deep = pairs_of_body(&HeaderMap::new(), deep.as_bytes()).unwrap();
        assert!(Form::from_pairs(&deep).is_err());
        let mut json = HeaderMap::new();
        json.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        assert!(pairs_of_body(&json, b"{}").is_err());
    }
}
