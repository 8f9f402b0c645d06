"""Whether a thing would come to stand above itself: teams inside teams, goals aligned to goals.

What stands above a thing changes over time, and a late change takes effect in the past. So the way up is
walked for the whole time from the change on, piece by piece, and not only as things stand now: no `valid_at`
may ever show a loop.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from domain.kernel import Ref

Above = tuple[datetime, Ref | None]
"""What stands above a thing from an instant on; `None` for nothing."""

FOREVER = datetime.max.replace(tzinfo=UTC)


def loops(start: Ref, since: datetime, above: Callable[[Ref, datetime], Iterator[Above]]) -> bool:
    """Whether `start` is found above itself at any instant from `since` on.

    `above` answers what stands above a thing from an instant on, change by change, in order.
    """
    pieces, walked = [(start, since, FOREVER)], set()
    while pieces:
        piece = pieces.pop()
        if piece in walked:  # a loop elsewhere, which nobody made by these rules
            continue
        walked.add(piece)
        ref, begin, end = piece
        upper: Ref | None = None
        for at, next_upper in (*above(ref, begin), (end, None)):
            until = min(at, end)
            if upper is not None and begin < until:
                if upper == start:
                    return True
                pieces.append((upper, begin, until))
            begin, upper = max(begin, until), next_upper
    return False
