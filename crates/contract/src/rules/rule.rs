//! The type that the table of rules declares, and its methods.

use std::fmt;

use super::{HandlerRule, Rule};
use crate::Source;

/// Declares the rules of the access contract, in the order in which findings of equal severity are shown.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident => $file:ident,)+) => {
        /// A rule, in the order in which findings of equal severity are shown.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $rule,)+
            /// A rule for the webhook handler, which only a rehearsal checks.
            Handler(HandlerRule),
        }

        impl Rule {
            /// All rules of the access contract.
            pub const ALL: [Self; [$(stringify!($rule)),+].len()] = [$(Self::$rule),+];

            /// Returns the texts and the subject of the rule.
            pub fn info(self) -> &'static RuleInfo {
                match self {
                    $(Self::$rule => &$file::RULE.info,)+
                    Self::Handler(rule) => rule.info(),
                }
            }

            /// Returns the rule's entry in the table; `None` for a rule for the webhook handler.
            pub(crate) fn definition(self) -> Option<&'static RuleDefinition> {
                match self {
                    $(Self::$rule => Some(&$file::RULE),)+
                    Self::Handler(_) => None,
                }
            }
        }
    };
}

impl Rule {
    /// Returns the id used in findings and under `rules:`.
    pub fn as_str(self) -> &'static str {
        self.info().id
    }

    /// Returns all rules of the access contract, then those of the rehearsal.
    pub fn all_with_handler_rules() -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .chain(HandlerRule::ALL.map(Self::Handler))
    }

    /// Returns false for a rule that other sources have under another name: `unmapped-price` is `unmapped-feature` for
    /// entitlements.
    pub fn is_used_by(self, source: Source) -> bool {
        match source {
            Source::StripeEntitlements => {
                !matches!(self, Self::UnmappedPrice | Self::RefundedAccess)
            }
            Source::Stripe => !matches!(self, Self::UnmappedFeature | Self::RefundedAccess),
            Source::Paddle => self != Self::UnmappedFeature,
        }
    }

    /// Returns true for a rule that is judged only if the contract sets its severity.
    pub fn is_off_by_default(self) -> bool {
        self == Self::RefundedAccess
    }

    /// Returns the rule with this id.
    pub fn parse(id: &str) -> Option<Self> {
        Self::all_with_handler_rules().find(|rule| rule.as_str() == id)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<HandlerRule> for Rule {
    fn from(rule: HandlerRule) -> Self {
        Self::Handler(rule)
    }
}

impl fmt::Display for HandlerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, RuleColumn, Source};

    #[test]
    fn every_rule_is_listed_once_and_parsed_from_its_id() {
        assert!(Rule::ALL.is_sorted_by(|a, b| a < b));
        for rule in Rule::all_with_handler_rules() {
            assert_eq!(Rule::parse(rule.as_str()), Some(rule));
        }
    }

    #[test]
    fn rules_name_the_column_that_a_handler_should_write() {
        let columns = Rule::all_with_handler_rules()
            .filter_map(|rule| Some((rule.as_str(), rule.info().column?)));
        let rehearsal_columns: Vec<_> = columns
            .filter(|(rule, _)| {
                !Rule::ALL
                    .iter()
                    .any(|known_rule| known_rule.as_str() == *rule)
            })
            .collect();
        assert_eq!(
            rehearsal_columns,
            [
                ("bystander-changed", RuleColumn::Link),
                ("plan-dropped", RuleColumn::Field(Field::Plan)),
                ("gate-differs", RuleColumn::Field(Field::HasPaidAccess)),
            ]
        );
    }

    #[test]
    fn rules_name_events_as_each_provider_does() {
        for rule in Rule::all_with_handler_rules() {
            for (source, prefixes) in [
                (
                    Source::Stripe,
                    ["customer.", "invoice.", "checkout.", "charge."].as_slice(),
                ),
                (
                    Source::Paddle,
                    &["subscription.", "transaction.", "customer.", "adjustment."],
                ),
                (Source::StripeEntitlements, &["entitlements."]),
            ] {
                for event in rule.info().events.for_source(source) {
                    assert!(
                        prefixes.iter().any(|prefix| event.starts_with(prefix)),
                        "{rule}: {event:?}"
                    );
                }
            }
        }
        let leak = Rule::RevenueLeak.info().events;
        assert!(
            leak.for_source(Source::Stripe)
                .contains(&"customer.subscription.created")
        );
        assert!(
            leak.for_source(Source::Paddle)
                .contains(&"subscription.created")
        );
    }
}
