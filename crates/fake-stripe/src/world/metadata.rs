//! Custom data of objects.

use std::collections::BTreeMap;

/// Custom data that a test or a scenario attaches to an object.
pub type Metadata = BTreeMap<String, String>;
