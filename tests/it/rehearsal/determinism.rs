//! The same rehearsal produces the same report, byte for byte, however many scenarios run in parallel.

use testing::handlers::Mutant;

use super::example_app::{ExampleApp, Language, SETTLE, each};

const NOW: &str = "--now 2035-11-01T00:00:00Z";

#[test]
fn equal_rehearsals_give_equal_bytes() {
    let few = "--scenario first-purchase-any-order --scenario not-paid-yet --scenario cancel-now --scenario redelivery";
    let all = [
        (None, few),
        (Some(Mutant::CancelFlowSimplified), few),
        (Some(Mutant::CreatedTrusted), few),
        // Writes to rows of other accounts, including those of parallel runs.
        (
            Some(Mutant::NullCustomerUpdated),
            "--scenario cancel-now --scenario unknown-event",
        ),
        (Some(Mutant::ErrorsSwallowed), "--scenario failing-write"),
    ];
    each(&all, |(mutant, scenarios)| {
        let example = ExampleApp::new(Language::Rust, *mutant, SETTLE);
        for format in ["json", "text"] {
            let rehearse = |jobs: u8| {
                example
                    .rehearse(&format!(
                        "--format {format} {NOW} --jobs {jobs} {scenarios}"
                    ))
                    .run()
                    .with_status(i32::from(mutant.is_some()))
                    .stdout
            };
            let side_by_side = rehearse(8);
            assert_eq!(rehearse(1), side_by_side, "{mutant:?}: one after the other");
            if format == "json" {
                assert_eq!(rehearse(8), side_by_side, "{mutant:?}: once more");
            }
        }
    });
}
