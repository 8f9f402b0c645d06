"""Reads: the two clocks, waiting for a position, ETags, and answers made alike (contract, sections 2 and 3)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import answer, in_parts, strong, text, weak
from api.conditions import settled
from api.credentials import Identity
from api.guard import runtime_of
from api.runtime import Runtime
from domain.errors import Fault, Refusal
from domain.kernel import Kind, Ref
from projections import questions
from projections.questions import Page
from projections.reading import Reading, Reads

AsOf = Annotated[
    str | None,
    Query(description="What was recorded by then: a position, an instant, or a date (the end of that day)."),
]
ValidAt = Annotated[
    str | None,
    Query(description="What was in effect then: an instant, or a date (the end of that day)."),
]
MinPosition = Annotated[
    int | None,
    Header(
        ge=0,
        le=2**62,
        description="Waits, up to 5 s, until the answer can reflect this ledger position; else 503.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many items at most.")]
After = Annotated[
    str | None, Field(min_length=1, max_length=500), Query(description="`next` of the page before this one.")
]


@dataclass(frozen=True, slots=True)
class Question:
    """One read: who asks, and at which clocks. What they have already is compared in `api.conditions`."""

    request: Request
    as_of: str | None
    valid_at: str | None
    min_position: int | None

    @property
    def runtime(self) -> Runtime:
        """What the app works with."""
        return runtime_of(self.request)

    @property
    def identity(self) -> Identity:
        """Who asks."""
        identity: Identity = self.request.state.identity
        return identity

    def books(self, *, in_parts: bool = False) -> Reads:
        """Where the answer is read: a replica and the primary behind it, or the primary alone.

        `in_parts`: the answer is sent in parts, and what was sent cannot be made again elsewhere.
        """
        runtime, state = self.runtime, self.request.state
        if runtime.replica is None or in_parts or getattr(state, "from_primary", False):
            return runtime.books
        return runtime.replica

    def note(self, reading: Reading) -> None:
        """Keeps for who is around the answer what it reflects and where it came from."""
        self.request.state.position = reading.position
        if reading.replica:
            self.request.state.from_replica = True

    @contextmanager
    def reading(self, *, in_parts: bool = False) -> Iterator[Reading]:
        """The view that the answer is made from."""
        with self.reading_at(self.as_of, self.valid_at, in_parts=in_parts) as reading:
            yield reading

    @contextmanager
    def reading_at(
        self,
        as_of: str | None,
        valid_at: str | None,
        names: Mapping[str, str] = MappingProxyType({}),
        *,
        in_parts: bool = False,
    ) -> Iterator[Reading]:
        """A view at other clocks; `names` says by which parameters they came."""
        try:
            view = self.books(in_parts=in_parts).reading(as_of, valid_at, min_position=self.min_position)
            with view as reading:
                self.note(reading)
                yield reading
        except Refusal as refusal:
            refusal.faults = tuple(Fault(names.get(f.pointer.lstrip("/"), f.pointer), f.reason) for f in refusal.faults)
            raise

    @property
    def _fixed(self) -> bool:
        """Whether who asks again in the same words asks the same, so that nothing but a redaction changes the answer.

        A day is not fixed until it is over, and at an instant that has just passed something may yet be recorded.
        """
        return self.as_of is not None and self.as_of.isdecimal() and self.valid_at is not None

    def personal(self, member: UUID | None = None) -> bool:
        """Whether the e-mail address, of this member or of all, is shown."""
        return self.identity.sees_personal_data or (member is not None and member == self.identity.member)

    def resource(self, reading: Reading, ref: Ref) -> Response:
        """One resource."""
        found = questions.find(reading, ref, personal=ref.kind is Kind.MEMBER and self.personal(ref.id))
        etag = questions.etag(reading, ref)
        # What is told of a member depends on who asks, and of a key on its use, which the tag does not say.
        is_told_alike = ref.kind not in (Kind.MEMBER, Kind.KEY)
        if is_told_alike and questions.is_settled(reading, ref, etag, fixed=self._fixed):
            settled(self.request)
        return self.answer(reading, found, strong(etag))

    def listing(
        self, reading: Reading, kind: Kind, filters: Mapping[str, Any], limit: int, after: str | None
    ) -> Response:
        """A page of resources of a kind."""
        page = questions.listing(reading, kind, filters, limit, after, personal=self.personal())
        if kind is Kind.MEMBER and not self.personal():
            page = Page([self._with_own_address(reading, item) for item in page.items], page.next)
        return self.page(reading, page)

    def _with_own_address(self, reading: Reading, member: dict[str, Any]) -> dict[str, Any]:
        if not self.personal(member["id"]):
            return member
        return member | {"email": questions.find(reading, Ref(Kind.MEMBER, member["id"]), personal=True)["email"]}

    def page(self, reading: Reading, page: Page) -> Response:
        """A page of anything."""
        return self.answer(reading, {"items": page.items, "next": page.next})

    def answer(
        self,
        reading: Reading,
        content: dict[str, Any],
        etag: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        said: Mapping[str, Any] | None = None,
    ) -> Response:
        """The answer, with a weak ETag of what it says where no other is given.

        `said`: what of the content counts, where some of it tells only when it was asked.
        """
        if etag is not None:
            return answer(content, position=reading.position, etag=etag, headers=headers)
        written = in_parts(content)
        etag = weak(written if said is None else said)
        return answer(written, position=reading.position, etag=etag, headers=headers)

    def text(self, reading: Reading, content: str, media_type: str, headers: Mapping[str, str]) -> Response:
        """The same as a text of another type than JSON, in UTF-8."""
        etag = weak({"text": content})
        return text(content, media_type, position=reading.position, etag=etag, headers=headers)

    def tag(self, reading: Reading, media_type: str) -> str:
        """The weak ETag of an answer that is made while it is sent: of all that it is made from, and of what was asked.

        Nothing of it takes effect later than it is recorded, so as long as nothing is recorded, the books stand where
        they stood, and nobody's name came back, the same question has the same answer.
        """
        asked = sorted(self.request.query_params.multi_items())
        made_from = [reading.position, *questions.stands(reading), version("quarterdeck")]
        return weak({"asked": [self.request.url.path, asked, media_type], "made_from": made_from})


async def _asked(
    request: Request,
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    min_position: MinPosition = None,
) -> Question:
    return Question(request, as_of, valid_at, min_position)


Asked = Annotated[Question, Depends(_asked)]
