"""The files of a preset and of its example."""

import json
import os
import pathlib

from postgres import Failed

try:
    from ruamel.yaml import YAML

    load_yaml = YAML(typ="safe").load
except ImportError:
    from yaml import safe_load as load_yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PRESET_KEYS = {
    "title", "description", "provider", "read_at", "detect", "webhook", "billing_paths", "plans", "policy",
}
NESTED_KEYS = {
    "detect": {"packages", "files", "tables", "prefer_over"},
    "webhook": {"files", "path", "secret_env", "key_env", "api_version", "events", "calls"},
    "plans": {"stored", "words"},
    "policy": {"past_due", "paused", "exempt"},
}
FIXES = {
    "revenue-leak", "wrongful-access", "no-subscription", "plan-drift", "customer-mismatch", "orphan-subscription",
}


def preset_folders() -> list[pathlib.Path]:
    return sorted(folder for folder in (ROOT / "presets").iterdir() if folder.is_dir())


def bare(name: str) -> str:
    """Returns a name without case and underscores, which is how names of columns are compared."""
    return name.lower().replace("_", "")


def columns_of(detect: dict) -> list[tuple[str, str]]:
    return [(table, column) for table, columns in detect["tables"].items() for column in columns]


def fill(text: str, plans: list[tuple[str, str]]) -> str:
    """Repeats each line with a placeholder for each plan, escaped for the quotes around it."""
    lines = []
    for line in text.splitlines(keepends=True):
        if "your_plan" not in line:
            lines.append(line)
            continue
        for key, word in plans:
            filled = line.replace("price_your_plan", key)
            filled = filled.replace('"your_plan"', json.dumps(word)).replace("'your_plan'", "'" + word.replace("'", "''") + "'")
            lines.append(filled)
    return "".join(lines)


def is_complete(preset: pathlib.Path):
    for file in ("preset.yml", "prodverdict.yml", "rehearsal.yml", "role.sql", "plans.sql"):
        if not (preset / file).is_file():
            raise Failed(f"{file} is missing")
    about = load_yaml((preset / "preset.yml").read_text(encoding="utf-8"))
    keys = set(about) - {"values"}
    if keys != PRESET_KEYS:
        raise Failed(f"preset.yml: keys {sorted(keys ^ PRESET_KEYS)}")
    for key, keys in NESTED_KEYS.items():
        if set(about[key]) != keys:
            raise Failed(f"preset.yml: keys of `{key}`: {sorted(set(about[key]) ^ keys)}")
    written = (preset / "prodverdict.yml").read_text(encoding="utf-8")
    for value in about.get("values", []):
        if value["column"] not in about["detect"]["tables"][value["table"]]:
            raise Failed(f"preset.yml: `values` name {value['table']}.{value['column']}, which `detect` lacks")
        if f"'{value['text']}'" not in written:
            raise Failed(f"preset.yml: `values` name '{value['text']}', which the contract lacks")
    contract = load_yaml(written)["contracts"][0]
    if missing := FIXES - set(contract["fix"]):
        raise Failed(f"prodverdict.yml: no `fix` for {sorted(missing)}")
    for other in about["detect"]["prefer_over"]:
        if not (preset.parent / other).is_dir():
            raise Failed(f"preset.yml: prefer_over names `{other}`, which is no preset")


def example_is_filled(preset: pathlib.Path):
    """Compares the example's configuration with the preset, filled with the example's plans."""
    example = ROOT / "examples" / preset.name / "prodverdict.yml"
    text = example.read_text(encoding="utf-8")
    plans = load_yaml(text)["contracts"][0]["plans"]
    filled = fill((preset / "prodverdict.yml").read_text(encoding="utf-8"), list(plans.items()))
    if text == filled:
        return
    if not os.environ.get("PRODVERDICT_UPDATE_EXPECTED"):
        raise Failed(f"{example} is not the filled preset; PRODVERDICT_UPDATE_EXPECTED=1 rewrites it")
    example.write_text(filled, encoding="utf-8")
