"""What can be typed about who may do what, and about the people in a ledger."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from cli.options import Data, DatabaseUrl, Json, Role, Schema


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


def list_keys(
    as_json: Json = False, database_url: DatabaseUrl = None, data: Data = None, schema: Schema = None
) -> None:
    """List the keys: what each may do, who made it, and when it ends and was last used."""
    from cli.opening import settings
    from cli.people import list_all

    list_all(settings(database_url, data, schema), as_json=as_json)


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
