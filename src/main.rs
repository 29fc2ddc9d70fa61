//! Parses, reads the environment, runs, and maps the outcome to an exit status.

fn main() {}
