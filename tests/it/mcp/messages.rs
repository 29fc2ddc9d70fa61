//! Messages that a client should not send, and several at once.

use serde_json::{Value, json};

use super::{FAILING, conversation::Conversation};

const VALIDATE: &str = "validate_config";

#[track_caller]
fn still_answers(conversation: &mut Conversation) {
    let result = conversation.call(VALIDATE, &json!({}));
    assert_eq!(result["structuredContent"]["valid"], true, "{result}");
}

/// Waits for the refusal of a message, and returns its id and its code.
#[track_caller]
fn refusal(conversation: &mut Conversation) -> (Value, Value) {
    let message = conversation.next();
    let error = message.get("error").unwrap_or_else(|| panic!("{message}"));
    (message["id"].clone(), error["code"].clone())
}

#[test]
fn a_malformed_message_is_refused_and_ends_nothing() {
    let mut conversation = Conversation::begin(FAILING);
    for line in ["not json", "{", "[1,2", "\u{0}\u{1}", "{\"id\":7"] {
        conversation.write(line);
        // Nobody knows which request it was.
        assert_eq!(
            refusal(&mut conversation),
            (Value::Null, json!(-32700)),
            "{line}"
        );
    }
    conversation.write("");
    for line in [
        "\"text\"",
        r#"{"jsonrpc":"2.0","id":{"an":"object"},"method":"tools/list"}"#,
    ] {
        conversation.write(line);
        assert_eq!(refusal(&mut conversation), (Value::Null, json!(-32600)));
    }
    let id = conversation.request("no/such/method", &json!({}));
    assert_eq!(refusal(&mut conversation), (json!(id), json!(-32601)));
    still_answers(&mut conversation);
    let (status, said) = conversation.leave();
    assert!(status.success(), "{said}");
}

#[test]
fn an_oversized_request_is_refused_by_its_id() {
    let mut conversation = Conversation::begin(FAILING);
    let invalid = json!(-32600);
    let long = "x".repeat(3 * 1024 * 1024);
    let id = conversation.request("tools/call", &json!({ "name": long, "arguments": {} }));
    assert_eq!(refusal(&mut conversation), (json!(id), invalid.clone()));
    // As the TypeScript client writes it: with the id at the end.
    conversation.write(&format!(
        r#"{{"method":"tools/call","params":{{"id":1,"name":"{long}"}},"jsonrpc":"2.0","id":"last"}}"#
    ));
    assert_eq!(refusal(&mut conversation), (json!("last"), invalid.clone()));
    still_answers(&mut conversation);
    conversation.write(&format!(r#"{{"jsonrpc":"2.0","id":8,"method":"{long}"#));
    assert_eq!(refusal(&mut conversation), (Value::Null, invalid.clone()));
    conversation.write(&"y".repeat(20 * 1024 * 1024));
    assert_eq!(refusal(&mut conversation), (Value::Null, invalid));
    still_answers(&mut conversation);
    let (status, said) = conversation.leave();
    assert!(status.success(), "{said}");
}

#[test]
fn wrong_arguments_are_refused_with_the_reason() {
    let mut conversation = Conversation::begin(FAILING);
    let refused = conversation.call(VALIDATE, &json!({ "path": "/etc/passwd" }));
    assert_eq!(refused["isError"], true);
    let said = refused["content"][0]["text"].as_str().expect("a text");
    assert!(said.contains("unknown field `path`"), "{said}");
    let unknown = conversation.ask("tools/call", &json!({ "name": "rm", "arguments": {} }));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    let missing = conversation.call("explain_account", &json!({}));
    let said = missing["content"][0]["text"].as_str().expect("a text");
    assert!(said.contains("missing field `entity`"), "{said}");
}

#[test]
fn calls_at_once_are_all_answered() {
    let mut conversation = Conversation::begin(FAILING);
    let tools = ["check_access_contract", VALIDATE, "check_access_contract"];
    let ids = tools.map(|name| conversation.request("tools/call", &json!({ "name": name })));
    let mut answers: Vec<Value> = ids.iter().map(|_| conversation.next()).collect();
    answers.sort_by_key(|answer| answer["id"].as_u64());
    for (id, answer) in ids.iter().zip(&answers) {
        assert_eq!(answer["id"], *id);
    }
    let codes: Vec<_> = answers
        .iter()
        .map(|answer| answer["result"]["structuredContent"]["exit_code"].clone())
        .collect();
    assert_eq!(codes, [1, 0, 1]);
}

#[test]
fn what_was_asked_before_the_end_of_input_is_answered() {
    let mut conversation = Conversation::begin(FAILING);
    conversation.request("tools/call", &json!({ "name": "check_access_contract" }));
    let (status, said) = conversation.leave();
    assert!(status.success(), "{said}");
}

#[test]
fn a_client_of_another_protocol_is_told_on_standard_error() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut conversation = Conversation::start(FAILING, root, &[]);
    conversation
        .say(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {} }));
    let (status, said) = conversation.leave();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("error[invalid-setting]"), "{said}");
}

#[test]
fn the_published_flag_starts_the_server_too() {
    let mut conversation = Conversation::begin(&format!("--{FAILING}"));
    still_answers(&mut conversation);
}
