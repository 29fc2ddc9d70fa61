//! Tests of `prodverdict mcp`: as clients start it, and message by message.

mod clients;
mod configured;
mod conversation;
mod leaving;
mod messages;
mod recording;
mod tools;

/// A contract that is broken by recorded data, which needs no credentials.
const FAILING: &str = "mcp --config examples/nextjs-stripe/prodverdict.yml --fixtures --fixtures-dir \
    examples/nextjs-stripe/scenarios/fail-revenue-leak";
