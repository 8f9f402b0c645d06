"""The values that commands and events are made of: what is taken, what is refused, what is written."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.values import Day, Id, Instant, Label, Note, NotNegative, Number, Tags, Title, _plain_number, plain

ID = "0190a2f0-1b7a-7cc0-8f63-d3a9a3c5e1b2"


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


def refused(kind, value):
    with pytest.raises(ValidationError) as error:
        read(kind, value)
    return error.value.errors()[0]["msg"]


# --- numbers


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (0.1, "0.1"),
        ("0.10", "0.1"),
        (7, "7"),
        ("-3.5", "-3.5"),
        ("1e5", "100000"),
        ("1E-12", "0.000000000001"),
        (Decimal("2.50"), "2.5"),
        ("-0", "0"),
        ("0e999", "0"),
        ("0.0000000000000000", "0"),
        ("9" * 28, "9" * 28),
        ("-" + "9" * 16 + "." + "9" * 12, "-" + "9" * 16 + "." + "9" * 12),
    ],
)
def test_a_number_is_taken_exactly(given, number):
    assert plain(read(Number, given)) == number


@pytest.mark.parametrize("given", ["-0", "0", "-0.5", "12.50", "100", "1E+2", 12, 12.5, "9" * 15 + "." + "9" * 12])
def test_a_number_is_kept_as_it_is_written(given):
    number = read(Number, given)
    assert str(number) == plain(number)


def test_what_is_long_and_no_number_is_not_remembered():
    """Whoever sends five megabytes in place of a number leaves nothing of them behind."""
    before = _plain_number.cache_info().currsize
    assert "must be a number" in refused(Number, "x" * 40)
    assert _plain_number.cache_info().currsize == before


@pytest.mark.parametrize(
    "given",
    ["", "1.", ".5", "01", "+1", "1_000", "1,5", "ten", " 1", "٣", "NaN", "Infinity", True, None, [], b"1"],
    ids=repr,
)
def test_what_is_no_number_is_refused(given):
    assert "must be a number" in refused(Number, given)


@pytest.mark.parametrize("given", [float("nan"), float("inf"), Decimal("-Infinity")])
def test_a_number_is_finite(given):
    assert "finite" in refused(Number, given)


@pytest.mark.parametrize("given", ["1e28", "9" * 29, 10**30, "1e999", "1" * 17 + "." + "1" * 12, "1e-40"])
def test_a_number_has_at_most_28_digits(given):
    assert "28 digits" in refused(Number, given)


@pytest.mark.parametrize("given", ["1e-13", "0.1234567890123", 0.1 + 0.2])
def test_a_number_has_at_most_12_decimal_places(given):
    assert "12 decimal places" in refused(Number, given)


def test_a_number_is_written_as_a_string_without_exponent_or_trailing_zeros():
    dump = TypeAdapter(Number).dump_python
    assert [dump(Decimal(text), mode="json") for text in ("1E+2", "0.20", "-0.0", "100")] == [
        "100",
        "0.2",
        "0",
        "100",
    ]


def test_a_number_stays_a_decimal_in_python():
    assert TypeAdapter(Number).dump_python(Decimal("0.2")) == Decimal("0.2")


def test_some_numbers_are_not_below_zero():
    assert read(NotNegative, 0) == 0
    assert "0 or more" in refused(NotNegative, "-0.1")


# --- days, instants, ids


@pytest.mark.parametrize("given", ["2026-03-31", date(2026, 3, 31)])
def test_a_day_is_taken(given):
    assert read(Day, given) == date(2026, 3, 31)


@pytest.mark.parametrize(
    "given", ["2026-02-30", "20260331", "2026-3-1", "31.03.2026", 0, None, datetime(2026, 3, 31, tzinfo=UTC)]
)
def test_what_is_no_day_is_refused(given):
    assert refused(Day, given)


@pytest.mark.parametrize(
    "given",
    [
        "2026-03-31T12:00:00Z",
        "2026-03-31t12:00:00.000000000z",
        "2026-03-31T14:00:00+02:00",
        datetime(2026, 3, 31, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_an_instant_is_taken_in_utc(given):
    assert read(Instant, given) == datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert read(Instant, given).tzinfo is UTC


@pytest.mark.parametrize(
    "given",
    [
        "2026-03-31",
        "2026-03-31T12:00:00",
        "2026-03-31 12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-31T24:00:01Z",
        "0001-01-01T00:00:00+01:00",
        datetime(2026, 3, 31),  # noqa: DTZ001
        1774958400,
        None,
    ],
    ids=str,
)
def test_what_is_no_instant_with_a_zone_is_refused(given):
    assert refused(Instant, given)


def test_an_id_is_a_uuid_written_in_full():
    assert str(read(Id, ID.upper())) == ID
    for other in (ID.replace("-", ""), "{" + ID + "}", f"urn:uuid:{ID}", 7):
        assert "must be a UUID" in refused(Id, other)


# --- texts


@pytest.mark.parametrize(("kind", "most"), [(Label, 200), (Title, 500), (Note, 20_000)])
def test_a_text_has_an_end(kind, most):
    assert read(kind, "ä" * most)
    assert "at most" in refused(kind, "ä" * (most + 1))


@pytest.mark.parametrize("kind", [Label, Title, Note])
@pytest.mark.parametrize("given", ["", " \n", "a\x00b", "half \ud800", 7, None, b"a"], ids=repr)
def test_a_text_says_something_that_can_be_stored(kind, given):
    assert refused(kind, given)


def test_a_text_is_kept_as_it_was_typed():
    assert read(Note, "  two\n\n lines 👩‍🚀 ") == "  two\n\n lines 👩‍🚀 "


def test_tags_are_labels():
    assert read(Tags, ["a", "b"]) == ("a", "b")
    assert refused(Tags, [""])


# --- what clients are told


def test_the_schema_of_a_number_takes_numbers_and_strings():
    assert [part["type"] for part in TypeAdapter(Number).json_schema()["anyOf"]] == ["number", "string"]


def test_the_schema_of_a_number_that_is_not_negative_says_so():
    number, string = TypeAdapter(NotNegative).json_schema()["anyOf"]
    assert number["minimum"] == 0
    assert not string["pattern"].startswith("^-?")


@pytest.mark.parametrize(("kind", "form"), [(Day, "date"), (Instant, "date-time"), (Id, "uuid")])
def test_the_schema_names_the_format(kind, form):
    assert TypeAdapter(kind).json_schema() == {"type": "string", "format": form}
