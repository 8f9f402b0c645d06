"""The order of an examination: what needs least first, so that as much as possible is said when something is away.

    settings ─▶ versions ─▶ data folder ─▶ connection ─▶ server ─▶ schema ─▶ ledger

It starts an embedded PostgreSQL that is there and does not run, and stops it again; otherwise it changes nothing. No
book is moved on, nothing is sealed, and no key is made.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql
from rich.text import Text

from api.setting_errors import SettingsError
from api.settings import Settings
from cli.doctor import ledger, machine, server
from cli.doctor.findings import Finding, State, broken, doubtful, well, worst
from cli.doctor.ledger import Patient
from cli.terminal import answers, print_json
from domain.errors import NotReady
from ledger.database import Database
from ledger.embedded import embedded
from ledger.errors import DataFolderUnusable, LedgerError, NotMigrated, SchemaTooNew
from ledger.migrations import check_migrated, migrations
from ledger.proofs.keys import KeyFolder

Check = Callable[[Patient], Iterator[Finding]]
_OF_THE_SERVER: tuple[Check, ...] = (server.durability, server.transactions, server.space)
_OF_THE_LEDGER: tuple[Check, ...] = (
    *(ledger.leases, ledger.leftovers, ledger.books, ledger.signing, ledger.clock, ledger.privileges),
    *(server.indexes, server.bloat),
)
_REMEDIES: Mapping[type[LedgerError], str] = {
    NotMigrated: "Run `quarterdeck migrate` (on the embedded database, any start does).",
    SchemaTooNew: "Run the newer program; this one would not know what it reads.",
}
_STYLES = {State.OK: "green", State.LOOK: "yellow", State.BROKEN: "bold red"}


def examine(flags: Mapping[str, Any], *, as_json: bool) -> int:
    """Looks at everything and shows what it found. Answers the exit code: 0 ok, 1 look at this, 2 broken."""
    given = {name: value for name, value in flags.items() if value is not None}
    findings = list(_findings(given))
    state = worst(findings)
    if as_json:
        print_json({"state": state.words, "findings": [_as_dict(finding) for finding in findings]})
    else:
        _print(findings)
    return int(state)


def _findings(flags: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        given = replace(Settings.from_env(os.environ), **flags)
    except SettingsError as error:
        yield broken("settings", str(error), "Correct it; nothing else can be looked at before.")
        return
    yield from machine.settings(given, flags.keys(), os.environ)
    yield from machine.versions()
    yield from machine.folder(given.data)
    with ExitStack() as stack:
        url = given.database_url
        if url is None:
            if not (given.data / "postgres").exists():
                yield well("database", "There is none yet: the first `quarterdeck serve` makes one in the data folder.")
                return
            try:
                running = embedded(given.data)
            except DataFolderUnusable as error:
                yield broken("database", str(error), "The server's own words are in the file `log` beside its data.")
                return
            stack.callback(running.stop)
            url = running.url
        try:
            database = Database(url, given.schema)
            connection = stack.enter_context(database.owner_connection())
        except (ValueError, psycopg.ProgrammingError):
            # Its words would quote the URL, and so the password in it.
            yield broken("connection", "The database URL or the schema's name cannot be read.", "Correct the setting.")
            return
        except NotReady as error:
            yield broken("connection", error.detail, "Start the database, or correct its URL.")
            return
        yield from _of_database(Patient(connection, database, KeyFolder(given.data, given.schema)))


def _of_database(patient: Patient) -> Iterator[Finding]:
    yield from server.server(patient)
    for check in _OF_THE_SERVER:
        yield from _carefully(check, patient)
    newest = migrations()[-1]
    try:
        check_migrated(patient.database)
    except LedgerError as error:
        yield broken("schema", str(error), _REMEDIES.get(type(error), "Run the program that was released as this."))
        return
    except psycopg.errors.InsufficientPrivilege as error:
        yield doubtful("schema", f"It could not be looked at: {error.diag.message_primary}.", "Ask as its owner.")
        return
    yield well("schema", f"{patient.database.schema} is at migration {newest.number:04}, as this program.")
    path = sql.SQL("SET search_path = {}, {}").format(
        sql.Identifier(patient.database.books), sql.Identifier(patient.database.schema)
    )
    patient.connection.execute(path)
    patient.connection.execute("SET statement_timeout = '10s'; SET lock_timeout = '2s'")
    for check in _OF_THE_LEDGER:
        yield from _carefully(check, patient)


def _carefully(check: Check, patient: Patient) -> Iterator[Finding]:
    """One thing that cannot be looked at does not keep the doctor from the rest."""
    try:
        yield from check(patient)
    except psycopg.errors.UndefinedTable:
        yield doubtful(
            check.__name__, "The books' tables are not there yet.", "The first start of a server makes them."
        )
    except (psycopg.Error, LedgerError) as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        yield doubtful(check.__name__, f"This could not be looked at: {said}", "Try again, as the owner of the schema.")


def _as_dict(finding: Finding) -> Mapping[str, Any]:
    return {
        "about": finding.about,
        "state": finding.state.words,
        "said": finding.said,
        "advice": finding.advice,
        "figures": finding.figures,
    }


def _print(findings: list[Finding]) -> None:
    console = answers()
    for finding in findings:
        line = Text(f"{finding.state.words:<13}", style=_STYLES[finding.state])
        console.print(line.append(f"{finding.about}: {finding.said}", style="default"), soft_wrap=True)
        if finding.advice:
            console.print(Text(f"{'':<13}→ {finding.advice}"), soft_wrap=True)
    counts = [sum(finding.state is state for finding in findings) for state in State]
    console.print(f"{counts[0]} ok, {counts[1]} to look at, {counts[2]} broken.")
