"""What can be typed. The functions here are the command line's reference: they say what there is and hand it
on.

Exit codes: 0 done, 1 not done (one line on standard error says why), 2 not understood, 3 done in part. The doctor's
are its own: 0 ok, 1 look at something, 2 something is broken.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

app = typer.Typer(
    name="quarterdeck",
    help="Objectives, key results and KPIs on an append-only, bitemporal ledger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="The credentials of this ledger.", no_args_is_help=True)
members = typer.Typer(help="The people in this ledger.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(members, name="members")

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


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [QUARTERDECK_HOST, 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port. [QUARTERDECK_PORT, 8000]")] = None,
    log_format: Annotated[
        Literal["text", "json"] | None, typer.Option(help="How the log is written. [QUARTERDECK_LOG, text]")
    ] = None,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Run the API and the projections, until interrupted."""
    from api.serve import serve as run
    from cli.opening import settings

    run(settings(database_url, data, schema, host=host, port=port, log=log_format))


@app.command("import")
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def verify(
    export: Annotated[
        Path | None, typer.Option(help="Check this exported ledger instead, without any database.", show_default=False)
    ] = None,
    public_key: Annotated[
        list[str] | None,
        typer.Option(help="A verifier key to trust, or a file with some; may be given again.", show_default=False),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that was kept elsewhere; may be given again.", show_default=False),
    ] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Prove that nothing was changed: events, tree, checkpoints, seals and books; or an export alone."""
    if export is not None and not public_key:
        raise typer.BadParameter("is needed with --export: the file cannot vouch for itself", param_hint="--public-key")
    from cli import proofs
    from cli.opening import settings

    if export is not None:
        is_true = proofs.verify_file(export, public_key or [], checkpoint or [], as_json=as_json)
    else:
        given = settings(database_url, data, schema)
        is_true = proofs.verify_live(given, public_key or [], checkpoint or [], as_json=as_json)
    if not is_true:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    out: Annotated[Path | None, typer.Option(help="A file instead of standard output.", show_default=False)] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Write the newest checkpoint, to be kept where nobody can reach both it and the ledger."""
    from cli.opening import settings
    from cli.proofs import write_checkpoint

    write_checkpoint(settings(database_url, data, schema), out, as_json=as_json)


@app.command()
def migrate(as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None) -> None:
    """Bring the database's schema up to this program."""
    from cli.opening import settings
    from cli.upkeep import migrate_schema

    migrate_schema(settings(database_url, data, schema), as_json=as_json)


@app.command()
def doctor(as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None) -> None:
    """Look at everything that the ledger needs, and say what is wrong. Exit code: 0 ok, 1 look at it, 2 broken."""
    from cli.doctor.examining import examine

    flags = {"database_url": database_url, "data": data, "schema": schema}
    raise typer.Exit(examine(flags, as_json=as_json))


@app.command()
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


@keys.command("add")
def add_key(
    role: Annotated[Role, typer.Option(help="What it may do.")],
    member: Annotated[UUID | None, typer.Option(help="Whose it is.")] = None,
    expires_at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"], help="When it ends: a day or an instant."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="A note of what it is for.")] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Make a key. It is shown now and never again."""
    from cli.opening import settings
    from cli.people import add

    add(settings(database_url, data, schema), role, member, expires_at, label, as_json=as_json)


@keys.command("list")
def list_keys(
    as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None
) -> None:
    """List the keys: what each may do, who made it, and when it ends and was last used."""
    from cli.opening import settings
    from cli.people import list_all

    list_all(settings(database_url, data, schema), as_json=as_json)


@keys.command("revoke")
def revoke_key(
    id: Annotated[UUID, typer.Argument(help="The key's id.")],
    reason: Annotated[str | None, typer.Option(help="Why; it is recorded.", show_default=False)] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Take a key's power, from now on."""
    from cli.opening import settings
    from cli.people import revoke

    revoke(settings(database_url, data, schema), id, reason, as_json=as_json)


@keys.command("rotate-signing")
def rotate_signing_key(
    as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None
) -> None:
    """Replace the key that checkpoints are signed with. Old checkpoints still verify with the old verifier keys."""
    from cli.opening import settings
    from cli.proofs import rotate_key

    rotate_key(settings(database_url, data, schema), as_json=as_json)


@keys.command("verifiers")
def list_verifier_keys(
    as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None
) -> None:
    """Print the keys that checkpoints are verified with, the current one first: what --public-key takes."""
    from cli.opening import settings
    from cli.proofs import show_verifier_keys

    show_verifier_keys(settings(database_url, data, schema), as_json=as_json)


@members.command("erase")
def erase_member(
    member: Annotated[str, typer.Argument(help="The member's id, or their id in the file they came from.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    as_json: Json = False,
    database_url: DatabaseUrl = None,
    data: Data = None,
    schema: Schema = None,
) -> None:
    """Remove a member's name and addresses for good. What they did stays."""
    from cli.opening import settings
    from cli.people import erase

    erase(settings(database_url, data, schema), member, reason, as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> None:
    """The program `quarterdeck`; always ends in `SystemExit`."""
    try:
        app(arguments, prog_name="quarterdeck")
    except Exception as error:
        from cli.opening import explained

        said = explained(error)
        if said is None:
            raise
        sys.stderr.write(f"quarterdeck: {said}\n")
        sys.exit(1)
