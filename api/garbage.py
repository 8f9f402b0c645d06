"""How often a server's process looks for garbage that only the collector finds: things that refer to one another.

Python looks after every 700 objects that have come to stay for a while; what sixteen requests have in hand, and what
the books and the ledger keep, is more, so it was looked through again and again for next to nothing. A third of the
projector's time went into that, a quarter of the whole server's. Nearly everything here is freed when nobody refers to
it any more, without being looked for.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 20_000
"""As many objects, a few megabytes, may have come to stay before the youngest are looked through."""


@contextmanager
def looked_for_seldom() -> Iterator[None]:
    """Has this process look for garbage seldom, for a while."""
    youngest, *older = gc.get_threshold()
    gc.set_threshold(OBJECTS, *older)
    try:
        yield
    finally:
        gc.set_threshold(youngest, *older)
