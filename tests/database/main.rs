//! The reader of Postgres against a real server: `scripts/test --test database`.

mod connecting;
mod failures;
mod forms;
mod permissions;
mod proxy;
mod row_security;
mod stacks;
mod values;
mod world;
