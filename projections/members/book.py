"""The writer of the book of members."""

from domain.member.state import MEMBER, Member
from projections.output import Row
from projections.simple import StreamBook

COLUMNS = ("kind", "state")


def show(member: Member) -> Row:
    """A member as a row."""
    return (member.kind, member.state)


BOOK = StreamBook("members", 1, MEMBER, COLUMNS, show)
