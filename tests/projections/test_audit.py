"""The audit tells everything that happened once, newest first, with what it changed, at both clocks."""

import random
from datetime import timedelta
from typing import Any

import pytest

from domain.catalogue import FOLDS
from domain.errors import Invalid, NotFound
from domain.history import History
from domain.kernel import Kind, Ref, fact_key
from domain.places import place
from domain.redaction.events import TextRedacted
from domain.values import Redacted
from ledger.database import Database
from ledger.mapper import text_pointers
from projections import audit as module
from projections.audit import audit, audit_items
from projections.goalposts import goalposts
from projections.items import changes_of
from projections.trail import history
from tests.support import naive
from tests.support.actions import ANYTHING, change_key_result, change_objective, redact_text, reschedule_cycle
from tests.support.books import projecting, recording, restore
from tests.support.histories import KPI_BEGINNING, instants, play, tell, things
from tests.support.kpi_actions import KPIS

STORY = [*ANYTHING, *KPIS, *[change_key_result, change_objective, reschedule_cycle, redact_text] * 3]
DAY = timedelta(days=1)


@pytest.fixture(scope="module", params=range(6))
def told(postgres, request):
    """A random company, its books, and the dice to ask with."""
    name = postgres.migrated_database()
    dice = random.Random(request.param)
    ledger = play(tell(dice, 90, STORY, KPI_BEGINNING))
    with Database(postgres.url_of(name)) as database, recording(database) as recorder:
        restore(recorder, ledger.facts)
        with projecting(database, recorder) as (projector, books):
            projector.catch_up()
            yield books, ledger, random.Random(request.param)
    postgres.drop(name)


def iso(instant):
    return instant.isoformat().replace("+00:00", "Z")


def asked(told):
    """(reading, the facts of it) at everything, and at something earlier on both clocks."""
    books, ledger, dice = told
    everything = (len(ledger.facts), instants(ledger)[-1])
    for position, at in (
        everything,
        (dice.randint(len(ledger.facts) // 2, everything[0]), dice.choice(instants(ledger))),
    ):
        with books.reading(str(position), iso(at)) as reading:
            known = [fact for fact in ledger.facts if fact.position <= position and fact.effective_at <= at]
            yield reading, known


def whole(reading, **filters):
    page = audit(reading, filters, 10_000, None)
    assert page.next is None
    return page.items


def positions(items):
    return [item["position"] for item in items]


def newest_first(facts):
    return sorted((fact.position for fact in facts), reverse=True)


def subject(fact):
    return Ref.parse(fact.event.stream) if isinstance(fact.event, TextRedacted) else fact.stream


def test_every_event_is_told_once_newest_first_with_its_place_and_times(told):
    for reading, known in asked(told):
        items = whole(reading)
        assert positions(items) == newest_first(known)
        facts = {fact.position: fact for fact in known}
        for item in items:
            fact = facts[item["position"]]
            assert (item["recorded_at"], item["effective_at"], item["reported_at"]) == (
                *(fact.recorded_at, fact.effective_at, fact.reported_at),
            )
            assert (item["type"], item["actor"], item["version"]) == (fact.event.TOPIC, fact.actor, fact.version)
            assert (item["kind"], item["id"]) == subject(fact)
            assert item["summary"].endswith(".") and len(item["summary"]) > 10


def test_what_changed_is_what_the_naive_fold_changes(told):
    for reading, known in asked(told):
        items = {item["position"]: item for item in whole(reading)}
        for fact in known:
            if fact.stream.kind in (Kind.EVENT, Kind.MEASUREMENTS):
                continue
            of = sorted((each for each in known if each.stream == fact.stream), key=fact_key)
            at = of.index(fact)
            before, after = (FOLDS[fact.stream.kind](of[:upto]) for upto in (at, at + 1))
            assert items[fact.position]["changes"] == changes_of(fact, before, after)


def test_of_one_thing_it_tells_what_its_history_does(told):
    for reading, known in asked(told):
        for kind in (Kind.KPI, Kind.KEY_RESULT, Kind.OBJECTIVE, Kind.TEAM):
            for ref in {fact.stream for fact in known if fact.stream.kind is kind}:
                expected = history(reading, ref, 500, None).items
                for filters in ({"id": ref.id}, {"id": ref.id, "kind": kind.value}):
                    found = whole(reading, **filters)
                    assert [each | {"kind": kind, "id": ref.id} for each in expected] == [
                        each | {"kind": Kind(each["kind"])} for each in found
                    ]
        for id in {getattr(fact.event, "check_in", None) for fact in known} - {None}:
            try:
                expected = history(reading, Ref(Kind.CHECK_IN, id), 500, None).items
            except NotFound:  # at these clocks there is only what was said of it
                continue
            assert positions(whole(reading, id=id)) == positions(expected)
            assert {(each["kind"], each["id"]) for each in whole(reading, id=id)} <= {(Kind.CHECK_IN, id)}


def filters_like(some):
    """Filters of one kind each and some together, and what holds for what they leave."""
    at, then = some.recorded_at, some.effective_at
    return [
        ({"type": some.event.TOPIC}, lambda f: f.event.TOPIC == some.event.TOPIC),
        ({"actor": some.actor}, lambda f: f.actor == some.actor),
        ({"actor": some.stream.id}, lambda f: False),
        ({"on_behalf_of": some.actor}, lambda f: False),
        ({"recorded_from": at}, lambda f: f.recorded_at >= at),
        ({"recorded_to": at}, lambda f: f.recorded_at <= at),
        ({"effective_from": then}, lambda f: f.effective_at >= then),
        ({"effective_to": then}, lambda f: f.effective_at <= then),
        ({"late": True}, is_late),
        ({"kind": "objective"}, lambda f: subject(f).kind is Kind.OBJECTIVE),
        ({"kind": "cycle"}, lambda f: subject(f).kind is Kind.CYCLE),
        ({"kind": "kpi"}, lambda f: subject(f).kind in (Kind.KPI, Kind.MEASUREMENTS)),
        ({"late": True, "kind": "key_result"}, lambda f: is_late(f) and subject(f).kind is Kind.KEY_RESULT),
    ]


def is_late(fact):
    return fact.recorded_at - fact.effective_at > DAY


def test_each_filter_leaves_what_it_says(told):
    for reading, known in asked(told):
        for filters, holds in filters_like(known[len(known) // 2]):
            assert positions(whole(reading, **filters)) == newest_first(filter(holds, known)), filters


def test_of_a_cycle_it_tells_what_belongs_to_it(told):
    _, ledger, _ = told
    for reading, known in asked(told):
        for cycle in things(ledger, Kind.CYCLE):
            found = positions(whole(reading, cycle=cycle.id))
            assert found == newest_first(f for f in known if cycle.id in cycles_of(ledger, f))


def cycles_of(ledger, fact):
    """Where an event belonged by what was known just before it."""
    past = [each for each in ledger.facts if each.position < fact.position]

    def look(fold, id):
        return History(fold, Ref(fold.kind, id), [each for each in past if each.stream == Ref(fold.kind, id)])

    return () if fact.stream.kind in (Kind.EVENT, Kind.MEASUREMENTS) else place(fact.stream, fact.event, look).cycles


def test_the_goalposts_are_those_of_every_cycle(told):
    for reading, known in asked(told):
        expected = set()
        there = {ref for ref in naive.states(known, reading.position, reading.valid_at) if ref.kind is Kind.CYCLE}
        for cycle in there:
            of = {item["position"] for item in goalposts(reading, cycle.id)["items"]}
            assert positions(whole(reading, goalposts=True, cycle=cycle.id)) == sorted(of, reverse=True)
            expected |= of
        assert positions(whole(reading, goalposts=True)) == sorted(expected, reverse=True)


def texts(fact):
    found = []
    for pointer in text_pointers(fact.event):
        part: Any = fact.event
        for step in pointer.split("/")[1:]:
            part = part[int(step)] if step.isdigit() and isinstance(part, tuple) else getattr(part, step)
        found.append(part)
    return found


def test_words_are_found_in_texts_in_capitals_or_not_and_redacted_ones_never(told):
    for reading, known in asked(told):
        readable = {fact.position: [t.lower() for t in texts(fact) if not isinstance(t, Redacted)] for fact in known}
        words = {word for said in readable.values() for text in said for word in text.split()}
        for words_asked in [
            *([word] for word in sorted(words)[:12]),
            sorted(words)[:2],
            ["nobody-said-this"],
            ["%"],
            ["_"],
        ]:
            holds = [
                position
                for position, said in readable.items()
                if all(any(word in text for text in said) for word in words_asked)
            ]
            assert positions(whole(reading, q=" ".join(words_asked).upper())) == sorted(holds, reverse=True)


def test_page_by_page_and_as_a_stream_it_is_the_same_as_in_one_go(told):
    for reading, _ in asked(told):
        for filters in ({}, {"kind": "key_result"}, {"goalposts": True}, {"q": "e"}):
            expected = whole(reading, **filters)
            assert list(audit_items(reading, filters, None)) == expected
            after, items = None, []
            while True:
                page = audit(reading, filters, 7, after)
                assert len(page.items) <= 7
                items += page.items
                after = page.next
                if after is None:
                    break
            assert items == expected


LESS: list[dict[str, int]] = [{"MOST_FOLDED": 5, "MOST_KEPT": 12, "_PAGE": 4}, {"MOST_POINTS": 1}, {"MOST_SEARCHED": 9}]


@pytest.mark.slow
def test_pages_that_end_early_go_on(told, monkeypatch, request):
    """Each reason to end early on two of the companies."""
    less = LESS[request.node.callspec.params["told"] % len(LESS)]
    for reading, _ in asked(told):
        for filters in ({}, {"q": "e"}, {"q": "nobody-said-this"}):
            expected = whole(reading, **filters)
            with monkeypatch.context() as patched:
                for name, value in less.items():
                    patched.setattr(module, name, value)
                assert list(audit_items(reading, filters, None)) == expected
                after, items, pages = None, list[Any](), 0
                while pages == 0 or after is not None:
                    page = audit(reading, filters, 50, after)
                    items, after, pages = items + page.items, page.next, pages + 1
                assert items == expected
                assert pages > 1 or "MOST_FOLDED" not in less or "q" in filters or len(expected) < 40


def test_a_text_is_found_until_it_is_redacted_also_in_what_was_known_before(company):
    done = company.check_in(40, note="Mr Smith was ill, 100% sure")
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            for words in ("smith", "100% ill", "SURE mr", "Smi"):
                assert positions(whole(reading, q=words)) == [done.position]
            for words in ("smith jones", "100_", "1%0", "\\"):
                assert whole(reading, q=words) == []
        company.do("redact_text", position=done.position, field="note", reason="a name")
        projector.catch_up()
        for as_of in (None, str(done.position)):
            with books.reading(as_of) as reading:
                assert whole(reading, q="smith") == []
        with books.reading() as reading:
            assert positions(whole(reading, q="a name")) == [done.position + 1]


def test_a_change_says_from_what_to_what(company):
    revenue, grow = str(company.uid("revenue")), str(company.uid("grow"))
    company.check_in(40, id=str(company.uid("monday")))
    company.do("change_key_result", key_result=revenue, measure={"target": 80}, weight=2, reason="sales fell")
    company.do("change_objective", objective=grow, title="Grow faster", team=None)
    company.do("correct_check_in", check_in=str(company.uid("monday")), value=30, reason="ten counted twice")
    company.do("grade_objective", objective=grow, score="0.5")
    company.do("grade_objective", objective=grow, score="0.75")
    company.do("reschedule_cycle", cycle="2026-Q1", ends_on="2026-04-02", reason="a strike")
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            said = [item["summary"] for item in whole(reading)][:6]
    assert said == [
        "Last day changed from 2026-03-31 to 2026-04-02.",
        "The objective was graded 0.75; it was 0.5 before.",
        "The objective was graded 0.5.",
        "A check-in was corrected: value changed from 40 to 30.",
        "Title changed from “Grow” to “Grow faster”; the team was taken away.",
        "Target changed from 100 to 80; weight changed from 1 to 2.",
    ]


def test_a_cursor_that_nobody_gave_out_is_refused(company):
    with projecting(company.database, company.recorder) as (projector, books):
        projector.catch_up()
        with books.reading() as reading:
            for bad in ("x", "1.5", "-1", "9" * 19):
                with pytest.raises(Invalid):
                    audit(reading, {}, 50, bad)
            assert audit(reading, {}, 50, "1").items == []
