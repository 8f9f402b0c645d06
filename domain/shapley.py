"""Sharing a change among what brought it about: the Shapley value (L. S. Shapley, A Value for n-Person Games, 1953).

Given what comes out with any set of factors, a factor's part is what it adds, averaged over every order in which the
factors may come in. It is the only division whose parts add up to the whole (efficiency), are equal for factors that
do the same (symmetry), are nothing for a factor that does nothing, and do not depend on an order. `docs/explain.md`
has an example worked by hand.

With n factors there are 2ⁿ outcomes to know and n! orders; a set S that a factor joins counts for the |S|! orders
before it times the (n − |S| − 1)! after it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce
from itertools import combinations
from math import factorial

from domain.scoring import ZERO, six, tidy

_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=60)
"""Sums of scores of 40 digits, each counted up to n! times, lose nothing here; only the division rounds."""


def shapley(names: Sequence[str], value: Callable[[frozenset[str]], Decimal]) -> dict[str, Decimal]:
    """Each name's part of `value(all of them) − value(none)`; `value` is asked once for each set of names."""
    sets = [frozenset(some) for count in range(len(names) + 1) for some in combinations(names, count)]
    outcome = {some: value(some) for some in sets}
    orders = Decimal(factorial(len(names)))
    parts = {}
    for name in names:
        total = ZERO
        for some in sets:
            if name in some:
                continue
            count = factorial(len(some)) * factorial(len(names) - len(some) - 1)
            added = _WIDE.subtract(outcome[some | {name}], outcome[some])
            total = _WIDE.add(total, _WIDE.multiply(Decimal(count), added))
        parts[name] = _EXACT.divide(total, orders)
    return parts


def rounded(parts: Mapping[str, Decimal], change: Decimal) -> dict[str, Decimal]:
    """The parts at six decimals, half up, adding up to `change` exactly.

    What rounding leaves goes to the part that is the largest, whatever its sign; of equal ones to the first.
    """
    shown = {name: six(part) or ZERO for name, part in parts.items()}
    left = _WIDE.subtract(change, reduce(_WIDE.add, shown.values(), ZERO))
    if left:
        largest = max(parts, key=lambda name: tidy(parts[name]).copy_abs())
        shown[largest] = _WIDE.add(shown[largest], left)
    return shown
