"""Keys, and erasing a member."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rich.table import Table

from api import issued
from api.credentials import hash_of, new_secret
from api.runtime import Runtime
from api.settings import Settings
from cli.opening import ACTOR, catch_up, opened
from cli.terminal import answers, clean, print_json, progress
from domain.errors import NotFound
from domain.kernel import Kind
from domain.key.decisions import CreateKey, RevokeKey
from domain.member.decisions import EraseMember
from domain.roles import Role
from ledger.orders import Order
from ledger.payloads import build
from projections import questions

_PAGE = 500


def add(
    given: Settings,
    role: Role,
    member: UUID | None,
    expires_at: datetime | None,
    label: str | None,
    *,
    as_json: bool,
) -> None:
    """Makes a key and prints it, the only time that it is seen. Raises a `Refusal`."""
    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    secret = new_secret()
    command = build(CreateKey, {"role": role, "member": member, "expires_at": expires_at, "label": label})
    with opened(given) as runtime:
        order = Order(command, ACTOR, source="cli", key_hash=hash_of(secret))
        id = runtime.ledger.execute(order).subject.id
    if as_json:
        print_json({"id": id, "key": secret})
    else:
        answers().print(f"{secret}\n\nKey {id}, role {role}. It is not shown again.", soft_wrap=True)


def list_all(given: Settings, *, as_json: bool) -> None:
    """Prints every key, but not what it is."""
    found: list[issued.Key] = []
    with opened(given) as runtime, runtime.books.reading() as reading:
        while page := issued.keys(reading, _PAGE, found[-1]["id"] if found else None):
            found += page
        makers = questions.names_of(reading, [key["created_by"] for key in found if key["created_by"]])
    if as_json:
        print_json({"items": found})
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name, width in (("id", 36), ("role", 7), ("ends", 10), ("last used", 10)):
        table.add_column(name, min_width=width, no_wrap=True)
    table.add_column("for, made by", overflow="fold")
    for key in found:
        ends = _day(key["expires_at"]) if key["state"] == "active" else key["state"]
        about = ", ".join(filter(None, (_label(key["label"]), _maker(key["created_by"], makers))))
        table.add_row(str(key["id"]), key["role"], ends, _day(key["last_used_at"]), about)
    answers().print(table)


def revoke(given: Settings, id: UUID, reason: str | None, *, as_json: bool) -> None:
    """Revokes a key. Raises a `Refusal`."""
    with opened(given) as runtime:
        executed = runtime.ledger.execute(Order(build(RevokeKey, {"key": id, "reason": reason}), ACTOR, source="cli"))
        with progress() as step:
            catch_up(runtime, step)
        with runtime.books.reading_at(executed.position, executed.recorded_at) as reading:
            key = issued.key(reading, id, as_it_is=True)
    if as_json:
        print_json(key)
    else:
        answers().print(f"Key {id} was revoked.", soft_wrap=True)


def erase(given: Settings, member: str, reason: str, *, as_json: bool) -> None:
    """Erases a member. Raises a `Refusal`."""
    with opened(given) as runtime:
        with progress() as step:
            catch_up(runtime, step)
        id = _named(runtime, member)
        command = build(EraseMember, {"member": id, "reason": reason})
        executed = runtime.ledger.execute(Order(command, ACTOR, source="cli"))
        with runtime.books.reading_at(executed.position, executed.recorded_at) as reading:
            found = questions.find(reading, executed.subject)
    if as_json:
        print_json(found)
    else:
        answers().print(f"The member {id} was erased.", soft_wrap=True)


def _named(runtime: Runtime, name: str) -> UUID:
    """The member with that id, or the only one with that external id."""
    try:
        return UUID(name)
    except ValueError:
        pass
    with runtime.books.reading() as reading:
        found = questions.listing(reading, Kind.MEMBER, {"external_id": name}, 2, None).items
    if len(found) != 1:
        why = "There is no member" if not found else "There is more than one member"
        raise NotFound(f"{why} {name!r}.")
    id: UUID = found[0]["id"]
    return id


def _maker(id: UUID | None, names: Mapping[UUID, str]) -> str:
    if id is None:
        return ""
    return "by the command line" if id == ACTOR else f"by {clean(names.get(id, str(id)))}"


def _label(label: Any) -> str:
    """A label, or that it was redacted."""
    return "[redacted]" if isinstance(label, dict) else clean(label or "")


def _day(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d")
