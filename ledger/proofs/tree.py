"""The tree of RFC 6962, section 2, in the words of that page.

A tree of n leaves is made of complete subtrees, one for each bit of n. The hash of a complete subtree never changes
however the tree grows, so these are what is stored: `Node(level, index)` is the root of the leaves from index·2^level
on, 2^level of them, level 0 the leaves themselves. Everything else, roots and proofs, is a range of leaves whose hash
is folded from at most log2(n) nodes.

Hashes are 32 bytes. Sizes and indexes count leaves; ranges are [start, end).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

EMPTY = sha256(b"").digest()
"""The root of the tree without leaves."""


class Node(NamedTuple):
    """A complete subtree: the leaves from index·2^level on, 2^level of them."""

    level: int
    index: int  # type: ignore[assignment]  # a tuple has a method of that name, which nobody calls on a node


class Range(NamedTuple):
    """Some leaves in a row, which a proof has one hash of."""

    start: int
    end: int


Hashes = Mapping[Node, bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def nodes(start: int, end: int) -> Iterator[Node]:
    """The complete subtrees that a range is made of, left to right. It begins where its largest one may."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield Node(level, start >> level)
        start += 1 << level


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of complete subtrees that stand side by side, each smaller than the one before."""
    if not hashes:
        return EMPTY
    *others, folded = hashes
    for left in reversed(others):
        folded = node_hash(left, folded)
    return folded


class Growing:
    """A tree that leaves are added to: its right edge, which is all that is needed for that."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """`edge`: the hashes of `nodes(0, size)`."""
        self.size = size
        self._edge = list(edge)

    @property
    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return fold(self._edge)

    def add(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Adds a leaf by its hash. Answers the complete subtrees that it made, itself first."""
        made = [(Node(0, self.size), leaf)]
        index = self.size
        while index & 1:
            leaf = node_hash(self._edge.pop(), leaf)
            index >>= 1
            made.append((Node(len(made), index), leaf))
        self._edge.append(leaf)
        self.size += 1
        return made


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def audit_path(index: int, size: int) -> list[Range]:
    """PATH(m, D[n]): what has to be known beside a leaf to come to the root, the leaf's neighbour first."""
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int) -> list[Range]:
    """PROOF(m, D[n]): what shows that the tree of size `new` begins with that of size `old`, which is at least 1."""
    start, end, path, whole = 0, new, [], True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start, whole = middle, False
    return [*([] if whole else [Range(start, end)]), *path[::-1]]


def hashes_of(ranges: Sequence[Range], look: Callable[[Sequence[Node]], Hashes]) -> list[bytes]:
    """The hash of each range, by one look at the nodes that they are made of."""
    parts = [list(nodes(*each)) for each in ranges]
    found = look([node for part in parts for node in part])
    return [fold([found[node] for node in part]) for part in parts]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the audit path leads from the leaf's hash to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, here = index, size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            here = node_hash(other, here)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            here = node_hash(here, other)
        at, last = at >> 1, last >> 1
    return last == 0 and here == root


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the proof shows that the newer tree begins with the older one (RFC 9162, section 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    way = list(path) if old & (old - 1) else [old_root, *path]
    if not way:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = way[0]
    for other in way[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(other, before), node_hash(other, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, other)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(size: int) -> int:
    """The largest power of two below a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
