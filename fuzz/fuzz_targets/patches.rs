//! Patches of a pull request, as GitHub lists them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::changes::{ChangedFile, Diff};

fuzz_target!(|input: (String, &str)| {
    let (path, patch) = input;
    let files = [ChangedFile {
        path,
        patch: Some(patch.to_owned()),
        ..ChangedFile::default()
    }];
    for handler_paths in [vec![], vec!["**".to_owned()]] {
        if let Some((_, line)) = Diff::new(&files, &handler_paths, "prodverdict.yml").first_change() {
            assert!(line >= 1);
        }
    }
});
