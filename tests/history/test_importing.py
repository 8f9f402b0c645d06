"""What a history file's lines become: ids, times, actors; and what importing again appends."""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from domain.catalogue import COMMANDS, CREDENTIALS, FOLDS
from domain.errors import NotReady
from domain.kernel import Kind, Ref
from domain.member.decisions import EraseMember
from domain.rules import Creation
from ledger.history_file import LineNotTaken
from ledger.orders import Order
from ledger.translation import MAKES
from tests.history.lines import AT, GOALS, check_in, id_of, key_result, line, objective, plan


@pytest.fixture
def now(recorder):
    """The state of a thing, as everything is known."""

    def now(kind: str, name: str, source: str = "elsewhere"):
        ref = Ref(Kind(kind), id_of(kind, name, source))
        return FOLDS[ref.kind](sorted(recorder.read_stream(ref), key=lambda fact: fact.key))

    return now


def test_every_command_that_makes_something_has_a_namespace():
    creating = {name for name, verb in COMMANDS.items() if issubclass(verb.command, Creation)}
    assert creating - CREDENTIALS == MAKES.keys()


class TestNames:
    def test_ids_follow_from_source_kind_and_name_and_stay_findable(self, take, now, recorder):
        take(*GOALS)
        assert now("objective", "grow").external_id == "grow"
        assert now("key_result", "revenue").objective == id_of("objective", "grow")
        assert recorder.holder("external_id:objective:elsewhere", "grow").id == id_of("objective", "grow")

    def test_a_line_may_give_its_own_external_id(self, take, now):
        take(plan(), objective(external_id="JIRA-7"))
        assert now("objective", "grow").external_id == "JIRA-7"

    def test_each_kind_is_a_namespace(self, take, now):
        take(plan(), objective("same"), key_result("same", objective="same"))
        assert now("key_result", "same").objective == id_of("objective", "same")

    def test_a_new_thing_without_an_id_gets_one_made_of_source_and_line(self, take, recorder):
        nameless = {name: value for name, value in objective().items() if name != "id"}
        take(plan(), nameless)
        id = uuid5(uuid5(NAMESPACE_URL, "elsewhere"), "3")
        (fact,) = recorder.read_stream(Ref(Kind.OBJECTIVE, id))
        assert fact.event.external_id is None

    def test_a_cycle_goes_by_its_id_or_its_label(self, take, now):
        take(plan(id="q1"), objective("one", cycle="q1"), objective("two", cycle="2026-Q1"))
        assert now("objective", "one").cycle == now("objective", "two").cycle == id_of("cycle", "q1")

    def test_planning_a_label_that_exists_is_about_the_cycle_that_has_it(self, take, now):
        """Of another source, with another id: what the file says of its own is then said of that one."""
        take(plan(id="q1"))
        header = {"quarterdeck": "history/1", "source": "other"}
        take(plan(id="first"), objective(cycle="first"), line("open_cycle", cycle="first"), header=header)
        assert now("objective", "grow", "other").cycle == id_of("cycle", "q1")
        assert now("cycle", "q1").state == "open"

    def test_alignment_is_looked_up_among_objectives_then_key_results(self, take, now):
        take(*GOALS, objective("both"), key_result("both"), objective("a", aligned_to="both"))
        assert now("objective", "a").aligned_to == id_of("objective", "both")
        take(
            *(*GOALS, objective("both"), key_result("both"), objective("a", aligned_to="both")),
            objective("b", aligned_to="revenue"),
        )
        assert now("objective", "b").aligned_to == id_of("key_result", "revenue")

    def test_what_others_made_goes_by_its_uuid(self, take, now):
        """As do the key results that carrying an objective forward makes."""
        take(*GOALS)
        header = {"quarterdeck": "history/1", "source": "other"}
        revenue = str(id_of("key_result", "revenue"))
        take(check_in(revenue), objective("mine", aligned_to=revenue), header=header)
        assert now("key_result", "revenue").value == 40
        assert now("objective", "mine", "other").aligned_to == UUID(revenue)

    def test_every_reference_is_mapped(self, take, now):
        team, member = (
            line("form_team", id="core", name="Core"),
            line("register_member", id="bob", name="Bob", kind="person"),
        )
        join = line("join_team", team="core", member="bob", role="lead")
        plan_2 = plan("2026-Q2", starts_on="2026-04-01", ends_on="2026-06-30")
        carry = line("carry_forward", id="grow-2", objective="grow", to_cycle="2026-Q2", baseline="restart")
        start = line("start_initiative", id="bells", key_result="revenue", title="Bells")
        change = line("change_initiative", initiative="bells", state="done")
        owned = objective(team="core", owner="bob")
        take(plan(), plan_2, team, member, join, owned, key_result(), start, change, carry)
        assert now("team", "core").members == {id_of("member", "bob"): "lead"}
        assert (now("objective", "grow").team, now("objective", "grow").owner) == (
            id_of("team", "core"),
            id_of("member", "bob"),
        )
        assert now("initiative", "bells").state == "done"
        assert now("objective", "grow-2").carried_from == id_of("objective", "grow")

    def test_who_acts_on_a_line_may_own_what_it_makes(self, take, now):
        take(plan(), objective(actor="bob", owner="bob"))
        assert now("objective", "grow").owner == id_of("member", "bob")
        assert now("member", "bob") is not None


class TestTimes:
    def test_at_is_when_it_took_effect_and_now_is_when_it_was_known(self, take, recorder):
        before = datetime.now(UTC)
        take(plan())
        *_, fact = recorder.iterate()
        assert fact.effective_at == datetime.fromisoformat(AT)
        assert fact.recorded_at > before
        assert fact.reported_at is None

    def test_a_correction_takes_effect_when_the_check_in_did(self, take, recorder):
        at = "2026-02-09T09:00:00Z"
        correct = line("correct_check_in", at=at, check_in="monday", value=41, reason="a slip")
        take(*GOALS, check_in(id="monday"), correct)
        *_, fact = recorder.iterate()
        assert fact.effective_at == datetime.fromisoformat("2026-02-01T09:00:00Z")
        assert fact.reported_at == datetime.fromisoformat(at)

    def test_every_event_says_which_line_it_came_from(self, take, recorder):
        take(plan())
        assert [stored.correlation_id for stored in recorder.iterate_stored()] == ["import:elsewhere:2"] * 2


class TestActors:
    def test_an_actor_who_is_no_member_is_registered(self, take, now, recorder):
        take(plan(), objective(actor="bob"))
        assert (now("member", "ada").kind, now("member", "bob").kind) == ("person", "person")
        assert recorder.person(id_of("member", "bob")).name == "bob"
        (fact,) = recorder.read_stream(Ref(Kind.MEMBER, id_of("member", "bob")))
        assert (fact.actor, fact.effective_at) == (id_of("member", "bob"), datetime.fromisoformat(AT))

    def test_unless_the_file_does_it_itself_sooner_or_later(self, take, recorder):
        take(plan(), line("register_member", id="ada", name="Ada Lovelace", kind="person"))
        assert recorder.person(id_of("member", "ada")).name == "Ada Lovelace"
        assert recorder.head().position == 2

    def test_a_member_of_another_source_goes_by_their_uuid(self, take, recorder):
        take(plan())
        header = {"quarterdeck": "history/1", "source": "other"}
        take(plan("2026-Q2", actor=str(id_of("member", "ada"))), header=header)
        *_, fact = recorder.iterate()
        assert fact.actor == id_of("member", "ada")
        assert recorder.head().position == 3


class TestAgain:
    def test_the_same_file_appends_nothing(self, take, recorder):
        first, head = take(*GOALS, check_in()), recorder.head()
        again = take(*GOALS, check_in())
        assert (first.commands, first.new, first.already, first.events) == (4, 4, 0, 5)
        assert (again.commands, again.new, again.already, again.events) == (4, 0, 4, 0)
        assert recorder.head() == head

    def test_spaces_and_the_order_of_fields_do_not_matter(self, take, recorder):
        take(plan())
        head = recorder.head()
        reordered = b'{ "label":"2026-Q1", "kind":"quarter", "starts_on":"2026-01-01", "ends_on":"2026-03-31",\
 "id":"2026-Q1", "actor":"ada", "command":"plan_cycle", "at":"2026-01-05T09:00:00Z" }'
        assert take(reordered).already == 1
        assert recorder.head() == head

    def test_a_longer_file_appends_what_is_new(self, take, now):
        take(*GOALS)
        assert take(*GOALS, check_in(value=1), check_in(value=2)).new == 2
        assert now("key_result", "revenue").value == 2

    def test_what_is_new_may_name_what_was_there(self, take, now):
        named = (plan(id="q1"), objective(cycle="q1"))
        take(*named)
        take(*named, key_result(), objective("low", cycle="q1", aligned_to="grow", actor="bob"))
        assert now("objective", "low").aligned_to == id_of("objective", "grow")

    def test_a_line_that_was_changed_is_refused(self, take, recorder):
        take(*GOALS)
        head = recorder.head()
        with pytest.raises(LineNotTaken, match="line 3: differs from the line that was imported under this number"):
            take(plan(), objective(title="shrink"), key_result(), check_in())
        assert recorder.head() == head

    def test_asking_for_what_is_counts_as_there_already(self, take):
        opened = line("open_cycle", cycle="2026-Q1")
        imported = take(plan(), opened, opened)
        assert (imported.new, imported.already) == (2, 1)

    def test_what_names_a_member_who_was_erased_since_counts_as_there(self, take, ledger, recorder):
        lines = (line("register_member", id="bob", name="Bob", kind="person"), plan(actor="bob"))
        take(*lines)
        ledger.execute(Order(EraseMember(member=id_of("member", "bob"), reason="asked"), UUID(int=1)))
        head = recorder.head()
        assert take(*lines).already == 2
        assert recorder.head() == head
        assert recorder.person(id_of("member", "bob")) is None

    def test_two_sources_do_not_meet(self, take, recorder):
        take(plan(), objective())
        header = {"quarterdeck": "history/1", "source": "other"}
        assert take(plan("2026-Q2"), objective(cycle="2026-Q2"), header=header).new == 2
        assert recorder.holder("external_id:objective:other", "grow").id == id_of("objective", "grow", "other")


class TestKeepingGoing:
    def test_everything_else_is_taken(self, take_what_can_be, now):
        lines = (*GOALS, b"{", check_in(value=1), check_in(value="x"), check_in("profit"), check_in(value=2))
        imported, refused = take_what_can_be(*lines)
        assert [why.line for why in refused] == [5, 7, 8]
        assert (imported.commands, imported.new, imported.refused) == (8, 5, 3)
        assert now("key_result", "revenue").value == 2

    def test_what_a_refused_line_would_have_made_is_not_known_later(self, take_what_can_be, recorder):
        lines = (plan(), objective(owner="bob"), key_result(), objective("other"))
        _, refused = take_what_can_be(*lines)
        assert [why.line for why in refused] == [3, 4]
        assert refused[1].reason == "/objective: no objective 'grow' was made before this line"

    def test_also_when_only_the_ledger_knows_why(self, take_what_can_be, recorder):
        """A rule is broken: the lines that were tried with it are tried again, and no actor is left over."""
        close = line("close_cycle", cycle="2026-Q1", actor="cyd")
        _, refused = take_what_can_be(plan(), close, objective(), key_result(), line("open_cycle", cycle="2026-Q1"))
        assert [(why.line, why.slug) for why in refused] == [(3, "cycle_not_open")]
        assert recorder.head().position == 5
        assert not recorder.read_stream(Ref(Kind.MEMBER, id_of("member", "cyd")))

    def test_once_mended_only_the_refused_lines_are_taken(self, take_what_can_be, take, recorder):
        take_what_can_be(*GOALS, check_in(value="x"), check_in(value=2))
        imported = take(*GOALS, check_in(value=1), check_in(value=2))
        assert (imported.new, imported.already) == (1, 4)

    def test_many_lines_are_taken_in_parts(self, take_what_can_be):
        lines = [check_in(value=n if n % 70 else "x") for n in range(250)]
        imported, refused = take_what_can_be(*GOALS, *lines)
        assert (imported.new, len(refused)) == (249, 4)


def test_the_whole_is_folded_in_the_order_of_effect(take, now):
    """A file may go back in time: a late check-in lands where it belongs."""
    take(*GOALS, check_in(value=2, at="2026-03-01T00:00:00Z"), check_in(value=1, at="2026-02-01T00:00:00Z"))
    assert now("key_result", "revenue").value == 2


def test_a_database_that_goes_away_is_no_fault_of_the_lines(take_what_can_be, ledger, monkeypatch):
    """Nothing is set aside as refused: the import stops, and goes on when it is called again."""

    def away(*_: object) -> None:
        raise NotReady("The database cannot be reached just now.")

    monkeypatch.setattr(ledger, "execute_all", away)
    with pytest.raises(NotReady):
        take_what_can_be(*GOALS)
    monkeypatch.setattr(ledger.recorder, "read_stream", away)
    with pytest.raises(NotReady):
        take_what_can_be(*GOALS)
    monkeypatch.undo()
    assert take_what_can_be(*GOALS)[0].new == 3
