"""What can be typed to run a ledger and to look after it."""

from typing import Annotated, Literal

import typer

from cli.options import Data, DatabaseUrl, Json, Schema


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [QUARTERDECK_HOST, 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port. [QUARTERDECK_PORT, 8000]")] = None,
    log_format: Annotated[
        Literal["text", "json"] | None, typer.Option(help="How the log is written. [QUARTERDECK_LOG, text]")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, max=16, help="1: all in one; more: one keeps the books, the others serve. [QUARTERDECK_PROCESSES, 1]"
        ),
    ] = None,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Run the API and the projections, until interrupted."""
    from api.serve import serve as run
    from cli.opening import settings

    run(settings(database_url, data, schema, host=host, port=port, log=log_format, processes=processes))


def migrate(as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None) -> None:
    """Bring the database's schema up to this program."""
    from cli.opening import settings
    from cli.upkeep import migrate_schema

    migrate_schema(settings(database_url, data, schema), as_json=as_json)


def rebuild(
    verify: Annotated[
        bool, typer.Option("--verify", help="Change nothing; show where a rebuild would differ.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept-differences", help="Swap the rebuilt books in even where the live ones differ.")
    ] = False,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Make the books anew from the ledger, beside a running server."""
    from cli.opening import settings
    from cli.upkeep import rebuild_books

    if not rebuild_books(settings(database_url, data, schema), verify=verify, accept=accept, as_json=as_json):
        raise typer.Exit(1)


def doctor(as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None) -> None:
    """Look at everything that the ledger needs, and say what is wrong. Exit code: 0 ok, 1 look at it, 2 broken."""
    from cli.doctor.examining import examine

    flags = {"database_url": database_url, "data": data, "schema": schema}
    raise typer.Exit(examine(flags, as_json=as_json))
