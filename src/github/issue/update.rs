//! Decides about the issue from its text, its state and the findings. Pure.

use crate::baseline::Change;

/// The issue before anything is written, compared with this run.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact")]
pub(super) struct IssueState<'a> {
    pub is_open: bool,
    /// True if there are no findings now.
    pub clean: bool,
    /// The change since the issue's text was written; `None` if unknown.
    pub change: Option<&'a Change>,
    /// True if the report in the issue's text would not change.
    pub has_same_content: bool,
    /// True if the new text contains the findings for the next run.
    pub keeps_state: bool,
}

/// The actions to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IssueUpdate {
    pub writes_body: bool,
    pub moves: Option<Move>,
    pub comments: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    Close,
    Reopen,
}

const NOTHING: IssueUpdate = IssueUpdate {
    writes_body: false,
    moves: None,
    comments: false,
};

const BODY: IssueUpdate = IssueUpdate {
    writes_body: true,
    ..NOTHING
};

impl IssueState<'_> {
    pub(super) fn update(self) -> IssueUpdate {
        if self.is_open {
            self.update_open()
        } else {
            self.update_closed()
        }
    }

    fn update_open(self) -> IssueUpdate {
        let is_changed = self.change.is_some_and(|change| !change.is_empty());
        if self.clean {
            IssueUpdate {
                writes_body: true,
                moves: Some(Move::Close),
                comments: true,
            }
        } else if is_changed {
            IssueUpdate {
                comments: true,
                ..BODY
            }
        } else if self.has_same_content {
            NOTHING
        } else {
            BODY
        }
    }

    /// Decides about a closed issue. The action closes an issue only when there are no findings any more. An issue with
    /// findings was closed by a person, and stays closed until there is a finding that the person has not seen.
    fn update_closed(self) -> IssueUpdate {
        let (has_new, has_fixed) = match self.change {
            Some(change) => (!change.new.is_empty(), change.fixed > 0),
            // There may be new findings. The next run recognizes them only if the text stores them.
            None => (self.keeps_state && !self.clean, false),
        };
        if has_new {
            IssueUpdate {
                writes_body: true,
                moves: Some(Move::Reopen),
                comments: true,
            }
        } else if has_fixed {
            // A finding that returns later counts as new again.
            BODY
        } else {
            NOTHING
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(
        is_open: bool,
        now: u64,
        change: Option<(usize, u64)>,
        has_same_content: bool,
    ) -> IssueUpdate {
        let change = change.map(|(new, fixed)| Change {
            new: (0..new).collect(),
            fixed,
        });
        let state = IssueState {
            is_open,
            clean: now == 0,
            change: change.as_ref(),
            has_same_content,
            keeps_state: true,
        };
        state.update()
    }

    const COMMENT: IssueUpdate = IssueUpdate {
        comments: true,
        ..BODY
    };

    fn moved(to: Move) -> IssueUpdate {
        IssueUpdate {
            moves: Some(to),
            ..COMMENT
        }
    }

    #[test]
    fn an_open_issue_gets_a_comment_only_for_new_or_fixed_findings() {
        assert_eq!(update(true, 2, Some((0, 0)), true), NOTHING);
        assert_eq!(update(true, 2, Some((0, 0)), false), BODY);
        assert_eq!(update(true, 2, Some((1, 0)), false), COMMENT);
        assert_eq!(update(true, 2, Some((0, 1)), false), COMMENT);
        assert_eq!(update(true, 2, None, false), BODY);
        assert_eq!(update(true, 0, Some((0, 2)), false), moved(Move::Close));
        assert_eq!(update(true, 0, None, false), moved(Move::Close));
    }

    #[test]
    fn a_closed_issue_is_reopened_for_something_new_alone() {
        assert_eq!(update(false, 2, Some((2, 0)), false), moved(Move::Reopen));
        assert_eq!(update(false, 2, Some((1, 1)), false), moved(Move::Reopen));
        assert_eq!(update(false, 2, Some((0, 0)), false), NOTHING);
        assert_eq!(update(false, 2, Some((0, 1)), false), BODY);
        assert_eq!(update(false, 0, Some((0, 2)), false), BODY);
        assert_eq!(update(false, 0, Some((0, 0)), false), NOTHING);
        assert_eq!(update(false, 2, None, false), moved(Move::Reopen));
        assert_eq!(update(false, 0, None, false), NOTHING);
    }
}
