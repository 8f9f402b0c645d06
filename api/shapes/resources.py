"""The resources: cycles, teams, members, objectives, key results, check-ins, initiatives, keys."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from api.shapes.base import Exact, Progress, Score, Shape, Status, Text
from api.shapes.measures import Measure, Value
from domain.cycle.events import CycleKind
from domain.initiative.events import InitiativeState
from domain.key_result.events import Said as SaidStatus
from domain.member.events import MemberKind
from domain.objective.events import Commitment
from domain.roles import Role
from domain.team.events import TeamRole


class Cycle(Shape):
    """A period for goals. `expected`: the share of it that has passed."""

    id: UUID
    external_id: str | None
    label: str
    kind: CycleKind
    starts_on: date
    ends_on: date
    parent: UUID | None
    scoring: str
    check_in_every_days: int
    state: Literal["planned", "open", "closed"]
    score: Score | None
    expected: Score


class TeamMember(Shape):
    """Somebody's place in a team."""

    member: UUID
    role: TeamRole


class Team(Shape):
    """A team, its place in the tree and its members."""

    id: UUID
    external_id: str | None
    name: Text
    parent: UUID | None
    state: Literal["active", "disbanded"]
    members: list[TeamMember]


class Membership(Shape):
    """A team that a member is in."""

    team: UUID
    role: TeamRole


class Member(Shape):
    """A person or a service.

    `email` is shown to admins, auditors and the member; after erasing all are null.
    """

    id: UUID
    external_id: str | None
    name: str | None
    email: str | None
    kind: MemberKind
    state: Literal["active", "erased"]
    teams: list[Membership]


class KeyResult(Shape):
    """How an objective is measured, and where it stands."""

    id: UUID
    external_id: str | None
    objective: UUID
    title: Text
    owner: UUID | None
    team: UUID | None
    tags: list[str]
    weight: Exact
    measure: Measure
    carried_from: UUID | None
    state: Literal["active", "dropped"]
    value: Value | None
    progress: Progress | None
    score: Score | None
    grade: Exact | None
    status: Status
    pace: Status
    confidence: Exact | None
    checked_in_at: datetime | None
    stale: bool
    kpi: UUID | None


class Objective(Shape):
    """What is to be achieved, with its key results. `statement` is the whole of it in a sentence."""

    id: UUID
    external_id: str | None
    cycle: UUID
    title: Text
    description: Text | None
    statement: str
    team: UUID | None
    owner: UUID | None
    tags: list[str]
    commitment: Commitment
    weight: Exact
    aligned_to: UUID | None
    carried_from: UUID | None
    carried_to: UUID | None
    state: Literal["active", "dropped"]
    progress: Progress | None
    score: Score | None
    grade: Exact | None
    reflection: Text | None
    band: str | None
    met: bool | None
    status: Status
    key_results: list[KeyResult]


class CheckIn(Shape):
    """What somebody said about a key result; `value` whatever the measure's field."""

    id: UUID
    external_id: str | None
    key_result: UUID
    value: Value | None
    confidence: Exact | None
    status: SaidStatus | None
    note: Text | None
    progress: Text | None
    plans: Text | None
    problems: Text | None
    state: Literal["active", "corrected", "retracted"]
    effective_at: datetime
    recorded_at: datetime
    actor: UUID


class Initiative(Shape):
    """Work that is meant to move a key result, and what was learnt from it."""

    id: UUID
    external_id: str | None
    key_result: UUID
    title: Text
    url: Text | None
    sprint: str | None
    hypothesis: Text | None
    state: InitiativeState
    learning: Text | None


class Key(Shape):
    """A credential, without what it is. `created_by` is null of one that no event tells of."""

    id: UUID
    external_id: str | None
    role: Role
    member: UUID | None
    label: Text | None
    state: Literal["active", "expired", "revoked", "restored"]
    created_at: datetime
    created_by: UUID | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewKey(Key):
    """A credential as it is shown once: `key` is not seen again, and null where the answer is given again."""

    key: str | None
