"""Which faults a run is made of; and a witness of checkpoints."""

from collections import Counter
from random import Random

import pytest

from torture.faults import KINDS, plan
from torture.inspecting import Witness


def names(count, seed=1):
    return [kind.name for kind in plan(list(KINDS.values()), count, Random(seed))]


@pytest.mark.parametrize("count", [len(KINDS), 100, 1000])
def test_every_kind_comes_and_the_cheap_ones_most(count):
    planned = Counter(names(count))
    assert planned.total() == count
    assert planned.keys() == KINDS.keys()
    assert planned["append_answer_lost"] >= planned["failed_over_to_replica"]


def test_the_same_seed_plans_the_same_faults():
    assert names(100, 5) == names(100, 5)
    assert names(100, 5) != names(100, 6)


def test_a_witness_notices_a_second_tree_of_one_size(tmp_path):
    witness = Witness(tmp_path / "seen")
    note = "origin\n{}\n{}\n\n— origin signature\n"
    assert witness.see(note.format(7, "one")) is None
    assert witness.see(note.format(8, "two")) is None
    assert witness.see(note.format(7, "one")) is None
    assert "two trees of 7" in str(witness.see(note.format(7, "other")))


def test_of_kinds_that_are_impossible_here_nothing_is_planned():
    assert plan([], 10, Random(1)) == []
