"""The writer of the book of initiatives."""

from domain.initiative.state import INITIATIVE, Initiative
from projections.output import Row
from projections.simple import StreamBook, texts

COLUMNS = (
    "key_result",
    "title",
    "url",
    "hypothesis",
    "learning",
    "redactions",
    "sprint",
    "external_id",
    "state",
)


def show(initiative: Initiative) -> Row:
    """An initiative as a row."""
    return (
        initiative.key_result,
        *texts(
            title=initiative.title,
            url=initiative.url,
            hypothesis=initiative.hypothesis,
            learning=initiative.learning,
        ),
        initiative.sprint,
        initiative.external_id,
        initiative.state,
    )


BOOK = StreamBook("initiatives", 1, INITIATIVE, COLUMNS, show)
