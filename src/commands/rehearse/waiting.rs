//! Waits for the writes of the handler.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    account_state::{AccountState, account_state},
    run::ActiveRun,
    systems::Systems,
    write_times::name_of,
};
use crate::{
    commands::failure::Failure,
    rehearsal::{ExpectedRow, RowState, Step},
};

/// First pause between two reads, which doubles up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(250);

/// Waits as long as the handler may take to write after its responses.
pub(super) async fn wait_for_quiet(systems: &Systems<'_>) {
    sleep(systems.handler.writes.quiet()).await;
}

/// Waits until the rows stay as they are, if the handler writes after its responses: otherwise such a write would be
/// charged to a later step. Returns true if they changed. The first right step of a rehearsal shows whether they do.
pub(super) async fn wait_for_late_writes(
    systems: &Systems<'_>,
    tokens: &[String],
    is_right: bool,
) -> Result<bool, Failure> {
    let writes = &systems.handler.writes;
    // A wrong account was waited for already.
    if !is_right || !writes.begin_watching() && !writes.are_late() {
        return Ok(false);
    }
    let began = Instant::now();
    let mut rows = systems.database.rows_of(tokens).await?;
    let mut unchanged_since = began;
    let mut has_changed = false;
    let mut pause = FIRST_PAUSE;
    while unchanged_since.elapsed() < writes.quiet()
        && began.elapsed() < systems.config.settings.settle
    {
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE / 4);
        let now = systems.database.rows_of(tokens).await?;
        if rows.changes(&now).is_empty() {
            continue;
        }
        writes.wrote_late(unchanged_since.elapsed());
        rows = now;
        unchanged_since = Instant::now();
        has_changed = true;
    }
    Ok(has_changed)
}

/// Waits until the account is right, `is_enough` returns true, or the handler's time is over.
pub(super) async fn wait(
    systems: &Systems<'_>,
    step: &Step,
    run: &mut ActiveRun<'_>,
    is_enough: impl AsyncFn() -> Result<bool, Failure>,
) -> Result<AccountState, Failure> {
    let writes = &systems.handler.writes;
    let name = name_of(step);
    let before = run.last.as_ref().map(|state| state.row.clone());
    let before = before.unwrap_or_default();
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut first_read = None;
    loop {
        let state = account_state(systems, &run.account, step.then.row).await?;
        let has_written = *first_read.get_or_insert_with(|| state.row.clone()) != state.row;
        let is_right = is_right(systems, step, run, (&before, &state)).await;
        let took = began.elapsed();
        if is_right {
            writes.came_right(took);
            if has_written {
                writes.wrote_late(took);
            }
            return Ok(state);
        }
        if is_enough().await? {
            return Ok(state);
        }
        let reason = state.findings.first().map(|finding| finding.rule);
        let is_known = run.wrong_for.contains(&reason);
        if took >= writes.limit(&name, reason, is_known) {
            writes.stayed_wrong(&name, reason);
            run.wrong_for.push(reason);
            return Ok(state);
        }
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

async fn is_right(
    systems: &Systems<'_>,
    step: &Step,
    run: &ActiveRun<'_>,
    (before, state): (&RowState, &AccountState),
) -> bool {
    let row = &state.row;
    let is_kept = (row.paid || !before.paid) && row.plan == before.plan;
    if !row.exists || !state.findings.is_empty() || step.then.row == ExpectedRow::Kept && !is_kept {
        return false;
    }
    match &systems.access_endpoint {
        Some(endpoint) => endpoint.agrees(&run.account, state.expected_access).await,
        None => true,
    }
}
