"""Tests presets: `run.py PROGRAM STACKS [PRESET]...`, with TEST_DATABASE_URL set to a superuser's URL.

For each preset and each stack of its case file (tests/presets/PRESET.toml):

- The tables and columns of preset.yml fit, tell the stack from all others, and are all that the contract reads.
- As it is, the contract is refused because of its placeholders. With the plans that plans.sql reads from the rows (and the
  words or prices of the case file, where the rows do not have them), contract and rehearsal are valid.
- The role of role.sql is enough to check, and the check reads access, link and plan of every account as `expected.txt` of
  the stack does, which is what the stack's own code decides.
- With the case's subscriptions, nothing is found.
- In a minimal repository of the stack's kind, `init --yes` recognizes the stack and writes exactly the filled contract, and the
  check that it ends with holds. `doctor` passes every check there: no failure, and no warning but those that the case lists.
- After each of the case's drifts, a check in that repository, without a hand on the file, finds exactly the listed findings. The
  first drift is checked against a running provider, between two runs of `doctor`.
- The statements of rehearsal.yml create an account that the contract reads, in a rehearsal of a handler that does nothing.
"""

import concurrent.futures
import http.server
import itertools
import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

import provider
from folder import ROOT, bare, columns_of, example_is_filled, fill, is_complete, load_yaml, preset_folders
from postgres import NAME, Failed, copy, drop, psql, stored_password, url
from recorded import DEFAULTS, paddle_subscription, stripe_subscription


class Silent(http.server.BaseHTTPRequestHandler):
    """An application that does nothing."""

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


PROCESSES = 6

HANDLER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)


def snake_case(text: str) -> str:
    """Rewrites quoted names such as "stripeCustomerId"."""
    return re.sub(r'"([a-z]+(?:[A-Z][a-z]*)+)"', lambda name: re.sub("[A-Z]", lambda c: f"_{c[0].lower()}", name[1]), text)


class Proof:
    """One preset on one stack, with the names of its columns as they are or in another spelling."""

    def __init__(self, program: str, preset: pathlib.Path, case: dict, facts: pathlib.Path | None, spelling):
        self.program, self.preset, self.case, self.facts, self.spelling = program, preset, case, facts, spelling
        self.text = self.read("prodverdict.yml")
        self.rehearsal = self.read("rehearsal.yml")
        about = load_yaml((preset / "preset.yml").read_text(encoding="utf-8"))
        self.provider, self.detect = about["provider"], about["detect"]
        self.stores_ids = about["plans"]["stored"] in ("price", "product")
        self.subscriptions = [DEFAULTS | one for one in case["subscription"]]

    def read(self, file: str) -> str:
        return self.spelling((self.preset / file).read_text(encoding="utf-8"))

    def run(self, arguments: list[str], **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, cwd=self.folder,
            env={"PATH": os.environ["PATH"], **environment},
        )

    def run_live(self, arguments: list[str], database: str) -> subprocess.CompletedProcess:
        """Runs a command with the database and the provider at hand."""
        (key_env,) = load_yaml(fill(self.text, self.pairs))["contracts"][0][self.provider].values()
        key = "rk_live_" + "0" * 24 if self.provider == "stripe" else "pdl_live_apikey_" + "0" * 24
        address = f"http://127.0.0.1:{provider.SERVER.server_port}"
        bases = {"STRIPE_API_BASE": address, "PADDLE_API_BASE": address}
        return self.run(arguments, DATABASE_URL=url(database, NAME), **{key_env: key}, **bases)

    def validate(self, text: str) -> subprocess.CompletedProcess:
        (self.folder / "prodverdict.yml").write_text(text, encoding="utf-8")
        return self.run(["validate"])

    def objects(self, subscriptions: list[dict]) -> list[dict]:
        """Returns subscriptions in the provider's form."""
        now, make = int(time.time()), stripe_subscription if self.provider == "stripe" else paddle_subscription
        return [make(one, now) for one in subscriptions]

    def check(self, database: str, subscriptions: list[dict]) -> dict:
        """Checks the database against recorded subscriptions, and returns the report."""
        recorded = self.folder / "fixtures" / self.provider / "subscriptions.json"
        recorded.parent.mkdir(parents=True, exist_ok=True)
        recorded.write_text(json.dumps(self.objects(subscriptions)), encoding="utf-8")
        ran = self.run(["check", "access", "--fixtures-stripe", "--format", "json"], DATABASE_URL=url(database, NAME))
        return self.report(ran)

    @staticmethod
    def report(ran: subprocess.CompletedProcess) -> dict:
        report = json.loads(ran.stdout or "{}")
        if ran.returncode not in (0, 1):
            raise Failed(f"exit status {ran.returncode}: {ran.stderr.strip()} {ran.stdout}")
        is_high = any(finding["severity"] == "high" for finding in report["findings"])
        if ran.returncode != int(is_high):
            raise Failed(f"exit status {ran.returncode} with {report['findings']}")
        return report

    def expect(self, what: str, report: dict, wanted: list[str]):
        found = sorted(f"{finding['rule']} {finding['entity']}" for finding in report["findings"])
        if found != sorted(wanted):
            raise Failed(f"{what}: expected {sorted(wanted)}, found {found}")

    def plans(self, database: str) -> list[tuple[str, str]]:
        """Completes the pairs that the rows hold with the words and prices of the case file."""
        pairs = []
        for key, word, _ in psql(database, self.read("plans.sql")):
            keys = [key] if key else self.case.get("keys", {}).get(word, [])
            pairs += [(key, word or (key if self.stores_ids else self.case.get("words", {}).get(key))) for key in keys]
        pairs = sorted(pair for pair in pairs if all(pair))
        if not pairs:
            raise Failed("plans.sql found no plan that can be filled in")
        return pairs

    def load(self):
        """Makes the database with the stack's tables and rows, and the role that checks."""
        psql("postgres", f"create database {NAME}")
        if self.facts:
            for file in ("schema.sql", "seed.sql"):
                psql(NAME, (self.facts / file).read_text(encoding="utf-8"))
        else:
            psql(NAME, (ROOT / self.case["schema"]).read_text(encoding="utf-8"))
        if self.spelling is snake_case:
            psql(NAME, """
                select format('alter table %I.%I rename column %I to %s', table_schema, table_name, column_name,
                              trim(both '_' from lower(regexp_replace(column_name, '([A-Z])', '_\\1', 'g'))))
                from information_schema.columns where column_name ~ '[A-Z]' \\gexec
            """)
        role = self.read("role.sql")
        psql(NAME, re.sub(r"\bprodverdict\b", NAME, role).replace("'…'", f"'{stored_password()}'"))
        psql(NAME, self.spelling(self.case.get("rows", "")))

    def is_recognized(self):
        """Among all presets whose columns exist, and no other is preferred to, this one is alone."""
        columns = psql(NAME, "select table_schema, table_name, column_name from information_schema.columns")
        existing = {tuple(map(bare, (f"{schema}.{table}", column))) for schema, table, column in columns}
        existing |= {tuple(map(bare, (table, column))) for _, table, column in columns}
        fitting = {}
        for folder in preset_folders():
            detect = load_yaml((folder / "preset.yml").read_text(encoding="utf-8"))["detect"]
            if all((bare(table), bare(column)) in existing for table, column in columns_of(detect)):
                fitting[folder.name] = detect["prefer_over"]
        outranked = {other for others in fitting.values() for other in others}
        if set(fitting) - outranked != {self.preset.name}:
            raise Failed(f"the tables fit {sorted(set(fitting) - outranked)}")

    def needs_no_other_column(self):
        """The contract reads only columns that preset.yml lists."""
        database, listed = copy(NAME), {tuple(map(bare, pair)) for pair in columns_of(self.detect)}
        tables = {table for table, _ in listed}
        for schema, table, column in psql(database, """
            select table_schema, table_name, column_name from information_schema.columns
            where table_schema not in ('pg_catalog', 'information_schema')
        """):
            names = [bare(name) for name in (table, f"{schema}.{table}") if bare(name) in tables]
            if names and not any((name, bare(column)) in listed for name in names):
                psql(database, f'alter table "{schema}"."{table}" drop column "{column}" cascade')
        self.check(database, self.subscriptions)

    def read_as_the_stack_does(self):
        """With every customer paying, then with none, the findings show what the contract reads in each row."""
        rows = [line.split("|") for line in (self.facts / "expected.txt").read_text(encoding="utf-8").splitlines() if line]
        linked = [row for row in rows if row[1]]
        elsewhere = set(self.case.get("paid_elsewhere", []))
        entity = self.case.get("entity", "user")
        other = ("price_other" if self.provider == "stripe" else "pri_other", "another plan")
        self.validate(fill(self.text, [*self.pairs, other]))
        dead = [DEFAULTS | {"id": f"sub_x{at}", "customer": row[1], "price": other[0], "status": "canceled"}
                for at, row in enumerate(linked)]
        report = self.check(NAME, dead)
        wanted = [f"wrongful-access {entity}:{row[0]}" for row in linked if row[2] == "t"]
        if any(row[2] == "t" and not row[1] and row[0] not in elsewhere for row in rows):
            wanted.append("unlinked-access accounts:unlinked")
        access = {"findings": [one for one in report["findings"] if one["rule"] != "stale-plan"]}
        self.expect("with no customer paying", access, wanted)
        report = self.check(NAME, [one | {"status": "active"} for one in dead])
        rules = {"revenue-leak", "plan-drift"}
        read = {one["entity"]: one for one in report["findings"] if one["rule"] in rules}
        for row in linked:
            finding = read.get(f"{entity}:{row[0]}", {"rule": "nothing", "subject": {}})
            if finding["rule"] != ("plan-drift" if row[2] == "t" else "revenue-leak"):
                raise Failed(f"with every customer paying: found {finding['rule']} for {row}")
            word = self.case.get("words", {}).get(row[3], row[3])
            if row[2] == "t" and finding["subject"]["plan_found"] != self.case.get("other_plans", {}).get(row[0], word):
                raise Failed(f"with every customer paying: found the plan {finding['subject']['plan_found']} for {row}")
        self.validate(fill(self.text, self.pairs))

    def rehearse(self):
        """Plays a purchase against a handler that answers 200 and writes nothing: the account exists, and has no access."""
        database = copy(NAME)
        # A rehearsal begins with empty tables.
        psql(database, """
            select format('truncate %I.%I restart identity cascade', schemaname, tablename)
            from pg_tables where schemaname not in ('pg_catalog', 'information_schema') \\gexec
        """)
        text = f"{fill(self.text, self.pairs)}\n{fill(self.rehearsal, self.pairs)}"
        text = re.sub(r"(http://localhost:)\d+", rf"\g<1>{HANDLER.server_port}", text)
        text = re.sub(r"\n  settle: .*", "", text) + "  settle: 100ms\n  fake: { listen: \"127.0.0.1:0\" }\n"
        (self.folder / "prodverdict.yml").write_text(text, encoding="utf-8")
        secret = load_yaml(text)["rehearsal"]["secret_env"]
        prefix = {"stripe": "whsec_", "paddle": "pdl_ntfset_"}[self.provider]
        ran = self.run(
            ["rehearse", "--scenario", "first-purchase", "--format", "json"],
            DATABASE_URL=url(NAME, NAME), REHEARSAL_DATABASE_URL=url(database), **{secret: prefix + "0" * 32},
        )
        report = json.loads(ran.stdout or "{}")
        if ran.returncode != 1:
            raise Failed(f"rehearsal: exit status {ran.returncode}: {ran.stderr.strip()} {report.get('problems', '')}")
        rule = "revenue-leak" if "{customer_id}" in self.rehearsal else "orphan-subscription"
        self.expect("rehearsal", report, [f"{rule} scenario:first-purchase/bought"])

    def initialize(self):
        """Runs `init --yes` with the database and the provider at hand, and stays in the repository."""
        self.folder = self.folder / "repository"
        for path, text in self.case["repository"].items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text, encoding="utf-8")
        plans = self.pairs = self.plans(NAME)
        provider.Provider.plans = plans
        provider.Provider.subscriptions = self.objects(self.subscriptions)
        ran = self.run_live(["init", "--yes"], NAME)
        written = self.folder / "prodverdict.yml"
        text = written.read_text(encoding="utf-8") if written.exists() else ""
        if f"stack: {self.preset.name}\n" not in ran.stderr or text != fill(self.text, plans):
            raise Failed(f"init: exit status {ran.returncode}: {ran.stderr}{ran.stdout}")
        if ran.returncode != 0 or "VERDICT: PASS" not in ran.stdout:
            raise Failed(f"the check of init: exit status {ran.returncode}: {ran.stderr}{ran.stdout}")

    def doctor(self, database: str, has_drift: bool = False):
        """Expects that every check of the setup passes, but for the warnings that the case lists. With drift, the plan of the
        only customer who pays for it may be stored nowhere."""
        ran = self.run_live(["doctor", "--format", "json"], database)
        checks = {one["id"]: one for one in json.loads(ran.stdout or '{"checks": []}')["checks"]}
        skipped = {"rehearsal", "github-token"}
        for name, one in checks.items():
            wanted = {"skip" if name in skipped else "warn" if name in self.case.get("warns", []) else "pass"}
            if has_drift and name == "plans":
                wanted.add("warn")
            if one["result"] not in wanted:
                raise Failed(f"doctor: `{name}` is {one['result']}: {one['message']}: {one['hint']} {one['details']}")
        if ran.returncode != 0 or not checks:
            raise Failed(f"doctor: exit status {ran.returncode}: {ran.stderr}")

    def check_preset(self):
        with tempfile.TemporaryDirectory() as folder:
            self.folder = pathlib.Path(folder)
            refused = self.validate(self.text)
            if refused.returncode != 2 or "error[placeholder]" not in refused.stderr + refused.stdout:
                raise Failed(f"a contract with placeholders is not refused: {refused.stderr}{refused.stdout}")
            self.load()
            self.is_recognized()
            self.pairs = self.plans(NAME)
            filled = fill(self.text, self.pairs)
            whole = self.validate(f"{filled}\n{fill(self.rehearsal, self.pairs)}")
            if whole.returncode != 0:
                raise Failed(f"with rehearsal.yml: {whole.stderr}{whole.stdout}")
            valid = self.validate(filled)
            if valid.returncode != 0:
                raise Failed(f"{valid.stderr}{valid.stdout}")
            if self.facts:
                self.read_as_the_stack_does()
            psql(NAME, self.spelling(self.case.get("right", "")))
            self.expect("without drift", self.check(NAME, self.subscriptions), [])
            self.needs_no_other_column()
            self.initialize()
            self.doctor(NAME)
            for number, drift in enumerate(self.case["drift"]):
                self.drift(drift, is_live=number == 0)
            self.rehearse()

    def drift(self, drift: dict, is_live: bool):
        database = NAME
        if "sql" in drift:
            database = copy(NAME)
            psql(database, self.spelling(drift["sql"]))
        changed = {one["id"]: one for one in drift.get("subscription", [])}
        known = {one["id"] for one in self.subscriptions}
        subscriptions = [one | changed.get(one["id"], {}) for one in self.subscriptions]
        subscriptions += [DEFAULTS | one for one in changed.values() if one["id"] not in known]
        self.expect(drift["name"], self.check(database, subscriptions), drift["findings"])
        if is_live:
            provider.Provider.subscriptions = self.objects(subscriptions)
            self.doctor(database, has_drift=True)
            report = self.report(self.run_live(["check", "access", "--format", "json"], database))
            self.expect(f"{drift['name']}, live", report, drift["findings"])
            self.doctor(database, has_drift=True)


def clean():
    drop(f"{NAME}_copy")
    drop(NAME)
    psql("postgres", f"drop role if exists {NAME}")


def start_servers():
    """Starts the servers of this process, whose databases have its number in their names."""
    for server in (HANDLER, provider.SERVER):
        threading.Thread(target=server.serve_forever, daemon=True).start()


def prove(program: str, preset: str, case: dict, facts: pathlib.Path | None, is_snake_case: bool) -> str | None:
    """Returns the reason why the preset fails, if it does."""
    folder = ROOT / "presets" / preset
    try:
        is_complete(folder)
        # The example of nextjs-stripe has a different contract.
        if preset != "nextjs-stripe":
            example_is_filled(folder)
        Proof(program, folder, case, facts, snake_case if is_snake_case else str).check_preset()
    except Failed as reason:
        return str(reason)
    finally:
        clean()
    return None


def main() -> int:
    program, stacks, *presets = sys.argv[1:]
    stacks = pathlib.Path(stacks)
    failed = skipped = proved = 0
    # Most of a proof is waiting: a live check reads twice before it reports a finding.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(PROCESSES, context, start_servers) as pool:
        proofs = []
        for preset in presets or [folder.name for folder in preset_folders()]:
            case = tomllib.loads((ROOT / "tests/presets" / f"{preset}.toml").read_text(encoding="utf-8"))
            spellings = [False] + [True] * case.get("is_also_in_snake_case", False)
            for facts, is_snake_case in itertools.product(case.get("facts", [None]), spellings):
                label = ", ".join(filter(None, (preset, facts, is_snake_case and "snake_case")))
                if facts and not stacks.is_dir():
                    print(f"{label}: skipped, there is no {stacks}")
                    skipped += 1
                    continue
                arguments = (program, preset, case, stacks / facts if facts else None, is_snake_case)
                proofs.append((label, len(case["drift"]), pool.submit(prove, *arguments)))
        for label, drifts, proof in proofs:
            reason = proof.result()
            failed, proved = failed + bool(reason), proved + (not reason)
            print(f"{label}: FAILED: {reason}" if reason else f"{label}: proved, {drifts} drifts", flush=True)
    print(f"{proved} proved, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
