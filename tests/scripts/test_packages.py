"""The files of a release: archives, checksums, npm packages. The packages are packed, installed and run for real."""

import base64
import hashlib
import http.server
import json
import pathlib
import platform
import shutil
import signal
import subprocess
import tarfile
import threading
import time
import unittest
import urllib.parse

from support import ScriptTest

VERSION = "1.2.3"
PLATFORMS = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "windows-x64"]
HERE = f"{platform.system().lower()}-{'arm64' if platform.machine() in ('arm64', 'aarch64') else 'x64'}"
# Prints its version or its arguments, or waits for a signal, with a timeout.
PROGRAM = """#!/bin/sh
case $1 in
  --version) echo "prodverdict 1.2.3" ;;
  wait) trap 'exit 7' TERM; echo ready; for _ in $(seq 100); do sleep 0.1; done ;;
  die) kill -KILL $$ ;;
  *) printf '%s|' "$@"; exit 1 ;;
esac
"""


class Registry:
    """A minimal npm registry on loopback that serves packed files to an installation."""

    def __init__(self, folder: pathlib.Path):
        self.asked = []
        files = {path.name: path.read_bytes() for path in folder.glob("*.tgz")}
        manifests = {}
        for path in sorted(folder.glob("*.tgz")):
            with tarfile.open(path) as archive:
                manifest = json.load(archive.extractfile("package/package.json"))
            manifests[manifest["name"]] = (manifest, path.name)
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = urllib.parse.unquote(self.path).lstrip("/")
                registry.asked.append(name)
                if name.startswith("-/"):
                    return self.answer(files.get(name[2:]))
                if name not in manifests:
                    return self.answer(None)
                manifest, file = manifests[name]
                integrity = "sha512-" + base64.b64encode(hashlib.sha512(files[file]).digest()).decode()
                tarball = f"http://127.0.0.1:{registry.server.server_port}/-/{file}"
                version = {**manifest, "dist": {"tarball": tarball, "integrity": integrity}}
                document = {"name": name, "dist-tags": {"latest": VERSION}, "versions": {VERSION: version}}
                return self.answer(json.dumps(document).encode())

            def answer(self, body):
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/"


class FilesTest(ScriptTest):
    def setUp(self):
        super().setUp()
        self.program = self.folder / "program"
        self.program.write_text(PROGRAM, encoding="utf-8")
        self.archives = self.folder / "archives"

    def archive(self, name, directory=None) -> str:
        return self.succeeds(self.script("archive", self.program, name, VERSION, directory or self.archives)).strip()


class Archives(FilesTest):
    def test_hold_the_program_and_the_licence(self):
        with tarfile.open(self.archive("linux-x64")) as archive:
            modes = {member.name: member.mode for member in archive.getmembers() if member.isfile()}
        folder = f"prodverdict-{VERSION}-linux-x64"
        self.assertEqual(modes, {f"{folder}/prodverdict": 0o755, f"{folder}/LICENSE": 0o644, f"{folder}/README.md": 0o644})
        self.fails(self.script("archive", self.program, "windows-arm64", VERSION, self.archives), "is not a platform")

    @unittest.skipUnless(platform.system() == "Linux", "takes GNU tar")
    def test_of_the_same_program_are_the_same_bytes(self):
        first = pathlib.Path(self.archive("linux-x64", self.folder / "first")).read_bytes()
        self.program.touch()
        self.assertEqual(pathlib.Path(self.archive("linux-x64", self.folder / "second")).read_bytes(), first)


class Checksums(ScriptTest):
    def setUp(self):
        super().setUp()
        self.files = self.folder / "files"
        self.files.mkdir()

    def test_are_those_of_every_file_in_order(self):
        for name in ["b", "a", "C"]:
            (self.files / name).write_text(name, encoding="utf-8")
        self.succeeds(self.script("checksums", self.files))
        self.succeeds(self.script("checksums", self.files))
        expected = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in ["C", "a", "b"])
        self.assertEqual((self.files / "SHA256SUMS").read_text(encoding="utf-8"), expected)
        self.succeeds(self.script("checksums", "--check", self.files))

    def test_tell_a_changed_a_missing_and_a_foreign_file(self):
        (self.files / "a").write_text("a", encoding="utf-8")
        self.succeeds(self.script("checksums", self.files))
        (self.files / "b").write_text("b", encoding="utf-8")
        self.fails(self.script("checksums", "--check", self.files), "not the same list")
        (self.files / "b").unlink()
        (self.files / "a").write_text("changed", encoding="utf-8")
        self.fails(self.script("checksums", "--check", self.files), "is not what SHA256SUMS says")
        (self.files / "a").unlink()
        self.fails(self.script("checksums", "--check", self.files), "there are no files")


@unittest.skipUnless(shutil.which("npm"), "takes npm")
class Npm(FilesTest):
    @classmethod
    def setUpClass(cls):
        """Packing takes a second for each package, so it is done once."""
        test = cls("setUp")
        FilesTest.setUp(test)
        for name in PLATFORMS:
            test.archive(name)
        cls.packages = test.folder / "packages"
        environment = {"GITHUB_REPOSITORY": "somebody/a-repository"}
        test.succeeds(test.script("npm-packages", VERSION, test.archives, cls.packages, **environment))
        cls.addClassCleanup(test.doCleanups)

    def setUp(self):
        super().setUp()
        self.environment.update(
            npm_config_cache=str(self.folder / "cache"),
            npm_config_fetch_retries="0",
            npm_config_audit="false",
            npm_config_fund="false",
            npm_config_update_notifier="false",
            # A closed port: the commands below need no registry, or bring their own.
            npm_config_registry="http://127.0.0.1:9/",
        )
        self.project = self.folder / "project"
        self.project.mkdir()
        (self.project / "package.json").write_text('{"private": true}', encoding="utf-8")

    def tarball(self, name=None):
        return self.packages / (f"prodverdict-{name}-{VERSION}.tgz" if name else f"prodverdict-{VERSION}.tgz")

    def manifest(self, tarball) -> dict:
        with tarfile.open(tarball) as archive:
            return json.load(archive.extractfile("package/package.json"))

    def install(self, *tarballs):
        self.succeeds(self.execute("npm", "install", "--ignore-scripts", *tarballs, cwd=self.project))

    def npx(self, *arguments):
        return self.execute("npx", "--no-install", "prodverdict", *arguments, cwd=self.project)

    def test_packages_say_what_they_are_for(self):
        self.assertEqual(len(list(self.packages.iterdir())), 6)
        for name in PLATFORMS:
            manifest = self.manifest(self.tarball(name))
            self.assertEqual((manifest["name"], manifest["version"]), (f"@prodverdict/{name}", VERSION))
            self.assertEqual([*manifest["os"], *manifest["cpu"]], name.replace("windows", "win32").split("-"))
            self.assertEqual(manifest["repository"]["url"], "git+https://github.com/somebody/a-repository.git")
            self.assertNotIn("scripts", manifest)
        launcher = self.manifest(self.tarball())
        self.assertEqual(launcher["optionalDependencies"], {f"@prodverdict/{name}": VERSION for name in PLATFORMS})
        self.assertEqual(launcher["repository"]["url"], "git+https://github.com/somebody/a-repository.git")
        for key in ["scripts", "dependencies"]:
            self.assertNotIn(key, launcher)

    def test_packages_hold_these_files(self):
        def files(tarball):
            with tarfile.open(tarball) as archive:
                return {member.name.removeprefix("package/"): bool(member.mode & 0o111) for member in archive.getmembers()}

        common = {"package.json": False, "LICENSE": False, "README.md": False}
        launcher = files(self.tarball())
        example = {name for name in launcher if name.startswith("example/")}
        self.assertEqual({name: launcher[name] for name in launcher.keys() - example}, {**common, "bin/prodverdict.js": True})
        self.assertIn("example/prodverdict.yml", example)
        self.assertIn("example/scenarios/pass/db/users.json", example)
        self.assertEqual(files(self.tarball(HERE)), {**common, "bin/prodverdict": True})

    def test_installed_without_a_registry_it_runs(self):
        self.install(self.tarball(HERE), self.tarball())
        self.assertEqual(self.succeeds(self.npx("--version")), f"prodverdict {VERSION}\n")
        result = self.npx("check", "a b", "--", "$HOME", "")
        self.assertEqual((result.returncode, result.stdout), (1, "check|a b|--|$HOME||"))

    def test_a_registry_is_asked_for_the_fitting_program_only(self):
        registry = Registry(self.packages)
        self.addCleanup(registry.server.server_close)
        self.addCleanup(registry.server.shutdown)
        result = self.execute("npx", "--yes", f"prodverdict@{VERSION}", "--version", cwd=self.project, npm_config_registry=registry.url)
        self.assertEqual(self.succeeds(result), f"prodverdict {VERSION}\n")
        fetched = sorted(name for name in registry.asked if name.startswith("-/"))
        self.assertEqual(fetched, sorted([f"-/prodverdict-{HERE}-{VERSION}.tgz", f"-/prodverdict-{VERSION}.tgz"]))

    def test_signals_and_sudden_ends_pass_through(self):
        self.install(self.tarball(HERE), self.tarball())
        launcher = ["node", self.project / "node_modules/prodverdict/bin/prodverdict.js"]
        self.assertEqual(self.execute(*launcher, "die").returncode, 128 + signal.SIGKILL)
        running = subprocess.Popen([*launcher, "wait"], env=self.environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.kill)
        self.assertEqual(running.stdout.readline(), b"ready\n")
        time.sleep(0.1)
        running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(timeout=10), 7)

    def test_a_missing_or_a_foreign_program_is_explained(self):
        self.install(self.tarball())
        result = self.npx("--version")
        self.assertEqual(result.returncode, 2)
        self.assertIn(f"the package @prodverdict/{HERE} is missing", result.stderr)
        preload = self.folder / "preload.cjs"
        preload.write_text("Object.defineProperty(process, 'platform', { value: 'freebsd' });", encoding="utf-8")
        launcher = self.project / "node_modules/prodverdict/bin/prodverdict.js"
        result = self.execute("node", "--require", preload, launcher, "--version")
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no program for freebsd", result.stderr)

    def test_two_releases_are_not_mixed(self):
        self.install(self.tarball(HERE), self.tarball())
        path = self.project / f"node_modules/@prodverdict/{HERE}/package.json"
        path.write_text(path.read_text(encoding="utf-8").replace(VERSION, "1.2.2"), encoding="utf-8")
        result = self.npx("--version")
        self.assertEqual(result.returncode, 2)
        self.assertIn("is version 1.2.2, and this is 1.2.3", result.stderr)

    def test_nothing_is_packed_unless_all_platforms_are_there(self):
        self.archive("linux-x64")
        result = self.script("npm-packages", VERSION, self.archives, self.folder / "packages")
        self.fails(result, "no archive of 1.2.3 for darwin-arm64, darwin-x64, linux-arm64, windows-x64")
        self.assertFalse((self.folder / "packages").exists())

    def publish(self, view="", version="11.6.0", tag="latest"):
        self.stand_in("npm", f'case $1 in --version) echo {version} ;; view) {view or "exit 1"} ;; esac')
        return self.script("npm-publish", self.packages, tag)

    def published(self) -> list:
        return [call for call in self.calls() if call.startswith("npm publish")]

    def test_the_launcher_is_published_last(self):
        self.succeeds(self.publish())
        options = "--access public --provenance --tag latest"
        expected = [f"npm publish {self.tarball(name)} {options}" for name in [*PLATFORMS, None]]
        self.assertEqual(self.published(), expected)

    def test_what_is_published_is_left_alone(self):
        digest = "openssl dgst -sha512 -binary"
        view = f"""case $2 in
          @prodverdict/darwin-arm64@*) echo sha512-$({digest} {self.tarball("darwin-arm64")} | openssl base64 -A) ;;
          *) exit 1 ;;
        esac"""
        self.succeeds(self.publish(view))
        self.assertEqual(len(self.published()), 5)
        self.assertNotIn("darwin-arm64", "".join(self.published()))

    def test_other_content_under_the_same_version_is_a_fault(self):
        self.fails(self.publish("echo sha512-other"), "is there already, with other content")
        self.assertEqual(self.published(), [])

    def test_an_old_npm_is_refused(self):
        self.fails(self.publish(version="10.8.2"), "npm 10.8.2 cannot publish")
        self.assertEqual(self.published(), [])


if __name__ == "__main__":
    unittest.main()
