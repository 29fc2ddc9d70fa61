//! The form of `preset.yml`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The description of a preset: its stack, how to recognize it, and what it does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetDescription {
    pub title: String,
    pub description: String,
    pub provider: PresetProvider,
    /// Project and version that the preset was made from.
    pub read_at: Option<String>,
    pub detect: Detection,
    pub webhook: Webhook,
    pub billing_paths: Vec<String>,
    pub plans: PlanWords,
    /// Values of rows that the contract assumes.
    #[serde(default)]
    pub values: Vec<AssumedValue>,
    pub policy: Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresetProvider {
    Stripe,
    Paddle,
}

impl PresetProvider {
    /// Returns the name that routes and files of applications have.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Paddle => "paddle",
        }
    }
}

/// Signs of the stack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    pub packages: Packages,
    pub files: Vec<DetectedFile>,
    /// Columns of each table that the contract reads.
    pub tables: BTreeMap<String, Vec<String>>,
    /// Presets that are worse choices wherever this one fits.
    pub prefer_over: Vec<String>,
}

/// Packages that the stack needs, by registry. A trailing `*` matches any ending.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Packages {
    pub npm: Vec<String>,
    pub gem: Vec<String>,
    pub composer: Vec<String>,
    pub pypi: Vec<String>,
}

/// A file that contains certain texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectedFile {
    /// Pattern of the path.
    pub path: String,
    pub contains: Vec<String>,
}

/// The webhook handler of the stack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub files: Vec<String>,
    pub path: String,
    pub secret_env: String,
    pub key_env: String,
    pub api_version: Option<String>,
    pub events: Vec<String>,
    pub calls: Vec<String>,
}

/// A text in the SQL of the contract that some applications store differently.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssumedValue {
    pub text: String,
    pub table: String,
    pub column: String,
    /// The table of accounts, if the text is the name of their class.
    pub class_of: Option<String>,
}

/// The stack's way of storing plans, and its own words for them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanWords {
    pub stored: PlanStorage,
    pub words: Vec<String>,
}

/// The kind of value that a row holds for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanStorage {
    /// A word of the application.
    Word,
    /// The id of a price.
    Price,
    /// The id of a product.
    Product,
    /// The name of a product.
    ProductName,
}

impl PlanStorage {
    /// Returns true if rows hold ids of the provider, which are then the words of the plans too.
    pub fn holds_ids(self) -> bool {
        match self {
            Self::Price | Self::Product => true,
            Self::Word | Self::ProductName => false,
        }
    }
}

/// The stack's decisions about access, described for people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub past_due: String,
    pub paused: String,
    pub exempt: String,
}

impl Packages {
    /// Returns each registry's packages.
    pub fn by_registry(&self) -> [(&'static str, &[String]); 4] {
        [
            ("npm", &self.npm),
            ("gem", &self.gem),
            ("composer", &self.composer),
            ("pypi", &self.pypi),
        ]
    }
}
