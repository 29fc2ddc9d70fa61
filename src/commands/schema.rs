//! `prodverdict schema`: the JSON Schema of the configuration.

use crate::config;

pub(super) fn run() -> u8 {
    super::print(&config::json_schema())
}
