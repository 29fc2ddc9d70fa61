//! Metadata of a request, merged into that of an object.

use super::{Form, Parameter, tree::Node};
use crate::{error::ApiError, world::Metadata};

impl Form {
    /// Reads `metadata` to be merged: an empty value removes a key, and an empty text removes all.
    pub(crate) fn metadata(&mut self) -> Result<Parameter<Vec<(String, String)>>, ApiError> {
        const MAX_KEYS: usize = 50;
        const MAX_KEY_LENGTH: usize = 40;
        const MAX_VALUE_LENGTH: usize = 500;
        let fields = match self.hash("metadata")? {
            Parameter::Absent => return Ok(Parameter::Absent),
            Parameter::Unset => return Ok(Parameter::Unset),
            Parameter::Set(form) => form.fields,
        };
        let mut changes = Vec::with_capacity(fields.len());
        for (key, node) in fields {
            let refused = |message: String| {
                Err(ApiError::invalid(message)
                    .param(format!("{}[{key}]", self.full_name("metadata"))))
            };
            match node {
                Node::Branch(_) => {
                    return refused(format!(
                        "Metadata values must be strings, but {key} is a hash."
                    ));
                }
                Node::Text { .. } if key.chars().count() > MAX_KEY_LENGTH => {
                    return refused(format!(
                        "Metadata keys must be under {MAX_KEY_LENGTH} characters in length."
                    ));
                }
                Node::Text { value, .. } if value.chars().count() > MAX_VALUE_LENGTH => {
                    return refused(format!(
                        "Metadata values can have up to {MAX_VALUE_LENGTH} characters, but you passed in a value that is {} \
                         characters.",
                        value.chars().count()
                    ));
                }
                Node::Text { value, .. } => changes.push((key, value)),
            }
        }
        if changes.len() > MAX_KEYS {
            return Err(ApiError::invalid(format!(
                "You can only specify up to {MAX_KEYS} metadata keys."
            ))
            .param(self.full_name("metadata")));
        }
        Ok(Parameter::Set(changes))
    }
}

/// Merges given metadata into existing metadata.
pub(crate) fn merge(metadata: &mut Metadata, given: Parameter<Vec<(String, String)>>) {
    match given {
        Parameter::Absent => {}
        Parameter::Unset => metadata.clear(),
        Parameter::Set(changes) => {
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
    use super::{super::tests::form, *};

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
}
