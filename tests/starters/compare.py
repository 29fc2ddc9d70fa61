"""Compares a report with the expected findings of a starter, and writes the document about all starters.

    compare.py command STARTER                        prints the command that starts it
    compare.py compare STARTER CONFIGURATION REPORT   prints each difference; exit status 1 if there is one
    compare.py document STARTERS FILE                 compares FILE with the expected files, or regenerates it
"""

import json
import os
import pathlib
import sys
import tomllib

BEGIN, END = "<!-- expected findings: written by scripts/test-starters -->", "<!-- end of the expected findings -->"


def expected(starter: pathlib.Path) -> dict:
    return tomllib.loads((starter / "expected.toml").read_text(encoding="utf-8"))


def difference_line(kind: str, step: str, rule: str, severity: str) -> str:
    return f"   {kind}: [{severity}] {rule} at {step}"


def compare(starter: pathlib.Path, configuration: str, report: dict):
    """Yields the differences, one per line."""
    here = [one for one in expected(starter)["rehearsal"] if one["configuration"] == configuration][0]
    wanted = {(one["step"], one["rule"], one["severity"]) for one in here.get("finding", [])}
    found = {
        (one["entity"].removeprefix("scenario:"), one["rule"], one["severity"]) for one in report.get("findings", [])
    }
    for one in sorted(wanted - found):
        yield difference_line("not found", *one)
    for one in sorted(found - wanted):
        yield difference_line("not expected", *one)
    results = {one["id"]: one for one in report.get("rehearsal", {}).get("scenarios", [])}
    if not results:
        yield f"   nothing was played: {report.get('problems') or report.get('contracts')}"
    unreached = {name for name, one in results.items() if one["result"] == "not_reached"}
    if unreached != set(here.get("not_reached", [])):
        yield f"   not reached: {', '.join(sorted(unreached)) or 'nothing'}"
    for name, one in results.items():
        if one["result"] == "could_not_tell":
            yield f"   could not tell {name}: {'; '.join(one['left_out'])}"


def line(finding: dict) -> str:
    cells = [f"`{finding['step']}`", f"`{finding['rule']}`", finding["judged"], finding["why"].strip().replace("\n", " ")]
    return f"| {' | '.join(cells)} |"


def section(starter: pathlib.Path) -> str:
    one = expected(starter)
    parts = [f"## {one['title']}", one["about"].strip()]
    for rehearsal in one["rehearsal"]:
        if "about" in rehearsal:
            parts.append(rehearsal["about"].strip())
        if "finding" in rehearsal:
            lines = [line(finding) for finding in rehearsal["finding"]]
            parts.append("\n".join(["| step | rule | judged | cause |", "|---|---|---|---|", *lines]))
    return "\n\n".join(parts)


def document(starters: pathlib.Path, file: pathlib.Path) -> int:
    before = file.read_text(encoding="utf-8")
    head, _, rest = before.partition(BEGIN)
    tail = rest.partition(END)[2]
    folders = sorted(one.parent for one in starters.glob("*/expected.toml"))
    body = "\n\n".join(section(folder) for folder in folders)
    after = f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}"
    if after == before:
        return 0
    if os.environ.get("PRODVERDICT_UPDATE_EXPECTED"):
        file.write_text(after, encoding="utf-8")
        return 0
    print(f"{file} differs from the expected files; PRODVERDICT_UPDATE_EXPECTED=1 regenerates it", file=sys.stderr)
    return 1


def main() -> int:
    what, *arguments = sys.argv[1:]
    if what == "command":
        print(expected(pathlib.Path(arguments[0]))["command"])
        return 0
    if what == "document":
        return document(pathlib.Path(arguments[0]), pathlib.Path(arguments[1]))
    starter, configuration, report = arguments
    try:
        report = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))
    except ValueError as error:
        print(f"   no report: {error}", file=sys.stderr)
        return 1
    differences = list(compare(pathlib.Path(starter), configuration, report))
    for difference in differences:
        print(difference, file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
