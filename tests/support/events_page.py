"""Writes docs/events.md, the page of all events, from the catalogue: `python -m tests.support.events_page`."""

from itertools import groupby
from pathlib import Path
from typing import get_type_hints

from domain.catalogue import EVENTS
from domain.kernel import Event
from tests.support.memory import is_free_text

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
HEAD = """\
# Events

Everything that can happen, as the ledger keeps it: the stored name and version of each event, what it means, and its
fields. A name and a version are a file format and never change; for each there is a golden file,
`tests/golden/NAME.vVERSION.json`, that must load for ever. Only the fields that were set are stored. Fields in
*italics* are free text, and so are the titles and zones in a measure and the notes of points: the event holds a
commitment to each, the text stands beside it and can be redacted.

This page is written by `python -m tests.support.events_page`, and a test holds it to the code.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for kind, events in groupby(EVENTS.values(), key=lambda event: event.TOPIC.partition(".")[0]):
        rows = "\n".join(map(_row, events))
        parts.append(
            f"## `{kind}`\n\n| event | version | what happened | fields |\n| --- | --- | --- | --- |\n{rows}\n"
        )
    return "\n".join(parts)


def _row(event: type[Event]) -> str:
    hints = get_type_hints(event, include_extras=True)
    fields = ", ".join(f"*{name}*" if is_free_text(hints[name]) else name for name in event.model_fields)
    return f"| `{event.TOPIC}` | {event.VERSION} | {sentence(event)} | {fields or '–'} |"


def sentence(event: type[Event]) -> str:
    """The event's docstring, on one line."""
    return " ".join((event.__doc__ or "").split())


if __name__ == "__main__":
    PAGE.write_text(page())
