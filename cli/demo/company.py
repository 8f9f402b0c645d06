"""Who Wobblewheel is. Names and addresses are made up."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Team:
    """A team and the one that it is part of."""

    key: str
    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and the team that they lead or work in."""

    key: str
    name: str
    team: str
    role: str = "member"
    kind: str = "person"


TEAMS: Sequence[Team] = (
    Team("wobblewheel", "Wobblewheel"),
    Team("workshop", "Workshop", "wobblewheel"),
    Team("product", "Product", "wobblewheel"),
    Team("locks", "Locks", "product"),
    Team("neighbours", "Neighbours", "wobblewheel"),
)

PEOPLE: Sequence[Person] = (
    Person("ines", "Inês Okafor", "wobblewheel", "lead"),
    Person("tomasz", "Tomasz Brandt", "workshop", "lead"),
    Person("jonas", "Jonas Holm", "workshop"),
    Person("priya", "Priya Nair", "product", "lead"),
    Person("meilin", "Mei-Lin Wu", "product"),
    Person("lukas", "Lukas Vermeer", "locks", "lead"),
    Person("amara", "Amara Diallo", "neighbours", "lead"),
    Person("carla", "Carla Esposito", "neighbours"),
    Person("fleet", "Fleet telemetry", "workshop", kind="service"),
)
