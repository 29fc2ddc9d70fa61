//! The pure core: facts from both sides and a contract in, findings and a summary out. No clock, no network, no files.

mod access;
mod account_index;
mod advice;
mod case;
mod cause;
mod correction;
mod customers;
mod entity;
mod evaluate;
mod evidence;
mod explanation;
mod facts;
mod finding;
mod guards;
mod identity;
mod listing_scope;
mod mentions;
mod money;
mod plans;
mod policy;
mod rules;
mod status;
mod summary;
pub mod testing;
pub mod text;
mod time;
mod verdict;
mod wrong_row;

pub use access::{CustomerAccess, SubscriptionAccess};
pub use advice::{Advice, ContractKey};
pub use cause::{
    DeliveryLog, DeliveryState, EventLog, Notification, ProviderEvent, add_causes,
    add_delivery_causes, contains_last_changes, explained_by_deliveries, is_explained_by_events,
};
pub use correction::{RowCorrection, corrections, uncorrected};
pub use entity::{Entity, EntityKind};
pub use evaluate::{Evaluation, Unanswerable, evaluate};
pub use explanation::{
    ExplainedAccount, ExplainedField, ExplainedPrice, ExplainedRule, ExplainedState,
    ExplainedSubscription, Explanation, Explanations, FieldValue, Judgement, PriceUse, RuleOutcome,
    explain,
};
pub use facts::{
    Account, AccountColumns, Details, Facts, Field, Item, Metadata, Pause, Period, Refund,
    ScheduledAction, ScheduledChange, SeenModes, StoredWords, Subscription, Terms, Word,
};
pub use finding::fingerprint;
pub use finding::{Evidence, Finding, PaymentShare, Severity, Subject};
pub use identity::{AccountId, CustomerId, PriceId, SubscriptionId};
pub use listing_scope::{FollowUp, ListingScope, follow_up, named_accounts};
pub use mentions::{EventMention, Mentions};
pub use money::{Interval, Money, Price};
pub use plans::{PlanKey, PlanKeyKind, PlanWords, Plans};
pub use policy::{
    CanceledGrace, ColumnName, Contract, Grace, Included, MatchOn, Mode, PauseMeaning, PausePolicy,
    PricePattern, Seats, Source,
};
pub use rules::{HandlerRule, Merging, RowFault, Rule, RuleColumn, RuleInfo, RuleKey};
pub use status::{Status, Statuses};
pub use summary::Summary;
pub use time::{Moment, UnixSeconds};
pub use verdict::Verdict;
pub use wrong_row::Corrected;
