//! Writes and reads the file of a recorded scenario.

use serde::{Deserialize, Serialize, de::IgnoredAny};
use sha2::{Digest as _, Sha256};

use super::{
    action_events::TYPES,
    lifecycle_reader::LABELS,
    purchase::{FULL_PERCENT, TRIAL_DAYS},
    shape::{LifecycleShape, LifecycleSteps, WAITS, describe_action, step_id},
};
use crate::{
    action::{ProviderAction, is_default},
    parse_error::ParseError,
    scenario::{AccountEmail, Play, RecordedTimes, Scenario, Step, Then},
    sending::{Sending, Signing, Until},
};

/// A recorded file, which has no other fields than these.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ScenarioFile {
    id: String,
    recorded: RecordedTimes,
    plays: [FilePlay; 1],
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FilePlay {
    steps: Vec<FileStep>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FileStep {
    id: String,
    #[serde(with = "serde_yaml::with::singleton_map_recursive")]
    provider: Vec<ProviderAction>,
    send: Vec<FileSending>,
    #[serde(default, skip_serializing_if = "is_default")]
    then: Then,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(untagged)]
enum FileSending {
    Plain(String),
    Until(FileUntil),
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FileUntil {
    event: String,
    until: Until,
}

/// Returns true if a scenario file has the key `recorded`.
pub(crate) fn is_recorded(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Head {
        recorded: Option<IgnoredAny>,
    }
    serde_yaml::from_str::<Head>(text).is_ok_and(|head| head.recorded.is_some())
}

/// Parses a recorded file. Refuses everything that no recording writes, because it could identify a customer.
pub(crate) fn parse(name: &str, text: &str) -> Result<Scenario, ParseError> {
    let wrong = |message: String| ParseError::Meaning {
        file: name.to_owned(),
        message,
    };
    if text.contains('#') {
        let message = "a recorded scenario holds no comments: leave out `recorded` to make it one of your own";
        return Err(wrong(message.to_owned()));
    }
    let file: ScenarioFile = serde_yaml::from_str(text).map_err(|error| ParseError::Yaml {
        file: name.to_owned(),
        message: error.to_string(),
    })?;
    let [play] = file.plays;
    check(&file.id, &play.steps).map_err(wrong)?;
    let steps: Vec<Step> = play.steps.into_iter().map(Step::from).collect();
    Ok(scenario(&file.id, file.recorded, steps))
}

/// Checks that a recording could have written the ids, events and values of the steps.
fn check(id: &str, steps: &[FileStep]) -> Result<(), String> {
    for (index, step) in steps.iter().enumerate() {
        // A wait may come before the action.
        let expected = step
            .provider
            .last()
            .map(|action| step_id(index, action))
            .unwrap_or_default();
        if step.id != expected {
            return Err(format!(
                "the `id` of step {} of a recorded scenario should be `{expected}`",
                index + 1
            ));
        }
        let mut types = step.send.iter().map(FileSending::event);
        if !types.all(|event| TYPES.contains(&event)) {
            return Err(format!(
                "step `{expected}` of a recorded scenario sends an event that is never recorded"
            ));
        }
        if !step.provider.iter().all(could_be_recorded) {
            return Err(format!(
                "step `{expected}` of a recorded scenario holds a word or a number that is never recorded"
            ));
        }
    }
    let expected = id_of(&without_waits(steps));
    if id != expected {
        return Err(format!(
            "the steps are not those that were recorded: `id` should be `{expected}`, or leave out `recorded` to make \
             it a scenario of your own"
        ));
    }
    Ok(())
}

/// Returns true if a recording could have written every value of the action.
fn could_be_recorded(action: &ProviderAction) -> bool {
    let written = serde_json::to_value(action).unwrap_or_default();
    let details = written
        .get(action.name())
        .and_then(serde_json::Value::as_object);
    details.is_some_and(|details| {
        details.iter().all(|(key, value)| match key.as_str() {
            "subscription" => LABELS.iter().any(|label| value == label),
            "days" => WAITS.iter().any(|days| value == days),
            "trial_days" => *value == TRIAL_DAYS,
            "percent_off" => *value == FULL_PERCENT,
            "quantity" => value.as_u64().is_some_and(|quantity| quantity <= 99),
            // All other values are words of an enum.
            _ => value.is_string() || value.is_array(),
        })
    })
}

/// Returns the key by which equal lifecycles are grouped: their steps without waits.
pub(super) fn grouping_key(steps: &[Step]) -> String {
    let steps: Vec<FileStep> = steps.iter().map(FileStep::from).collect();
    text_of(&without_waits(&steps))
}

fn text_of(steps: &[FileStep]) -> String {
    serde_yaml::to_string(steps).unwrap_or_default()
}

fn id_of(steps: &[FileStep]) -> String {
    let digest = Sha256::digest(text_of(steps).as_bytes());
    let beginning = digest.iter().take(4);
    let word = beginning.fold(0, |word: u32, byte| word << 8 | u32::from(*byte));
    format!("recorded-{word:08x}")
}

fn without_waits(steps: &[FileStep]) -> Vec<FileStep> {
    let mut steps = steps.to_vec();
    for step in &mut steps {
        step.provider.retain(|action| !action.is_wait());
    }
    steps
}

/// Merges equal lifecycles into one shape with the median waits between steps, or returns `None` if there are none.
pub(super) fn merge(alike: Vec<LifecycleSteps>) -> Option<LifecycleShape> {
    let customers = u64::try_from(alike.len()).unwrap_or(u64::MAX);
    let waits: Vec<Vec<u16>> = alike
        .iter()
        .map(|lifecycle| lifecycle.waits.clone())
        .collect();
    let LifecycleSteps {
        mut steps,
        expected,
        ..
    } = alike.into_iter().next()?;
    let without_waits: Vec<FileStep> = steps.iter().map(FileStep::from).collect();
    for (index, step) in steps.iter_mut().enumerate() {
        let mut days: Vec<u16> = waits
            .iter()
            .filter_map(|list| list.get(index).copied())
            .collect();
        days.sort_unstable();
        let middle = days.get(days.len().saturating_sub(1) / 2).copied();
        if let Some(days) = middle.filter(|days| *days > 0) {
            step.provider.insert(0, ProviderAction::Wait { days });
        }
    }
    let recorded = RecordedTimes { customers };
    Some(LifecycleShape {
        customers,
        scenario: scenario(&id_of(&without_waits), recorded, steps),
        expected,
    })
}

fn scenario(id: &str, recorded: RecordedTimes, steps: Vec<Step>) -> Scenario {
    let actions: Vec<_> = steps.iter().map(|step| step.does.as_str()).collect();
    let customers = recorded.customers;
    let plural = if customers == 1 { "" } else { "s" };
    Scenario {
        id: id.to_owned(),
        title: actions.join(", "),
        ends: "what the contract says".to_owned(),
        why: format!("{customers} customer{plural} went through it in production"),
        needs: Vec::new(),
        not_played: Vec::new(),
        plays: vec![Play {
            only: None,
            not_with_entitlements: None,
            email: AccountEmail::LowerCase,
            name: None,
            needs: Vec::new(),
            each: None,
            steps,
        }],
        is_own: true,
        recorded: Some(recorded),
    }
}

/// Returns the text of the file of a recorded scenario, or `None` if the scenario was not recorded.
pub fn render(scenario: &Scenario) -> Option<String> {
    let steps = scenario.plays.first()?.steps.iter().map(FileStep::from);
    let file = ScenarioFile {
        id: scenario.id.clone(),
        recorded: scenario.recorded?,
        plays: [FilePlay {
            steps: steps.collect(),
        }],
    };
    serde_yaml::to_string(&file).ok()
}

impl From<&Step> for FileStep {
    fn from(step: &Step) -> Self {
        let sending = |sending: &Sending| match sending.until {
            None => FileSending::Plain(sending.event.clone()),
            Some(until) => FileSending::Until(FileUntil {
                event: sending.event.clone(),
                until,
            }),
        };
        Self {
            id: step.id.clone(),
            provider: step.provider.clone(),
            send: step.send.iter().map(sending).collect(),
            then: step.then,
        }
    }
}

impl From<FileStep> for Step {
    fn from(step: FileStep) -> Self {
        let actions = step.provider.iter();
        let actions = actions.filter(|action| !action.is_wait());
        Self {
            does: actions.map(describe_action).collect::<Vec<_>>().join(", "),
            id: step.id,
            provider: step.provider,
            send: step.send.into_iter().map(Sending::from).collect(),
            then: step.then,
            ..Self::default()
        }
    }
}

impl FileSending {
    fn event(&self) -> &str {
        match self {
            Self::Plain(event) | Self::Until(FileUntil { event, .. }) => event,
        }
    }
}

impl From<FileSending> for Sending {
    fn from(sending: FileSending) -> Self {
        let (event, until) = match sending {
            FileSending::Plain(event) => (event, None),
            FileSending::Until(FileUntil { event, until }) => (event, Some(until)),
        };
        Self {
            event,
            of: None,
            signed: Signing::AsDocumented,
            until,
            is_optional: false,
        }
    }
}
