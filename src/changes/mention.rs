//! Finds a name in a line of code, in any spelling, and classifies what the line does with it.

use super::name::{Name, NameKind, normalized};

/// The way in which a line uses a name, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameUse {
    /// The line assigns a value to it.
    Assigned,
    /// The line refers to it in code: in quotes, after a dot, before a comparison.
    Referenced,
    /// The word occurs, in whatever role.
    Mentioned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mention<'t> {
    pub(super) how: NameUse,
    /// Name as the line spells it.
    pub(super) spelled: &'t str,
}

/// Verbs that prefix a name in identifiers, as in `setPlan`.
const VERBS: &[&str] = &["set", "get", "update", "with", "reset", "clear", "mark"];

/// SQL keywords that precede a table or a column.
const SQL_KEYWORDS: &[&str] = &[
    "add", "alter", "by", "column", "drop", "from", "insert", "into", "join", "on", "rename",
    "select", "set", "table", "to", "update", "where",
];

/// Words before a name that mark a read of its value, or a declaration.
const READING_WORDS: &[&str] = &[
    "and",
    "assert",
    "case",
    "constraint",
    "def",
    "elif",
    "elsif",
    "exclude",
    "expect",
    "filter",
    "find",
    "fn",
    "func",
    "function",
    "get",
    "having",
    "if",
    "interface",
    "on",
    "or",
    "query",
    "select",
    "type",
    "unless",
    "until",
    "when",
    "where",
    "while",
];

/// Words that introduce a write, even after one of the [`READING_WORDS`].
const WRITE_CLAUSES: &[&str] = &["set", "data", "values"];

/// Words before `name: value` or `name => value` that mark it as a write.
const WRITING_WORDS: &[&str] = &[
    "assign",
    "attributes",
    "create",
    "data",
    "insert",
    "merge",
    "patch",
    "save",
    "set",
    "update",
    "upsert",
    "values",
];

/// Words after `name:` that are types, not values.
const TYPES: &[&str] = &[
    "any",
    "array",
    "bigint",
    "bool",
    "boolean",
    "date",
    "datetime",
    "float",
    "int",
    "integer",
    "map",
    "number",
    "option",
    "optional",
    "record",
    "str",
    "string",
    "text",
    "timestamp",
    "uuid",
    "varchar",
    "z",
];

/// Returns the strongest mention of a name in a line.
pub(super) fn mention<'t>(line: &'t str, name: &Name) -> Option<Mention<'t>> {
    let found = places(line, name).into_iter().filter_map(|(start, end)| {
        let how = how(line.get(..start)?, line.get(end..)?, name.kind);
        let spelled = line.get(start..end)?;
        Some(Mention { how, spelled })
    });
    found.min_by_key(|mention| mention.how)
}

/// Returns the byte ranges of the name in the line.
fn places(line: &str, name: &Name) -> Vec<(usize, usize)> {
    let mut places: Vec<_> = line
        .match_indices(&name.text)
        .map(|(at, text)| (at, at + text.len()))
        .filter(|(start, end)| stands_alone(line, *start, *end))
        .collect();
    if name.kind == NameKind::Price {
        return places;
    }
    let mut add = |joins: fn(char) -> bool| {
        for (start, word) in words(line, joins) {
            let end = start + word.len();
            if is_spelling(word, name) && stands_alone(line, start, end) {
                places.push((start, end));
            }
        }
    };
    add(|c| c == '_');
    if line.contains('-') {
        add(|c| matches!(c, '_' | '-'));
    }
    if name.kind == NameKind::Event {
        add(|c| matches!(c, '_' | '-' | '.'));
    }
    places
}

/// Splits a line into runs of letters, digits and joining characters, each with its offset.
fn words(line: &str, joins: fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    line.split(move |c: char| !c.is_alphanumeric() && !joins(c))
        .map(move |word| {
            let start = at;
            // The separator may take several bytes.
            let rest = line.get(start + word.len()..).unwrap_or_default();
            at = start + word.len() + rest.chars().next().map_or(0, char::len_utf8);
            (start, word)
        })
        .filter(|(_, word)| !word.is_empty())
}

/// Returns true if the surrounding characters do not continue the word: `pro` is not part of `promise` or of `semi-pro`.
fn stands_alone(line: &str, start: usize, end: usize) -> bool {
    let mut before = line.get(..start).unwrap_or_default().chars().rev();
    let mut after = line.get(end..).unwrap_or_default().chars();
    !continues(before.next(), before.next()) && !continues(after.next(), after.next())
}

fn continues(next: Option<char>, second: Option<char>) -> bool {
    match next {
        // `-` joins words, but also subtracts numbers.
        Some('-') => second.is_some_and(char::is_alphabetic),
        Some(next) => next.is_alphanumeric() || next == '_',
        None => false,
    }
}

/// Returns true if the word is the name in another spelling: `hasPaidAccess`, `setHasPaidAccess`, and for an event
/// `handleCustomerSubscriptionDeleted` or `handleSubscriptionDeleted`.
fn is_spelling(word: &str, name: &Name) -> bool {
    let wanted = name.normalized.as_str();
    if word.len() > 3 * wanted.len() + 40 {
        return false;
    }
    let word = normalized(word);
    if name.kind == NameKind::Event {
        // Applications often omit `customer`: every subscription belongs to one.
        let short = wanted
            .strip_prefix("customer")
            .filter(|rest| rest.starts_with("subscription"));
        return word.contains(wanted) || short.is_some_and(|short| word.contains(short));
    }
    let after_verb = || {
        let mut verbs = VERBS.iter().filter_map(|verb| word.strip_prefix(verb));
        name.is_distinctive() && verbs.any(|rest| rest == wanted)
    };
    word == wanted || (name.kind == NameKind::Column && after_verb())
}

fn how(before: &str, after: &str, kind: NameKind) -> NameUse {
    let mut start = before.trim_start().chars();
    let is_markup =
        start.next() == Some('<') && start.next().is_some_and(|c| c.is_alphabetic() || c == '/');
    if is_markup {
        // An attribute or a text of a page.
        return NameUse::Mentioned;
    }
    let in_quotes = after.starts_with(['"', '\'', '`']);
    let after = after.trim_start_matches(['"', '\'', '`', ']']).trim_start();
    let assigns = [":=", "+=", "-=", "||=", "??="]
        .iter()
        .any(|sign| after.starts_with(sign))
        || (after.starts_with('=')
            && !["==", "=~", "=>"]
                .iter()
                .any(|sign| after.starts_with(sign)));
    let pairs = after.starts_with("=>") || (after.starts_with(':') && !after.starts_with("::"));
    let lower = before.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if kind == NameKind::Column && (assigns || pairs) {
        let only_reads = only_reads(&words) || before.contains("&&");
        let begins =
            |list: &[&str], word: &&str| list.iter().any(|prefix| word.starts_with(prefix));
        let writes = words.iter().any(|word| begins(WRITING_WORDS, word));
        if !only_reads && (assigns || (writes && !is_type(after))) {
            return NameUse::Assigned;
        }
        return NameUse::Referenced;
    }
    let compared = [":", "=", "!=", "<>", ">=", "<="];
    let is_compared = compared.iter().any(|sign| after.starts_with(sign));
    let is_inside =
        before.ends_with("->") || before.ends_with(['.', '"', '\'', '`', '[', ':', '@', '$']);
    let follows_sql = words.last().is_some_and(|word| SQL_KEYWORDS.contains(word));
    if in_quotes || is_compared || is_inside || follows_sql {
        NameUse::Referenced
    } else {
        NameUse::Mentioned
    }
}

/// Returns true if the words before a name mark a read, as in `where plan = …` but not `where … update … set plan = …`.
fn only_reads(words: &[&str]) -> bool {
    let is_reading = |word: &&str| {
        let begins = |prefix: &&str| prefix.len() > 3 && word.starts_with(*prefix);
        READING_WORDS.contains(word) || READING_WORDS.iter().any(begins)
    };
    let last_read = words.iter().rposition(is_reading);
    let last_write = words.iter().rposition(|word| WRITE_CLAUSES.contains(word));
    last_read.is_some_and(|last_read| last_write.is_none_or(|last_write| last_write < last_read))
}

/// Returns true if a type follows: `: boolean` declares a type and assigns no value.
fn is_type(after: &str) -> bool {
    let word = after.trim_start_matches([':', '=', '>']).trim_start();
    let word: String = word.chars().take_while(|c| c.is_alphanumeric()).collect();
    TYPES.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn of(kind: NameKind, name: &str, line: &str) -> Option<(NameUse, String)> {
        let name = Name::new(kind, name).unwrap();
        mention(line, &name).map(|mention| (mention.how, mention.spelled.to_owned()))
    }

    #[test]
    fn other_spellings_of_a_name_are_that_name_but_not_its_letters() {
        let deleted = "customer.subscription.deleted";
        for (line, kind, name, spelled) in [
            (
                "user.hasPaidAccess = true",
                NameKind::Column,
                "has_paid_access",
                Some("hasPaidAccess"),
            ),
            (
                "setHasPaidAccess(true)",
                NameKind::Column,
                "has_paid_access",
                Some("setHasPaidAccess"),
            ),
            (
                "user.hasPaidAccessories = true",
                NameKind::Column,
                "has_paid_access",
                None,
            ),
            (
                "user.old_has_paid_access",
                NameKind::Column,
                "has_paid_access",
                None,
            ),
            (
                "add('is_member-until')",
                NameKind::Column,
                "is_member",
                None,
            ),
            (
                "case 'customer.subscription.deleted':",
                NameKind::Event,
                deleted,
                Some(deleted),
            ),
            (
                "onCustomerSubscriptionDeleted(event)",
                NameKind::Event,
                deleted,
                Some("onCustomerSubscriptionDeleted"),
            ),
            (
                "handleSubscriptionDeleted(event)",
                NameKind::Event,
                deleted,
                Some("handleSubscriptionDeleted"),
            ),
            (
                "customer_subscription_deleted",
                NameKind::Event,
                deleted,
                Some("customer_subscription_deleted"),
            ),
            ("customer.subscription", NameKind::Event, deleted, None),
            ("plan: 'pro'", NameKind::Plan, "pro", Some("pro")),
            ("plan: Plan.PRO", NameKind::Plan, "pro", Some("PRO")),
            ("promise.profit()", NameKind::Plan, "pro", None),
            ("amount = pro-rata", NameKind::Plan, "pro", None),
            (
                "price_1ProMonthly: 'pro'",
                NameKind::Price,
                "price_1ProMonthly",
                Some("price_1ProMonthly"),
            ),
            (
                "price_1promonthly: 'pro'",
                NameKind::Price,
                "price_1ProMonthly",
                None,
            ),
            ("an explanation", NameKind::Column, "plan", None),
            ("seats-1", NameKind::Column, "seats", Some("seats")),
            ("é漢 seats", NameKind::Column, "seats", Some("seats")),
        ] {
            let found = of(kind, name, line).map(|(_, spelled)| spelled);
            assert_eq!(found.as_deref(), spelled, "{line} and {name}");
        }
    }

    #[test]
    fn a_line_sets_a_name_only_if_it_certainly_assigns_a_value() {
        for (line, how) in [
            ("user.plan = 'pro'", NameUse::Assigned),
            ("user[\"plan\"] = plan_of(price)", NameUse::Assigned),
            (
                "update users set plan = $1 where id = $2",
                NameUse::Assigned,
            ),
            (
                "on conflict (id) do update set plan = excluded.plan",
                NameUse::Assigned,
            ),
            (
                "await db.update(users).set({ plan: 'pro' })",
                NameUse::Assigned,
            ),
            ("data: { plan: 'pro' },", NameUse::Assigned),
            ("user.update!(plan: 'pro')", NameUse::Assigned),
            ("User::update(['plan' => 'pro'])", NameUse::Assigned),
            ("user.plan ||= 'free'", NameUse::Assigned),
            (
                "select * from users where plan = 'pro'",
                NameUse::Referenced,
            ),
            ("User.objects.filter(plan='pro')", NameUse::Referenced),
            (
                "prisma.user.findFirst({ where: { plan: 'pro' } })",
                NameUse::Referenced,
            ),
            ("if user.plan == 'pro'", NameUse::Referenced),
            ("if (a && plan = 'pro')", NameUse::Referenced),
            ("<Card plan={plan} />", NameUse::Mentioned),
            ("where: { id }, data: { plan: 'pro' }", NameUse::Assigned),
            ("plan: string", NameUse::Referenced),
            ("type Update = { plan: string }", NameUse::Referenced),
            ("def charge(plan='pro')", NameUse::Referenced),
            ("return { ...followed, plan: 'free' }", NameUse::Referenced),
            ("alter table users drop column plan", NameUse::Referenced),
            ("a plan of ours", NameUse::Mentioned),
            ("return plan", NameUse::Mentioned),
        ] {
            let found = of(NameKind::Column, "plan", line).map(|(how, _)| how);
            assert_eq!(found, Some(how), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_accepted_and_the_found_name_is_in_it(line in r"(plan|-|_|\.|'|=|:|é| |\PC)*") {
            let name = Name::new(NameKind::Column, "plan").unwrap();
            if let Some(found) = mention(&line, &name) {
                prop_assert!(line.contains(found.spelled));
                prop_assert_eq!(normalized(found.spelled), "plan");
            }
        }
    }
}
