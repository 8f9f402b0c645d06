"""The register of books, in the order in which they are shown."""

from types import ModuleType

from projections import (
    check_ins,
    cycles,
    initiatives,
    key_results,
    kpi_health,
    kpi_links,
    kpis,
    measurements,
    members,
    objectives,
    teams,
)
from projections.check_ins.book import BOOK as CHECK_INS
from projections.cycles.book import BOOK as CYCLES
from projections.engine import Book
from projections.initiatives.book import BOOK as INITIATIVES
from projections.key_results.book import BOOK as KEY_RESULTS
from projections.kpi_health.book import BOOK as KPI_HEALTH
from projections.kpi_links.book import BOOK as KPI_LINKS
from projections.kpis.book import BOOK as KPIS
from projections.measurements.book import BOOK as MEASUREMENTS
from projections.members.book import BOOK as MEMBERS
from projections.objectives.book import BOOK as OBJECTIVES
from projections.teams.book import BOOK as TEAMS

_SHELF: tuple[tuple[Book, ModuleType], ...] = (
    (CYCLES, cycles),
    (TEAMS, teams),
    (MEMBERS, members),
    (OBJECTIVES, objectives),
    (KEY_RESULTS, key_results),
    (CHECK_INS, check_ins),
    (INITIATIVES, initiatives),
    (KPIS, kpis),
    (KPI_HEALTH, kpi_health),
    (MEASUREMENTS, measurements),
    (KPI_LINKS, kpi_links),
)

BOOKS: tuple[Book, ...] = tuple(book for book, _ in _SHELF)

PACKAGES: dict[str, str] = {book.name: package.__name__ for book, package in _SHELF}
"""Book → the package with its `tables.sql` and `indexes.sql`."""
