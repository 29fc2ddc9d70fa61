//! Finds a name in a line of code, in any spelling, and classifies what the line does with it.

use super::name::{Name, NameKind, normalized};

/// Use of a name in a line, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameUse {
    /// The line certainly gives it a value.
    Sets,
    /// The line names it as code does: in quotes, after a dot, before a comparison.
    Names,
    /// The word occurs.
    Says,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mention<'t> {
    pub(super) how: NameUse,
    /// Name as the line spells it.
    pub(super) spelled: &'t str,
}

/// Verbs that code puts before the name of the thing that they change.
const VERBS: &[&str] = &["set", "get", "update", "with", "reset", "clear", "mark"];

/// SQL keywords that precede a table or a column.
const OF_SQL: &[&str] = &[
    "add", "alter", "by", "column", "drop", "from", "insert", "into", "join", "on", "rename",
    "select", "set", "table", "to", "update", "where",
];

/// Words before a name that only read its value, or declare it.
const ASKING: &[&str] = &[
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

/// Words that introduce a write, even after one of [`ASKING`].
const GIVING: &[&str] = &["set", "data", "values"];

/// Words before `name: value` or `name => value` that make it a write.
const WRITING: &[&str] = &[
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
            let behind = line.get(start + word.len()..).unwrap_or_default();
            at = start + word.len() + behind.chars().next().map_or(0, char::len_utf8);
            (start, word)
        })
        .filter(|(_, word)| !word.is_empty())
}

/// Checks that the surrounding characters do not continue the word: `pro` is not part of `promise` or of `semi-pro`.
fn stands_alone(line: &str, start: usize, end: usize) -> bool {
    let mut before = line.get(..start).unwrap_or_default().chars().rev();
    let mut after = line.get(end..).unwrap_or_default().chars();
    !continues(before.next(), before.next()) && !continues(after.next(), after.next())
}

fn continues(next: Option<char>, behind: Option<char>) -> bool {
    match next {
        // `-` joins words, but also subtracts numbers.
        Some('-') => behind.is_some_and(char::is_alphabetic),
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
        return NameUse::Says;
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
        let asks = asks(&words) || before.contains("&&");
        let begins = |list: &[&str], word: &&str| list.iter().any(|one| word.starts_with(one));
        let writes = words.iter().any(|word| begins(WRITING, word));
        if !asks && (assigns || (writes && !is_type(after))) {
            return NameUse::Sets;
        }
        return NameUse::Names;
    }
    let compared = [":", "=", "!=", "<>", ">=", "<="];
    let is_compared = compared.iter().any(|sign| after.starts_with(sign));
    let is_inside =
        before.ends_with("->") || before.ends_with(['.', '"', '\'', '`', '[', ':', '@', '$']);
    let follows_sql = words.last().is_some_and(|word| OF_SQL.contains(word));
    if in_quotes || is_compared || is_inside || follows_sql {
        NameUse::Names
    } else {
        NameUse::Says
    }
}

/// Checks that the words before a name only read it, as in `where plan = …` but not `where … update … set plan = …`.
fn asks(words: &[&str]) -> bool {
    let is_asking = |word: &&str| {
        let begins = |one: &&str| one.len() > 3 && word.starts_with(*one);
        ASKING.contains(word) || ASKING.iter().any(begins)
    };
    let asked = words.iter().rposition(is_asking);
    let given = words.iter().rposition(|word| GIVING.contains(word));
    asked.is_some_and(|asked| given.is_none_or(|given| given < asked))
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
        mention(line, &name).map(|one| (one.how, one.spelled.to_owned()))
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
            ("user.plan = 'pro'", NameUse::Sets),
            ("user[\"plan\"] = plan_of(price)", NameUse::Sets),
            ("update users set plan = $1 where id = $2", NameUse::Sets),
            (
                "on conflict (id) do update set plan = excluded.plan",
                NameUse::Sets,
            ),
            ("await db.update(users).set({ plan: 'pro' })", NameUse::Sets),
            ("data: { plan: 'pro' },", NameUse::Sets),
            ("user.update!(plan: 'pro')", NameUse::Sets),
            ("User::update(['plan' => 'pro'])", NameUse::Sets),
            ("user.plan ||= 'free'", NameUse::Sets),
            ("select * from users where plan = 'pro'", NameUse::Names),
            ("User.objects.filter(plan='pro')", NameUse::Names),
            (
                "prisma.user.findFirst({ where: { plan: 'pro' } })",
                NameUse::Names,
            ),
            ("if user.plan == 'pro'", NameUse::Names),
            ("if (a && plan = 'pro')", NameUse::Names),
            ("<Card plan={plan} />", NameUse::Says),
            ("where: { id }, data: { plan: 'pro' }", NameUse::Sets),
            ("plan: string", NameUse::Names),
            ("type Update = { plan: string }", NameUse::Names),
            ("def charge(plan='pro')", NameUse::Names),
            ("return { ...followed, plan: 'free' }", NameUse::Names),
            ("alter table users drop column plan", NameUse::Names),
            ("a plan of ours", NameUse::Says),
            ("return plan", NameUse::Says),
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
