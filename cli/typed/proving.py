"""What can be typed to prove that nothing was changed, and to keep what that needs."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Data, DatabaseUrl, Json, Schema


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


def rotate_signing_key(
    as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None
) -> None:
    """Replace the key that checkpoints are signed with. Old checkpoints still verify with the old verifier keys."""
    from cli.opening import settings
    from cli.proofs import rotate_key

    rotate_key(settings(database_url, data, schema), as_json=as_json)


def list_verifier_keys(
    as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None
) -> None:
    """Print the keys that checkpoints are verified with, the current one first: what --public-key takes."""
    from cli.opening import settings
    from cli.proofs import show_verifier_keys

    show_verifier_keys(settings(database_url, data, schema), as_json=as_json)
