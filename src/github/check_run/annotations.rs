//! Sends annotations in batches of fifty. Each batch is appended to the check run, so none may be sent twice.

use serde_json::{Value, json};

use super::{Call, CheckOutput, CheckRun, Client, ClientError, Known, head};
use crate::report::Annotation;

/// Maximum number of annotations that GitHub accepts in a request.
const PER_REQUEST: usize = 50;

const TITLE_BYTES: usize = 255;

/// Limit of the message, and of the raw details.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Result of sending annotations.
#[derive(Debug)]
pub(in crate::github) struct Appended {
    pub sent: usize,
    /// The reason for stopping early.
    pub error: Option<ClientError>,
}

/// Sends annotations until all are sent or an error stops it.
pub(in crate::github) async fn append(
    client: &mut Client,
    run: &CheckRun,
    output: &CheckOutput<'_>,
    annotations: &[Annotation],
) -> Appended {
    let mut sent = 0;
    for chunk in annotations.chunks(PER_REQUEST) {
        let body = output.with_annotations(chunk);
        let outcome = append_chunk(client, run, body, (sent, chunk.len())).await;
        if let Err(error) = outcome {
            return Appended {
                sent,
                error: Some(error),
            };
        }
        sent += chunk.len();
    }
    Appended { sent, error: None }
}

/// Sends one batch. After a lost response it is sent again only if GitHub's count shows that the batch did not arrive.
async fn append_chunk(
    client: &mut Client,
    run: &CheckRun,
    body: Value,
    (before, length): (usize, usize),
) -> Result<(), ClientError> {
    for _ in 0..client.limits().attempts {
        let call = Call::patch(run.path.as_str(), body.clone(), false);
        let error = match client.send(call).await {
            Ok(_answer) => return Ok(()),
            Err(error) if error.is_ambiguous() => error,
            Err(error) => return Err(error),
        };
        let known: Known = client.read(Call::get(run.path.as_str())).await?;
        match known.output.and_then(|output| output.annotations_count) {
            Some(count) if count == before + length => return Ok(()),
            Some(count) if count == before => tracing::debug!(%error, "sending annotations again"),
            _ => return Err(error),
        }
    }
    Err(ClientError::OutOfTime {
        call: format!("PATCH {}", run.path),
    })
}

/// Returns the annotation within GitHub's limits, or `None` if it has no message or no path inside the repository.
pub(in crate::github) fn sendable(annotation: &Annotation) -> Option<Annotation> {
    let mut path = annotation.path.as_str();
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix('/')) {
        path = rest;
    }
    if path.is_empty()
        || path.split('/').any(|part| part == "..")
        || annotation.message.trim().is_empty()
    {
        return None;
    }
    let start_line = annotation.start_line.max(1);
    let end_line = annotation.end_line.max(start_line);
    let (start_column, end_column) = columns(annotation, start_line == end_line);
    Some(Annotation {
        path: path.to_owned(),
        start_line,
        end_line,
        start_column,
        end_column,
        level: annotation.level,
        title: head(&annotation.title, TITLE_BYTES).to_owned(),
        message: head(&annotation.message, MESSAGE_BYTES).to_owned(),
        raw_details: annotation
            .raw_details
            .as_deref()
            .map(|text| head(text, MESSAGE_BYTES).to_owned()),
    })
}

/// Returns the columns. GitHub accepts them only if the annotation is on a single line.
fn columns(annotation: &Annotation, single_line: bool) -> (Option<u32>, Option<u32>) {
    let start = annotation
        .start_column
        .filter(|column| single_line && *column > 0);
    let end = annotation
        .end_column
        .filter(|end| start.is_some_and(|start| *end >= start));
    (start, end)
}

pub(super) fn to_json(annotation: &Annotation) -> Value {
    let mut fields = json!({
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level.as_str(),
        "message": annotation.message,
    });
    let title = Some(annotation.title.as_str()).filter(|title| !title.is_empty());
    let optional = [
        ("start_column", annotation.start_column.map(Value::from)),
        ("end_column", annotation.end_column.map(Value::from)),
        ("title", title.map(Value::from)),
        (
            "raw_details",
            annotation.raw_details.as_deref().map(Value::from),
        ),
    ];
    if let Some(fields) = fields.as_object_mut() {
        for (name, value) in optional {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::AnnotationLevel;

    fn annotation() -> Annotation {
        Annotation {
            path: "./prodverdict.yml".to_owned(),
            start_line: 0,
            end_line: 0,
            start_column: Some(3),
            end_column: Some(9),
            level: AnnotationLevel::Failure,
            title: "ä".repeat(200),
            message: "x".repeat(70_000),
            raw_details: None,
        }
    }

    #[test]
    fn an_annotation_is_made_to_fit() {
        let fitting = sendable(&annotation()).unwrap();
        assert_eq!(fitting.path, "prodverdict.yml");
        assert_eq!((fitting.start_line, fitting.end_line), (1, 1));
        assert_eq!(
            (fitting.start_column, fitting.end_column),
            (Some(3), Some(9))
        );
        assert_eq!(fitting.title.len(), 254);
        assert_eq!(fitting.message.len(), 65_536);
    }

    #[test]
    fn columns_are_left_out_over_several_lines() {
        let fitting = sendable(&Annotation {
            end_line: 4,
            ..annotation()
        });
        let fitting = fitting.unwrap();
        assert_eq!((fitting.start_column, fitting.end_column), (None, None));
    }

    #[test]
    fn without_a_place_or_a_message_it_is_not_sent() {
        for odd in [
            Annotation {
                path: "./".to_owned(),
                ..annotation()
            },
            Annotation {
                path: "src/../../etc/passwd".to_owned(),
                ..annotation()
            },
            Annotation {
                message: " ".to_owned(),
                ..annotation()
            },
        ] {
            assert_eq!(sendable(&odd), None);
        }
    }
}
