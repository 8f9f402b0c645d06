"""What is remembered of rows: no more than was said, and of that what was asked for last."""

from projections.remembered import Remembered


def test_the_least_used_is_forgotten_first():
    remembered = Remembered(most=10)
    for key in ("one", "two", "three"):
        remembered.put(key, key.upper(), 3)
    assert remembered.get(["one"]) == ["ONE"]
    remembered.put("four", "FOUR", 4)
    assert remembered.get(["one", "two", "three", "four"]) == ["ONE", None, "THREE", "FOUR"]


def test_what_is_put_again_counts_once():
    remembered = Remembered(most=10)
    remembered.put("one", "ONE", 5)
    for _ in range(3):
        remembered.put("two", "TWO", 5)
    assert remembered.get(["one", "two"]) == ["ONE", "TWO"]


def test_what_is_larger_than_everything_is_not_kept():
    remembered = Remembered(most=10)
    remembered.put("large", "LARGE", 11)
    assert remembered.get(["large"]) == [None]
    remembered.put("one", "ONE", 10)
    assert remembered.get(["one"]) == ["ONE"]
