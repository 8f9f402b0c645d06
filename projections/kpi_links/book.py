"""The writer of the book of links. They have no stream of their own: they are told by their key result's."""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.kernel import Fact, Kind
from domain.key_result.events import KpiLinked, KpiUnlinked
from domain.key_result.state import KEY_RESULT
from projections.engine import Thing
from projections.output import Row
from projections.simple import texts
from projections.track import Key
from projections.world import World


class KpiLinks:
    """The book."""

    name = "kpi_links"
    version = 1
    kinds = frozenset({Kind.KEY_RESULT})
    events = (KpiLinked, KpiUnlinked)
    table = "kpi_link_versions"
    columns = (
        "key_result",
        "kpi",
        "linked_at",
        "linked_by",
        "reason",
        "ended_reason",
        "redactions",
        "ended_at",
        "ended_by",
    )

    def things(self, fact: Fact[Any], world: World) -> Iterable[Thing]:  # noqa: ARG002
        """The link that the fact begins or ends."""
        event = fact.event
        if not isinstance(event, KpiLinked | KpiUnlinked):
            return ()
        return (Thing(event.link, fact.stream, isinstance(event, KpiLinked)),)

    def keys_from(self, thing: Thing, key: Key, world: World) -> Sequence[Key]:
        """After each fact about it."""
        facts = world.track(KEY_RESULT, thing.stream).facts
        return [fact.key for fact in facts if getattr(fact.event, "link", None) == thing.id and fact.key >= key]

    def row(self, thing: Thing, key: Key, world: World) -> Row | None:
        """The link as it read then."""
        key_result = world.track(KEY_RESULT, thing.stream).after(key)
        link = next((link for link in key_result.links if link.id == thing.id), None) if key_result else None
        if link is None:
            return None
        return (
            thing.stream.id,
            link.kpi,
            link.since[0],
            link.actor,
            *texts(reason=link.reason, ended_reason=link.ended_reason),
            None if link.until is None else link.until[0],
            link.ended_by,
        )


BOOK = KpiLinks()
