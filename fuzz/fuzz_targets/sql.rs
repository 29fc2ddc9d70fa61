//! SQL of the configuration: what is accepted is passed on unchanged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prodverdict::config::sql::{CheckedSql, Now, SqlPiece, check_fragment, check_statement};

fuzz_target!(|text: &str| {
    let checked: [Result<CheckedSql<Now>, _>; 2] = [check_fragment(text), check_statement(text)];
    for checked in checked {
        match checked {
            Ok(sql) => {
                for piece in sql.pieces {
                    if let SqlPiece::Verbatim { text: piece, .. } = piece {
                        assert!(text.contains(&piece));
                    }
                }
            }
            Err(unusable) => assert!(unusable.at <= text.chars().count()),
        }
    }
});
