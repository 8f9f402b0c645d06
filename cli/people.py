"""Keys, and erasing a member."""

from datetime import UTC, datetime
from uuid import UUID

from rich.table import Table

from api.credentials import Key
from api.runtime import Runtime
from api.settings import Settings
from cli.opening import ACTOR, catch_up, opened
from cli.terminal import answers, clean, print_json, progress
from domain.access import Role
from domain.errors import NotFound, invalid
from domain.kernel import Kind, Ref
from domain.member.decisions import EraseMember
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
    """Makes a key and prints it, the only time that it is seen. Raises `NotFound` or `Invalid`."""
    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    with opened(given) as runtime:
        if member is not None and not runtime.recorder.read_stream(Ref(Kind.MEMBER, member)):
            raise NotFound(f"There is no member {member}.")
        if expires_at is not None and expires_at <= runtime.ledger.now():
            raise invalid("/expires_at", "lies in the past")
        key, secret = runtime.keys.add(role, member, expires_at, label)
    if as_json:
        print_json({"id": key.id, "key": secret})
    else:
        answers().print(f"{secret}\n\nKey {key.id}, role {key.role}. It is not shown again.", soft_wrap=True)


def list_all(given: Settings, *, as_json: bool) -> None:
    """Prints every key, but not what it is."""
    found: list[Key] = []
    with opened(given) as runtime:
        while page := runtime.keys.list(_PAGE, found[-1].id if found else None):
            found += page
    if as_json:
        print_json({"items": found})
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name, width in (("id", 36), ("role", 7), ("ends", 10), ("last used", 10)):
        table.add_column(name, min_width=width, no_wrap=True)
    table.add_column("label", overflow="fold")
    for key in found:
        ends = "revoked" if key.revoked_at else _day(key.expires_at)
        table.add_row(str(key.id), key.role, ends, _day(key.last_used_at), clean(key.label or ""))
    answers().print(table)


def revoke(given: Settings, id: UUID, *, as_json: bool) -> None:
    """Revokes a key. Raises `NotFound`."""
    with opened(given) as runtime:
        key = runtime.keys.revoke(id)
    if as_json:
        print_json(key)
    else:
        answers().print(f"Key {key.id} was revoked.", soft_wrap=True)


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


def _day(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d")
