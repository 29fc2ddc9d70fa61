"""Calls of docker and gh by the scripts, recorded by fake programs; the SBOM; and the check of action.yml."""

import json
import pathlib
import shutil
import sys
import unittest

import jsonschema
import referencing
from cyclonedx import schema as cyclonedx_schema

from support import DIGEST, IMAGE, OTHER_DIGEST, ROOT, ScriptTest

STATUS = """Package: busybox-static
Status: install ok installed
Architecture: amd64
Version: 1:1.35.0-4+b5
Description: Standalone rescue shell
 Version: not this line
"""


class Image(ScriptTest):
    def docker(self, manifest=None, metadata=None):
        answer = json.dumps(manifest or {"digest": DIGEST})
        self.stand_in(
            "docker",
            f"""case "$*" in
              "buildx inspect"*) exit 1 ;;
              *imagetools\\ inspect*) echo '{answer}' ;;
              create*) echo container ;;
              "buildx build"*)
                while [ "$1" != --metadata-file ]; do shift; done
                echo '{json.dumps({"containerimage.digest": metadata or DIGEST})}' >"$2" ;;
            esac""",
        )

    def test_is_pushed_without_a_tag_and_without_unsigned_attestations(self):
        self.docker()
        self.assertEqual(self.succeeds(self.script("release-image", "build", IMAGE, "linux/arm64", "1.2.3")).strip(), DIGEST)
        create, build = self.calls()[1:]
        self.assertRegex(create, r"--driver docker-container --driver-opt image=moby/buildkit:v[0-9.]+@sha256:[0-9a-f]{64}$")
        self.assertIn("--platform linux/arm64 --provenance=false --sbom=false", build)
        self.assertIn(f"type=image,name={IMAGE},push-by-digest=true,name-canonical=true,push=true", build)
        self.assertNotIn("--tag", build)

    def test_of_no_digest_is_a_fault(self):
        self.docker(metadata="null")
        self.fails(self.script("release-image", "build", IMAGE, "linux/arm64", "1.2.3"), "`null` is not a digest")

    def test_is_one_list_of_both_platforms(self):
        self.docker()
        self.assertEqual(self.succeeds(self.script("release-image", "merge", IMAGE, "1.2.3", DIGEST, OTHER_DIGEST)).strip(), DIGEST)
        self.assertEqual(
            self.calls()[0], f"docker buildx imagetools create --tag {IMAGE}:1.2.3 {IMAGE}@{DIGEST} {IMAGE}@{OTHER_DIGEST}"
        )
        self.fails(self.script("release-image", "merge", IMAGE, "1.2.3", DIGEST), "two digests or more")
        self.fails(self.script("release-image", "merge", IMAGE, "1.2.3", DIGEST, "latest"), "`latest` is not a digest")

    def test_is_compared_with_the_registry(self):
        platforms = [{"platform": {"os": "linux", "architecture": name}} for name in ["arm64", "amd64"]]
        self.docker({"digest": DIGEST, "manifests": platforms})
        self.succeeds(self.script("release-image", "check", IMAGE, "1.2.3", DIGEST))
        self.fails(self.script("release-image", "check", IMAGE, "1.2.3", OTHER_DIGEST), f"is {DIGEST}, not")
        self.docker({"digest": DIGEST, "manifests": platforms[:1]})
        self.fails(self.script("release-image", "check", IMAGE, "1.2.3", DIGEST), "is for `linux/arm64`")

    def test_gives_back_the_program_and_the_packages(self):
        self.docker()
        self.succeeds(self.script("release-image", "extract", IMAGE, DIGEST, self.folder / "out", "linux/arm64"))
        self.assertEqual(self.calls()[0], f"docker create --platform linux/arm64 {IMAGE}@{DIGEST}")
        self.assertEqual(self.calls()[-1], "docker rm container")

    def test_commands_are_checked(self):
        for arguments in [[], ["build"], ["check", IMAGE], ["remove", IMAGE, "1", "2"]]:
            self.fails(self.script("release-image", *arguments), "merge IMAGE VERSION DIGEST")


class GitHubRelease(ScriptTest):
    def setUp(self):
        super().setUp()
        self.assets = self.folder / "assets"
        self.assets.mkdir()
        (self.assets / "file").write_text("content", encoding="utf-8")
        self.succeeds(self.script("checksums", self.assets))
        changelog = self.folder / "CHANGELOG.md"
        changelog.write_text("## [1.2.3] - 2026-01-01\n\n- News.\n", encoding="utf-8")
        self.environment["PRODVERDICT_ROOT"] = str(self.folder)

    def release(self, state):
        self.stand_in("gh", f'[ "$2" != view ] || {{ {state}; }}')
        result = self.script("github-release", "1.2.3", "false", "true", self.assets)
        return result, [call.split()[2] for call in self.calls()]

    def test_stays_a_draft_until_the_files_are_there(self):
        result, calls = self.release("exit 1")
        self.succeeds(result)
        self.assertEqual(calls, ["view", "create", "upload", "edit"])
        self.assertIn("release create v1.2.3 --verify-tag --draft --title 1.2.3", self.calls()[1])
        self.assertIn("SHA256SUMS", self.calls()[2])
        self.assertTrue(self.calls()[3].endswith("--draft=false --prerelease=false --latest=true"))

    def test_goes_on_where_it_stopped(self):
        result, calls = self.release("echo true")
        self.succeeds(result)
        self.assertEqual(calls, ["view", "upload", "edit"])

    def test_of_a_published_version_stays_as_it_is(self):
        result, calls = self.release("echo false")
        self.succeeds(result)
        self.assertEqual(calls, ["view"])

    def test_takes_no_file_that_changed_on_the_way(self):
        (self.assets / "file").write_text("changed", encoding="utf-8")
        result, calls = self.release("exit 1")
        self.fails(result, "is not what SHA256SUMS says")


@unittest.skipUnless(shutil.which("cargo"), "takes cargo")
class Sbom(ScriptTest):
    def sbom(self, *arguments) -> dict:
        # Cargo finds its crates in the real home.
        home = {"HOME": str(pathlib.Path.home())}
        return json.loads(self.succeeds(self.script("sbom", *arguments, cwd=ROOT, **home)))

    def setUp(self):
        super().setUp()
        self.packages = self.folder / "packages"
        self.packages.mkdir()
        (self.packages / "busybox-static").write_text(STATUS, encoding="utf-8")

    def test_fits_the_official_schema_and_is_the_same_every_time(self):
        arguments = ["--target", "x86_64-unknown-linux-gnu", "--packages", f"amd64={self.packages}"]
        document = self.sbom(*arguments)
        folder = pathlib.Path(cyclonedx_schema.__file__).parent / "_res"

        def read(name):
            return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))

        resources = [referencing.Resource.from_contents(read(name)) for name in ["spdx", "jsf-0.82"]]
        registry = referencing.Registry().with_resources([(resource.id(), resource) for resource in resources])
        schema = read("bom-1.5")
        jsonschema.validators.validator_for(schema)(schema, registry=registry).validate(document)
        self.assertEqual(self.sbom(*arguments), document)

    def test_holds_what_is_linked_and_nothing_else(self):
        document = self.sbom("--target", "x86_64-unknown-linux-gnu", "--packages", f"amd64={self.packages}")
        components = {component["purl"]: component for component in document["components"]}
        names = {component["name"] for component in document["components"]}
        self.assertLessEqual({"tokio", "rustls", "ring", "sqlx-postgres"}, names)
        # Only tests use these.
        self.assertFalse({"insta", "proptest", "assert_cmd"} & names)
        self.assertIn("pkg:deb/debian/busybox-static@1%3A1.35.0-4%2Bb5?arch=amd64", components)
        for purl, component in components.items():
            if purl.startswith("pkg:cargo/"):
                self.assertTrue(component["licenses"], purl)
                # A package of this repository has no archive to hash.
                if not (ROOT / "crates" / component["name"]).is_dir():
                    self.assertEqual(len(component["hashes"][0]["content"]), 64, purl)
        known = {*components, document["metadata"]["component"]["purl"]}
        for dependency in document["dependencies"]:
            self.assertLessEqual({dependency["ref"], *dependency["dependsOn"]}, known)
        self.assertEqual({dependency["ref"] for dependency in document["dependencies"]}, known)


class Action(ScriptTest):
    def setUp(self):
        super().setUp()
        (self.folder / "docs").mkdir()
        for name in ["action.yml", "docs/github-actions.md"]:
            shutil.copy(ROOT / name, self.folder / name)

    def check(self):
        return self.execute(sys.executable, ROOT / "scripts/check-action", PRODVERDICT_ROOT=str(self.folder))

    def change(self, name, old, new):
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        self.assertEqual(text.count(old), 1, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def test_of_this_repository_is_in_order(self):
        self.assertIn("all documented", self.succeeds(self.check()))

    def test_may_be_pinned(self):
        self.environment["PRODVERDICT_ROOT"] = str(self.folder)
        self.succeeds(self.script("pin-action", IMAGE, "1.2.3", DIGEST))
        self.succeeds(self.check())

    def test_faults_are_found(self):
        for name, old, new, message in [
            ("action.yml", '`fail_on`."\n    default: "false"', '`fail_on`."\n    default: false', "inputs.strict: the default `False` has to be in quotes"),
            ("action.yml", "  color: green", "  color: mauve", "`mauve` is not one of GitHub's colors"),
            ("action.yml", "author: ProdVerdict contributors\n", "", "action.yml: `author` is missing"),
            ("action.yml", "  image: Dockerfile", "  image: docker://ghcr.io/a/b:1.2.3", "is neither `Dockerfile` nor"),
            ("action.yml", "  image: Dockerfile", "  image: Dockerfile\n  args: []", "runs: `args` is not known here"),
            ("action.yml", "${{ github.token }}", "${{ secrets.TOKEN }}", "a default may not use `secrets.TOKEN`"),
            ("action.yml", "  redact:\n", "  redact-ids:\n", "expected a name in snake_case"),
            ("action.yml", "  verdict:\n", "  verdicts:\n", "the output `verdict` is not in both"),
            ("docs/github-actions.md", "| `redact` |", "| `redacted` |", "there is no input `redacted`"),
            ("docs/github-actions.md", "| `strict` | `false` |", "| `strict` | `true` |", "the default of `strict` is `false`"),
        ]:
            with self.subTest(message):
                before = (self.folder / name).read_text(encoding="utf-8")
                self.change(name, old, new)
                self.fails(self.check(), message)
                (self.folder / name).write_text(before, encoding="utf-8")


if __name__ == "__main__":
    unittest.main()
