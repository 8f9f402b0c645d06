"""The log: lines for people, or one JSON object a line for programs (`QUARTERDECK_LOG=json`).

A line that is written while a request is worked on says whose it is, also from the ledger's or a library's code: what
is known of the request stands in a context variable, which goes along into the threads that work on it. One thread
at a time commits for all that wait (`ledger.group`), so a line about a commit has the ids of one of them.

Whatever a line says, keys and the passwords in URLs are blanked out in it, in tracebacks too.
"""

import logging
import re
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson


@dataclass(slots=True)
class About:
    """What is known of the request in hand; each part from when it is known."""

    request_id: str
    correlation_id: str
    method: str
    actor: str | None = None
    route: str | None = None
    status: int | None = None
    refused: str | None = None
    """The problem's slug, of a refusal."""
    ms: float | None = None


CURRENT: ContextVar[About | None] = ContextVar("quarterdeck_request", default=None)
"""The request that this piece of work is for."""

_SECRETS = (
    ("qd_", re.compile(r"\bqd_[A-Za-z0-9_-]{8,}"), "qd_…"),
    ("://", re.compile(r"(\b\w+://[^:/@\s]*):[^@/\s]+@"), r"\1:…@"),
    ("password", re.compile(r"(\bpassword\s*=\s*)('[^']*'|\S+)", re.IGNORECASE), r"\1…"),
    ("bearer", re.compile(r"\b(Bearer) +[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), r"\1 …"),
    ("basic", re.compile(r"\b(Basic) +[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), r"\1 …"),
)
"""What is in every such text, in small letters; what it looks like; and what is said instead. To look for the first is
quick, and there is a line for every request."""


class _Formatter(logging.Formatter):
    """Blanks secrets out of what it makes. `secrets`: what must never be shown, besides what looks like a key."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._secrets = [secret for secret in secrets if secret]
        self._second = (0, "")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """When it was written; the parts of it that change but once a second are made once a second."""
        second, shown = self._second
        if second != int(record.created):
            second, shown = self._second = int(record.created), super().formatTime(record, "%Y-%m-%d %H:%M:%S")
        return shown if datefmt else f"{shown},{int(record.msecs):03d}"

    def blanked(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        small = text.casefold()
        for hint, pattern, instead in _SECRETS:
            if hint in small:
                text = pattern.sub(instead, text)
        return text


class Lines(_Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, or more with a traceback; a request's id at the end of the first, unless it is in it already."""
        about = CURRENT.get()
        text, newline, trace = super().format(record).partition("\n")
        if about is not None and about.request_id not in text:
            text = f"{text} [{about.request_id}]"
        return self.blanked(text + newline + trace)


class JsonLines(_Formatter):
    """One object a line: `time`, `level`, `logger`, `message`; `trace` of an error; what is known of a request."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.blanked(record.getMessage()),
        }
        about = CURRENT.get()
        if about is not None:
            known = {name: getattr(about, name) for name in About.__slots__}
            line |= {name: value for name, value in known.items() if value is not None}
        if record.exc_info:
            line["trace"] = self.blanked(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode(errors="replace")


def start(form: str, secrets: Sequence[str] = ()) -> None:
    """Has this process write its log to standard error: `form` is `text` or `json`."""
    # No line says in which thread, process or line of the program it was written, so nobody has to find out.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as Python's documentation of logging has it ("Optimization")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(secrets) if form == "json" else Lines(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
