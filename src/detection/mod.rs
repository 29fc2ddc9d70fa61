//! Recognizes a repository's stack by its files: its packages, and the tables of its schemas as they are mapped.

mod drizzle;
mod lexer;
mod packages;
mod prisma;
mod ranking;
mod repository;
mod routes;
mod sql_schema;

pub use packages::{Package, packages};
pub use ranking::{RankedPreset, rank};
pub use repository::{Repository, RepositoryFile, Sighting, is_of_interest};
pub use routes::{Route, routes, webhook_route};

/// A table as a schema file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredTable {
    pub schema: Option<String>,
    pub name: String,
    pub columns: Vec<String>,
    /// File and line of the declaration.
    pub seen: Sighting,
}

/// Reads the tables of every schema in the repository. Migrations are read only without a Prisma or Drizzle schema,
/// because such a schema already describes their result.
pub fn declared_tables(repository: &Repository) -> Vec<DeclaredTable> {
    let mut tables = prisma::tables(repository);
    tables.extend(drizzle::tables(repository));
    if tables.is_empty() {
        tables = sql_schema::tables(repository);
    }
    tables
}
