"""The tree of refusals.

    Refusal                    a command or question that cannot be taken; nothing was changed
    ├── Malformed        400   not readable as what it should be
    ├── Forbidden        403   the credential may not do this
    ├── NotFound         404   no such thing, at the clocks that were asked
    ├── Conflict         409   a rule of the domain says no
    ├── Stale            412   If-Match names an older state
    ├── Invalid          422   the payload breaks its schema or a value is out of range
    └── NotReady         503   try again: the books, the ledger or the database are behind or away

Each carries a `slug` (the last part of the problem's `type`), a sentence, and for payloads the places
at fault as JSON pointers. `api.errors` maps them to HTTP once; the command line prints them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One place in a payload that is at fault: a JSON pointer (RFC 6901) and why."""

    pointer: str
    reason: str


class Refusal(Exception):
    """A command or a question that cannot be taken. Nothing was changed."""

    status: ClassVar[int] = 400
    default_slug: ClassVar[str] = "refused"

    def __init__(self, detail: str, *, slug: str | None = None, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.slug = slug or self.default_slug
        self.faults = tuple(faults)


class Malformed(Refusal):
    """The request cannot be read at all."""

    status = 400
    default_slug = "malformed"


class Forbidden(Refusal):
    """The credential is good, but it may not do this."""

    status = 403
    default_slug = "forbidden"


class NotFound(Refusal):
    """No such thing, or not yet at the clocks that were asked."""

    status = 404
    default_slug = "not_found"


class Conflict(Refusal):
    """A rule of the domain says no; the slug names the rule."""

    status = 409
    default_slug = "conflict"


class Stale(Refusal):
    """If-Match names an older state than the one that stands."""

    status = 412
    default_slug = "stale"


class Invalid(Refusal):
    """The payload breaks its schema, or a value is out of range."""

    status = 422
    default_slug = "invalid"


class NotReady(Refusal):
    """Nothing is wrong with the request: try again in a moment."""

    status = 503
    default_slug = "not_ready"


def invalid(pointer: str, reason: str, *, slug: str | None = None) -> Invalid:
    """An `Invalid` for one place in the payload."""
    return Invalid(f"{pointer.lstrip('/') or 'body'}: {reason}", slug=slug, faults=(Fault(pointer, reason),))


def missing(pointer: str, what: str, which: object) -> NotFound:
    """A `NotFound` for something that a payload names."""
    return NotFound(f"There is no {what} {which}.", faults=(Fault(pointer, f"no {what} {which}"),))


def too_early(reason: str) -> Invalid:
    """`effective_at` lies before something that it must not precede (contract, section 4)."""
    return invalid("/effective_at", reason, slug="effective_too_early")
