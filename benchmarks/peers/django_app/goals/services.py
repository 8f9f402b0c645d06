"""What is done in one transaction, and what is asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Model, Sum
from django.utils import timezone
from rest_framework.exceptions import APIException
from simple_history.utils import bulk_create_with_history

from goals.models import SIX, CheckIn, Cycle, KeyResult, Kpi, Measurement, Objective


class CycleClosed(APIException):
    """In a closed cycle goals do not change."""

    status_code = 409
    default_detail = "The cycle is closed."


@transaction.atomic
def check_in(key_result_id: UUID, author: User, said: Mapping[str, Any]) -> CheckIn:
    """Writes a check-in, the key result that it is about, and the score of the objective, with a history row of each.

    Key result and objective are locked, so that two check-ins at once both count. The three rows bear one instant: a
    question between two of them would see half a check-in.
    """
    key_result = (
        KeyResult.objects.select_for_update(of=("self", "objective"))
        .select_related("objective__cycle")
        .get(pk=key_result_id)
    )
    objective = key_result.objective
    if objective.cycle.state == Cycle.State.CLOSED:
        raise CycleClosed
    now = timezone.now()
    made = CheckIn(key_result=key_result, author=author, at=now, **said)
    _save(made, now)
    key_result.measure(made.value)
    key_result.confidence, key_result.status, key_result.checked_in_at = made.confidence, made.status, now
    _save(key_result, now, "value", "progress", "score", "confidence", "status", "checked_in_at")
    sums = KeyResult.objects.filter(objective=objective).aggregate(
        above=Sum(F("weight") * F("score")), below=Sum("weight")
    )
    score = mean(sums["above"], sums["below"])
    if score != objective.score:
        objective.score = score
        _save(objective, now, "score")
    return made


def mean(above: Decimal, below: Decimal) -> Decimal:
    """A weighted mean, as it is stored and shown; 0 without weights."""
    return (above / below).quantize(SIX, ROUND_HALF_UP) if below else Decimal(0)


def _save(thing: Model, at: datetime, *fields: str) -> None:
    thing._history_date = at  # type: ignore[attr-defined]
    if fields:
        thing.save(update_fields=fields)
    else:
        thing.save(force_insert=True)


def board(label: str, at: datetime | None = None) -> tuple[Cycle, Sequence[Objective]]:
    """A cycle and its objectives with their key results (`parts`), now or as they were: three queries."""
    cycle = (Cycle.history.as_of(at) if at else Cycle.objects).get(label=label)
    objectives = list((Objective.history.as_of(at) if at else Objective.objects).filter(cycle_id=cycle.pk))
    key_results = (KeyResult.history.as_of(at) if at else KeyResult.objects).filter(
        objective_id__in=[objective.pk for objective in objectives]
    )
    parts: defaultdict[UUID, list[KeyResult]] = defaultdict(list)
    for key_result in key_results:
        parts[key_result.objective_id].append(key_result)
    for objective in objectives:
        objective.parts = parts[objective.pk]
    return cycle, objectives


@transaction.atomic
def record(kpi: Kpi, points: Sequence[Mapping[str, Any]]) -> int:
    """Writes measurements of a KPI, with a history row of each, and answers how many."""
    rows = [Measurement(kpi=kpi, **point) for point in points]
    return len(bulk_create_with_history(rows, Measurement, batch_size=1_000))
