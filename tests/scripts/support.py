"""Support for the tests of the scripts: temporary repositories, fake programs, and a way to run a script."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = "ghcr.io/owner/prodverdict-action"
DIGEST = "sha256:" + "ab" * 32
OTHER_DIGEST = "sha256:" + "cd" * 32
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- Something new.

## [0.9.0] - 2026-01-01

- The first.

[keep]: https://keepachangelog.com
"""


class ScriptTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="prodverdict-scripts-"))
        self.addCleanup(shutil.rmtree, self.folder)
        # A runner's variables would change the behavior of the scripts.
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GIT_", "GH_", "npm_", "NPM_"))
        }
        self.environment.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", HOME=str(self.folder))

    def execute(self, *command, cwd=None, **environment):
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def script(self, name, *arguments, **options):
        return self.execute(ROOT / "scripts" / name, *arguments, **options)

    def succeeds(self, result) -> str:
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def fails(self, result, *words):
        self.assertNotEqual(result.returncode, 0, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def stand_in(self, name, body):
        """Replaces a program by a shell script that appends its arguments to `calls`."""
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        program = programs / name
        program.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >>{self.folder}/calls\n{body}\n', encoding="utf-8")
        program.chmod(0o755)
        self.environment["PATH"] = f"{programs}:{os.environ['PATH']}"

    def calls(self) -> list:
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


class RepositoryTest(ScriptTest):
    """A temporary clone and its origin, with the files of this repository that the scripts read."""

    def setUp(self):
        super().setUp()
        self.origin = self.folder / "origin.git"
        self.clone = self.folder / "clone"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", self.origin, cwd=self.folder)
        self.git("clone", "--quiet", self.origin, self.clone, cwd=self.folder)
        self.git("checkout", "--quiet", "-b", "main")
        self.environment["PRODVERDICT_ROOT"] = str(self.clone)
        self.write("Cargo.toml", '[package]\nname = "prodverdict"\nversion.workspace = true\n\n[workspace.package]\nversion = "0.9.0"\n\n[dependencies]\nother = { version = "2" }\n')
        self.write(
            "Cargo.lock",
            'version = 4\n\n[[package]]\nname = "other"\nversion = "0.9.0"\n\n[[package]]\nname = "prodverdict"\nversion = "0.9.0"\n',
        )
        self.write("CHANGELOG.md", CHANGELOG)
        self.write("action.yml", (ROOT / "action.yml").read_text(encoding="utf-8"))
        self.commit("First")

    def write(self, name, text):
        (self.clone / name).write_text(text, encoding="utf-8")

    def read(self, name) -> str:
        return (self.clone / name).read_text(encoding="utf-8")

    def git(self, *arguments, cwd=None) -> str:
        person = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.invalid"]
        return self.succeeds(self.execute("git", *person, *arguments, cwd=cwd or self.clone)).strip()

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)
        self.git("push", "--quiet", "origin", "main")

    def prepare(self, version):
        self.succeeds(self.script("prepare-release", version, "2026-02-03"))
        self.commit(f"Prepare {version}")

    def tag_on_origin(self, name) -> str:
        return self.git("ls-remote", "origin", f"refs/tags/{name}").split("\t")[0]
