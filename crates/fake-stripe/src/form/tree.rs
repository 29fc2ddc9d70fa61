//! Parameters whose names have brackets, as a tree.

use serde_json::Value;

/// The value of a parameter, or the parameters inside its brackets.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Text {
        /// Name as the request spells it.
        full_name: String,
        value: String,
    },
    Branch(Vec<(String, Node)>),
}

/// Splits `items[0][price]` into `items`, `0`, `price`.
pub(super) fn split_name(full_name: &str) -> Vec<&str> {
    let Some((first, rest)) = full_name.split_once('[') else {
        return vec![full_name];
    };
    let Some(rest) = rest.strip_suffix(']') else {
        return vec![full_name];
    };
    let mut keys = vec![first];
    keys.extend(rest.split("]["));
    keys
}

/// Inserts a value; the last one of a name wins, as at Stripe.
pub(super) fn insert_value(
    fields: &mut Vec<(String, Node)>,
    keys: &[&str],
    (full_name, value): (&str, &str),
) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    let key = if key.is_empty() {
        index_of_unnumbered(fields, rest)
    } else {
        (*key).to_owned()
    };
    let position = fields.iter().position(|(field, _)| *field == key);
    let position = position.unwrap_or_else(|| {
        fields.push((key, Node::Branch(Vec::new())));
        fields.len().saturating_sub(1)
    });
    let Some((_, node)) = fields.get_mut(position) else {
        return;
    };
    if rest.is_empty() {
        *node = Node::Text {
            full_name: full_name.to_owned(),
            value: value.to_owned(),
        };
        return;
    }
    if let Node::Text { .. } = node {
        *node = Node::Branch(Vec::new());
    }
    if let Node::Branch(inner) = node {
        insert_value(inner, rest, (full_name, value));
    }
}

/// Returns the index for `[]`: the last element if it does not have this key yet, else a new one.
fn index_of_unnumbered(fields: &[(String, Node)], rest: &[&str]) -> String {
    let is_open = |node: &Node| match (node, rest.first()) {
        (Node::Branch(inner), Some(next)) => !inner.iter().any(|(field, _)| field == next),
        (Node::Branch(_) | Node::Text { .. }, _) => false,
    };
    match fields.last() {
        Some((last, node)) if is_open(node) => last.clone(),
        _ => fields.len().to_string(),
    }
}

/// Sorts elements by their indexes, whatever their original order.
pub(super) fn in_order(mut fields: Vec<(String, Node)>) -> Vec<(String, Node)> {
    fields.sort_by_key(|(index, _)| index.parse::<usize>().unwrap_or(usize::MAX));
    fields
}

/// Collects the names in a tree, each once.
pub(super) fn collect_names(node: &Node, into: &mut Vec<String>) {
    match node {
        Node::Text { full_name, .. } if into.contains(full_name) => {}
        Node::Text { full_name, .. } => into.push(full_name.clone()),
        Node::Branch(fields) => {
            for (_, node) in fields {
                collect_names(node, into);
            }
        }
    }
}

/// Converts a tree of any shape to JSON.
pub(super) fn to_json(node: Node) -> Value {
    match node {
        Node::Text { value, .. } => match value.as_str() {
            "" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number => match number.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => value.into(),
            },
        },
        Node::Branch(fields) if fields.iter().all(|(key, _)| key.parse::<usize>().is_ok()) => {
            let values = in_order(fields).into_iter();
            Value::Array(values.map(|(_, node)| to_json(node)).collect())
        }
        Node::Branch(fields) => {
            let fields = fields.into_iter();
            Value::Object(fields.map(|(key, node)| (key, to_json(node))).collect())
        }
    }
}
