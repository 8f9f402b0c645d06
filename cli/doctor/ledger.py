"""What can be asked of a migrated ledger: how far its books are, its clock, and that nobody may change its past."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from cli.doctor.findings import Finding, broken, doubtful, well
from ledger.database import Connection, Database
from ledger.migrations import migrations
from ledger.proofs import store as store_of_tree
from ledger.proofs.keys import KeyFolder
from ledger.sql import load
from projections.shelf import BOOKS

SQL = load("cli.doctor", "doctor.sql")
_STANDING = load("api", "metrics.sql")["standing"]

MUCH_LAG = 500
"""Events: a batch of the projector."""
SKEW = timedelta(seconds=2)
_ALWAYS = re.compile(r"ALTER TABLE (\w+) ((?:ENABLE ALWAYS TRIGGER \w+(?:,\s*)?)+);")
_LOCKS = {
    "projector": "quarterdeck projector",
    "sealer": "quarterdeck sealer",
    "rebuild": "quarterdeck rebuild",
    "migration": "quarterdeck.migrate",
}


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at, by a connection of the login's own role."""

    connection: Connection
    database: Database
    keys: KeyFolder

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of one of the doctor's queries."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(_STANDING if query == "standing" else SQL[query], parameters or None).fetchall()

    def holders(self) -> dict[str, dict[str, Any]]:
        """Who holds the locks of the active projector and sealer, of a rebuild and of a migration."""
        whats, names = list(_LOCKS), list(_LOCKS.values())
        rows = self.rows("locks", whats=whats, names=names, schema=self.database.schema)
        return {row["what"]: row for row in rows}


def books(patient: Patient) -> Iterator[Finding]:
    """Whether the books are of this program, and what the ledger says."""
    known = {row["name"]: row for row in patient.rows("books")}
    ours = {book.name: book.version for book in BOOKS}
    if newer := [name for name, row in known.items() if row["version"] > ours.get(name, 0)]:
        yield broken("books", f"Of a newer program: {', '.join(newer)}.", "Run that program.", books=newer)
    older = [name for name, version in ours.items() if name not in known or known[name]["version"] < version]
    if older:
        yield doubtful(
            "books",
            f"Of an older program, or missing: {', '.join(older)}.",
            "Start the server, which makes them anew; the old ones answer until that is done.",
            books=older,
        )
    for row in known.values():
        if row["error"]:
            yield broken(
                f"book {row['name']}",
                f"It is stopped at position {row['position']}: {row['error']}",
                "It meets an event that it cannot take. With a program that can, `quarterdeck rebuild` starts it anew.",
                position=row["position"],
            )
    yield from _lag(patient)


def _lag(patient: Patient) -> Iterator[Finding]:
    runs = patient.holders()
    for row in patient.rows("standing"):
        name, lag, seconds = row["name"], row["lag_events"], round(row["lag_seconds"], 3)
        about, doer = (f"book {name}", "projector") if name else ("sealer", "sealer")
        figures = {"lag": lag, "seconds": seconds}
        if row["stopped"]:
            continue
        if not lag:
            yield well(about, f"It has all {row['head']:,} events.", **figures)
        elif doer not in runs:
            yield doubtful(
                about,
                f"It is {lag:,} events behind, and no {doer} runs.",
                "It catches up when a server is started.",
                **figures,
            )
        elif lag > MUCH_LAG:
            yield doubtful(
                about,
                f"It is {lag:,} events behind; the first of them is {seconds:,.0f} s old.",
                "Look again in a minute. If it does not come nearer, the log says why.",
                **figures,
            )
        else:
            yield well(about, f"It is {lag:,} events behind, and at it.", **figures)


def leases(patient: Patient) -> Iterator[Finding]:
    """Who projects."""
    runs = patient.holders()
    for row in patient.rows("lease"):
        if "projector" in runs:
            said = f"The projector of {row['holder']} has been at work since {row['since']:%Y-%m-%d %H:%M:%S} UTC."
        else:
            said = f"No server is running on this ledger; the last one was {row['holder']}."
        yield well("server", said, running="projector" in runs, holder=row["holder"])


def leftovers(patient: Patient) -> Iterator[Finding]:
    """Long work that goes on or hangs, and what somebody left behind who is not at work any more."""
    runs = patient.holders()
    for what in ("rebuild", "migration"):
        if what in runs:
            pid, since = runs[what]["pid"], runs[what]["since"]
            yield doubtful(
                what,
                f"A {what} runs, or hangs: database process {pid}, connected since {since:%Y-%m-%d %H:%M:%S} UTC.",
                f"Let it finish. If nobody runs one any more: SELECT pg_terminate_backend({pid}).",
                pid=pid,
            )
    left = [row["name"] for row in patient.rows("tables", schemas=[patient.database.shadow])]
    if left and "rebuild" not in runs:
        yield doubtful(
            "shadow tables",
            f"A rebuild that did not finish left {len(left)} tables in {patient.database.shadow}.",
            "They do no harm but take space; the next `quarterdeck rebuild` goes on from there, or removes them.",
            tables=left,
        )
    elif not left:
        yield well("shadow tables", "No rebuild left anything behind.")


def clock(patient: Patient) -> Iterator[Finding]:
    """This machine's clock, the database's, and the last event's."""
    before = datetime.now(UTC)
    (head,) = patient.rows("head")
    after = datetime.now(UTC)
    # The answer was made at some moment between; only what lies outside of that is a difference.
    now = head["now"]
    skew = max(before - now, now - after, timedelta(0))
    if skew > SKEW:
        yield doubtful(
            "clock",
            f"This machine's clock and the database's differ by {skew.total_seconds():,.1f} s.",
            "Have both set by NTP. Times in the ledger are the database's.",
            skew=skew.total_seconds(),
        )
    else:
        yield well("clock", "This machine and the database agree on the time.", skew=skew.total_seconds())
    last = head["recorded_at"]
    ahead = (last - now).total_seconds() if last else 0.0
    if ahead > SKEW.total_seconds():
        yield doubtful(
            "last event",
            f"It was recorded at {last:%Y-%m-%d %H:%M:%S} UTC, which is {ahead:,.0f} s from now.",
            "The clock was set back since. New events are recorded a microsecond after one another until it has "
            "caught up; nothing is lost or out of order.",
            ahead=ahead,
        )


def privileges(patient: Patient) -> Iterator[Finding]:
    """That the role which the server takes can append and nothing else, and that triggers refuse the rest."""
    expected = guards()
    tables = sorted({table for table, _ in expected})
    schema, role = patient.database.schema, patient.database.app_role
    advice = f"REVOKE it as the owner, and find out who granted it: only appending is {role}'s."
    excessive = [
        row for row in patient.rows("rights", tables=tables, schema=schema, role=role) if row["owns"] or row["may"]
    ]
    for row in excessive:
        may = "everything, as its owner," if row["owns"] else " and ".join(row["may"])
        yield broken("privileges", f"The role {role} may do {may} on {row['name']}.", advice, table=row["name"])
    if not excessive:
        yield well("privileges", f"The role {role} can append and read, and change nothing that was recorded.")
    found = {(row["table"], row["name"]): row["enabled"] for row in patient.rows("triggers", schema=schema)}
    wrong = sorted(each for each in expected if found.get(each) not in ("A", b"A"))
    for table, name in wrong:
        gone = (table, name) not in found
        yield broken(
            "triggers",
            f"The trigger {name} on {table} is {'missing' if gone else 'not always enabled'}.",
            "Run `quarterdeck verify` first, since the past may have been changed meanwhile; then make the trigger "
            "again as its migration has it."
            if gone
            else f"Run `quarterdeck verify` first; then: ALTER TABLE {schema}.{table} ENABLE ALWAYS TRIGGER {name}.",
            table=table,
            trigger=name,
        )
    if not wrong:
        yield well("triggers", f"All {len(expected)} that refuse changes are there, and always enabled.")


def guards() -> set[tuple[str, str]]:
    """(table, trigger) of all that the migrations enable for always."""
    return {
        (table, name)
        for migration in migrations()
        for table, which in _ALWAYS.findall(migration.script)
        for name in re.findall(r"TRIGGER (\w+)", which)
    }


def signing(patient: Patient) -> Iterator[Finding]:
    """That the key here is the one that signs, and that the ledger is not older than what was signed."""
    known = store_of_tree.verifier_keys(patient.connection)
    if not known:
        yield well("signatures", "Nothing was signed yet; a server makes the key when it first starts.")
        return
    newest = store_of_tree.newest(patient.connection)
    signer = patient.keys.signer(store_of_tree.log_id(patient.connection))
    if signer is None or signer.name != known[0].name:
        have = "no signing key" if signer is None else f"the key of {signer.name}"
        yield doubtful(
            "signatures",
            f"Checkpoints are signed by {known[0].name}, and this data folder has {have}.",
            "Name the server's own data folder, or copy its signing.key here; else a server that starts here begins a "
            "new log under a new name.",
        )
        return
    last, size = patient.keys.last(signer), newest.size if newest else 0
    if last is not None and last.size > size:
        yield broken(
            "signatures",
            f"A tree of {last.size:,} events was signed with this key, and the ledger has sealed {size:,}.",
            "It was set back, as by an older backup. Restore a newer one; `quarterdeck keys rotate-signing` begins a "
            "new log if there is none.",
            signed=last.size,
            sealed=size,
        )
        return
    yield well("signatures", f"{signer.name} signs, and has signed {size:,} events.", sealed=size)
