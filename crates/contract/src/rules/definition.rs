//! The parts of a rule's entry in the table: its texts, its subject, its needs, its check and its correction.

use super::{judged_account::JudgedAccount, mismatches::Mismatches, no_finding::NoFinding};
use crate::{
    Account, Field, MatchOn, Severity, Source, Unanswerable,
    case::Case,
    customers::{CustomerNumber, Holder},
    wrong_row::{Correction, WrongRow},
};

/// Texts and subject of a rule, for every module that shows it.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo {
    /// Id in findings and under `rules:`.
    pub id: &'static str,
    /// Severity if the contract sets none.
    pub severity: Severity,
    /// True if the contract's `severity:` and `fix:` apply to the rule. The severity of others is set under `rules:`.
    pub uses_contract_severity: bool,
    /// One-line description of a violation, such as "the stored plan is not one that the customer pays for".
    pub description: &'static str,
    /// Advice for any finding of the rule.
    pub help: &'static str,
    /// The column that it is mainly about.
    pub column: Option<RuleColumn>,
    /// True if it compares plans or prices. A customer without access has a plan too, which proves nothing.
    pub compares_plans: bool,
    /// Keys of the contract. A finding is reported at the first of them that the file contains, or else at the
    /// contract.
    pub keys: &'static [RuleKey],
    /// Events that report the state which the rule checks.
    pub events: RuleEvents,
    /// The wrong state of the row, if a rehearsal gives specific advice about it.
    pub row_fault: Option<RowFault>,
}

impl RuleInfo {
    /// Returns the entry of a rule for webhook handlers, without a column of the contract.
    pub(super) const fn of_handler(
        id: &'static str,
        description: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            id,
            severity: Severity::High,
            uses_contract_severity: false,
            description,
            help,
            column: None,
            compares_plans: false,
            keys: &[],
            events: RuleEvents::NONE,
            row_fault: None,
        }
    }
}

/// A column that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleColumn {
    Field(Field),
    /// The column that links accounts: see [`MatchOn::link`].
    Link,
}

impl RuleColumn {
    /// Returns the field under this way of linking accounts.
    pub fn field(self, match_on: MatchOn) -> Field {
        match self {
            Self::Field(field) => field,
            Self::Link => match_on.link(),
        }
    }
}

/// A key of the contract that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKey {
    /// The whole contract.
    Contract,
    /// The entry of `plans` for the price of the finding.
    Price,
    Plans,
    Column(Field),
    Statuses,
    Source,
}

/// Types of events, by source.
#[derive(Debug, Clone, Copy)]
pub struct RuleEvents {
    pub stripe: &'static [&'static str],
    pub paddle: &'static [&'static str],
    pub entitlements: &'static [&'static str],
}

impl RuleEvents {
    pub(super) const NONE: Self = Self {
        stripe: &[],
        paddle: &[],
        entitlements: &[],
    };

    /// The events that report a change of a subscription.
    pub(super) const UPDATED: Self = Self {
        stripe: &["customer.subscription.updated"],
        paddle: &["subscription.updated"],
        entitlements: &[],
    };

    pub fn for_source(&self, source: Source) -> &'static [&'static str] {
        match source {
            Source::Stripe => self.stripe,
            Source::Paddle => self.paddle,
            Source::StripeEntitlements => self.entitlements,
        }
    }
}

/// A wrong state in which a handler leaves a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFault {
    AccessNotGiven,
    AccessNotTaken,
    WrongPlan,
    WrongPeriodEnd,
    WrongCancelFlag,
}

/// A rule of the access contract.
#[derive(Debug)]
pub(crate) struct RuleDefinition {
    pub(crate) info: RuleInfo,
    /// Conditions under which it is judged.
    pub(crate) needs: &'static [RuleNeed],
    /// Subscriptions that it needs besides those that grant.
    pub(crate) listing: RuleListing,
    /// The key to check if many accounts break it in the same way.
    pub(crate) suspect_key: RuleKey,
    /// The sum that the amounts of its findings are added to.
    pub(crate) money: Option<MoneySide>,
    /// The handler's action that is missing if a row is wrong. `None` if events cannot show it.
    pub(crate) missing_handler_action: Option<HandlerAction>,
    /// Reports violations. Called only if the rule is not off and all its needs are met.
    pub(crate) check: RuleCheck,
    /// Explains why there is no violation.
    pub(crate) explain: RuleExplanation,
    /// Corrects a row that violates it.
    pub(crate) correct: RuleCorrection,
}

/// The function that reports violations, by the objects that it is called for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RuleCheck {
    /// Each linked account that is judged.
    Account(fn(&JudgedAccount<'_, '_>)),
    /// Each linked account that is judged. Fails if the provider does not state a value that the rule needs.
    FallibleAccount(fn(&JudgedAccount<'_, '_>) -> Result<(), Unanswerable>),
    /// Each customer, or each subscription if accounts are matched by subscription.
    Customer(for<'f> fn(&Case<'f>, &Mismatches<'f>, CustomerNumber)),
    /// All facts at once, after every account and customer.
    All(for<'f> fn(&Case<'f>, &Mismatches<'f>)),
}

/// Function that explains why a rule without a finding has none, by the objects that it is called for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RuleExplanation {
    /// Each account that is linked and judged.
    Account(InGrace, fn(&JudgedAccount<'_, '_>) -> NoFinding),
    /// Each account that is judged; the last argument is true if it is linked.
    Link(fn(&Case<'_>, &Account, bool) -> NoFinding),
    /// The customer.
    Customer(fn(&Case<'_>, &Holder<'_>) -> NoFinding),
}

/// Judgement of an account whose customer is in grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InGrace {
    Unjudged,
    JudgedWithAccess,
    Judged,
}

/// Correction of a row that violates a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RuleCorrection {
    /// Returns the value that the row needs.
    Row(fn(&WrongRow<'_, '_>) -> Correction),
    /// The reason why only a person can correct it.
    ByHand(&'static str),
}

/// A condition for judging a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleNeed {
    /// The source has subscriptions.
    Subscriptions,
    /// The source has entitlements.
    Entitlements,
    /// The source has subscriptions, which carry metadata.
    Metadata,
    /// The source states which periods were refunded.
    Refunds,
    MatchByCustomer,
    MatchBySubscription,
    /// The contract has `plans`.
    Plans,
    /// The rows have this column.
    Column(Field),
}

impl RuleNeed {
    pub(crate) fn is_met(self, case: &Case<'_>) -> bool {
        let contract = case.contract;
        match self {
            Self::Subscriptions | Self::Metadata => contract.source.has_subscriptions(),
            Self::Entitlements => !contract.source.has_subscriptions(),
            Self::Refunds => contract.source == Source::Paddle,
            Self::MatchByCustomer => contract.match_on == MatchOn::CustomerId,
            Self::MatchBySubscription => contract.match_on == MatchOn::SubscriptionId,
            Self::Plans => contract.checks_plans(),
            Self::Column(field) => case.facts.mapped.contains(&field),
        }
    }

    /// Returns the reason why a rule with this need does not apply to any account or customer of the case.
    pub(crate) fn unmet(self, case: &Case<'_>) -> Option<String> {
        if self.is_met(case) {
            return None;
        }
        match self {
            Self::Subscriptions => {
                Some("entitlements are the source, not subscriptions".to_owned())
            }
            Self::Plans => Some("the contract has no `plans`".to_owned()),
            Self::Column(field) => Some(format!("the contract maps no `{}`", field.as_str())),
            Self::Entitlements => Some("subscriptions are the source, not entitlements".to_owned()),
            Self::Metadata => Some("entitlements carry no metadata".to_owned()),
            Self::Refunds => Some("refunds are read from Paddle only".to_owned()),
            Self::MatchByCustomer => Some("accounts are matched by subscription".to_owned()),
            Self::MatchBySubscription => Some("accounts are matched by customer".to_owned()),
        }
    }
}

/// Subscriptions that a rule needs besides those that grant access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleListing {
    /// None: granting subscriptions decide it.
    Granting,
    /// All subscriptions that are being paid for, or should be.
    Charged,
    /// Subscriptions with a status that the contract does not name.
    UnknownStatuses,
    /// All subscriptions of customers whose account stores a status.
    OfStoredStatuses,
    /// All subscriptions of customers whose account has access.
    OfPaidAccounts,
    /// All subscriptions of customers whose account has access, if the contract has a grace.
    OfPaidAccountsInGrace,
    /// All subscriptions of customers whose account has access, if a customer without an account pays.
    OfPaidAccountsWithUnlinkedPayers,
    /// All subscriptions of customers whose account stores a paid plan without access.
    OfStoredPlans,
}

/// One of the two sums of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum MoneySide {
    PaidNotServed,
    ServedNotPaid,
}

/// An action of a webhook handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandlerAction {
    /// Grants access, or sets the plan.
    Grant,
    /// Revokes access.
    Revoke,
}
