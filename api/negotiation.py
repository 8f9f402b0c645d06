"""Which of two forms of an answer a client prefers (RFC 9110, section 12.5.1)."""

from typing import Annotated

from fastapi import Header

MARKDOWN = "text/markdown"
CSV = "text/csv"
Accept = Annotated[
    str | None,
    Header(description="JSON unless another type is preferred that the answer may have, as `text/csv`."),
]


def prefers(accept: str | None, media_type: str) -> bool:
    """Whether the type is named, and not behind JSON; whoever names neither gets JSON."""
    weights: dict[str, float] = {}
    for part in (accept or "").split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        weight = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
        weights[kind] = float(weight) if weight.replace(".", "", 1).isdecimal() else 1.0
    return weights.get(media_type, 0.0) > 0 and weights[media_type] >= weights.get("application/json", 0.0)
