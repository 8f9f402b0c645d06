"""Nothing was forgotten: every event, command and kind is in the catalogue, and the catalogue in the docs."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import domain
from domain.catalogue import COMMANDS, CREDENTIALS, EVENTS, FOLDS
from domain.kernel import Command, Event, Kind
from domain.rules import Creation
from tests.support.events_page import PAGE, page, sentence

CONTRACT = Path(__file__).parents[3] / "shared" / "contract.md"

for module in pkgutil.walk_packages(domain.__path__, "domain."):
    importlib.import_module(module.name)


def below(base, name):
    """Every class under domain/ that is a `base` and declares its own name."""
    classes = [base]
    for cls in classes:  # grows while it is walked
        classes += [sub for sub in cls.__subclasses__() if sub not in classes]
    return [cls for cls in classes if name in vars(cls) and cls.__module__.startswith("domain.")]


def test_every_event_is_in_the_catalogue_under_a_name_of_its_own():
    assert {cls.TOPIC: cls for cls in EVENTS.values()} == EVENTS
    assert sorted(map(str, below(Event, "TOPIC"))) == sorted(map(str, EVENTS.values()))


def test_every_command_is_in_the_catalogue_under_a_name_of_its_own():
    assert {name: verb.command.NAME for name, verb in COMMANDS.items()} == {name: name for name in COMMANDS}
    assert sorted(map(str, below(Command, "NAME"))) == sorted(str(verb.command) for verb in COMMANDS.values())


def test_a_command_and_the_function_that_decides_it_stand_together():
    for name, verb in COMMANDS.items():
        assert (verb.decide.__name__, verb.decide.__module__) == (name, verb.command.__module__)


@pytest.mark.parametrize("topic", EVENTS)
def test_an_events_name_begins_with_the_kind_of_its_stream(topic):
    assert Kind(topic.partition(".")[0]) in FOLDS


def test_every_kind_with_a_stream_has_a_fold():
    assert FOLDS.keys() >= set(Kind) - {Kind.CHECK_IN}  # check-ins live in their key result's stream
    assert {fold.kind for fold in FOLDS.values()} == FOLDS.keys()


@pytest.mark.parametrize("topic", EVENTS)
def test_an_event_says_what_happened_in_a_sentence(topic):
    assert re.fullmatch(r"[A-Z].*\.", sentence(EVENTS[topic]))


@pytest.mark.parametrize("topic", EVENTS)
def test_an_event_declares_its_version(topic):
    assert EVENTS[topic].VERSION >= 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_a_time_and_every_creating_one_an_id(name):
    command = COMMANDS[name].command
    assert "effective_at" in command.model_fields
    assert issubclass(command, Creation) == ({"id", "external_id"} <= command.model_fields.keys())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_its_decision_say_what_they_are_for(name):
    verb = COMMANDS[name]
    assert verb.command.__doc__
    assert verb.decide.__doc__


def test_the_page_of_events_is_up_to_date():
    """If not: `python -m tests.support.events_page`."""
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("topic", EVENTS)
def test_the_page_of_events_names_every_event(topic):
    assert f"| `{topic}` | {EVENTS[topic].VERSION} | {sentence(EVENTS[topic])} |" in PAGE.read_text()


@pytest.mark.skipif(not CONTRACT.exists(), reason="the contract stands beside the checkout, in ../shared/contract.md")
def test_the_commands_are_those_of_the_contract():
    section = CONTRACT.read_text().partition("## 4. Commands")[2].partition("## 5. Reads")[0]
    rows = re.findall(r"^\| (`[a-z_`, ]+) \|", section, re.M)
    named = {name for row in rows for name in re.findall(r"[a-z_]+", row)}
    assert named - {"metric", "threshold", "milestones", "boolean", "zones", "graded"} == COMMANDS.keys() - CREDENTIALS
