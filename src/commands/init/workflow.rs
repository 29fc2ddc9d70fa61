//! The GitHub workflows that `init` writes.

use crate::presets::Preset;

pub(super) const CHECK: &str = ".github/workflows/prodverdict.yml";
pub(super) const REHEARSAL: &str = ".github/workflows/prodverdict-rehearsal.yml";

/// The checkout action at a full commit, as in the documentation.
const CHECKOUT: &str = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";
const SETUP_NODE: &str = "actions/setup-node@53b83947a5a98c8d113130e565377fae1a50d02f # v6.3.0";
/// ProdVerdict's action, with placeholders that cannot be a name on GitHub or a commit: GitHub refuses the workflow until
/// they are replaced, and nobody can register an account that the workflow would use unchanged.
const ACTION: &str =
    "<OWNER>/prodverdict-action@<COMMIT> # replace both: see the first lines of this file";

const HEADER: &str = "# Before the first run, replace <OWNER> by the account whose repository holds ProdVerdict's action, and <COMMIT> by the
# full 40 digits of one of its commits. GitHub refuses to run the file until then.
";

/// The text of `HEADER` for the person who runs `init`.
pub(super) const NOT_PUBLISHED: &str = "before the first run of a workflow, replace `<OWNER>` and `<COMMIT>` in it: ProdVerdict's \
     action is not published yet, so name the account with a copy of its repository, and the full 40 digits of a commit";

/// Returns the workflow that checks pull requests, the default branch, the merge queue, and every night.
pub(super) fn check(key_env: &str, url_env: &str) -> String {
    format!(
        "{HEADER}name: Billing and access
on:
  pull_request:
  push: {{ branches: [main] }} # for `new` and `known` on pull requests
  merge_group:
  schedule: [{{ cron: \"17 3 * * *\" }}]
  workflow_dispatch:
permissions: {{}}
concurrency:
  group: prodverdict-${{{{ github.event_name }}}}-${{{{ github.ref }}}}
  cancel-in-progress: ${{{{ github.event_name == 'pull_request' }}}}
jobs:
  billing: # make this job the required check
    runs-on: ubuntu-latest
    timeout-minutes: 30
    permissions:
      contents: read
      checks: write # the check run with an annotation at each line
      pull-requests: write # the one comment
      issues: write # the one issue that the nightly run keeps
    steps:
      - uses: {CHECKOUT}
        with: {{ persist-credentials: false }}
      - uses: {ACTION}
        env:
          {key_env}: ${{{{ secrets.{key_env} }}}}
          {url_env}: ${{{{ secrets.{url_env} }}}}
"
    )
}

/// Returns the workflow that rehearses the webhook handler of an application with this preset. For applications that do not
/// run on Node, comments mark what to replace.
pub(super) fn rehearsal(preset: &Preset) -> String {
    let detect = &preset.description.detect.packages;
    let is_node = !detect.npm.is_empty();
    let (setup, start) = if is_node {
        let setup = format!(
            "      - uses: {SETUP_NODE}\n        with: {{ node-version: 24 }}\n      - run: npm ci\n      - run: npm run build --if-present\n"
        );
        (setup, "npm start")
    } else {
        let note = "      # Install what your application needs here, and replace `bin/start` below by the command that starts it.\n";
        (note.to_owned(), "bin/start")
    };
    format!(
        "{HEADER}name: Billing rehearsal
on: pull_request
permissions: {{}}
concurrency:
  group: prodverdict-rehearsal-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  rehearsal:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    permissions:
      contents: read
      checks: write
      pull-requests: write
    services:
      postgres:
        image: postgres:17
        env: {{ POSTGRES_PASSWORD: scratch }}
        ports: [\"5432:5432\"]
        options: --health-cmd pg_isready --health-interval 2s --health-retries 15
    steps:
      - uses: {CHECKOUT}
        with: {{ persist-credentials: false }}
{setup}      # Create the tables first: `rehearsal.database.migrate` in prodverdict.yml, or a step here.
      - run: cargo install --locked --git \"https://github.com/<OWNER>/prodverdict-action\" --rev \"<COMMIT>\" prodverdict
      - id: rehearsal
        run: prodverdict rehearse --output rehearsal.json -- {start}
        env: {{ REHEARSAL_DATABASE_URL: \"postgres://postgres:scratch@localhost:5432/postgres\" }}
      - uses: {ACTION}
        if: ${{{{ !cancelled() && steps.rehearsal.outcome != 'skipped' }}}}
        with: {{ mode: publish, report: rehearsal.json }}
"
    )
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn workflows_are_valid_and_grant_nothing_by_default() {
        let presets = crate::presets::all().unwrap();
        let rehearsals = presets.iter().map(rehearsal);
        for text in rehearsals.chain([check("STRIPE_SECRET_KEY", "DATABASE_URL")]) {
            let workflow: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            assert_eq!(workflow["permissions"], serde_json::json!({}), "{text}");
            assert!(workflow["concurrency"]["group"].is_string(), "{text}");
            assert!(workflow["jobs"].is_object(), "{text}");
        }
    }

    #[test]
    fn the_check_runs_on_each_event_that_matters() {
        let text = check("KEY", "URL");
        for part in [
            "pull_request:",
            "push: { branches: [main] }",
            "merge_group:",
            "schedule:",
            "workflow_dispatch:",
            "KEY: ${{ secrets.KEY }}",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
