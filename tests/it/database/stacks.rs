//! Fifteen real stacks: their schema, their rows, and the query that reads paid access from them.

use std::{fs, path::Path};

use super::world::{ReadAccounts as _, in_a_world, lines, query};

/// A folder beside the repository, not in it.
const STACKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/stacks");

#[test]
#[expect(clippy::disallowed_macros, reason = "a test that is skipped says so")]
fn every_stack_yields_its_accounts() {
    let Ok(folder) = fs::read_dir(STACKS) else {
        eprintln!("skipped: no stacks at {STACKS}");
        return;
    };
    let mut stacks: Vec<_> = folder
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    stacks.sort();
    assert_eq!(stacks.len(), 15);
    for stack in stacks {
        in_a_world(async |world| {
            let text = |name: &str| read(&stack, name);
            world.run(&text("schema.sql")).await;
            world.run(&text("seed.sql")).await;
            let facts = world
                .read(&query(&text("probe.sql")))
                .await
                .unwrap_or_else(|error| panic!("{}: {error:?}", stack.display()));
            let expected: Vec<String> = text("expected.txt").lines().map(str::to_owned).collect();
            assert_eq!(lines(&facts), expected, "{}", stack.display());
        });
    }
}

fn read(stack: &Path, name: &str) -> String {
    fs::read_to_string(stack.join(name)).expect(name)
}
