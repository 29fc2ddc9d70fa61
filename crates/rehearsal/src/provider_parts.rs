//! Keeps the parts of a scenario that a provider plays.

use super::{
    provider::Provider,
    scenario::{Play, Scenario, Step},
};

impl Scenario {
    /// Keeps a recorded scenario for Stripe, whose events recordings consist of.
    pub(crate) fn recorded_for(mut self, provider: Provider) -> Self {
        if provider != Provider::Stripe {
            self.plays.clear();
            self.not_played
                .push("recorded from Stripe's events".to_owned());
        }
        self
    }

    /// Keeps what a provider plays: steps with events of another provider alone are left out, and so are plays whose first
    /// step is.
    pub(crate) fn keep_provider(&mut self, provider: Provider) {
        let mut kept = Vec::new();
        for mut play in std::mem::take(&mut self.plays) {
            let is_for_it = play.only.is_none_or(|only| only == provider);
            if is_for_it && play.keep_provider(provider) {
                kept.push(play);
            } else if provider == Provider::Paddle {
                let name = play
                    .name
                    .map(|name| format!("{name}: "))
                    .unwrap_or_default();
                let reason = format!("{name}{} has no such thing", provider.name());
                self.not_played.push(reason);
            }
        }
        self.plays = kept;
    }
}

impl Play {
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
        let mut written = std::mem::take(&mut self.written);
        let has_any = !written.is_empty();
        self.send = std::mem::take(written.for_provider(provider));
        !has_any || !self.send.is_empty()
    }
}
