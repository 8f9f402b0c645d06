"""What can be typed to bring histories in and out: files of elsewhere, exports, the demo."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Data, DatabaseUrl, Json, Schema


def import_(
    files: Annotated[list[Path], typer.Argument(help="History files, or an exported ledger.", show_default=False)],
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Take every line that can be taken, not all or nothing.")
    ] = False,
    refused: Annotated[
        Path | None,
        typer.Option(help="Where refused lines go. [NAME.refused.jsonl, here]", show_default=False),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(help="The people's file that belongs to an exported ledger.", show_default=False),
    ] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Take in histories from elsewhere, each whole or not at all; or restore an exported ledger."""
    from cli.history import import_files
    from cli.opening import settings

    given = settings(database_url, data, schema)
    in_part = import_files(given, files, keep_going=keep_going, refused=refused, people=people, as_json=as_json)
    if in_part:
        raise typer.Exit(3)


def export(
    out: Annotated[Path | None, typer.Option(help="A file instead of standard output.", show_default=False)] = None,
    people: Annotated[
        Path | None, typer.Option(help="Write names and addresses too, to this file.", show_default=False)
    ] = None,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Write the whole ledger out, one event a line."""
    from cli.history import export as run
    from cli.opening import settings

    run(settings(database_url, data, schema), out, people)


def demo(
    today: Annotated[
        str | None,
        typer.Option(help="The day that it ends on, such as 2026-05-20. [today]", show_default=False),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Write to this server, with the key in QUARTERDECK_ADMIN_KEY.")
    ] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Fill an empty ledger with a made-up company: two past quarters and the running one."""
    from cli.demo.run import run
    from cli.opening import settings

    run(settings(database_url, data, schema), today, url, as_json=as_json)
