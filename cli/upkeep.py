"""Migrating the schema, and making the books anew."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import psycopg

from api.setting_errors import SettingsError
from api.settings import Settings
from cli.opening import opened
from cli.terminal import answers, clean, print_json, progress
from ledger.database import Database
from ledger.embedded import embedded
from ledger.migrations import migrate
from projections.rebuild import Report, rebuild


def migrate_schema(given: Settings, *, as_json: bool) -> None:
    """Runs what is missing. Raises a `LedgerError`, `SettingsError` or `NotReady`."""
    with ExitStack() as stack:
        url = given.database_url
        if url is None:
            server = embedded(given.data)
            stack.callback(server.stop)
            url = server.url
        try:
            # Not opened: its pool would connect with a role that the first migration makes.
            database = Database(url, given.schema)
        except (ValueError, psycopg.ProgrammingError) as error:
            raise SettingsError(f"This names no database: {error}") from None
        run = [f"{each.number:04}_{each.name}" for each in migrate(database)]
    if as_json:
        print_json({"schema": given.schema, "applied": run})
    elif run:
        answers().print(f"The schema {given.schema} was brought up to date: {', '.join(run)}.")
    else:
        answers().print(f"The schema {given.schema} is up to date.")


def rebuild_books(given: Settings, *, verify: bool, accept: bool, as_json: bool) -> bool:
    """Rebuilds, or compares with a rebuild. Answers whether the books are what the ledger says."""
    with opened(given) as runtime, progress() as step:
        what = "Comparing" if verify else "Rebuilding"
        report = rebuild(
            runtime.database,
            runtime.recorder,
            lambda done, of: step(what, done, of),
            verify=verify,
            compare=not accept,
        )
    if as_json:
        print_json(_as_dict(report))
    else:
        _print(report, verify)
    return not report.differences


def _as_dict(report: Report) -> Mapping[str, Any]:
    return {
        "position": report.position,
        "seconds": round(report.seconds, 3),
        "rows": report.rows,
        "swapped": report.swapped,
        "compared": list(report.compared),
        "taken_up": report.taken_up,
        "differences": {
            book: {"only_live": [_row(row) for row in live], "only_rebuilt": [_row(row) for row in rebuilt]}
            for book, (live, rebuilt) in report.differences.items()
        },
    }


def _row(row: tuple[Any, ...]) -> str:
    return clean(" | ".join(str(value) for value in row))


def _print(report: Report, verify: bool) -> None:
    console = answers()
    rows, seconds = sum(report.rows.values()), max(report.seconds, 0.001)
    console.print(
        f"{report.position:,} events made {rows:,} rows in {seconds:.1f} s "
        f"({report.position / seconds:,.0f} events a second)."
    )
    if report.taken_up:
        console.print(f"{report.taken_up:,} of these events had been taken by a rebuild that did not come to its end.")
    if report.swapped:
        console.print("The books were swapped in.")
    elif not verify:
        console.print(
            "Nothing was swapped: the rebuilt books differ from the live ones, so one of both is wrong. "
            "With --accept-differences the rebuilt ones take their place."
        )
    elif not report.differences:
        console.print("The books are what the ledger says: no row differs.")
    for book, (live, rebuilt) in report.differences.items():
        console.print(f"{book} differs:")
        for mark, differing in (("-", live), ("+", rebuilt)):
            for row in differing:
                console.print(f"  {mark} {_row(row)}", markup=False, soft_wrap=True)
