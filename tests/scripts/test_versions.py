"""Releasable versions, release notes, the pinned action, and tags."""

import unittest

from support import DIGEST, IMAGE, OTHER_DIGEST, RepositoryTest


class Prepare(RepositoryTest):
    def test_writes_the_version_everywhere_and_nowhere_else(self):
        self.succeeds(self.script("prepare-release", "1.0.0", "2026-02-03"))
        self.assertIn('[workspace.package]\nversion = "1.0.0"', self.read("Cargo.toml"))
        self.assertIn('other = { version = "2" }', self.read("Cargo.toml"))
        self.assertIn('name = "other"\nversion = "0.9.0"', self.read("Cargo.lock"))
        self.assertIn('name = "prodverdict"\nversion = "1.0.0"', self.read("Cargo.lock"))
        self.assertIn("## [Unreleased]\n\n## [1.0.0] - 2026-02-03\n\n### Added\n", self.read("CHANGELOG.md"))

    def test_refuses_a_release_without_news(self):
        self.prepare("1.0.0")
        self.fails(self.script("prepare-release", "1.0.1"), "nothing under `## [Unreleased]`")
        self.fails(self.script("prepare-release", "1.0.0"), "has `1.0.0` already")
        self.fails(self.script("prepare-release", "v1.0.1"), "is not X.Y.Z")


class Notes(RepositoryTest):
    def test_are_the_entries_of_just_that_version(self):
        self.assertEqual(self.succeeds(self.script("release-notes", "0.9.0")), "- The first.\n")
        self.fails(self.script("release-notes", "0.9"), "no entries")
        self.fails(self.script("release-notes", "0x9.0"), "no entries")


class Version(RepositoryTest):
    def facts(self, version) -> dict:
        lines = self.succeeds(self.script("release-version", version)).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def tag(self, *names):
        for name in names:
            self.git("push", "--quiet", "origin", f"HEAD:refs/tags/{name}")

    def test_of_the_first_release(self):
        self.prepare("1.0.0")
        self.assertEqual(
            self.facts("1.0.0"),
            {
                "version": "1.0.0",
                "tag": "v1.0.0",
                "major_tag": "v1",
                "prerelease": "false",
                "newest_of_all": "true",
                "newest_of_major": "true",
                "npm_tag": "latest",
            },
        )

    def test_numbers_are_compared_as_numbers(self):
        self.tag("v1.9.0", "v1", "v1.10.0-rc.1")
        self.prepare("1.10.0")
        facts = self.facts("1.10.0")
        self.assertEqual((facts["newest_of_all"], facts["newest_of_major"]), ("true", "true"))

    def test_a_fix_of_an_older_major_is_newest_of_its_own_only(self):
        self.tag("v1.2.0", "v2.0.0")
        self.prepare("1.2.1")
        facts = self.facts("1.2.1")
        self.assertEqual((facts["newest_of_all"], facts["newest_of_major"]), ("false", "true"))
        self.assertEqual(facts["npm_tag"], "release-1.2")

    def test_a_fix_of_an_older_minor_moves_nothing(self):
        self.tag("v1.3.0")
        self.prepare("1.2.1")
        facts = self.facts("1.2.1")
        self.assertEqual((facts["newest_of_all"], facts["newest_of_major"]), ("false", "false"))

    def test_a_prerelease_moves_nothing(self):
        self.prepare("1.0.0-rc.1")
        facts = self.facts("1.0.0-rc.1")
        self.assertEqual((facts["prerelease"], facts["npm_tag"]), ("true", "next"))
        self.assertEqual((facts["newest_of_all"], facts["newest_of_major"]), ("false", "false"))

    def test_is_refused(self):
        self.fails(self.script("release-version", "0.9.1"), "Cargo.toml says `0.9.0`")
        for version in ["v0.9.0", "0.9", "00.9.0", "0.9.0-beta.1", "0.9.0; true", "0.9.0\n"]:
            self.fails(self.script("release-version", version), "is not a version")
        self.fails(self.script("release-version", "0.9.0", GITHUB_REF="refs/heads/other"), "is not released")
        self.tag("v0.9.0")
        self.fails(self.script("release-version", "0.9.0"), "tagged already")

    def test_is_refused_without_notes_or_with_half_a_change(self):
        self.write("CHANGELOG.md", "# Changelog\n\n## [0.9.0] - 2026-01-01\n\n## [0.8.0] - 2025-01-01\n\n- Old.\n")
        self.fails(self.script("release-version", "0.9.0"), "no entries")
        self.write("Cargo.lock", self.read("Cargo.lock").replace('prodverdict"\nversion = "0.9.0"', 'prodverdict"\nversion = "0.8.0"'))
        self.fails(self.script("release-version", "0.9.0"), "Cargo.lock says `0.8.0`")

    def test_is_refused_where_the_action_is_pinned_already(self):
        self.succeeds(self.script("pin-action", IMAGE, "0.9.0", DIGEST))
        self.fails(self.script("release-version", "0.9.0"), "action.yml has to say")


class Pin(RepositoryTest):
    def test_changes_one_line(self):
        before = self.read("action.yml")
        self.succeeds(self.script("pin-action", IMAGE, "1.2.3", DIGEST))
        line = f"  image: docker://{IMAGE}:1.2.3@{DIGEST}\n"
        self.assertEqual(self.read("action.yml"), before.replace("  image: Dockerfile\n", line))
        self.fails(self.script("pin-action", IMAGE, "1.2.4", DIGEST), "names an image already")

    def test_refuses_what_docker_would_not_resolve(self):
        before = self.read("action.yml")
        self.fails(self.script("pin-action", "ghcr.io/Owner/action", "1.2.3", DIGEST), "in lower case")
        self.fails(self.script("pin-action", IMAGE, "v1.2.3", DIGEST), "is not X.Y.Z")
        self.fails(self.script("pin-action", IMAGE, "1.2.3", DIGEST[:-1]), "is not sha256:")
        self.fails(self.script("pin-action", IMAGE, "1.2.3", ""), "usage")
        self.assertEqual(self.read("action.yml"), before)


class Tag(RepositoryTest):
    def shallow(self):
        """Creates a clone like the workflow's, with one commit and no branch to push to."""
        shallow = self.folder / "shallow"
        self.git("clone", "--quiet", "--depth=1", f"file://{self.origin}", shallow, cwd=self.folder)
        return shallow

    def test_is_a_commit_beside_main(self):
        head = self.git("rev-parse", "HEAD")
        shallow = self.shallow()
        commit = self.succeeds(self.script("release-tag", IMAGE, "0.9.0", DIGEST, PRODVERDICT_ROOT=str(shallow))).strip()
        self.assertEqual(self.tag_on_origin("v0.9.0"), commit)
        self.assertEqual(self.git("ls-remote", "origin", "refs/heads/main").split("\t")[0], head)
        self.git("fetch", "--quiet", "origin", "tag", "v0.9.0")
        self.assertEqual(self.git("rev-parse", f"{commit}^"), head)
        changed = self.git("diff", "--unified=0", head, commit).splitlines()
        changed = [line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        self.assertEqual(changed, ["-  image: Dockerfile", f"+  image: docker://{IMAGE}:0.9.0@{DIGEST}"])
        self.assertEqual(self.git("status", "--porcelain", cwd=shallow), "")

    def test_can_be_repeated_but_never_moves(self):
        first = self.succeeds(self.script("release-tag", IMAGE, "0.9.0", DIGEST))
        self.assertEqual(self.succeeds(self.script("release-tag", IMAGE, "0.9.0", DIGEST, PRODVERDICT_ROOT=str(self.shallow()))), first)
        self.fails(self.script("release-tag", IMAGE, "0.9.0", OTHER_DIGEST), "a release tag never moves")
        self.assertEqual(self.tag_on_origin("v0.9.0"), first.strip())

    def test_takes_no_stray_change_along(self):
        self.write("Cargo.toml", "changed")
        self.fails(self.script("release-tag", IMAGE, "0.9.0", DIGEST), "uncommitted changes")

    def test_of_a_major_version_follows_its_newest_release(self):
        first = self.succeeds(self.script("release-tag", IMAGE, "1.0.0", DIGEST)).strip()
        self.succeeds(self.script("major-tag", "1.0.0"))
        self.assertEqual(self.tag_on_origin("v1"), first)
        second = self.succeeds(self.script("release-tag", IMAGE, "1.10.0", OTHER_DIGEST)).strip()
        self.succeeds(self.script("release-tag", IMAGE, "1.9.0", OTHER_DIGEST))
        self.succeeds(self.script("release-tag", IMAGE, "1.11.0-rc.1", OTHER_DIGEST))
        self.succeeds(self.script("major-tag", "1.10.0", PRODVERDICT_ROOT=str(self.shallow())))
        self.assertEqual(self.tag_on_origin("v1"), second)
        self.succeeds(self.script("major-tag", "1.10.0"))
        self.fails(self.script("major-tag", "1.9.0"), "v1 stays on `v1.10.0`")
        self.fails(self.script("major-tag", "1.11.0-rc.1"), "a prerelease moves no tag")
        self.fails(self.script("major-tag", "2.0.0"), "there is no release of v2")
        self.assertEqual(self.tag_on_origin("v1"), second)


if __name__ == "__main__":
    unittest.main()
