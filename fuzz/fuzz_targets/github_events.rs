//! Payloads of GitHub's events, which contain what the author of a pull request wrote.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use prodverdict::github::Context;

const EVENTS: [&str; 8] = [
    "pull_request",
    "pull_request_target",
    "push",
    "schedule",
    "workflow_run",
    "workflow_dispatch",
    "issue_comment",
    "merge_group",
];

fuzz_target!(|payload: &str| {
    for event in EVENTS {
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ];
        let variables: BTreeMap<String, String> = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let context = Context::resolve(&variables, Some(payload));
        let _ = (context.target(), context.run_url());
    }
});
