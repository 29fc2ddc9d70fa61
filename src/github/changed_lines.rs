//! Which changed line of a pull request a finding is likely about: pure functions over what the pull request changes.

/// A file as a pull request changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedFile {
    /// Where it is after the change.
    pub path: String,
    pub is_removed: bool,
    /// Its hunks in the unified format; none where GitHub leaves them out, as for a file that is too large.
    pub patch: Option<String>,
}

/// A line of the new version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLine {
    pub path: String,
    /// Counted from one.
    pub line: u32,
    /// The only line that the pull request takes away in this file with that name in it, and it adds none.
    pub lost: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Removed,
    Added,
}

/// A line that was removed or added.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change<'p> {
    side: Side,
    text: &'p str,
    /// Where it is in the new version, or what now stands nearest to where it was.
    line: u32,
}

/// The line that tells most about a finding. `names` are those that matter to it, the weightiest first. Among the
/// changes of `files` it is the one that mentions the weightiest name, a removed line before an added one, of the hunk
/// that mentions most names; without any such line it is the first one that changed.
pub fn best_line(files: &[ChangedFile], names: &[String]) -> Option<ChangedLine> {
    let mut files: Vec<_> = files.iter().filter(|file| !file.is_removed).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let mut best: Option<((usize, Side, usize), ChangedLine)> = None;
    for file in &files {
        for hunk in hunks(file.patch.as_deref().unwrap_or_default()) {
            let mentioned = |name: &String| hunk.iter().any(|one| mentions(one.text, name));
            let most = names.len() - names.iter().filter(|name| mentioned(name)).count();
            for change in &hunk {
                let Some(weight) = names.iter().position(|name| mentions(change.text, name)) else {
                    continue;
                };
                let rank = (weight, change.side, most);
                if best.as_ref().is_none_or(|(found, _)| rank < *found) {
                    let name = names.get(weight);
                    let lost = name.filter(|name| loses(file, name)).cloned();
                    let path = file.path.clone();
                    let line = change.line;
                    best = Some((rank, ChangedLine { path, line, lost }));
                }
            }
        }
    }
    best.map(|(_, line)| line).or_else(|| first_line(&files))
}

/// The first line that changed in the first file of which that is known.
fn first_line(files: &[&ChangedFile]) -> Option<ChangedLine> {
    let line = |file: &ChangedFile, line| ChangedLine {
        path: file.path.clone(),
        line,
        lost: None,
    };
    let first = |file: &&&ChangedFile| {
        let hunks = hunks(file.patch.as_deref()?);
        Some(line(file, hunks.first()?.first()?.line))
    };
    files
        .iter()
        .find_map(|file| first(&file))
        .or_else(|| files.first().map(|file| line(file, 1)))
}

/// Whether a file takes exactly one line with this very name away and adds none.
fn loses(file: &ChangedFile, name: &str) -> bool {
    let hunks = hunks(file.patch.as_deref().unwrap_or_default());
    let with_name = hunks
        .iter()
        .flatten()
        .filter(|change| says(change.text, name));
    let sides: Vec<_> = with_name.map(|change| change.side).collect();
    sides == [Side::Removed]
}

/// Whether the text holds the name itself, as a word.
pub fn says(text: &str, name: &str) -> bool {
    let continues = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text
                .get(at + name.len()..)
                .and_then(|text| text.chars().next());
            !continues(before) && !continues(after)
        })
}

/// Whether a line of code speaks of the name, also where the language spells it in another way: `has_paid_access` as
/// `hasPaidAccess`, and `customer.subscription.deleted` as `handleCustomerSubscriptionDeleted`.
fn mentions(line: &str, name: &str) -> bool {
    if says(line, name) {
        return true;
    }
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let (wanted, is_event) = (plain(name), name.contains('.'));
    // A plan called `pro` is not every word that has these letters.
    if wanted.len() < 4 {
        return false;
    }
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-') || (is_event && c == '.');
    line.split(|c| !in_word(c))
        .map(plain)
        .any(|word| word == wanted || (is_event && word.contains(&wanted)))
}

/// The changed lines of each hunk, in their order. What is no hunk is passed over.
fn hunks(patch: &str) -> Vec<Vec<Change<'_>>> {
    let mut hunks: Vec<Vec<Change<'_>>> = Vec::new();
    // The next line of the new version, and whether a hunk has begun.
    let mut next: Option<u32> = None;
    for text in patch.lines() {
        if let Some(start) = new_start(text) {
            finish(hunks.last_mut(), next);
            next = Some(start);
            hunks.push(Vec::new());
            continue;
        }
        let (Some(line), Some(hunk)) = (next, hunks.last_mut()) else {
            continue;
        };
        let change = |side, text| Change { side, text, line };
        if let Some(text) = text.strip_prefix('+') {
            hunk.push(change(Side::Added, text));
            next = Some(line.saturating_add(1));
        } else if let Some(text) = text.strip_prefix('-') {
            hunk.push(change(Side::Removed, text));
        } else if !text.starts_with('\\') {
            next = Some(line.saturating_add(1));
        }
    }
    finish(hunks.last_mut(), next);
    hunks
}

/// What was removed at the end of a hunk has no line behind it there, so that the one before it is nearest.
fn finish(hunk: Option<&mut Vec<Change<'_>>>, next: Option<u32>) {
    let last = next.unwrap_or(1).saturating_sub(1).max(1);
    for change in hunk.into_iter().flatten() {
        change.line = change.line.min(last).max(1);
    }
}

/// `@@ -1,7 +2,8 @@` begins at line 2 of the new version; at line 1 where that is empty.
fn new_start(text: &str) -> Option<u32> {
    let (_, behind) = text.strip_prefix("@@ -")?.split_once(" +")?;
    let (numbers, _) = behind.split_once(" @@")?;
    let start = numbers.split(',').next()?;
    start.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str, patch: &str) -> ChangedFile {
        ChangedFile {
            path: path.to_owned(),
            is_removed: false,
            patch: Some(patch.to_owned()),
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[track_caller]
    fn expect(files: &[ChangedFile], of: &[&str], path: &str, line: u32, lost: Option<&str>) {
        let expected = ChangedLine {
            path: path.to_owned(),
            line,
            lost: lost.map(str::to_owned),
        };
        assert_eq!(best_line(files, &names(of)), Some(expected));
        let mut turned = files.to_vec();
        turned.reverse();
        assert_eq!(best_line(&turned, &names(of)), best_line(files, &names(of)));
    }

    const CANCEL: &str = "\
@@ -1,3 +1,4 @@
 const a = 1;
+const renamed = 2;
 const b = 3;
 const c = 4;
@@ -119,7 +120,6 @@ function follow() {
     cancel_at_period_end: false,
   };
   if (none) {
-    return { ...followed, has_paid_access: false, plan: 'free' };
+    return { ...followed, plan: 'free' };
   }
   const plan = 1;
-  dropped();
";

    #[test]
    fn the_line_that_mentions_the_weightiest_name_is_the_one() {
        let files = [file("webhook.js", CANCEL)];
        expect(
            &files,
            &["has_paid_access", "plan"],
            "webhook.js",
            123,
            Some("has_paid_access"),
        );
        // Removed and added: nothing is lost.
        expect(&files, &["plan"], "webhook.js", 123, None);
        expect(&files, &["dropped"], "webhook.js", 125, Some("dropped"));
        expect(&files, &["renamed"], "webhook.js", 2, None);
    }

    #[test]
    fn other_spellings_of_a_name_are_that_name_but_not_its_letters() {
        for (line, name, is_meant) in [
            ("user.hasPaidAccess = true", "has_paid_access", true),
            ("user.hasPaidAccessories = true", "has_paid_access", false),
            (
                "case 'customer.subscription.deleted':",
                "customer.subscription.deleted",
                true,
            ),
            (
                "onCustomerSubscriptionDeleted(event)",
                "customer.subscription.deleted",
                true,
            ),
            (
                "customer_subscription_deleted",
                "customer.subscription.deleted",
                true,
            ),
            (
                "customer.subscription",
                "customer.subscription.deleted",
                false,
            ),
            ("plan: 'pro'", "pro", true),
            ("promise.profit()", "pro", false),
            ("price_1ProMonthly: 'pro'", "price_1ProMonthly", true),
            ("an explanation", "plan", false),
        ] {
            assert_eq!(mentions(line, name), is_meant, "{line} and {name}");
        }
    }

    #[test]
    fn a_removed_line_outweighs_an_added_one_and_a_busy_hunk_a_quiet_one() {
        let both = "@@ -1 +1,2 @@\n+seats = 1\n a\n@@ -9,2 +10 @@\n-seats = 2\n b\n";
        expect(&[file("a.ts", both)], &["seats"], "a.ts", 10, None);
        let quiet = "@@ -1,2 +1 @@\n-seats\n x\n";
        let busy = "@@ -5,2 +5 @@\n-seats; plan\n x\n";
        let files = [file("a.ts", quiet), file("b.ts", busy)];
        expect(&files, &["seats", "plan"], "b.ts", 5, Some("seats"));
        expect(&files, &["seats"], "a.ts", 1, Some("seats"));
    }

    #[test]
    fn without_a_name_the_first_change_of_the_first_file_is_shown() {
        let files = [
            file("b.ts", "@@ -3,2 +3,3 @@\n x\n+y\n z"),
            file("c.ts", "@@ -1 +1 @@\n+z"),
        ];
        expect(&files, &["seats"], "b.ts", 4, None);
        let unknown = ChangedFile {
            path: "a.ts".to_owned(),
            ..ChangedFile::default()
        };
        expect(&[unknown.clone(), files[0].clone()], &[], "b.ts", 4, None);
        expect(std::slice::from_ref(&unknown), &[], "a.ts", 1, None);
        let gone = ChangedFile {
            is_removed: true,
            ..files[0].clone()
        };
        assert_eq!(best_line(&[gone], &names(&["y"])), None);
        assert_eq!(best_line(&[], &[]), None);
    }

    #[test]
    fn a_file_that_becomes_empty_still_has_a_first_line() {
        expect(
            &[file("a.ts", "@@ -1,2 +0,0 @@\n-seats\n-b")],
            &["seats"],
            "a.ts",
            1,
            Some("seats"),
        );
    }

    #[test]
    fn a_name_that_is_lost_twice_or_comes_back_is_not_the_only_line() {
        let twice = "@@ -1,3 +1 @@\n-seats\n-seats\n x";
        expect(&[file("a.ts", twice)], &["seats"], "a.ts", 1, None);
        let moved = "@@ -1,2 +1 @@\n-seats\n x\n@@ -9 +8,2 @@\n y\n+  seats";
        expect(&[file("a.ts", moved)], &["seats"], "a.ts", 1, None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_and_every_line_is_one_of_the_file(
            patch in r"(@@ -[0-9]{1,2}(,[0-9])? \+[0-9]{1,2}(,[0-9])? @@\n|[+\- ][a-z ]{0,8}\n|seats|\PC|\n)*"
        ) {
            let found = best_line(&[file("a", &patch)], &names(&["seats"])).unwrap();
            prop_assert!(found.line >= 1);
        }
    }
}
