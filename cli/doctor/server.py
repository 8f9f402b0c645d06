"""What can be asked of any PostgreSQL: its version and settings, its tables, and who is in the way."""

from collections.abc import Iterator

import psycopg

from cli.doctor.findings import Finding, broken, doubtful, size, well
from cli.doctor.ledger import Patient

LONG = 300.0
"""Seconds that a transaction may be open before it deserves a look."""
MANY_DEAD = 10_000
OLD = 1_000_000_000
"""Transactions; at about two thousand million PostgreSQL refuses to write."""
MUCH_WAL = 10_000_000_000
_OLDEST = 160_000
_SHOWN = 8


def server(patient: Patient) -> Iterator[Finding]:
    """Which server it is."""
    (row,) = patient.rows("server")
    host = patient.connection.info.host
    said = f"PostgreSQL {row['version']} at {host}, database {row['database']}, as {row['login']}."
    if row["number"] < _OLDEST:
        yield broken("connection", said, "PostgreSQL 16 or newer is needed.", version=row["version"])
    elif row["in_recovery"]:
        yield broken(
            "connection",
            said,
            "It is a replica: nothing can be written there. Name the primary.",
            version=row["version"],
        )
    else:
        yield well("connection", said, version=row["version"])


def durability(patient: Patient) -> Iterator[Finding]:
    """Whether what was acknowledged survives a crash."""
    found = {row["name"]: row["setting"] for row in patient.rows("durability")}
    off = sorted(name for name, setting in found.items() if setting == "off")
    if off:
        yield broken(
            "durability",
            f"Off: {', '.join(off)}. What was acknowledged may be lost, or broken, when the machine stops.",
            "Set them on, in postgresql.conf or with ALTER SYSTEM, and where a role or the database sets them.",
            **found,
        )
    else:
        yield well("durability", "What is acknowledged is on the disk.", **found)


def bloat(patient: Patient) -> Iterator[Finding]:
    """Sizes, and dead rows that nobody cleans up."""
    database = patient.database
    tables = patient.rows("tables", schemas=[database.schema, database.books])
    dead = [row for row in tables if row["dead"] > MANY_DEAD and row["dead"] > row["live"] / 2]
    for row in dead:
        table = f"{row['schema']}.{row['name']}"
        yield doubtful(
            f"table {table}",
            f"{row['dead']:,} dead rows beside {row['live']:,} live ones.",
            f"Autovacuum does not keep up, or something holds it back (long transactions). Then: VACUUM {table}.",
            dead=row["dead"],
            live=row["live"],
        )
    sizes = {
        f"{row['schema']}.{row['name']}": {key: row[key] for key in ("bytes", "index_bytes", "live", "dead")}
        for row in tables
    }
    largest = [f"{row['name']} {size(row['bytes'])} + {size(row['index_bytes'])}" for row in tables[:_SHOWN]]
    yield well("tables", f"Largest, with their indexes: {', '.join(largest) or 'none'}.", tables=sizes)


def indexes(patient: Patient) -> Iterator[Finding]:
    """That none is half made."""
    database = patient.database
    rows = patient.rows("invalid_indexes", schemas=[database.schema, database.books, database.shadow])
    for row in rows:
        name = f"{row['schema']}.{row['name']}"
        yield broken("indexes", f"The index {name} is not valid: queries go without it.", f"REINDEX INDEX {name}.")
    if not rows:
        yield well("indexes", "All are valid.")


def transactions(patient: Patient) -> Iterator[Finding]:
    """Who is in the way of cleaning up."""
    rows = patient.rows("transactions", seconds=LONG)
    for row in rows:
        yield doubtful(
            "transactions",
            f"Process {row['pid']} ({row['application'] or row['login']}, {row['state']}) has had one open for "
            f"{row['seconds'] / 60:,.0f} minutes.",
            "Find out what it does; nothing can be cleaned up meanwhile. "
            f"SELECT pg_terminate_backend({row['pid']}) ends it.",
            pid=row["pid"],
            seconds=row["seconds"],
        )
    prepared = [row["gid"] for row in patient.rows("prepared")]
    if prepared:
        yield doubtful("transactions", f"Prepared and never ended: {', '.join(prepared)}.", "ROLLBACK PREPARED them.")
    if not rows and not prepared:
        yield well("transactions", f"None has been open for more than {LONG / 60:.0f} minutes.")


def space(patient: Patient) -> Iterator[Finding]:
    """How large it is, and what keeps it from getting smaller."""
    (row,) = patient.rows("space")
    yield well("database size", f"{size(row['bytes'])}.", bytes=row["bytes"])
    if row["autovacuum"] != "on":
        yield broken("autovacuum", "It is off: tables only grow.", "Set autovacuum = on.")
    if row["age"] > OLD:
        yield doubtful("autovacuum", f"The oldest transaction is {row['age']:,} ago.", "VACUUM (FREEZE) the database.")
    if row["idle_slots"]:
        names = ", ".join(row["idle_slots"])
        yield doubtful(
            "replication",
            f"Nobody reads these slots, and WAL is kept for them: {names}.",
            "Drop those of replicas that are gone.",
        )
    if row["failed_archiving"]:
        yield broken(
            "archiving",
            f"WAL is not archived: {row['failed_archiving']} attempts failed.",
            "The server's log says why.",
        )
    try:
        (wal,) = patient.rows("wal")
    except psycopg.errors.InsufficientPrivilege:
        yield well("WAL", "Its size is for members of pg_monitor to see.")
        return
    said = f"{size(wal['bytes'])} on the disk."
    if wal["bytes"] > MUCH_WAL:
        yield doubtful("WAL", said, "Look at what holds it back: archiving, replication slots.", bytes=wal["bytes"])
    else:
        yield well("WAL", said, bytes=wal["bytes"])
