"""A ledger with a small company in it, decided by the real ledger; its books are up to each test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import pytest

from domain.catalogue import COMMANDS
from domain.kernel import Ref
from ledger.application import Ledger
from ledger.database import Database
from ledger.orders import Executed, Order
from ledger.recorder import LedgerRecorder
from tests.support.books import recording

ACTOR = UUID(int=7)


@dataclass
class Company:
    """Gives commands by name; ids are made of names."""

    database: Database
    recorder: LedgerRecorder
    ledger: Ledger

    def do(self, name: str, /, **fields: Any) -> Executed:
        return self.ledger.execute(Order(COMMANDS[name].command.model_validate(fields), ACTOR))

    def uid(self, name: str) -> UUID:
        return uuid5(ACTOR, name)

    def ref(self, kind: Any, name: str) -> Ref:
        return Ref(kind, self.uid(name))

    def check_in(self, value: Any, **fields: Any) -> Executed:
        return self.do("check_in", key_result=str(self.uid("revenue")), value=value, **fields)


@pytest.fixture
def company(database: Database) -> Iterator[Company]:
    """An open quarter with one objective, grow, measured by revenue from 0 to 100."""
    with recording(database) as recorder:
        made = Company(database, recorder, Ledger(recorder))
        made.do("plan_cycle", label="2026-Q1", kind="quarter", starts_on="2026-01-01", ends_on="2026-03-31")
        made.do("open_cycle", cycle="2026-Q1")
        made.do("form_team", id=str(made.uid("core")), name="Core")
        made.do("set_objective", id=str(made.uid("grow")), cycle="2026-Q1", title="Grow", team=str(made.uid("core")))
        measure = {"type": "metric", "baseline": 0, "target": 100}
        fields = {"id": str(made.uid("revenue")), "objective": str(made.uid("grow")), "title": "Revenue"}
        made.do("add_key_result", **fields, measure=measure)
        yield made
