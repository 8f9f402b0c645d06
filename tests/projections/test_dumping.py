"""What the writers of COPY make of values is what PostgreSQL reads again."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from projections.dumping import adapt

NASTY = ['say "hi"', "back\\slash", "{a,b}", "NULL", "null", "tab\there", "new\nline", " ", "", "ünïcödé ✓", "'"]
INSTANTS = [
    datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=UTC),
    datetime(2026, 3, 31, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("timestamptz", [*INSTANTS, *INSTANTS]),
        ("text[]", [[], NASTY, *([one] for one in NASTY)]),
        ("uuid[]", [[], [UUID(int=7)], [UUID(int=7), UUID(int=2**127)]]),
    ],
)
def test_values_come_back_as_they_were(database, type_, values):
    with database.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute(f"CREATE TEMPORARY TABLE written (n int, value {type_})")
        with connection.cursor() as cursor:
            adapt(cursor)
            with cursor.copy("COPY written FROM STDIN") as copy:
                for n, value in enumerate(values):
                    copy.write_row((n, value))
        read = [value for (value,) in connection.execute("SELECT value FROM written ORDER BY n")]
    assert read == values
