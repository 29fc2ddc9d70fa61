//! The key figures of a result, in the words and the order of every format.

use contract::{Money, Severity};

use super::{
    Outcome,
    amount::amounts,
    count::{grouped, length},
};

/// One figure with its label, such as `Paid for, not served` and `20.00 USD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    pub label: &'static str,
    pub value: String,
}

/// The key figures of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Monthly amounts at stake.
    pub money: Vec<Figure>,
    /// Number of findings of each severity, without zeros.
    pub severities: Vec<Figure>,
    /// Number of findings by status. Empty if nothing was compared.
    pub status_figures: Vec<Figure>,
    /// Number of items that the amounts do not include.
    pub items_without_amount: u64,
}

impl Overview {
    pub fn new(outcome: &Outcome) -> Self {
        let totals = outcome.totals();
        let money = [
            ("Paid for, not served", &totals.paid_not_served),
            ("Served, not paid for", &totals.served_not_paid),
        ];
        let is_at_stake = |(_, money): &(&str, &Money)| !money.is_empty();
        let figure = |(label, money): (&'static str, &Money)| Figure {
            label,
            value: amounts(money),
        };
        Self {
            money: money.into_iter().filter(is_at_stake).map(figure).collect(),
            severities: severities(outcome),
            status_figures: status_figures(outcome),
            items_without_amount: totals.items_without_amount,
        }
    }
}

fn severities(outcome: &Outcome) -> Vec<Figure> {
    let found = || {
        outcome
            .contracts
            .iter()
            .flat_map(|contract| &contract.findings)
    };
    let figure = |severity: Severity| {
        let with_severity = found().filter(|found| found.finding.severity == severity);
        let number = length(with_severity.count());
        (number > 0).then(|| Figure {
            label: match severity {
                Severity::High => "High",
                Severity::Medium => "Medium",
                Severity::Low => "Low",
            },
            value: grouped(number),
        })
    };
    Severity::ALL.into_iter().filter_map(figure).collect()
}

/// After a comparison, new findings are counted even if there are none, because that is worth knowing too.
fn status_figures(outcome: &Outcome) -> Vec<Figure> {
    let counts = outcome.status_counts();
    let accepted = (counts.accepted > 0).then_some(("Accepted", counts.accepted));
    let figures: Vec<_> = match &outcome.since {
        None => accepted.into_iter().collect(),
        Some(since) => [("New", counts.new), ("Known", counts.known)]
            .into_iter()
            .chain(accepted)
            .chain([("Fixed", since.fixed)])
            .collect(),
    };
    let figure = |(label, number)| Figure {
        label,
        value: grouped(number),
    };
    figures.into_iter().map(figure).collect()
}

#[cfg(test)]
mod tests {
    use crate::sample;

    use super::*;

    fn labels(figures: &[Figure]) -> Vec<(&str, &str)> {
        figures
            .iter()
            .map(|figure| (figure.label, figure.value.as_str()))
            .collect()
    }

    #[test]
    fn every_figure_has_its_label() {
        let overview = Overview::new(&sample::pull_request_outcome());
        assert_eq!(
            labels(&overview.money),
            [
                ("Paid for, not served", "900 JPY, 1,234.00 USD"),
                ("Served, not paid for", "20.00 USD"),
            ]
        );
        assert_eq!(
            labels(&overview.severities),
            [("High", "3"), ("Medium", "1"), ("Low", "1")]
        );
        assert_eq!(
            labels(&overview.status_figures),
            [
                ("New", "1"),
                ("Known", "3"),
                ("Accepted", "1"),
                ("Fixed", "2")
            ]
        );
    }

    #[test]
    fn without_a_comparison_nothing_is_new() {
        assert_eq!(Overview::new(&sample::failing()).status_figures, []);
        let mut outcome = sample::compared();
        outcome.since = None;
        assert_eq!(
            labels(&Overview::new(&outcome).status_figures),
            [("Accepted", "1")]
        );
    }
}
