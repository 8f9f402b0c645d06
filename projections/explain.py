"""Why a score changed between two ends: its parts, which add up to the change exactly (`docs/explain.md`).

    {from: {as_of, valid_at, score}, to: {…}, change, parts: {value, goalpost, weight, structure, correction, policy}}

Over the official score: the grade, clamped, if one was given, else the computed one; of a cycle its score. A score that
is null is shown as null and counts as 0. Whatever is asked about must exist at both ends, else `NotFound` says at which
it does not.
"""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from domain.catalogue import EVENTS
from domain.errors import NotFound
from domain.kernel import Kind, Ref
from domain.rules import spoken
from domain.scoring import ZERO, official, six
from domain.shapley import rounded, shapley
from ledger.sql import load
from projections.diff import at_end, end
from projections.ends import Ends
from projections.explaining.between import NONE, Between, Factors
from projections.explaining.factors import FACTORS, factors_of_type
from projections.explaining.sums import NOTHING, Part, part_of, plus, score_of, total
from projections.goals import CYCLES, KEY_RESULTS, OBJECTIVES, in_cycle
from projections.reading import Reading
from projections.shapes import Row, Shape

SQL = load("projections.explaining", "queries.sql")
_AT = {Kind.CYCLE: CYCLES["at"], Kind.OBJECTIVE: OBJECTIVES["at"], Kind.KEY_RESULT: KEY_RESULTS["at"]}

Outcome = Callable[[Factors], Decimal | None]
"""The official score with only some of the factors that came in between the ends."""


def explain_cycle(ends: Ends, cycle: UUID) -> Shape:
    """Why a cycle's score changed. Raises `NotFound`.

    An objective that no more than one factor touched is not folded: without the factor it is what it was at the old
    end, with it what it is at the new one.
    """
    row = _found(ends, Ref(Kind.CYCLE, cycle))
    touched = _touched(ends, cycle)
    folded = {id for id, came in touched.items() if came is None or len(came) > 1}
    goals = Between(ends, [Ref(Kind.OBJECTIVE, id) for id in folded])
    factors = {id: goals.factors_of_objective(id) if came is None else came for id, came in touched.items()}
    old, new = ({each["id"]: part_of(each, cycle) for each in in_cycle(reading, row)} for reading in ends)
    unchanged = total(part for id, part in new.items() if id not in touched)
    known: dict[tuple[UUID, Factors], Part] = {}

    def part(id: UUID, chosen: Factors) -> Part:
        """An objective's part in the cycle's score; it is the same with factors that do not touch it."""
        if id not in folded:
            return (new if factors[id] <= chosen else old).get(id, NOTHING)
        key = (id, chosen & factors[id])
        if key not in known:
            known[key] = part_of(goals.objective(*key), cycle)
        return known[key]

    def outcome(chosen: Factors) -> Decimal | None:
        return score_of(plus(unchanged, total(part(id, chosen) for id in touched)))

    return _explained(ends, NONE.union(*factors.values()), outcome)


def _touched(ends: Ends, cycle: UUID) -> dict[UUID, Factors | None]:
    """The factors that touched the cycle's objectives; `None` where KPIs may have, which only a fold can tell."""
    clocks = {"old_as_of": ends.old.position, "old_valid_at": ends.old.valid_at}
    touched: dict[UUID, Factors | None] = {}
    for row in ends.new.rows(SQL["differing"], cycle=cycle, **clocks):
        before = touched.get(row["id"], NONE)
        if row["type"] is None or before is None:
            touched[row["id"]] = None
        else:
            touched[row["id"]] = before | factors_of_type(EVENTS[row["type"]], row["fields"] or ())
    return touched


def explain_objective(ends: Ends, id: UUID) -> Shape:
    """Why an objective's official score changed. Raises `NotFound`."""
    ref = Ref(Kind.OBJECTIVE, id)
    _found(ends, ref)
    goals = Between(ends, [ref])

    def outcome(chosen: Factors) -> Decimal | None:
        row = goals.objective(id, chosen)
        return None if row is None else official(row["score"], row["grade"])

    return _explained(ends, goals.factors_of_objective(id), outcome)


def explain_key_result(ends: Ends, id: UUID) -> Shape:
    """Why a key result's official score changed. Raises `NotFound`."""
    ref = Ref(Kind.KEY_RESULT, id)
    _found(ends, ref)
    goals = Between(ends, [ref])

    def outcome(chosen: Factors) -> Decimal | None:
        score = goals.key_result(id, chosen)
        return None if score is None else official(score.score, goals.graded(id, chosen))

    return _explained(ends, goals.factors_of_key_result(id), outcome)


def _explained(ends: Ends, factors: Factors, outcome: Outcome) -> Shape:
    """The answer; only the factors that came in are asked about, for the others' part is nothing."""
    old, new = six(outcome(NONE)), six(outcome(factors))
    change = (new or ZERO) - (old or ZERO)
    came = [name for name in FACTORS if name in factors]
    parts = shapley(came, lambda chosen: outcome(chosen) or ZERO)
    return {
        "from": end(ends.old) | {"score": old},
        "to": end(ends.new) | {"score": new},
        "change": change,
        "parts": rounded({name: parts.get(name, ZERO) for name in FACTORS}, change),
    }


def _found(ends: Ends, ref: Ref) -> Row:
    """The row at the new end of what is asked about, which must be there at both."""

    def row(reading: Reading) -> Row:
        rows = reading.rows(_AT[ref.kind], ids=[ref.id])
        if not rows:
            raise NotFound(f"There is no {spoken(ref.kind)} {ref.id}.")
        return rows[0]

    at_end("from", ends.old, row)
    return at_end("to", ends.new, row)
