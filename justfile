# The commands that CI runs. `just` alone lists them; `just ci` runs all of them.

_list:
    @just --list --unsorted

# Check the formatting; `cargo fmt --all` repairs it
fmt:
    cargo fmt --all --check

# Lint the program, its tests and its benchmarks
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo clippy --package fake-stripe --no-default-features --locked -- -D warnings

# Build the documentation, private items included
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Run the tests against a temporary Postgres: just test [arguments of cargo test]
test *arguments:
    scripts/test --locked {{ arguments }}

# Open the HTML report in headless Chromium
browser:
    scripts/test-browser

# Regenerate docs/pictures
pictures:
    scripts/report-pictures

# Check against an independent fake Stripe, installed from PyPI
localstripe:
    scripts/test-localstripe

# Rehearse published libraries, installed from npm and PyPI: just starters [NAME]...
starters *names:
    scripts/test-starters {{ names }}

# Test the presets on their stacks' tables and rows: just presets [NAME]...
presets *names:
    scripts/test-presets {{ names }}

# Follow the recipes of CONTRIBUTING.md in a copy of the tree
recipes:
    scripts/test-recipes

# Check licenses, banned and duplicate crates, their sources, and known vulnerabilities
deny:
    cargo deny --locked check

# Measure the evaluator and the whole check: time and memory for millions
bench:
    scripts/postgres cargo bench --locked

# Check the shell scripts, the workflows and action.yml
scripts:
    scripts/lint

# Test the scripts of the release workflow
release-scripts:
    scripts/test-scripts

# Build the image and run it as GitHub's runner does
container:
    scripts/test-container

# Run everything that must pass before a merge
ci:
    .ci/run
