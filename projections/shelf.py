"""The register of books, in the order in which they are shown."""

from projections import check_ins, cycles, initiatives, key_results, members, objectives, teams
from projections.check_ins.book import BOOK as CHECK_INS
from projections.cycles.book import BOOK as CYCLES
from projections.engine import Book
from projections.initiatives.book import BOOK as INITIATIVES
from projections.key_results.book import BOOK as KEY_RESULTS
from projections.members.book import BOOK as MEMBERS
from projections.objectives.book import BOOK as OBJECTIVES
from projections.teams.book import BOOK as TEAMS

BOOKS: tuple[Book, ...] = (CYCLES, TEAMS, MEMBERS, OBJECTIVES, KEY_RESULTS, CHECK_INS, INITIATIVES)

PACKAGES: dict[str, str] = {
    book.name: package.__name__
    for book, package in zip(
        BOOKS, (cycles, teams, members, objectives, key_results, check_ins, initiatives), strict=True
    )
}
"""Book → the package with its `tables.sql` and `indexes.sql`."""
