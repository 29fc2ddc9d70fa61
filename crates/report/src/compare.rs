//! Marks the findings of an outcome as new, known or accepted, and recomputes the verdicts.

use std::collections::BTreeMap;

use baseline::{BaselineEntry, FindingStatus, FindingsSnapshot, PreviousSnapshot, Since, day_of};
use contract::{UnixSeconds, Verdict};

use super::{Outcome, Rehearsed, Reported, accepted};

/// Input of the comparison.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// Earlier result of the same kind: a check is compared with a check, a rehearsal with a rehearsal.
    pub earlier: Option<&'a PreviousSnapshot>,
    pub accepted: &'a [BaselineEntry],
    /// Time of the run. Baseline entries end by its day.
    pub now: UnixSeconds,
    /// True if known findings do not fail the run.
    pub lets_known_pass: bool,
    /// True if the run was complete, so that a missing finding is really gone.
    pub is_complete: bool,
}

/// Number of findings by status.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct StatusCounts {
    pub new: u64,
    pub known: u64,
    pub accepted: u64,
}

impl Outcome {
    /// Marks each finding as new, known or accepted, recomputes the verdicts, and adds warnings about obsolete baseline
    /// entries. It removes no finding, and a contract without a verdict stays without one.
    pub fn compare(&mut self, with: &Comparison<'_>) {
        let today = day_of(with.now);
        let unexpired: BTreeMap<_, _> = with
            .accepted
            .iter()
            .filter(|entry| entry.holds_on(today))
            .map(|entry| (entry.fingerprint.as_str(), entry))
            .collect();
        let findings = self
            .contracts
            .iter_mut()
            .flat_map(|contract| &mut contract.findings);
        for found in findings {
            let fingerprint = &found.finding.fingerprint;
            found.status = status_of(fingerprint, &unexpired, with.earlier);
            found.first_seen = with
                .earlier
                .map(|earlier| earlier.state.first_seen(fingerprint).unwrap_or(with.now));
        }
        let is_fully_played = self.rehearsal.as_ref().is_none_or(Rehearsed::is_complete);
        let is_complete = with.is_complete && is_fully_played && self.is_answered();
        self.since = with.earlier.map(|earlier| Since {
            source: earlier.source.clone(),
            fixed: if is_complete {
                earlier.state.gone(self.fingerprints())
            } else {
                0
            },
            lets_known_pass: with.lets_known_pass,
        });
        let warnings = accepted::warnings(self, with, is_complete);
        self.warnings.extend(warnings);
        self.recompute_verdicts();
    }

    /// Returns true if the finding can fail its contract.
    pub fn counts(&self, found: &Reported) -> bool {
        let known_passes = self
            .since
            .as_ref()
            .is_some_and(|since| since.lets_known_pass);
        match found.status {
            Some(FindingStatus::Accepted { .. }) => false,
            Some(FindingStatus::Known) => !known_passes,
            Some(FindingStatus::New) | None => true,
        }
    }

    /// Returns true if a finding fails the run whatever its severity: with `strict`, if any finding counts.
    pub fn any_finding_fails(&self, strict: bool) -> bool {
        let found = self
            .contracts
            .iter()
            .flat_map(|contract| &contract.findings);
        strict && found.into_iter().any(|found| self.counts(found))
    }

    pub fn status_counts(&self) -> StatusCounts {
        let mut counts = StatusCounts::default();
        for found in self
            .contracts
            .iter()
            .flat_map(|contract| &contract.findings)
        {
            match found.status {
                Some(FindingStatus::New) => counts.new += 1,
                Some(FindingStatus::Known) => counts.known += 1,
                Some(FindingStatus::Accepted { .. }) => counts.accepted += 1,
                None => {}
            }
        }
        counts
    }

    /// Returns true if there is a finding, even if it is accepted.
    pub fn has_findings(&self) -> bool {
        self.fingerprints().next().is_some()
    }

    /// Returns the fingerprints of all findings, including accepted ones.
    pub fn fingerprints(&self) -> impl Iterator<Item = &str> {
        let found = self
            .contracts
            .iter()
            .flat_map(|contract| &contract.findings);
        found.map(|found| found.finding.fingerprint.as_str())
    }

    /// Returns the result for later runs to compare with. A finding that is not known was first seen `now`.
    pub fn snapshot(&self, now: UnixSeconds) -> FindingsSnapshot {
        let found = self
            .contracts
            .iter()
            .flat_map(|contract| &contract.findings);
        FindingsSnapshot::since(
            now,
            found.map(|found| {
                let first_seen = found.first_seen.unwrap_or(now);
                (found.finding.fingerprint.as_str(), first_seen)
            }),
        )
    }

    /// Returns true if every contract has a verdict.
    pub fn is_answered(&self) -> bool {
        let mut contracts = self.contracts.iter();
        self.verdict != Verdict::Error
            && self.problems.is_empty()
            && contracts
                .all(|contract| contract.problem.is_none() && contract.verdict != Verdict::Error)
    }

    fn recompute_verdicts(&mut self) {
        let verdicts: Vec<_> = self
            .contracts
            .iter()
            .map(|contract| match contract.verdict {
                Verdict::Error => Verdict::Error,
                Verdict::Pass | Verdict::Warn | Verdict::Fail => {
                    let found = contract.findings.iter();
                    Verdict::from_counting(
                        found.map(|found| (&found.finding, self.counts(found))),
                        contract.fail_on,
                    )
                }
            })
            .collect();
        if self.verdict != Verdict::Error
            && let Some(worst) = verdicts.iter().max()
        {
            self.verdict = *worst;
        }
        for (contract, verdict) in self.contracts.iter_mut().zip(verdicts) {
            contract.verdict = verdict;
        }
        self.report_undecided();
    }

    /// Replaces the verdict of a rehearsal by an error if no finding fails it any more, but a scenario is undecided.
    fn report_undecided(&mut self) {
        let undecided = self.rehearsal.as_ref().and_then(Rehearsed::undecided);
        let (Verdict::Pass | Verdict::Warn, Some(problem)) = (self.verdict, undecided) else {
            return;
        };
        self.verdict = Verdict::Error;
        for contract in &mut self.contracts {
            contract.verdict = Verdict::Error;
            contract.problem.get_or_insert_with(|| problem.clone());
        }
    }
}

fn status_of(
    fingerprint: &str,
    unexpired: &BTreeMap<&str, &BaselineEntry>,
    earlier: Option<&PreviousSnapshot>,
) -> Option<FindingStatus> {
    if let Some(acceptance) = unexpired.get(fingerprint) {
        return Some(FindingStatus::Accepted {
            reason: acceptance.reason.clone(),
            until: Some(acceptance.until.to_string()),
        });
    }
    let is_known = earlier?.state.contains(fingerprint);
    Some(if is_known {
        FindingStatus::Known
    } else {
        FindingStatus::New
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use crate::{PlayedResult, PlayedScenario, sample};
    use baseline::FindingsSnapshot;
    use contract::{Finding, Rule, Severity, Source, UnixSeconds};
    use problem::Place;

    use super::*;

    const TODAY: Date = date(2026, 11, 26);

    /// Noon of that day.
    const NOW: UnixSeconds = UnixSeconds(1_795_694_400);

    fn hex(fingerprint: u64) -> String {
        format!("{fingerprint:016x}")
    }

    fn finding(fingerprint: u64, severity: Severity) -> Finding {
        Finding {
            severity,
            fingerprint: hex(fingerprint).into(),
            ..sample::finding(Rule::RevenueLeak, &format!("user:{fingerprint}"))
        }
    }

    fn outcome(findings: &[(u64, Severity)]) -> Outcome {
        let findings = findings
            .iter()
            .map(|(number, severity)| finding(*number, *severity));
        sample::outcome(vec![sample::contract(
            "users",
            Source::Stripe,
            findings.collect(),
        )])
    }

    fn earlier(fingerprints: &[u64]) -> PreviousSnapshot {
        let fingerprints: Vec<_> = fingerprints
            .iter()
            .map(|fingerprint| hex(*fingerprint))
            .collect();
        PreviousSnapshot {
            state: FindingsSnapshot::new(UnixSeconds(0), fingerprints.iter().map(String::as_str)),
            source: "the check run of `1a2b3c4` on `main`".to_owned(),
        }
    }

    fn acceptance(fingerprint: u64, until: Date, line: u32) -> BaselineEntry {
        BaselineEntry {
            fingerprint: hex(fingerprint),
            reason: "by invoice".to_owned(),
            until,
            entity: None,
            place: Place {
                path: "prodverdict-baseline.yml".to_owned(),
                line,
                column: 3,
                end_line: line,
                end_column: 4,
            },
        }
    }

    fn with<'a>(
        earlier: Option<&'a PreviousSnapshot>,
        accepted: &'a [BaselineEntry],
    ) -> Comparison<'a> {
        Comparison {
            earlier,
            accepted,
            now: NOW,
            lets_known_pass: false,
            is_complete: true,
        }
    }

    fn counts_of(outcome: &Outcome) -> (u64, u64, u64) {
        let counts = outcome.status_counts();
        (counts.new, counts.known, counts.accepted)
    }

    #[test]
    fn a_known_finding_keeps_its_first_day() {
        let first = UnixSeconds(NOW.0 - 9 * 86_400);
        let before = PreviousSnapshot {
            state: FindingsSnapshot::since(UnixSeconds(NOW.0 - 86_400), [(&*hex(1), first)]),
            source: String::new(),
        };
        let mut outcome = outcome(&[(1, Severity::High), (2, Severity::High)]);
        outcome.compare(&with(Some(&before), &[]));
        let findings = &outcome.contracts[0].findings;
        let seen: Vec<_> = findings.iter().map(|found| found.first_seen).collect();
        assert_eq!(seen, [Some(first), Some(NOW)]);
        let next = outcome.snapshot(UnixSeconds(NOW.0 + 86_400));
        assert_eq!(next.first_seen(&hex(1)), Some(first));
        assert_eq!(next.first_seen(&hex(2)), Some(NOW));
    }

    #[test]
    fn known_findings_pass_if_allowed_and_new_ones_never_do() {
        use Severity::{High, Low};
        let before = earlier(&[1, 2, 9]);
        let lets_known_pass = Comparison {
            lets_known_pass: true,
            ..with(Some(&before), &[])
        };
        let mut known = outcome(&[(1, High), (2, High)]);
        known.compare(&lets_known_pass);
        assert_eq!(known.verdict, Verdict::Warn);
        assert_eq!(counts_of(&known), (0, 2, 0));
        assert_eq!(known.since.as_ref().map(|since| since.fixed), Some(1));
        assert!(!known.any_finding_fails(true), "known findings do not fail");

        let mut new = outcome(&[(1, High), (3, High)]);
        new.compare(&lets_known_pass);
        assert_eq!((new.verdict, counts_of(&new)), (Verdict::Fail, (1, 1, 0)));

        let mut low = outcome(&[(1, High), (3, Low)]);
        low.compare(&lets_known_pass);
        assert_eq!(low.verdict, Verdict::Warn);
        assert!(
            low.any_finding_fails(true),
            "`strict` fails on a new finding of any severity"
        );

        let mut nightly = outcome(&[(1, High)]);
        nightly.compare(&with(Some(&before), &[]));
        assert_eq!(
            (nightly.verdict, counts_of(&nightly)),
            (Verdict::Fail, (0, 1, 0))
        );
        assert!(nightly.any_finding_fails(true));
    }

    #[test]
    fn accepted_findings_warn_until_they_expire() {
        let accepted = [
            acceptance(1, TODAY, 1),
            acceptance(2, date(2026, 11, 25), 5),
            acceptance(8, TODAY, 9),
            acceptance(7, date(2026, 1, 1), 13),
        ];
        let mut outcome = outcome(&[(1, Severity::High), (2, Severity::High)]);
        outcome.compare(&with(None, &accepted));
        assert_eq!(outcome.verdict, Verdict::Fail);
        assert_eq!(counts_of(&outcome), (0, 0, 1));
        assert_eq!(outcome.since, None);
        let warnings: Vec<_> = outcome
            .warnings
            .iter()
            .map(|warning| {
                (
                    warning.text.as_str(),
                    warning.place.as_ref().map(|place| place.line),
                )
            })
            .collect();
        assert_eq!(
            warnings,
            [
                (
                    "the acceptance of `0000000000000002` ended on 2026-11-25; its finding counts again",
                    Some(5)
                ),
                (
                    "entries of the baseline can be removed: nothing matches them any more (lines 9, 13)",
                    Some(9)
                ),
            ]
        );
        let mut outcome = self::outcome(&[(1, Severity::High)]);
        outcome.compare(&with(None, &accepted[..1]));
        assert_eq!(outcome.verdict, Verdict::Warn);
        assert!(!outcome.any_finding_fails(true));
        assert_eq!(outcome.warnings, []);
    }

    #[test]
    fn an_incomplete_run_reports_nothing_as_gone() {
        let before = earlier(&[1, 2]);
        let accepted = [acceptance(8, TODAY, 1)];
        let mut unanswered = sample::several_contracts();
        let warnings = unanswered.warnings.clone();
        unanswered.compare(&with(Some(&before), &accepted));
        assert_eq!(unanswered.verdict, Verdict::Error);
        assert_eq!(unanswered.since.as_ref().map(|since| since.fixed), Some(0));
        assert_eq!(unanswered.warnings, warnings);

        let mut partial = sample::passing();
        partial.compare(&Comparison {
            is_complete: false,
            ..with(Some(&before), &accepted)
        });
        assert_eq!(partial.since.map(|since| since.fixed), Some(0));
        assert_eq!(partial.warnings, []);
    }

    #[test]
    fn a_check_ignores_entries_for_a_rehearsal() {
        let of_rehearsal = BaselineEntry {
            entity: Some("scenario:trial/ends".to_owned()),
            ..acceptance(8, TODAY, 1)
        };
        let accepted = [of_rehearsal];
        let mut check = sample::passing();
        check.compare(&with(None, &accepted));
        assert_eq!(check.warnings, []);
        let mut rehearsal = sample::rehearsal();
        rehearsal.compare(&with(None, &accepted));
        assert_eq!(rehearsal.warnings.len(), 1);
    }

    fn rehearsal_with(result: PlayedResult) -> Outcome {
        let mut rehearsal = sample::rehearsal();
        let scenarios = &mut rehearsal.rehearsal.as_mut().unwrap().scenarios;
        scenarios.push(PlayedScenario {
            left_out: vec!["the fake does not play GET /v1/quotes".to_owned()],
            ..sample::scenario("plan-change", result)
        });
        rehearsal
    }

    #[test]
    fn an_undecided_scenario_outweighs_accepted_findings() {
        let mut rehearsal = rehearsal_with(PlayedResult::CouldNotTell);
        let fingerprint = rehearsal.fingerprints().next().unwrap().to_owned();
        let accepted = [BaselineEntry {
            fingerprint,
            ..acceptance(1, TODAY, 1)
        }];
        rehearsal.compare(&with(None, &[]));
        assert_eq!(rehearsal.verdict, Verdict::Fail);
        rehearsal.compare(&with(None, &accepted));
        assert_eq!(rehearsal.verdict, Verdict::Error);
        let problem = rehearsal.contracts[0].problem.as_ref().unwrap();
        assert_eq!(
            problem.text,
            "the scenario `plan-change` could not be judged: the fake does not play GET /v1/quotes"
        );
    }

    #[test]
    fn nothing_is_fixed_if_a_scenario_was_not_reached() {
        let before = earlier(&[9]);
        let mut rehearsal = rehearsal_with(PlayedResult::NotReached);
        rehearsal.compare(&with(Some(&before), &[acceptance(8, TODAY, 1)]));
        assert_eq!(rehearsal.since.map(|since| since.fixed), Some(0));
        assert_eq!(rehearsal.warnings, []);
    }

    #[test]
    fn many_expired_acceptances_yield_few_warnings() {
        let ended: Vec<_> = (0..14)
            .map(|number| acceptance(number, date(2026, 1, 1), 1))
            .collect();
        let findings: Vec<_> = (0..14).map(|number| (number, Severity::Low)).collect();
        let mut outcome = outcome(&findings);
        outcome.compare(&with(None, &ended));
        assert_eq!(outcome.warnings.len(), 11);
        assert_eq!(outcome.warnings[10].text, "4 more acceptances ended too");
    }

    fn severity() -> impl Strategy<Value = Severity> {
        prop::sample::select(Severity::ALL.to_vec())
    }

    prop_compose! {
        fn world()(
            findings in prop::collection::btree_map(0..12_u64, severity(), 0..8),
            before in prop::option::of(prop::collection::vec(0..12_u64, 0..8)),
            accepted in prop::collection::btree_map(0..12_u64, -2..3_i64, 0..6),
            fail_on in prop::option::of(severity()),
            lets_known_pass in any::<bool>(),
            is_complete in any::<bool>(),
            is_unanswered in any::<bool>(),
        ) -> (Outcome, Option<PreviousSnapshot>, Vec<BaselineEntry>, bool, bool) {
            let findings: Vec<_> = findings.into_iter().collect();
            let mut outcome = outcome(&findings);
            let all_findings: Vec<_> = outcome.contracts[0]
                .findings
                .iter()
                .map(|found| found.finding.clone())
                .collect();
            let verdict = if is_unanswered { Verdict::Error } else { Verdict::from_findings(&all_findings, fail_on) };
            outcome.contracts[0].fail_on = fail_on;
            outcome.contracts[0].verdict = verdict;
            outcome.verdict = verdict;
            let accepted = accepted.into_iter().map(|(number, days)| {
                let until = TODAY.checked_add(jiff::Span::new().days(days)).unwrap();
                acceptance(number, until, 1)
            });
            (outcome, before.map(|before| earlier(&before)), accepted.collect(), lets_known_pass, is_complete)
        }
    }

    fn bare_findings(outcome: &Outcome) -> Vec<Finding> {
        let found = outcome.findings();
        found
            .iter()
            .map(|(_, found)| found.finding.clone())
            .collect()
    }

    proptest! {
        #[test]
        fn no_finding_is_lost_and_no_verdict_improves_without_reason(
            (before, earlier, accepted, lets_known_pass, is_complete) in world()
        ) {
            let mut after = before.clone();
            after.compare(&Comparison { earlier: earlier.as_ref(), accepted: &accepted, now: NOW, lets_known_pass, is_complete });
            prop_assert_eq!(bare_findings(&before), bare_findings(&after));
            let all = u64::try_from(bare_findings(&after).len()).unwrap();
            let (new, known, accepted_count) = counts_of(&after);
            if earlier.is_some() {
                prop_assert_eq!(new + known + accepted_count, all);
            } else {
                prop_assert_eq!((new, known), (0, 0));
                prop_assert_eq!(&after.since, &None);
            }
            // No verdict appears or disappears, and accepting or knowing findings never turns them into a pass.
            prop_assert_eq!(before.verdict == Verdict::Error, after.verdict == Verdict::Error);
            prop_assert_eq!(before.verdict == Verdict::Pass, after.verdict == Verdict::Pass);
            prop_assert!(after.verdict <= before.verdict);
            // A verdict changes only because of accepted findings, or of known ones if they may pass.
            let may_change = accepted_count > 0 || (lets_known_pass && known > 0);
            prop_assert!(may_change || before.verdict == after.verdict);
            // A new finding that fails its contract always does so.
            let fails = after.findings().iter().any(|(contract, found)| {
                contract.fail_on.is_some_and(|least| found.finding.severity.reaches(least))
                    && matches!(found.status, Some(FindingStatus::New) | None)
            });
            prop_assert!(!fails || after.verdict >= Verdict::Fail);
        }
    }
}
