"""The story of `benchmarks.side_by_side.story` written straight into the tables, as the services would have left them.

By COPY, quarter by quarter: a million events through `services.check_in` would take an hour. That both come to the
same is checked, over HTTP, before anything is measured.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model

from benchmarks.side_by_side.story import (
    BASELINE,
    PARTS,
    TARGET,
    CheckInFact,
    CycleFact,
    Fact,
    KeyResultFact,
    ObjectiveFact,
    Story,
)
from goals.models import CheckIn, Cycle, KeyResult, Objective
from goals.services import mean

Rows = defaultdict[type[Model], list[Sequence[Any]]]


def fill(story: Story, author: User) -> None:
    """Tells the story to empty tables."""
    quarter = _Quarter(author)
    for fact in story.facts():
        if isinstance(fact, CycleFact):
            quarter.write()
            quarter = _Quarter(author)
        quarter.take(fact)
    quarter.write()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


class _Quarter:
    """A quarter's things as they stand, and the rows of their past."""

    def __init__(self, author: User) -> None:
        self._author = author
        self._things: dict[UUID, Cycle | Objective | KeyResult] = {}
        self._parts: defaultdict[UUID, list[KeyResult]] = defaultdict(list)
        self._rows: Rows = defaultdict(list)

    def take(self, fact: Fact) -> None:
        """What a fact makes or changes."""
        match fact:
            case CycleFact():
                dates = {"starts_on": fact.starts_on, "ends_on": fact.ends_on}
                self._new(Cycle(id=fact.id, label=fact.label, state=Cycle.State.OPEN, **dates), fact.at)
            case ObjectiveFact():
                self._new(Objective(id=fact.id, cycle_id=fact.cycle, title=fact.title), fact.at)
            case KeyResultFact():
                measure = {"baseline": Decimal(BASELINE), "target": Decimal(TARGET)}
                made = KeyResult(id=fact.id, objective_id=fact.objective, title=fact.title, **measure)
                self._parts[fact.objective].append(made)
                self._new(made, fact.at)
            case CheckInFact():
                self._check_in(fact)

    def _check_in(self, fact: CheckInFact) -> None:
        about = {"key_result_id": fact.key_result, "author": self._author, "at": fact.at}
        said = CheckIn(id=fact.id, value=Decimal(fact.value), **about)
        self._rows[CheckIn].append(_values(said))
        self._remember(said, fact.at, "+")
        key_result, objective = self._things[fact.key_result], self._things[fact.objective]
        assert isinstance(key_result, KeyResult)
        assert isinstance(objective, Objective)
        key_result.measure(said.value)
        key_result.checked_in_at = fact.at
        self._remember(key_result, fact.at, "~")
        parts = self._parts[objective.pk]
        score = mean(sum(part.weight * part.score for part in parts), sum(part.weight for part in parts))
        if score != objective.score:
            objective.score = score
            self._remember(objective, fact.at, "~")

    def _new(self, thing: Cycle | Objective | KeyResult, at: datetime) -> None:
        self._things[thing.pk] = thing
        self._remember(thing, at, "+")

    def _remember(self, thing: Model, at: datetime, what: str) -> None:
        self._rows[thing.history.model].append((*_values(thing), at, what, self._author.pk))

    def write(self) -> None:
        """Copies the rows in; parents first."""
        for thing in self._things.values():
            self._rows[type(thing)].append(_values(thing))
        for model in (Cycle, Objective, KeyResult, CheckIn):
            columns = [field.column for field in model._meta.concrete_fields]
            past = [*columns, "history_date", "history_type", "history_user_id"]
            _copy(model, columns, self._rows[model])
            _copy(model.history.model, past, self._rows[model.history.model])
        assert all(len(parts) == PARTS for parts in self._parts.values())


def _values(thing: Model) -> tuple[Any, ...]:
    return tuple(getattr(thing, field.attname) for field in thing._meta.concrete_fields)


def _copy(model: type[Model], columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
