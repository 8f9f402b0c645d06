"""What was made of rows lately and may be asked for again: bounded, the least used of it forgotten first."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from threading import Lock
from typing import Any

MOST = 16_000_000
"""The sum of the sizes that are told, in bytes: some 4,500 objectives with four key results each."""


class Remembered:
    """Key → what was made of that. Many threads ask at once."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._found: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, keys: Iterable[Hashable]) -> list[Any]:
        """What is known of each of some keys, or `None`."""
        values = []
        with self._lock:
            for key in keys:
                found = self._found.get(key)
                if found is not None:
                    self._found.move_to_end(key)
                values.append(None if found is None else found[1])
        return values

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Remembers something, and forgets others for it."""
        with self._lock:
            known = self._found.pop(key, None)
            self._size += size - (known[0] if known else 0)
            self._found[key] = (size, value)
            while self._size > self._most:
                _, (less, _) = self._found.popitem(last=False)
                self._size -= less
