//! Reads the tables and columns of a Prisma schema as they are mapped to the database.

use std::collections::BTreeSet;

use super::{
    DeclaredTable,
    lexer::{Language, Token, TokenKind, tokens},
    repository::{Repository, RepositoryFile, Sighting},
};

/// A model with the tokens between its braces.
struct Model<'t> {
    name: &'t Token,
    body: &'t [Token],
}

/// Reads every model of every schema file. A schema may be split into several files.
pub(super) fn tables(repository: &Repository) -> Vec<DeclaredTable> {
    let files: Vec<(&RepositoryFile, Vec<Token>)> = repository
        .ending(".prisma")
        .map(|file| (file, tokens(&file.text, Language::Prisma)))
        .collect();
    let models = files
        .iter()
        .flat_map(|(file, tokens)| models(tokens).into_iter().map(move |model| (file, model)));
    let models: Vec<_> = models.collect();
    let names: BTreeSet<&str> = models
        .iter()
        .map(|(_, model)| model.name.text.as_str())
        .collect();
    models
        .iter()
        .map(|(file, model)| table(file, model, &names))
        .collect()
}

fn models(tokens: &[Token]) -> Vec<Model<'_>> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let is_model = first.is_word("model") || first.is_word("view");
        if let [name, open, body @ ..] = tail
            && is_model
            && name.kind == TokenKind::Word
            && open.is_mark("{")
        {
            let end = body.iter().position(|token| token.is_mark("}"));
            let (body, after) = body.split_at(end.unwrap_or(body.len()));
            found.push(Model { name, body });
            rest = after;
        }
    }
    found
}

fn table(file: &RepositoryFile, model: &Model<'_>, models: &BTreeSet<&str>) -> DeclaredTable {
    let mut table = DeclaredTable {
        schema: None,
        name: model.name.text.clone(),
        columns: Vec::new(),
        seen: Sighting {
            path: file.path.clone(),
            line: model.name.line,
        },
    };
    for line in model.body.chunk_by(|a, b| a.line == b.line) {
        match line {
            [first, second, attribute, arguments @ ..]
                if first.is_mark("@") && second.is_mark("@") =>
            {
                let text = first_text(arguments);
                if attribute.is_word("map") {
                    table.name = text.unwrap_or(table.name);
                } else if attribute.is_word("schema") {
                    table.schema = text;
                }
            }
            [field, kind, rest @ ..] if field.kind == TokenKind::Word => {
                let is_relation = models.contains(kind.text.as_str());
                if !is_relation && kind.kind == TokenKind::Word {
                    table
                        .columns
                        .push(mapped(rest).unwrap_or_else(|| field.text.clone()));
                }
            }
            _ => {}
        }
    }
    table
}

/// Returns the name in `@map("…")`.
fn mapped(attributes: &[Token]) -> Option<String> {
    let start = attributes.windows(2).position(|pair| {
        let [mark, word] = pair else { return false };
        mark.is_mark("@") && word.is_word("map")
    })?;
    first_text(attributes.get(start..)?)
}

fn first_text(tokens: &[Token]) -> Option<String> {
    let text = tokens.iter().find(|token| token.kind == TokenKind::Text)?;
    Some(text.text.clone())
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::{super::repository::repository, *};

    #[test]
    fn tables_and_columns_have_their_mapped_names() {
        let schema = r#"
            model User {
              id               String   @id @default("http://x") // not a comment: "//"
              stripeCustomerId String?  @unique @map(name: "stripe_customer_id")
              role             Role     @default(USER)
              posts            Post[]
              @@map("users")
              @@schema("auth")
            }
            model Post { id Int @id
              author User @relation(fields: [authorId], references: [id])
              authorId String }
            enum Role { USER }
        "#;
        let found = tables(&repository(&[("prisma/schema.prisma", schema)]));
        assert_eq!(found[0].name, "users");
        assert_eq!(found[0].schema.as_deref(), Some("auth"));
        assert_eq!(found[0].columns, ["id", "stripe_customer_id", "role"]);
        assert_eq!(found[0].seen.to_string(), "prisma/schema.prisma:2");
        assert_eq!(found[1].columns, ["id", "authorId"]);
    }

    #[test]
    fn a_relation_may_be_in_another_file() {
        let files = [
            ("a.prisma", "model A {\n b B?\n x Int\n}"),
            ("b.prisma", "model B {\n y Int\n}"),
        ];
        assert_eq!(tables(&repository(&files))[0].columns, ["x"]);
    }

    #[test]
    fn broken_schemas_are_read_as_far_as_they_go() {
        for text in [
            "model",
            "model A",
            "model A {",
            "model A { x",
            "model A {\n x Int @map(\n",
        ] {
            tables(&repository(&[("a.prisma", text)]));
        }
    }
}
