//! Reads the tables and columns of a Drizzle schema by the names that it gives them.

use std::collections::BTreeMap;

use super::{
    DeclaredTable,
    lexer::{Language, Token, TokenKind, tokens},
    repository::{Repository, RepositoryFile, Sighting},
};

/// The functions of a file that declare tables.
#[derive(Debug, Default)]
struct DeclaringFunctions {
    /// Schema of each variable that `pgSchema` made.
    schemas: BTreeMap<String, String>,
    /// Prefix of each function that `pgTableCreator` made.
    creators: BTreeMap<String, String>,
}

/// Reads every Postgres table of every TypeScript or JavaScript file that mentions `drizzle-orm`.
pub(super) fn tables(repository: &Repository) -> Vec<DeclaredTable> {
    let is_snake = repository.files.iter().any(|file| {
        let compact = file.text.split_whitespace().collect::<Vec<_>>().concat();
        compact.contains("casing:'snake_case'") || compact.contains("casing:\"snake_case\"")
    });
    let extensions = [".ts", ".js", ".mts", ".mjs"];
    let files = repository.files.iter().filter(|file| {
        let is_code = extensions.iter().any(|ending| file.path.ends_with(ending));
        is_code && file.text.contains("drizzle-orm")
    });
    files.flat_map(|file| tables_of(file, is_snake)).collect()
}

fn tables_of(file: &RepositoryFile, is_snake: bool) -> Vec<DeclaredTable> {
    let tokens = tokens(&file.text, Language::TypeScript);
    let declaring = declaring(&tokens);
    let mut found = Vec::new();
    let mut rest = tokens.as_slice();
    while let [_, tail @ ..] = rest {
        if let Some((schema, prefix, arguments)) = call(rest, &declaring)
            && let [name, comma, columns @ ..] = arguments
            && name.kind == TokenKind::Text
            && comma.is_mark(",")
        {
            found.push(DeclaredTable {
                schema,
                name: format!("{prefix}{}", name.text),
                columns: columns_of(columns, is_snake),
                seen: Sighting {
                    path: file.path.clone(),
                    line: name.line,
                },
            });
        }
        rest = tail;
    }
    found
}

/// Returns schema, prefix and arguments if the tokens begin with a call that declares a table.
fn call<'t>(
    tokens: &'t [Token],
    declaring: &DeclaringFunctions,
) -> Option<(Option<String>, String, &'t [Token])> {
    match tokens {
        [object, dot, method, open, arguments @ ..]
            if dot.is_mark(".") && method.is_word("table") && open.is_mark("(") =>
        {
            let schema = declaring.schemas.get(&object.text)?;
            Some((Some(schema.clone()), String::new(), arguments))
        }
        [function, open, arguments @ ..] if open.is_mark("(") => {
            if function.text == "pgTable" {
                return Some((None, String::new(), arguments));
            }
            let prefix = declaring.creators.get(&function.text)?;
            Some((None, prefix.clone(), arguments))
        }
        _ => None,
    }
}

/// Finds `x = pgSchema("…")` and `x = pgTableCreator((name) => …)`.
fn declaring(tokens: &[Token]) -> DeclaringFunctions {
    let mut found = DeclaringFunctions::default();
    let mut rest = tokens;
    while let [variable, tail @ ..] = rest {
        if let [equals, function, open, arguments @ ..] = tail
            && equals.is_mark("=")
            && open.is_mark("(")
        {
            let text = arguments.iter().find(|token| token.kind == TokenKind::Text);
            match (function.text.as_str(), text) {
                ("pgSchema", Some(name)) => {
                    found
                        .schemas
                        .insert(variable.text.clone(), name.text.clone());
                }
                ("pgTableCreator", Some(template)) => {
                    // The template is the prefix and the name: `shop_${name}`.
                    let prefix = template.text.split("${").next().unwrap_or_default();
                    found
                        .creators
                        .insert(variable.text.clone(), prefix.to_owned());
                }
                _ => {}
            }
        }
        rest = tail;
    }
    found
}

/// Returns the names of the columns: the properties of the first object.
fn columns_of(tokens: &[Token], is_snake: bool) -> Vec<String> {
    let start = tokens.iter().position(|token| token.is_mark("{"));
    let inner = start
        .and_then(|start| tokens.get(start + 1..))
        .unwrap_or_default();
    let mut columns = Vec::new();
    let mut depth = 0_usize;
    let mut begins = true;
    let mut rest = inner;
    while let [token, tail @ ..] = rest {
        if token.kind == TokenKind::Mark {
            match token.text.as_str() {
                "(" | "{" | "[" => depth += 1,
                "}" if depth == 0 => break,
                ")" | "}" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth == 0 && token.is_mark(",") {
            begins = true;
        } else if begins {
            begins = false;
            if let [colon, value @ ..] = tail
                && colon.is_mark(":")
            {
                columns.push(column(&token.text, value, is_snake));
            }
        }
        rest = tail;
    }
    columns
}

/// Returns a column's name: the text argument of its call, as in `key: text("name")`, or else the key, as in `key: t.text()`.
fn column(key: &str, value: &[Token], is_snake: bool) -> String {
    let argument = first_call(value).and_then(|open| value.get(open + 1));
    match argument {
        Some(argument) if argument.kind == TokenKind::Text => argument.text.clone(),
        _ if is_snake => snake(key),
        _ => key.to_owned(),
    }
}

/// Returns the place of the first opening parenthesis before the property ends.
fn first_call(value: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in value.iter().enumerate() {
        if token.kind != TokenKind::Mark {
            continue;
        }
        match token.text.as_str() {
            "(" if depth == 0 => return Some(place),
            "," | "}" if depth == 0 => return None,
            // Type arguments can have braces.
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn snake(key: &str) -> String {
    let mut name = String::new();
    for letter in key.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::{super::repository::repository, *};

    fn read(text: &str) -> Vec<(String, Vec<String>)> {
        let text = format!("import {{ pgTable }} from 'drizzle-orm/pg-core';\n{text}");
        let found = tables(&repository(&[("db/schema.ts", &text)]));
        let named = found.into_iter().map(|table| {
            let schema = table
                .schema
                .map(|schema| format!("{schema}."))
                .unwrap_or_default();
            (format!("{schema}{}", table.name), table.columns)
        });
        named.collect()
    }

    #[test]
    fn columns_have_the_names_in_their_calls() {
        let found = read(
            "export const teams = pgTable('teams', {\n  id: serial('id').primaryKey(),\n  customer: text('stripe_customer_id').unique(), // text('no')\n  plan: varchar('plan_name', { length: 50 }),\n  createdAt: timestamp().defaultNow(),\n  owner: ownerColumn,\n  label: text('name'),\n  meta: json<{ a: string }>('meta_data'),\n}, (t) => ({ i: index('x').on(t.id) }));",
        );
        let columns = [
            "id",
            "stripe_customer_id",
            "plan_name",
            "createdAt",
            "owner",
            "name",
            "meta_data",
        ]
        .map(str::to_owned);
        assert_eq!(found, [("teams".to_owned(), columns.to_vec())]);
    }

    #[test]
    fn schemas_creators_and_callbacks_are_read() {
        let found = read(
            "const billing = pgSchema('billing');\nconst a = billing.table(\"accounts\", (t) => ({ id: t.text(\"acc_id\"), ...rest }));\nconst make = pgTableCreator((name) => `shop_${name}`);\nconst b = make('users', { id: integer() });",
        );
        let named = |name: &str, column: &str| (name.to_owned(), vec![column.to_owned()]);
        assert_eq!(
            found,
            [
                named("billing.accounts", "acc_id"),
                named("shop_users", "id")
            ]
        );
    }

    #[test]
    fn snake_case_is_applied_where_it_is_configured() {
        let files = [
            ("db/index.ts", "drizzle({ casing: 'snake_case' })"),
            (
                "db/schema.ts",
                "from 'drizzle-orm'; pgTable('users', { stripeCustomerId: text() })",
            ),
        ];
        assert_eq!(
            tables(&repository(&files))[0].columns,
            ["stripe_customer_id"]
        );
    }

    #[test]
    fn broken_code_is_read_as_far_as_it_goes() {
        for text in [
            "pgTable(",
            "pgTable('a'",
            "pgTable('a', {",
            "pgTable('a', { x: ",
            "pgTable('a', { x: f(",
        ] {
            read(text);
        }
    }
}
