"""The writer of the book of teams."""

from domain.team.state import TEAM, Team
from projections.output import Row
from projections.simple import StreamBook, texts, to_json

COLUMNS = ("name", "redactions", "parent", "external_id", "state", "members")


def show(team: Team) -> Row:
    """A team as a row; members as `[{member, role}]`, in the order of joining."""
    members = to_json([{"member": str(member), "role": role} for member, role in team.members.items()])
    return (*texts(name=team.name), team.parent, team.external_id, team.state, members)


BOOK = StreamBook("teams", 1, TEAM, COLUMNS, show)
