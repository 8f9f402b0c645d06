"""Advice, never enforced: what the field's practice recommends."""

from datetime import date

import pytest

from domain.guidance import on_key_result_measure, on_key_results, on_kpi, on_objectives, on_replaced


@pytest.mark.parametrize(("count", "advised"), [(0, False), (5, False), (6, True)])
def test_a_team_has_at_most_five_objectives_in_a_cycle(count, advised):
    assert bool(on_objectives(count)) == advised


@pytest.mark.parametrize(("count", "advised"), [(0, True), (1, True), (2, False), (5, False), (6, True)])
def test_an_objective_has_two_to_five_key_results(count, advised):
    assert bool(on_key_results(count)) == advised


def test_advice_is_a_sentence_with_the_count_in_it():
    assert on_objectives(6) == ["The team has 6 objectives in this cycle; at most 5 keeps the focus."]
    assert on_key_results(1) == ["The objective has 1 key result; two to five measure it well."]
    assert on_key_results(7) == ["The objective has 7 key results; two to five measure it well."]


WELL = {"name": "Churn", "tags": ["north"], "has_target": True, "has_benchmark": True, "counter_metrics": 0}


def test_of_a_kpi_that_is_well_kept_there_is_nothing_to_say():
    assert on_kpi(**WELL) == []


@pytest.mark.parametrize(("field", "word"), [("has_target", "target"), ("has_benchmark", "benchmark")])
def test_a_kpi_has_a_target_and_a_benchmark(field, word):
    (said,) = on_kpi(**WELL | {field: False})
    assert f"no {word}" in said


@pytest.mark.parametrize(
    "name",
    [
        *("Sign-ups", "signups a week", "Customer acquisition", "New customers", "new users", "Registrations"),
        *("App downloads", "Leads", "installs", "Visitors", "Traffic"),
    ],
)
def test_what_counts_what_is_gained_has_a_counter_metric(name):
    for fields in ({"name": name}, {"tags": ["a", name]}):
        (said,) = on_kpi(**WELL | fields)
        assert "retention or quality" in said
        assert on_kpi(**WELL | fields | {"counter_metrics": 1}) == []


@pytest.mark.parametrize("name", ["Leadership", "misleading claims", "Retention", "Customers"])
def test_other_names_ask_for_none(name):
    assert on_kpi(**WELL | {"name": name}) == []


def test_of_targets_that_overlap_it_says_which_holds():
    later, earlier = date(2026, 4, 1), date(2026, 1, 1)
    assert on_kpi(**WELL, overlaps=[(later, earlier), (earlier, later)]) == [
        "The target from 2026-04-01 overlaps one set earlier, from 2026-01-01; from 2026-04-01 on the later one holds.",
        "The target from 2026-01-01 overlaps one set earlier, from 2026-04-01; from 2026-04-01 on the later one holds.",
    ]


@pytest.mark.parametrize(
    ("type", "advised"),
    [
        *(("milestones", True), ("boolean", True), ("zones", True), ("graded", True)),
        *(("metric", False), ("threshold", False)),
    ],
)
def test_a_measure_in_words_could_be_a_number(type, advised):
    assert bool(on_key_result_measure(type)) == advised
    assert all(type in said and "KPI" in said for said in on_key_result_measure(type))


@pytest.mark.parametrize(("count", "advised"), [(0, False), (1, False), (2, True)])
def test_kpis_are_followed_longer_than_a_quarter(count, advised):
    assert bool(on_replaced(count)) == advised
    assert all(said.startswith("2 KPIs") and "100 days" in said for said in on_replaced(count))
