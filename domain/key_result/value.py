"""The value of a key result: what was checked in, or what the KPI says that drives it (contract, section 4).

While a link is in effect, the KPI's latest point is the value; without such a point, what was checked in stands.
After unlinking the value stays what the KPI's was then, until a later check-in gives another.
"""

from collections.abc import Callable
from decimal import Decimal

from domain.key_result.state import KeyResult, Link
from domain.kpi.suiting import Linkable
from domain.measures import Value


def value_in_effect(key_result: KeyResult, measured: Callable[[Link], Decimal | None]) -> tuple[Value | None, bool]:
    """The value, and whether it is a KPI's.

    `measured` answers the latest point of the link's KPI as of the asked place in the fold or, if it comes first, the
    link's end, and no later than the cycle's last day.
    """
    if isinstance(key_result.measure, Linkable):
        valued = key_result.valued
        after = max(key_result.typed_since, valued.key) if valued is not None else key_result.typed_since
        for link in reversed(key_result.links):
            if link.until is not None and link.until < after:
                continue
            value = measured(link)
            if value is not None:
                return value, True
    return key_result.value, False
