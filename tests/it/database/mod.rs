//! The reader of Postgres against a real server: `scripts/test --test it database::`.

mod certificates;
mod connecting;
mod failures;
mod forms;
mod lists;
mod permissions;
mod proxy;
mod recorded;
mod row_security;
mod scanner;
mod schemas;
mod stacks;
mod texts;
mod values;
mod world;
