"""The answer to a close, which comes after its seal (contract, section 4)."""

import logging
from dataclasses import replace
from typing import Any

from api.runtime import Runtime
from domain.cycle.events import CycleSealed
from domain.errors import NotReady
from domain.kernel import Fact
from ledger.orders import Executed
from projections.sealing import seal_due

_LOG = logging.getLogger("quarterdeck.http")


def sealed(runtime: Runtime, executed: Executed, *, keyed: bool) -> Executed:
    """A close is answered after its seal, the last of its two events; also when it is answered again.

    The seal's position is that of the answer. If it cannot be made now, the background makes it: then raises `NotReady`
    for a request that may be asked again for the same answer (`keyed`); any other is answered without it.
    """
    if not (executed.changed or executed.replayed):
        return executed
    try:
        seal = _seal_of(runtime, executed)
        if seal is None:
            seal_due(runtime.ledger, runtime.books)
            seal = _seal_of(runtime, executed)
    except NotReady as error:
        runtime.seal_later()
        if keyed:
            detail = f"The close is recorded at position {executed.position} and will be sealed; ask again."
            raise NotReady(detail, slug="seal_pending") from error
        _LOG.warning("Position %s is recorded but not sealed yet: %s", executed.position, error)
        return executed
    return executed if seal is None else replace(executed, position=seal.position, recorded_at=seal.recorded_at)


def _seal_of(runtime: Runtime, close: Executed) -> Fact[Any] | None:
    for fact in runtime.recorder.read_stream(close.subject):
        if isinstance(fact.event, CycleSealed) and fact.event.closed_position == close.position:
            return fact
    return None
