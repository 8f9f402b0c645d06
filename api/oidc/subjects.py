"""Which member a subject of the provider is: one that there is, or one that is registered now.

A row of the table `subjects` decides, and it comes first: whoever else meets the subject at the same moment, in this
process or another, finds it and goes on with the same member. If we die before the member is registered, the next
token does it. The row outlives the member's personal data: whoever was erased is refused, and is not made anew.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.rows import class_row
from uuid_utils.compat import uuid7

from api.oidc.claims import Subject, weaker
from api.oidc.settings import OidcSettings
from domain.errors import Conflict, Forbidden
from domain.kernel import Command, Kind
from domain.member.decisions import RegisterMember, give_role
from domain.roles import Role
from ledger.application import Ledger
from ledger.database import Database
from ledger.orders import Order
from ledger.sql import load
from projections.reading import Books

_LOG = logging.getLogger("quarterdeck.oidc")
_SQL = load("api.oidc", "subjects.sql")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here of a subject."""

    member: UUID
    known: bool
    erased: bool
    role: Role | None
    source: str | None
    issued_at: datetime | None


class Subjects:
    """The provider's subjects as members of one ledger."""

    def __init__(self, settings: OidcSettings, database: Database, ledger: Ledger, books: Books) -> None:
        self._settings = settings
        self._database = database
        self._ledger = ledger
        self._books = books
        self._actor = uuid5(NAMESPACE_URL, settings.issuer)

    def member(self, subject: Subject, role: Role) -> tuple[UUID, Role]:
        """The subject's member, and the role that counts. Raises `Forbidden`.

        What is new is recorded first, and the books are waited for: who reads at once should see themselves.
        """
        known = self._find(subject)
        if known is None:
            known = self._meet(subject)
        if not known.known:
            self._register(subject, known.member, role)
        if not known.erased and not _is_noted(known, subject, role):
            known = self._note(subject, known.member, role) or known
        if known.erased:
            raise Forbidden("The member that this credential was for has been erased.")
        # An older token than the one that was noted neither keeps what was taken away since nor gets what was given.
        return known.member, role if known.role is None else weaker(role, known.role)

    def _find(self, subject: Subject) -> Known | None:
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=class_row(Known)) as cursor,
        ):
            return cursor.execute(_SQL["find"], {"subject": subject.key}).fetchone()

    def _meet(self, subject: Subject) -> Known:
        """Decides who it is."""
        for member in self._eligible(subject):
            row = {"subject": subject.key, "issuer": subject.issuer, "member": member}
            with self._database.connection() as connection:
                connection.execute(_SQL["add"], row)
            # Another subject of the provider may be that member already: then it is not this one.
            if (known := self._find(subject)) is not None:
                return known
        raise Forbidden("The credential is good, but nobody here is whom it is for; an admin registers members.")

    def _eligible(self, subject: Subject) -> Iterator[UUID]:
        """Who it may be: whoever has its id (in a ledger that was restored), its address, or somebody new."""
        holder = self._ledger.recorder.holder(f"external_id:{Kind.MEMBER.value}:{subject.issuer}", subject.external_id)
        if holder is not None:
            yield holder.id
        if subject.email is not None:
            with self._database.connection() as connection:
                rows = connection.execute(_SQL["with_address"], {"email": subject.email}).fetchall()
            if len(rows) == 1 and rows[0][1] == "person":
                yield rows[0][0]
        if self._settings.registers:
            yield uuid7()

    def _register(self, subject: Subject, member: UUID, role: Role) -> None:
        if not self._settings.registers:
            raise Forbidden("The credential is good, but nobody here is whom it is for; an admin registers members.")
        command = RegisterMember(
            id=member,
            external_id=subject.external_id,
            name=subject.name,
            email=subject.email,
            kind="service" if role == "service" else "person",
        )
        try:
            self._ledger.execute(Order(command, self._actor, source=subject.issuer))
        except Conflict as refusal:
            if refusal.slug != "id_taken":
                raise
            # Another token of the same subject, with another name in it, was quicker.
            _LOG.debug("The member %s is there already.", member)

    def _note(self, subject: Subject, member: UUID, role: Role) -> Known | None:
        """Has the ledger know the role, and answers what it knows then."""
        order = Order(Command(), self._actor)
        try:
            noted = self._ledger.record(
                order, lambda context: give_role(member, role, subject.issuer, subject.issued_at, context)
            )
        except Conflict as refusal:
            if refusal.slug != "erased":
                raise
            _LOG.debug("The member %s was erased this moment.", member)
        else:
            self._books.wait_for(noted.position)
        return self._find(subject)


def _is_noted(known: Known, subject: Subject, role: Role) -> bool:
    """Whether the ledger has the role, or that of a token which is no older (`give_role`)."""
    if (known.role, known.source) == (role, subject.issuer):
        return True
    return known.issued_at is not None and subject.issued_at <= known.issued_at
