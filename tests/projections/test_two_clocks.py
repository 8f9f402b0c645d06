"""What a book shows at (P, T) is the naive fold of the events known by P and in effect by T, for any history."""

import random
from typing import Any

import hypothesis
import orjson
import pytest

from api import answers
from domain.errors import NotFound
from domain.kernel import Draft, Kind, Ref
from domain.member.events import MemberRoleGiven
from ledger.database import Database
from projections import questions
from projections.cycles.book import show as show_cycle
from projections.engine import Engine, Standing
from projections.initiatives.book import show as show_initiative
from projections.kpis.book import show as show_kpi
from projections.members.book import show as show_member
from projections.rebuild import rebuild
from projections.shelf import BOOKS
from projections.simple import to_json
from projections.teams.book import show as show_team
from projections.world import BLANK, Source, Statement, World
from tests.support import naive
from tests.support.actions import ANYTHING
from tests.support.books import projecting, recording, restore
from tests.support.builders import register_member, uid
from tests.support.histories import KPI_BEGINNING, MEASURED_BEGINNING, histories, instants, play, things
from tests.support.kpi_actions import KPIS
from tests.support.memory import BEGIN, MemoryLedger

seeds = hypothesis.strategies.integers(0, 2**32).map(random.Random)
bounded = hypothesis.settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)


with_kpis = histories(actions=[*ANYTHING, *KPIS * 2], more=KPI_BEGINNING) | histories(
    actions=[*ANYTHING, *KPIS], more=[*KPI_BEGINNING, *MEASURED_BEGINNING]
)
"""Histories in which KPIs drive some of the key results, and in some of which a cycle has another policy."""

SHOWN: dict[Kind, Any] = {
    Kind.CYCLE: show_cycle,
    Kind.TEAM: show_team,
    Kind.MEMBER: show_member,
    Kind.INITIATIVE: show_initiative,
    Kind.KPI: show_kpi,
}


def _named(event, *kinds):
    return [(kind, id) for kind in kinds if (id := getattr(event, kind.value, None)) is not None]


PARENTS: dict[Kind, Any] = {
    Kind.KEY_RESULT: lambda event: _named(event, Kind.OBJECTIVE, Kind.KPI),
    Kind.OBJECTIVE: lambda event: _named(event, Kind.CYCLE),
}
"""What the facts of a kind attach their thing to."""


class Tables:
    """The rows of all books in memory, written as the projector writes them."""

    def __init__(self):
        self.rows: dict[str, list[Any]] = {book.name: [] for book in BOOKS}

    def write(self, output):
        for name, changes in output.items():
            for closed in changes.closed:
                (row,) = [r for r in self.rows[name] if (r.id, *r.key) == closed[1:4] and r.known_to is None]
                row.known_to = closed.known_to
            self.rows[name] += changes.opened

    def at(self, name, position, instant):
        """Thing → its row at both clocks."""
        return {id: version.row for id, version in self.versions_at(name, position, instant).items()}

    def versions_at(self, name, position, instant):
        """Thing → its version at both clocks, by the rule of design section 4."""
        known = {}
        for row in sorted(self.rows[name], key=lambda row: row.key):
            knows = row.known_from <= position and (row.known_to is None or position < row.known_to)
            if knows and row.key[0] <= instant:
                known[row.id] = row
        return known


def fed(facts, sizes, source=BLANK):
    """Tables after all facts, in batches of random sizes."""
    tables, engine = Tables(), Engine([Standing(book) for book in BOOKS], World(BLANK))
    if source is not BLANK:
        engine.world = World(source(lambda: engine.position), most_facts=0)
    left = list(facts)
    while left:
        batch, left = left[: (size := sizes.randint(1, 9))], left[size:]
        tables.write(engine.take(batch))
        assert [standing.error for standing in engine.standings if standing.error] == []
    return tables


@hypothesis.settings(bounded, max_examples=40)
@hypothesis.given(histories() | with_kpis, seeds)
def test_rows_at_any_two_clocks_are_the_naive_fold(history, dice):
    ledger = play(history)
    tables = fed(ledger.facts, dice)
    for _ in range(6):
        position, instant = dice.randint(0, len(ledger.facts)), dice.choice(instants(ledger))
        known = naive.states(ledger.facts, position, instant)
        for kind, show in SHOWN.items():
            expected = {ref.id: show(state) for ref, state in known.items() if ref.kind is kind}
            assert tables.at(f"{kind.value}s", position, instant) == expected
        _check_goals(tables, known, naive.values(ledger.facts, position, instant), position, instant)
        assert tables.at("kpi_health", position, instant) == naive.kpis(ledger.facts, position, instant)


@hypothesis.settings(bounded, max_examples=40)
@hypothesis.given(histories() | with_kpis, seeds)
def test_a_version_of_an_objective_stands_for_those_of_its_key_results(history, dice):
    """Wherever the same version of it is shown, so are the same versions of these: a board relies on that."""
    ledger = play(history)
    shown: dict[Any, Any] = {}
    tables = fed(ledger.facts, dice)
    for _ in range(30):
        clocks = dice.randint(0, len(ledger.facts)), dice.choice(instants(ledger))
        parts = tables.versions_at("key_results", *clocks).values()
        for id, goal in tables.versions_at("objectives", *clocks).items():
            having = {(part.id, part.key, part.known_from) for part in parts if part.row[0] == id}
            assert shown.setdefault((id, goal.key, goal.known_from), having) == having


def test_a_role_that_was_given_changes_no_row():
    """Nobody is shown with a role: it is in the history and the audit."""
    ledger = MemoryLedger()
    ledger.execute(register_member("ada"))
    ada = Ref(Kind.MEMBER, uid("ada"))
    for role in ("member", "lead"):
        ledger.record(Draft(ada, MemberRoleGiven(role=role, source="https://id.example.com", issued_at=BEGIN), None))
    (row,) = fed(ledger.facts, random.Random(1)).rows["members"]
    assert (row.row, row.key[1]) == (show_member(ledger.state(Kind.MEMBER, ada.id)), 1)


def _check_goals(tables, known, values, position, instant):
    rows = tables.at("key_results", position, instant)
    states = {ref.id: state for ref, state in known.items() if ref.kind is Kind.KEY_RESULT}
    assert {id: row[11] for id, row in rows.items()} == {
        id: None if value is None else to_json(value) for id, value in values.items()
    }
    said = {c.id: (state.id, c.state, c.confidence) for state in states.values() for c in state.check_ins}
    shown = tables.at("check_ins", position, instant)
    assert {id: (row[0], row[11], row[2]) for id, row in shown.items()} == said


@hypothesis.settings(bounded, max_examples=25)
@hypothesis.given(histories() | with_kpis, seeds)
def test_forgetting_everything_between_batches_changes_no_row(history, dice):
    """A projector that holds nothing and reads each stream again writes what one that holds everything writes."""
    facts = play(history).facts

    def source(upto):
        def streams(refs):
            return {ref: [f for f in facts if f.stream == ref and f.position <= upto()] for ref in refs}

        def kin(refs):
            return [
                (parent, fact.stream)
                for fact in facts
                if fact.position <= upto() and fact.stream.kind in (Kind.KEY_RESULT, Kind.OBJECTIVE)
                for kind, id in PARENTS[fact.stream.kind](fact.event)
                if (parent := Ref(kind, id)) in refs
            ]

        def statements(kpis):
            return [
                Statement(fact.event.kpi, said.on, fact.position, fact.recorded_at, said.value)
                for fact in facts
                if fact.position <= upto() and fact.stream.kind is Kind.MEASUREMENTS and fact.event.kpi in kpis
                for said in getattr(fact.event, "points", [fact.event])
            ]

        return Source(streams, kin, statements)

    def rows(tables):
        return {
            name: sorted(((r.id, r.key, r.known_from, r.known_to, r.row) for r in of), key=lambda r: r[:3])
            for name, of in tables.rows.items()
        }

    assert rows(fed(facts, dice, source)) == rows(fed(facts, dice))


@hypothesis.settings(bounded, max_examples=12)
@hypothesis.given(history=histories() | with_kpis, dice=seeds)
def test_boards_on_postgresql_are_the_naive_fold(postgres, history, dice):
    """Live, in batches; after a rebuild; and to the byte, at any two clocks."""
    ledger = play(history)
    name = postgres.migrated_database()
    try:
        with Database(postgres.url_of(name)) as database, recording(database) as recorder:
            restore(recorder, ledger.facts)
            with projecting(database, recorder) as (projector, books):
                projector.catch_up()
                asked = [_ask(books, ledger, dice) for _ in range(5)]
                report = rebuild(database, recorder, verify=True)
                assert report.differences == {}
                rebuild(database, recorder)
                assert [_board(books, *clocks) for clocks, _ in asked] == [board for _, board in asked]
    finally:
        postgres.drop(name)


def _ask(books, ledger, dice):
    cycle = dice.choice(things(ledger, Kind.CYCLE)).id
    clocks = cycle, dice.randint(1, len(ledger.facts)), dice.choice(instants(ledger))
    board = _board(books, *clocks)
    expected = naive.board(ledger.facts, *clocks)
    assert (board and naive.shown_by(orjson.loads(board))) == (expected and orjson.loads(_bytes(expected)))
    return clocks, board


def _board(books, cycle, position, instant):
    with books.reading(str(position), instant.isoformat().replace("+00:00", "Z")) as reading:
        try:
            board = questions.board(reading, cycle)
        except NotFound:
            return None
        # What is sent over HTTP is written from the rows directly; twice, since the second time much is remembered.
        written = [answers.to_json(questions.written_board(reading, cycle).content) for _ in range(2)]
        assert written == [answers.to_json(board)] * 2
        return _bytes(board)


def _bytes(value):
    def default(value):
        return value.model_dump(mode="json") if hasattr(value, "model_dump") else float(value)

    return orjson.dumps(value, default=default, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)


@hypothesis.settings(bounded, max_examples=3)
@hypothesis.given(history=histories(most=60) | with_kpis, batch=hypothesis.strategies.sampled_from((1, 3)))
def test_live_batches_of_any_size_write_the_same_rows(postgres, history, batch):
    """One event at a time or a few: the books compare equal with a rebuild's, row by row."""
    name = postgres.migrated_database()
    try:
        with Database(postgres.url_of(name)) as database, recording(database) as recorder:
            restore(recorder, play(history).facts)
            with pytest.MonkeyPatch.context() as patched, projecting(database, recorder) as (projector, _):
                patched.setattr("projections.projector.BATCH", batch)
                projector.catch_up()
                assert rebuild(database, recorder, verify=True).differences == {}
    finally:
        postgres.drop(name)
