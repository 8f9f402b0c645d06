"""Where nodes, checkpoints and verifier keys are kept: reading them, and writing them in the caller's transaction."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from ledger.database import Connection, Database
from ledger.proofs.notes import Checkpoint, Verifier
from ledger.proofs.tree import Hashes, Node, Range, fold, hashes_of, nodes
from ledger.reader import END
from ledger.sql import load

SQL = load("ledger.proofs", "proofs.sql")


class Incomplete(LookupError):
    """Nodes that a tree of that size has are not there."""


def newest(connection: Connection, upto: int | None = None) -> Checkpoint | None:
    """The newest checkpoint, or the newest of a tree no larger than that."""
    row = connection.execute(SQL["newest"], {"upto": upto}).fetchone()
    return None if row is None else Checkpoint(row[0], row[1], bytes(row[2]), row[3])


def checkpoints(connection: Connection, after: int = -1, upto: int = END) -> list[Checkpoint]:
    """The checkpoints of trees larger than `after`, by size."""
    rows = connection.execute(SQL["checkpoints_after"], {"after": after, "upto": upto})
    return [Checkpoint(name, size, bytes(root), note) for name, size, root, note, _ in rows]


def verifier_keys(connection: Connection) -> list[Verifier]:
    """All there ever were, the current one first."""
    return [Verifier(name, bytes(public)) for name, public in connection.execute(SQL["keys"])]


def look(connection: Connection, wanted: Sequence[Node]) -> Hashes:
    """The hashes of some nodes, in one query. Raises `Incomplete`."""
    asked = {"levels": [node.level for node in wanted], "indexes": [node.index for node in wanted]}
    rows = connection.execute(SQL["nodes"], asked, binary=True)
    found = {Node(level, index): bytes(hashed) for level, index, hashed in rows}
    if missing := set(wanted) - found.keys():
        raise Incomplete(f"the node at level {min(missing).level}, index {min(missing).index} is missing")
    return found


def edge(connection: Connection, size: int) -> list[bytes]:
    """The right edge of the tree of a size. Raises `Incomplete`."""
    parts = list(nodes(0, size))
    found = look(connection, parts) if parts else {}
    return [found[part] for part in parts]


def root_at(connection: Connection, size: int) -> bytes:
    """The root of the tree of a size. Raises `Incomplete`."""
    return fold(edge(connection, size))


def proof(connection: Connection, path: Sequence[Range]) -> list[bytes]:
    """The hashes of a proof, in one query. Raises `Incomplete`."""
    return hashes_of(path, lambda wanted: look(connection, wanted)) if path else []


def leaf_hashes(connection: Connection, start: int, end: int) -> list[bytes]:
    """The hashes of the leaves from index `start` to before `end`, those that there are."""
    rows = connection.execute(SQL["leaf_hashes"], {"start": start, "end": end}, binary=True)
    return [bytes(hashed) for (hashed,) in rows]


def write(connection: Connection, made: Iterable[tuple[Node, bytes]], signed: Checkpoint, by: Verifier) -> None:
    """Writes new nodes and the checkpoint that has them."""
    with connection.cursor() as cursor, cursor.copy(SQL["copy_nodes"]) as copy:
        copy.set_types(["int2", "int8", "bytea"])
        for (level, index), hashed in made:
            copy.write_row((level, index, hashed))
    add_key(connection, by)
    parts = {"size": signed.size, "name": signed.origin, "root": signed.root, "note": signed.note}
    connection.execute(SQL["add_checkpoint"], parts)


def add_key(connection: Connection, verifier: Verifier) -> None:
    """Notes a verifier key, if it is a new one."""
    connection.execute(SQL["add_key"], {"name": verifier.name, "public": verifier.public})


def log_id(connection: Connection) -> UUID:
    """What tells this ledger's log from another's; made when it is first asked for."""
    row = connection.execute(SQL["log"]).fetchone()
    if row is None:
        connection.execute(SQL["make_log"])
        return log_id(connection)
    id: UUID = row[0]
    return id


def try_lease(database: Database) -> Connection | None:
    """A connection that holds the lease of the active sealer; `None` if another has it. Close it."""
    connection = database.dedicated()
    row = connection.execute(SQL["try_lease"], {"schema": database.schema}).fetchone()
    if row is not None and row[0]:
        return connection
    connection.close()
    return None
