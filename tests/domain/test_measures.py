"""The six measures: what each takes, and how a partial one is merged into what stands (contract, section 4)."""

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.errors import Invalid
from domain.key_result.events import KeyResultAdded, KeyResultChanged
from domain.measures import MeasureInput, Milestone, Milestones, stored, value_field
from tests.support.builders import (
    OBJECTIVE,
    add_key_result,
    between,
    boolean,
    change_key_result,
    graded,
    metric,
    milestones,
    redact_text,
    threshold,
    zones,
)
from tests.support.specs import given, like

READ = TypeAdapter(MeasureInput)
ALL = [metric(), threshold(), between(), milestones("a", "b"), boolean(), zones(), graded()]


def read(measure):
    return stored(READ.validate_python(measure))


def faults(measure):
    """The field at fault; of a type or an operator that there is not, the message's own."""
    with pytest.raises(ValidationError) as error:
        READ.validate_python(measure)
    return {
        fault["ctx"]["discriminator"] if "_tag_" in fault["type"] else fault["loc"][-1]
        for fault in error.value.errors()
    }


# --- what each takes


@pytest.mark.parametrize("measure", ALL, ids=lambda measure: measure["type"])
def test_an_event_keeps_the_measure_that_was_given(measure):
    given(*OBJECTIVE).when(add_key_result(measure=measure)).then(like(KeyResultAdded, measure=read(measure)))


@pytest.mark.parametrize(
    ("measure", "place"),
    [
        ({"type": "vibes"}, "'type'"),
        (metric(10, 10), "target"),
        (metric("10", "10.0"), "target"),
        (metric(None, 10), "baseline"),
        (metric("ten", 10), "baseline"),
        (metric(0, 10, bound=5), "bound"),
        (metric(0, 10, unit=""), "unit"),
        (threshold("=", 9), "'operator'"),
        (threshold(">=", None), "bound"),
        (between(None, 9), "low"),
        (between(5, 4), "high"),
        (zones(commit=""), "commit"),
        (graded(out_of=0), "out_of"),
        (graded(out_of=-1), "out_of"),
        ({"type": "milestones", "milestones": []}, "milestones"),
        (milestones("a", "a"), "milestones"),
        (milestones({"title": "x", "id": "a"}, "a"), "milestones"),
        (milestones("a", {"title": "x", "weight": -1}), "weight"),
        (boolean() | {"done": True}, "done"),
    ],
    ids=str,
)
def test_a_measure_that_cannot_be_read(measure, place):
    assert faults(measure) == {place}


def test_both_ends_of_a_range_may_be_the_same():
    assert read(between(5, 5)).low == 5


def test_a_milestones_id_is_its_title_unless_given():
    assert read(milestones("a", {"title": "b", "id": "2", "weight": 3})) == Milestones(
        type="milestones",
        milestones=(Milestone(id="a", title="a", weight=1), Milestone(id="2", title="b", weight=3)),
    )


def test_a_grade_is_out_of_one_unless_said():
    assert read(graded()).out_of == 1


@pytest.mark.parametrize(
    ("measure", "field"),
    zip(ALL, ["value", "value", "value", "completed", "done", "zone", "score"], strict=True),
    ids=lambda part: part if isinstance(part, str) else part["type"],
)
def test_each_measure_has_its_value_field(measure, field):
    assert value_field(read(measure)) == field


# --- merging (RFC 7396)


def patched(measure, patch):
    return given(*OBJECTIVE, add_key_result(measure=measure)).when(change_key_result(measure=patch, reason="x"))


@pytest.mark.parametrize(
    ("measure", "patch", "merged"),
    [
        (metric(0, 100, unit="€"), {"target": 90}, metric(0, 90, unit="€")),
        (metric(0, 100, unit="€"), {"unit": None}, metric(0, 100)),
        (metric(0, 100), {"baseline": 5, "unit": "€"}, metric(5, 100, unit="€")),
        (threshold(">=", 9, unit="s"), {"operator": "<"}, threshold("<", 9, unit="s")),
        (threshold(">=", 9, unit="s"), {"operator": "between", "low": 1, "high": 2}, between(1, 2, unit="s")),
        (between(4, 5, unit="s"), {"operator": ">", "bound": 3}, threshold(">", 3, unit="s")),
        (between(4, 5), {"high": 6}, between(4, 6)),
        (zones("a", "b", "c"), {"stretch": "d"}, zones("a", "b", "d")),
        (zones("a", "b", "c"), {"target": "100"}, zones("a", "100", "c")),
        (graded(), {"out_of": 10}, graded(out_of=10)),
        (milestones("a", "b"), {"milestones": [{"title": "c"}]}, milestones("c")),
        (metric(0, 100, unit="€"), {"type": "boolean"}, boolean()),
        (metric(0, 100, unit="€"), graded(out_of=10), graded(out_of=10)),
        (boolean(), metric(0, 1), metric(0, 1)),
        (boolean(), milestones("a"), milestones("a")),
    ],
    ids=str,
)
def test_what_a_patch_names_replaces_what_stands(measure, patch, merged):
    patched(measure, patch).then(KeyResultChanged(measure=read(merged), reason="x"))


@pytest.mark.parametrize("measure", ALL, ids=lambda measure: measure["type"])
def test_a_patch_that_says_what_stands_changes_nothing(measure):
    patched(measure, measure).nothing()
    patched(measure, {}).nothing()
    patched(measure, {"type": measure["type"]}).nothing()


@pytest.mark.parametrize(
    ("measure", "patch", "pointers"),
    [
        (metric(0, 100), {"target": 0}, ["/measure/target"]),
        (metric(0, 100), {"baseline": None}, ["/measure/baseline"]),
        (metric(0, 100), {"target": "many"}, ["/measure/target"]),
        (metric(0, 100), {"type": None}, ["/measure/type"]),
        (metric(0, 100), {"bound": 5, "out_of": 1}, ["/measure/bound", "/measure/out_of"]),
        (metric(0, 100), {"type": "threshold", "bound": 5}, ["/measure/operator"]),
        (metric(0, 100), {"type": "threshold", "operator": ">"}, ["/measure/bound"]),
        (metric(0, 100), {"type": "milestones"}, ["/measure/milestones"]),
        (metric(0, 100), {"type": "zones", "commit": "a"}, ["/measure/target", "/measure/stretch"]),
        (threshold(">=", 9), {"operator": "between", "low": 1}, ["/measure/high"]),
        (between(4, 5), {"low": 6}, ["/measure/high"]),
        (zones(), {"target": 7}, ["/measure/target"]),
        (graded(), {"out_of": 0}, ["/measure/out_of"]),
    ],
    ids=str,
)
def test_what_would_be_no_measure_is_refused_at_its_place(measure, patch, pointers):
    patched(measure, patch).refused(Invalid, "invalid", *pointers)


def test_two_milestones_of_one_id_are_refused_in_a_patch_too():
    with pytest.raises(ValidationError):
        change_key_result(measure={"milestones": [{"title": "a"}, {"title": "a"}]})


def test_a_redacted_text_does_not_stand_in_the_way_of_a_patch():
    world = given(*OBJECTIVE, add_key_result(measure=zones("Acme signs", "b", "c")))
    world.ledger.execute(redact_text(4, "/measure/commit"))
    outcome = world.when(change_key_result(measure={"stretch": "d"}, reason="x"))
    assert outcome.decision.drafts
    assert outcome.key_result().measure.commit.redacted
    assert outcome.key_result().measure.stretch == "d"
