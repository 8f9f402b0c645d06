"""How the values of rows are written for COPY, where a rebuild writes millions of them.

psycopg has a dumper for each of these types already. What it works out anew for each value is known here: an instant
stands in several columns and rows of the same event, and a list is mostly empty. That halves what COPY costs.
"""

from datetime import datetime

from psycopg import Cursor
from psycopg.adapt import Dumper
from psycopg.types.datetime import DatetimeDumper
from psycopg.types.string import StrDumper

_MOST = 10_000


class _Instants(Dumper):
    """Instants with a zone, as they stand in an ISO text; those met lately are remembered."""

    oid = DatetimeDumper.oid
    _known: dict[datetime, bytes] = {}  # noqa: RUF012  # for all: what an instant looks like depends on nothing

    def dump(self, obj: datetime) -> bytes:
        """`2026-03-31 12:00:00+00:00`."""
        known = self._known.get(obj)
        if known is None:
            if len(self._known) > _MOST:
                self._known.clear()
            known = self._known[obj] = str(obj).encode()
        return known


class _Lists(Dumper):
    """Arrays of texts or ids; none of them null."""

    oid = StrDumper.oid

    def dump(self, obj: list[object]) -> bytes:
        """`{"one","two"}`."""
        return b"{%s}" % b",".join(map(_quoted, obj)) if obj else b"{}"


def _quoted(item: object) -> bytes:
    text = str(item).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'.encode()


def adapt(cursor: Cursor[tuple[object, ...]]) -> None:
    """Has a cursor write rows so."""
    cursor.adapters.register_dumper(datetime, _Instants)
    cursor.adapters.register_dumper(list, _Lists)
