"""The program `quarterdeck`: its commands, in the order of its help.

Exit codes: 0 done, 1 not done (one line on standard error says why), 2 not understood, 3 done in part. The doctor's
are its own: 0 ok, 1 look at something, 2 something is broken.
"""

import sys
from collections.abc import Sequence

import typer

from cli.typed import admitting, moving, proving, running, showing

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

app.command()(running.serve)
app.command("import")(moving.import_)
app.command()(moving.export)
app.command()(showing.board)
app.command()(showing.replay)
app.command()(showing.diff)
app.command()(showing.kpis)
app.command()(running.rebuild)
app.command()(proving.verify)
app.command()(proving.checkpoint)
app.command()(running.migrate)
app.command()(running.doctor)
app.command()(moving.demo)
keys.command("add")(admitting.add_key)
keys.command("list")(admitting.list_keys)
keys.command("revoke")(admitting.revoke_key)
keys.command("rotate-signing")(proving.rotate_signing_key)
keys.command("verifiers")(proving.list_verifier_keys)
members.command("erase")(admitting.erase_member)


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
