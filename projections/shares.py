"""A whole ledger in shares that can be folded apart from each other.

Goals hang together: an objective with its key results, those with the KPIs that drive them, a KPI with its
measurements. What hangs together is a family and goes into one share; the cycles that its objectives were ever in, on
whose policies and dates scores depend, are read along with it. All else (cycles, teams, members, initiatives) shows
nothing but itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ledger.database import Connection
from ledger.sql import load

SQL = load("projections", "store.sql")

_FAMILY = ("objective/", "key_result/", "kpi/", "measurements/")


@dataclass(slots=True)
class Share:
    """Streams to fold together, and how many events they have. `beside`: cycles that they depend on."""

    streams: list[str] = field(default_factory=list)
    beside: set[str] = field(default_factory=set)
    events: int = 0
    goals: bool = True


def shares(connection: Connection, upto: int, size: int) -> list[Share]:
    """The ledger up to a position in shares of about `size` events, or of one family if that has more."""
    counts: dict[str, int] = dict(connection.execute(SQL["stream_sizes"], {"upto": upto}).fetchall())
    pairs = connection.execute(SQL["attached"], {"upto": upto}).fetchall()
    apart = (Share([name], set(), count, goals=False) for name, count in counts.items() if not _in_family(name))
    families = _families({name: count for name, count in counts.items() if _in_family(name)}, pairs)
    return [*_packed(apart, size), *_packed(families, size)]


def _in_family(name: str) -> bool:
    return name.startswith(_FAMILY)


def _families(counts: Mapping[str, int], pairs: Iterable[tuple[str, str]]) -> Iterator[Share]:
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while (upper := above.get(name, name)) != name:
            above[name] = above.get(upper, upper)
            name = upper
        return name

    cycles: list[tuple[str, str]] = []
    for parent, child in pairs:
        if parent.startswith("cycle/"):
            cycles.append((parent, child))
            continue
        above[root(child)] = root(parent)
    found: dict[str, Share] = {}
    for name, count in counts.items():
        share = found.setdefault(root(name), Share())
        share.streams.append(name)
        share.events += count
    for cycle, objective in cycles:
        found[root(objective)].beside.add(cycle)
    return iter(found.values())


def _packed(families: Iterable[Share], size: int) -> Iterator[Share]:
    packed: Share | None = None
    for family in families:
        if packed is None:
            packed = family
        else:
            packed.streams += family.streams
            packed.beside |= family.beside
            packed.events += family.events
        if packed.events >= size:
            yield packed
            packed = None
    if packed is not None:
        yield packed
