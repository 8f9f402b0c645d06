"""What can be typed to look at goals: on both clocks, in a terminal or as JSON."""

from typing import Annotated, Literal

import typer

from cli.options import AsOf, Data, DatabaseUrl, Json, Schema, ValidAt


def board(
    cycle: Annotated[str, typer.Argument(help="A cycle's label or id.")],
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Show a cycle: its score, its objectives and their key results."""
    from cli.board import show
    from cli.opening import settings

    show(settings(database_url, data, schema), cycle, as_of, valid_at, as_json=as_json)


def replay(
    cycle: Annotated[str, typer.Argument(help="A cycle's label or id.")],
    step: Annotated[
        Literal["day", "week"] | None, typer.Option(help="A summary a day or week instead.", show_default=False)
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Redraw the board in place, day by day.")] = False,
    speed: Annotated[float, typer.Option(min=0.01, max=1000, help="Days a second, with --follow.")] = 7,
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line a frame (or step).")] = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Show how a cycle evolved: who did what, when, and how the score moved."""
    if follow and (as_json or step):
        raise typer.BadParameter("goes without --json and --step", param_hint="--follow")
    from cli import replay as run
    from cli.opening import settings

    given = settings(database_url, data, schema)
    if follow:
        run.follow(given, cycle, as_of, valid_at, speed)
    elif step:
        run.show_steps(given, cycle, as_of, valid_at, step, as_json=as_json)
    else:
        run.show(given, cycle, as_of, valid_at, as_json=as_json)


def diff(
    cycle: Annotated[str, typer.Argument(help="A cycle's label or id.")],
    since: Annotated[
        str | None, typer.Option("--from", help="What was recorded by the earlier end. [now]", show_default=False)
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="What was recorded by the later end. [now]", show_default=False)
    ] = None,
    from_valid: Annotated[
        str | None, typer.Option(help="What was in effect at the earlier end. [now]", show_default=False)
    ] = None,
    to_valid: Annotated[
        str | None, typer.Option(help="What was in effect at the later end. [now]", show_default=False)
    ] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Show what differs in a cycle between two points in time, on either clock."""
    from cli.diff import show
    from cli.opening import settings

    show(settings(database_url, data, schema), cycle, (since, to, from_valid, to_valid), as_json=as_json)


def kpis(
    team: Annotated[str | None, typer.Option(help="Those of one team: its id or name.", show_default=False)] = None,
    state: Annotated[
        Literal["active", "retired"] | None, typer.Option(help="Those in one state.", show_default=False)
    ] = None,
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Show how the KPIs stand: latest value, target, health and trend."""
    from cli.kpis import show
    from cli.opening import settings

    show(settings(database_url, data, schema), team, state, as_of, valid_at, as_json=as_json)
