"""The settings of a process: environment variables, read once, by who starts it (contract, section 8)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from api.oidc.settings import OidcSettings, oidc_from_env
from api.setting_errors import SettingsError

DEFAULT_PORT = 8000
MOST_PROCESSES = 16
"""Each has up to 16 connections to the database."""


@dataclass(frozen=True)
class Settings:
    """Where the ledger is and how the server is reached. Without a `database_url` it brings its own
    PostgreSQL.

    Secrets stay out of `repr`, and so out of logs and tracebacks.
    """

    database_url: str | None = field(default=None, repr=False)
    read_database_url: str | None = field(default=None, repr=False)
    """A streaming replica of that database, for a server's reads with `as_of`."""
    data: Path = Path(".quarterdeck")
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    admin_key: str | None = field(default=None, repr=False)
    schema: str = "quarterdeck"
    proxies: str | None = None
    """Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses or networks, comma-separated."""
    oidc: OidcSettings | None = None
    """The identity provider whose tokens are credentials too."""
    log: str = "text"
    """How the server's log is written: `text`, or `json`, an object a line."""
    traces: str | None = field(default=None, repr=False)
    """The base URL of the collector that takes traces by OTLP; none are made without it."""

    most_waiting: int = 1_000
    """How many writes may wait before more are refused with 503; of several processes, at each."""
    processes: int = 1
    """1: all in one. More: one keeps the books and the tree, the others serve."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """The settings that the environment gives; an empty variable is an unset one.

        Raises `SettingsError`.
        """
        given = {name: value for name, value in env.items() if value.strip()}
        collector = given.get("QUARTERDECK_TRACES") or given.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        return cls(
            database_url=given.get("QUARTERDECK_DATABASE_URL"),
            read_database_url=given.get("QUARTERDECK_READ_DATABASE_URL"),
            data=Path(given.get("QUARTERDECK_DATA", cls.data)),
            host=given.get("QUARTERDECK_HOST", cls.host),
            port=port(given["QUARTERDECK_PORT"]) if "QUARTERDECK_PORT" in given else DEFAULT_PORT,
            admin_key=given.get("QUARTERDECK_ADMIN_KEY"),
            schema=given.get("QUARTERDECK_SCHEMA", cls.schema),
            proxies=proxies(given["QUARTERDECK_PROXIES"]) if "QUARTERDECK_PROXIES" in given else None,
            oidc=oidc_from_env(given),
            log=log_format(given.get("QUARTERDECK_LOG", cls.log)),
            traces=None if collector is None else collector_url(collector),
            most_waiting=most_waiting(given.get("QUARTERDECK_MOST_WAITING", str(cls.most_waiting))),
            processes=processes(given.get("QUARTERDECK_PROCESSES", str(cls.processes))),
        )


def port(text: str) -> int:
    """A TCP port; 0 takes any that is free. Raises `SettingsError`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise SettingsError(f"QUARTERDECK_PORT is {text!r}; it must be a number from 0 to 65535.")
    return int(text)


def most_waiting(text: str) -> int:
    """A number of writes. Raises `SettingsError`."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 100_000):
        raise SettingsError(f"QUARTERDECK_MOST_WAITING is {text!r}; it must be a number from 1 to 100000.")
    return int(text)


def processes(text: str) -> int:
    """A number of processes. Raises `SettingsError`."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_PROCESSES):
        raise SettingsError(f"QUARTERDECK_PROCESSES is {text!r}; it must be a number from 1 to {MOST_PROCESSES}.")
    if int(text) > 1 and not hasattr(os, "fork"):
        raise SettingsError("QUARTERDECK_PROCESSES: this system has no fork, so there can be one process only.")
    return int(text)


def proxies(text: str) -> str:
    """Addresses and networks, comma-separated. Raises `SettingsError`; "everybody" is not taken either."""
    for part in text.split(","):
        try:
            ip_network(part.strip())
        except ValueError:
            raise SettingsError(
                f"QUARTERDECK_PROXIES has {part.strip()!r}; it must be addresses or networks, such as 10.0.0.0/8."
            ) from None
    return text


def log_format(text: str) -> str:
    """`text` or `json`. Raises `SettingsError`."""
    if text not in ("text", "json"):
        raise SettingsError(f"QUARTERDECK_LOG is {text!r}; it must be text or json.")
    return text


def collector_url(text: str) -> str:
    """The base URL of a collector. Raises `SettingsError`, which does not quote it: it may hold a password."""
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname:
            return text
    except ValueError:
        pass
    raise SettingsError("QUARTERDECK_TRACES must be the URL of a collector, such as http://127.0.0.1:4318.")
