//! `prodverdict.yml`: text in, valid contracts or every problem with its place out.

mod settings;

pub use settings::{AccessContract, AccountsQuery, DatabaseSettings, Expression, TableName};
