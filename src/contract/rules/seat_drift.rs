//! `seat-drift`: the stored seats are not the quantity that is paid for.

use super::definition::{Listing, Need, RuleColumn, RuleDefinition, RuleEvents, RuleInfo, RuleKey};
use crate::contract::{Field, Severity};

pub(super) static RULE: RuleDefinition = RuleDefinition {
    info: RuleInfo {
        id: "seat-drift",
        severity: Severity::High,
        is_published: false,
        description: "the stored seats are not the quantity that is paid for",
        help: "Store the quantity that is paid for. Then let the webhook handler do so whenever the subscription changes.",
        column: Some(RuleColumn::Field(Field::Seats)),
        compares_plans: false,
        keys: &[RuleKey::Column(Field::Seats)],
        events: RuleEvents::UPDATED,
        row_fault: None,
    },
    needs: &[Need::Subscriptions, Need::Column(Field::Seats)],
    listing: Listing::OfPaidAccountsInGrace,
    suspect_key: RuleKey::Column(Field::Seats),
    money: None,
    lacks: None,
};
