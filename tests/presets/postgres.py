"""Databases on the server of TEST_DATABASE_URL, through psql."""

import base64
import hashlib
import hmac
import os
import secrets
import subprocess
import urllib.parse

SERVER = urllib.parse.urlsplit(os.environ["TEST_DATABASE_URL"])
NAME = f"prodverdict_preset_{os.getpid()}"
PASSWORD = secrets.token_hex(8)


class Failed(Exception):
    """Reason why a preset fails its test."""


def url(database: str, role: str | None = None) -> str:
    host = f"{SERVER.hostname}:{SERVER.port}"
    user = f"{role}:{PASSWORD}" if role else f"{SERVER.username}:{SERVER.password}"
    return SERVER._replace(netloc=f"{user}@{host}", path=f"/{database}").geturl()


def stored_password() -> str:
    """Returns what Postgres stores for PASSWORD (RFC 5803), hashed once: 4,096 times would take most of a short check."""
    salt = b"prodverdict-test"
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 1)
    client, server = (hmac.digest(salted, name, "sha256") for name in (b"Client Key", b"Server Key"))
    salt, client, server = (base64.b64encode(one).decode() for one in (salt, hashlib.sha256(client).digest(), server))
    return f"SCRAM-SHA-256$1:{salt}${client}:{server}"


def psql(database: str, sql: str) -> list[list[str]]:
    command = ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--field-separator=\x1f",
               "--set=ON_ERROR_STOP=1", "--dbname", url(database), "--file=-"]
    ran = subprocess.run(command, input=sql, text=True, capture_output=True)
    if ran.returncode != 0:
        raise Failed(f"psql: {ran.stderr.strip()}")
    return [line.split("\x1f") for line in ran.stdout.splitlines() if line]


def drop(database: str):
    psql("postgres", f"drop database if exists {database} with (force)")


def copy(database: str) -> str:
    """Makes a copy of the database, which the next copy replaces."""
    drop(f"{NAME}_copy")
    psql("postgres", f"create database {NAME}_copy template {database}")
    return f"{NAME}_copy"
