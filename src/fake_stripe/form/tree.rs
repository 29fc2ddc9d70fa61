//! Names with brackets, as the tree that they spell.

use serde_json::Value;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Branch(Vec<(String, Node)>),
}

/// `items[0][price]` → `items`, `0`, `price`.
pub(super) fn keys(written: &str) -> Vec<&str> {
    let Some((first, rest)) = written.split_once('[') else {
        return vec![written];
    };
    let Some(rest) = rest.strip_suffix(']') else {
        return vec![written];
    };
    let mut keys = vec![first];
    keys.extend(rest.split("]["));
    keys
}

pub(super) fn insert(fields: &mut Vec<(String, Node)>, keys: &[&str], value: &str) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    let key = if key.is_empty() {
        place(fields, rest)
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
        *node = Node::Text(value.to_owned());
        return;
    }
    if let Node::Text(_) = node {
        *node = Node::Branch(Vec::new());
    }
    if let Node::Branch(inner) = node {
        insert(inner, rest, value);
    }
}

/// Where `[]` goes: the last element while it has no such key yet, else a new one.
fn place(fields: &[(String, Node)], rest: &[&str]) -> String {
    let is_open = |node: &Node| match (node, rest.first()) {
        (Node::Branch(inner), Some(next)) => !inner.iter().any(|(field, _)| field == next),
        (Node::Branch(_) | Node::Text(_), _) => false,
    };
    match fields.last() {
        Some((last, node)) if is_open(node) => last.clone(),
        _ => fields.len().to_string(),
    }
}

/// Elements by their numbers, whatever the order in which they were written.
pub(super) fn in_order(mut fields: Vec<(String, Node)>) -> Vec<(String, Node)> {
    fields.sort_by_key(|(index, _)| index.parse::<usize>().unwrap_or(usize::MAX));
    fields
}

pub(super) fn names(node: &Node, written: String, into: &mut Vec<String>) {
    match node {
        Node::Text(_) => into.push(written),
        Node::Branch(fields) => {
            for (name, node) in fields {
                names(node, format!("{written}[{name}]"), into);
            }
        }
    }
}

/// A tree whose shape nobody looks at, as JSON.
pub(super) fn json(node: Node) -> Value {
    match node {
        Node::Text(text) => match text.as_str() {
            "" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number => match number.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => text.into(),
            },
        },
        Node::Branch(fields) if fields.iter().all(|(key, _)| key.parse::<usize>().is_ok()) => {
            let values = in_order(fields).into_iter();
            Value::Array(values.map(|(_, node)| json(node)).collect())
        }
        Node::Branch(fields) => {
            let fields = fields.into_iter();
            Value::Object(fields.map(|(key, node)| (key, json(node))).collect())
        }
    }
}
