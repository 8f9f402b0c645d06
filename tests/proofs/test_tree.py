"""The tree is RFC 6962's: the vectors of certificate-transparency's reference tests, and every size to 300."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proofs.tree import (
    EMPTY,
    Growing,
    audit_path,
    consistency_path,
    consistent,
    hashes_of,
    included,
    leaf_hash,
    root_of,
)
from tests.proofs import naive

# certificate-transparency, cpp/merkletree/merkle_tree_test.cc, and transparency-dev/merkle, testonly/constants.go.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (index, size) → audit path; (old, new) → consistency proof, of the same tests.
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
PROOFS = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
MANY = [b"leaf %d" % n for n in range(300)]


@cache
def stored(of_vectors: bool = False) -> dict:
    """Every node of the largest tree."""
    tree = Growing()
    found: dict = {}
    for leaf in LEAVES if of_vectors else MANY:
        found |= dict(tree.add(leaf_hash(leaf)))
    return found


def hashes(path, of_vectors: bool = False) -> list[bytes]:
    return hashes_of(path, lambda _: stored(of_vectors))


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_reference(size):
    assert root_of(leaf_hash(leaf) for leaf in LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("of", "path"), PATHS.items())
def test_audit_paths_of_the_reference(of, path):
    assert [each.hex() for each in hashes(audit_path(*of), of_vectors=True)] == path


@pytest.mark.parametrize(("of", "path"), PROOFS.items())
def test_consistency_proofs_of_the_reference(of, path):
    assert [each.hex() for each in hashes(consistency_path(*of), of_vectors=True)] == path


def test_roots_of_every_size():
    tree = Growing()
    assert tree.root == EMPTY
    for size, leaf in enumerate(MANY, 1):
        tree.add(leaf_hash(leaf))
        assert tree.root == naive.mth(MANY[:size])
        assert Growing(size, [*tree._edge]).root == tree.root


# Of each size every proof is some millions of hashes by the naive way; of these, every one.
SIZES = [*range(1, 34), 63, 64, 65, 100, 127, 128, 129, 200, 255, 256, 257, 299, 300]


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof(size):
    root = naive.mth(MANY[:size])
    for index in range(size):
        path = hashes(audit_path(index, size))
        assert path == naive.path(index, MANY[:size])
        assert included(leaf_hash(MANY[index]), index, size, path, root)
        assert not included(leaf_hash(MANY[index - 1]), index, size, path, root) or size == 1


@pytest.mark.parametrize("size", SIZES)
def test_every_consistency_proof(size):
    root = naive.mth(MANY[:size])
    for old in range(1, size + 1):
        before, path = naive.mth(MANY[:old]), hashes(consistency_path(old, size))
        assert path == naive.proof(old, MANY[:size])
        assert consistent(old, before, size, root, path)
        assert not consistent(old, EMPTY, size, root, path)


@given(st.data())
def test_any_proof_of_any_size_to_300_and_nothing_but_it(data):
    size = data.draw(st.integers(2, 300))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    root, leaf = naive.mth(MANY[:size]), leaf_hash(MANY[index])
    path, proof = hashes(audit_path(index, size)), hashes(consistency_path(old, size))
    assert (path, proof) == (naive.path(index, MANY[:size]), naive.proof(old, MANY[:size]))
    assert not included(leaf, index, size, path[:-1], root)
    assert not included(leaf, index, size, [*path, path[0]], root)
    assert not included(leaf, index, size, [EMPTY, *path[1:]], root)
    assert not included(leaf, size, size, path, root)
    before = naive.mth(MANY[:old])
    assert consistent(old, before, size, root, proof)
    assert not consistent(old, before, size, root, proof[:-1])
    assert not consistent(old, before, size, root, [*proof, proof[0]])
    assert not consistent(old, before, size, root, [EMPTY, *proof[1:]])
    assert not consistent(size, root, old, before, proof)
    assert not consistent(0, EMPTY, size, root, [])


def test_a_proof_reads_no_more_nodes_than_the_tree_is_high_for_each_hash():
    asked = []

    def look(wanted):
        asked.extend(wanted)
        return dict.fromkeys(wanted, EMPTY)

    hashes_of(audit_path(123_456, 1_000_003), look)
    assert len(asked) <= 2 * 20
    asked.clear()
    hashes_of(consistency_path(123_456, 1_000_003), look)
    assert len(asked) <= 2 * 20
