//! Keeps the parts of a scenario that a provider plays.

use super::{
    provider::Provider,
    scenario::{Play, Scenario, Step},
    sending::with_summaries,
};

impl Scenario {
    /// Keeps a recorded scenario for Stripe, whose events recordings consist of.
    pub(crate) fn recorded_for(mut self, provider: Provider) -> Self {
        match provider {
            Provider::Stripe => {}
            Provider::Entitlements => {
                let steps = self.plays.iter_mut().flat_map(|play| &mut play.steps);
                for step in steps {
                    step.send = with_summaries(std::mem::take(&mut step.send));
                }
            }
            Provider::Paddle => {
                self.plays.clear();
                self.not_played
                    .push("recorded from Stripe's events".to_owned());
            }
        }
        self
    }

    /// Keeps what a provider plays: steps with events of another provider alone are left out, and so are plays whose first
    /// step is.
    pub(crate) fn keep_provider(&mut self, provider: Provider) {
        let mut kept = Vec::new();
        for mut play in std::mem::take(&mut self.plays) {
            let is_for_it =
                play.only.is_none_or(|only| provider.plays(only)) && play.keep_provider(provider);
            match play.reason_against(provider, is_for_it) {
                Some(reason) => self.not_played.push(match play.name {
                    Some(name) => format!("{name}: {reason}"),
                    None => reason,
                }),
                None if is_for_it => kept.push(play),
                None => {}
            }
        }
        self.plays = kept;
    }
}

impl Play {
    /// Returns the reason why a provider does not play it. A play that does not exist with Stripe is not even listed.
    fn reason_against(&self, provider: Provider, is_for_it: bool) -> Option<String> {
        match provider {
            Provider::Paddle if !is_for_it && self.only != Some(Provider::Entitlements) => {
                Some(format!("does not exist with {}", provider.name()))
            }
            Provider::Entitlements if is_for_it => self.not_with_entitlements.clone(),
            Provider::Stripe | Provider::Entitlements | Provider::Paddle => None,
        }
    }

    /// Keeps the steps of a provider. Returns false if the first is not among them.
    fn keep_provider(&mut self, provider: Provider) -> bool {
        let mut is_first_kept = None;
        self.steps.retain_mut(|step| {
            let is_kept = step.keep_provider(provider);
            is_first_kept.get_or_insert(is_kept);
            is_kept
        });
        is_first_kept.unwrap_or(true)
    }
}

impl Step {
    /// Selects the events of a provider. Returns false if only the other one sends any.
    fn keep_provider(&mut self, provider: Provider) -> bool {
        let written = std::mem::take(&mut self.written);
        let has_any = !written.is_empty();
        self.send = written.sent_by(provider);
        !has_any || !self.send.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{built_in, provider::ENTITLEMENTS_CHANGED};

    fn step(provider: Provider, id: &str) -> Option<Step> {
        let scenarios = built_in(provider).expect("scenarios").into_iter();
        let plays = scenarios.flat_map(|scenario| scenario.plays);
        let mut steps = plays.flat_map(|play| play.steps);
        steps.find(|step| step.id == id)
    }

    fn sent(provider: Provider, id: &str) -> Vec<(String, Option<String>)> {
        let sent = step(provider, id).expect("a step").send.into_iter();
        sent.map(|sending| (sending.event, sending.of)).collect()
    }

    #[test]
    fn a_summary_follows_the_events_of_its_step() {
        let updated = "customer.subscription.updated".to_owned();
        let of_purchase = Some("bought".to_owned());
        assert_eq!(
            sent(Provider::Stripe, "stale-update"),
            [(updated.clone(), of_purchase.clone())]
        );
        assert_eq!(
            sent(Provider::Entitlements, "stale-update"),
            [
                (updated, of_purchase.clone()),
                (ENTITLEMENTS_CHANGED.to_owned(), of_purchase)
            ]
        );
    }

    #[test]
    fn plays_about_entitlements_are_theirs_alone() {
        assert!(step(Provider::Entitlements, "feature-comes").is_some());
        for other in [Provider::Stripe, Provider::Paddle] {
            assert!(step(other, "feature-comes").is_none());
            let mut listed = built_in(other).expect("scenarios").into_iter();
            assert!(listed.all(|scenario| scenario.id != "feature-added"));
        }
    }
}
