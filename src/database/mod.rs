//! Reader of the application's Postgres: rows into facts, complete or not at all.
