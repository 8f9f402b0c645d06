"""The options that many commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

DatabaseUrl = Annotated[
    str | None,
    typer.Option(help="A PostgreSQL URL; without one, a PostgreSQL of its own. [QUARTERDECK_DATABASE_URL]"),
]
Data = Annotated[Path | None, typer.Option(help="The data folder. [QUARTERDECK_DATA, .quarterdeck]")]
Schema = Annotated[
    str | None, typer.Option(help="The PostgreSQL schema of this ledger. [QUARTERDECK_SCHEMA, quarterdeck]")
]
AsOf = Annotated[
    str | None, typer.Option(help="What the ledger had recorded by then: a position, an instant or a date.")
]
ValidAt = Annotated[str | None, typer.Option(help="What was in effect then: an instant or a date.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Role = Literal["reader", "member", "lead", "admin", "service", "auditor"]
