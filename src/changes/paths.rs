//! Selects the files that decide what happens to a customer, by path alone.

/// Folders of files that do not run in production: documentation, tests, generated and third-party code.
const FOLDERS: &[&str] = &[
    // Documentation and translations.
    "changelogs",
    "doc",
    "docs",
    "i18n",
    "l10n",
    "lang",
    "langs",
    "locale",
    "locales",
    "translations",
    // Tests.
    "__fixtures__",
    "__mocks__",
    "__snapshots__",
    "__tests__",
    "cypress",
    "e2e",
    "factories",
    "fixtures",
    "playwright",
    "spec",
    "specs",
    "test",
    "testdata",
    "tests",
    // Generated.
    ".next",
    "__generated__",
    "build",
    "coverage",
    "dist",
    "generated",
    "out",
    "target",
    // Third-party.
    ".yarn",
    "bower_components",
    "node_modules",
    "pods",
    "third_party",
    "vendor",
    "vendored",
];

const NAMES: &[&str] = &[
    "bun.lockb",
    "conftest.py",
    "go.sum",
    "gradle.lockfile",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "packages.lock.json",
    "pnpm-lock.yaml",
    // Rails generates these two from its migrations.
    "db/schema.rb",
    "db/structure.sql",
];

const ENDINGS: &[&str] = &[
    // Documentation and translations.
    ".adoc",
    ".arb",
    ".ftl",
    ".markdown",
    ".md",
    ".mdx",
    ".po",
    ".pot",
    ".resx",
    ".rst",
    ".strings",
    ".txt",
    ".xlf",
    ".xliff",
    // Styles, images and tables.
    ".css",
    ".csv",
    ".less",
    ".sass",
    ".scss",
    ".svg",
    ".tsv",
    // Tests.
    ".snap",
    "_spec.rb",
    "_test.dart",
    "_test.exs",
    "_test.go",
    "_test.py",
    "_test.rb",
    // Generated.
    ".ipynb",
    ".lock",
    ".map",
    ".min.css",
    ".min.js",
    ".pb.go",
    "_pb2.py",
    "_snapshot.json",
];

/// Compared with case: `Latest.java` is not a test.
const TESTS: &[&str] = &[
    "Test.java",
    "Test.kt",
    "Test.php",
    "Tests.cs",
    "Tests.swift",
];

/// Middle parts of a file name, as in `webhook.test.ts` and `schema.generated.ts`.
const MIDDLES: &[&str] = &[
    ".cy.",
    ".e2e.",
    ".gen.",
    ".generated.",
    ".spec.",
    ".stories.",
    ".test.",
];

const BILLING: &[&str] = &[
    "billing",
    "checkout",
    "dunning",
    "entitlement",
    "entitlements",
    "paddle",
    "payment",
    "payments",
    "stripe",
    "subscription",
    "subscriptions",
];

/// Returns true if the file is searched although the configuration has no `handler_paths`.
pub(super) fn is_searched(path: &str) -> bool {
    if TESTS.iter().any(|end| path.ends_with(end)) {
        return false;
    }
    let path = path.to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_in = |folder: &str| folders.split('/').any(|part| part == folder);
    let ends = |end: &str| name.ends_with(end);
    // next-intl keeps translations in `messages`; other projects keep code there.
    let is_text = is_in("messages") && ends(".json");
    let is_test = name.starts_with("test_") && ends(".py");
    let is_named = |named: &&str| path == *named || path.ends_with(&format!("/{named}"));
    let is_other = is_text
        || is_test
        || FOLDERS.iter().any(|folder| is_in(folder))
        || NAMES.iter().any(is_named)
        || ENDINGS.iter().any(|end| ends(end))
        || MIDDLES.iter().any(|middle| name.contains(middle));
    !is_other
}

/// Returns true if the path contains a billing word. `webhook` does not count, because any service has webhooks.
pub(super) fn mentions_billing(path: &str) -> bool {
    let words = super::name::words(path);
    words.iter().any(|word| BILLING.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_do_not_run_in_production_are_skipped() {
        for path in [
            "README.md",
            "docs/billing.ts",
            "config/locales/en.yml",
            "messages/en.json",
            "package-lock.json",
            "apps/web/pnpm-lock.yaml",
            "Gemfile.lock",
            "src/billing.test.ts",
            "spec/models/user_spec.rb",
            "billing/tests/test_views.py",
            "billing/test_views.py",
            "internal/billing/webhook_test.go",
            "vendor/stripe/lib.php",
            "dist/index.js",
            "db/schema.rb",
            "drizzle/meta/0001_snapshot.json",
            "src/gql/schema.generated.ts",
            "app/styles/plan.css",
            "src/test/java/BillingTest.java",
            "src/BillingTest.java",
        ] {
            assert!(!is_searched(path), "{path}");
        }
    }

    #[test]
    fn code_migrations_and_seeds_are_examined() {
        for path in [
            "app/api/stripe/webhook/route.ts",
            "prisma/migrations/20261101_access/migration.sql",
            "db/migrate/20261101_drop_plan.rb",
            "db/seeds.rb",
            "prisma/schema.prisma",
            "app/models/user.rb",
            "billing/views.py",
            "src/messages/send.ts",
            "testing.ts",
            "src/Latest.java",
            "app/controllers/licenses_controller.rb",
        ] {
            assert!(is_searched(path), "{path}");
        }
    }

    #[test]
    fn a_path_mentions_billing_by_its_words() {
        assert!(mentions_billing("src/lib/stripeWebhook.ts"));
        assert!(mentions_billing("app/billing/page.tsx"));
        assert!(!mentions_billing("src/table-striped.ts"));
        assert!(!mentions_billing("src/webhooks/mail.ts"));
    }
}
