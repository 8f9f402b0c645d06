"""Measurements as a CSV file: whatever is wrong with one is told with its row, and nothing of it is kept."""

import pytest

from tests.support.builders import uid
from tests.support.http import HEAD, Api, done

KPI = f"/kpis/{uid('signups')}"


def send(api: Api, content: bytes, query: str = "", **headers: str):
    return api.send("POST", f"/v1{KPI}/measurements{query}", content, **{"Content_Type": "text/csv", **headers})


@pytest.mark.parametrize(
    "content",
    [
        b"on,value\n2026-03-31,9\n2026-04-30,10.5\n",
        b"on,value\r\n2026-03-31,9\r\n2026-04-30,10.5",
        b"on,value\r2026-03-31,9\r2026-04-30,10.5\r",
        b"\xef\xbb\xbfon,value,note\r\n2026-03-31,9,\r\n2026-04-30,10.5,\r\n",
        b"value,on\n9,2026-03-31\n10.5,2026-04-30\n",
        b'"on","value"\n"2026-03-31","9"\n2026-04-30,"10.5"\n',
        b"on, value\n2026-03-31, 9\n\n2026-04-30,10.5\n,\n\n",
    ],
)
def test_a_file_is_the_same_command(at_work: Api, content: bytes):
    answer = send(at_work, content)
    assert (answer.status, answer.position) == (200, HEAD + 1), answer
    assert answer.body["latest"]["on"] == "2026-04-30"
    items = done(at_work.get(f"{KPI}/measurements?from_on=2026-03-01"))["items"]
    assert [(item["on"], float(item["value"]), item["note"]) for item in items] == [
        ("2026-03-31", 9, None),
        ("2026-04-30", 10.5, None),
    ]
    assert send(at_work, content).position == HEAD + 1  # the same again is nothing new


def test_quoted_notes_are_kept_as_they_are(at_work: Api):
    content = 'on,note,value\n2026-03-31,"so, ""they"" say\nçok iyi",9\n'.encode()
    done(send(at_work, content, "?source=billing", Content_Type='text/csv; charset="UTF-8"; header=present'))
    assert done(at_work.get(f"{KPI}/series"))["points"][-1]["note"] == 'so, "they" say\nçok iyi'
    (event,) = done(at_work.get(f"/events?after={HEAD}"))["items"]
    assert event["data"]["source"] == "billing"


def test_the_table_of_a_series_can_be_sent_back(at_work: Api):
    table = at_work.send("GET", f"/v1{KPI}/series", Accept="text/csv")
    assert table.raw.count(b"\r\n") > 1
    assert send(at_work, table.raw).position == HEAD  # nothing of it is new
    more = table.raw + b"2026-03-31,9,late,,,,,false\r\n"
    assert send(at_work, more).position == HEAD + 1
    assert done(at_work.get(f"{KPI}/series"))["points"][-1]["note"] == "late"


def test_a_file_is_repeated_safely(at_work: Api):
    key = {"Idempotency_Key": "march"}
    first = send(at_work, b"on,value\n2026-03-31,9\n", **key)
    done(at_work.put(f"{KPI}/measurements/2026-03-31", value=11))
    assert send(at_work, b"on,value\r\n2026-03-31,9\r\n", **key).raw == first.raw
    assert send(at_work, b"on,value\n2026-03-31,10\n", **key).slug == "idempotency_key_reused"


GOOD = b"on,value\n2026-03-31,9\n"
BAD: list[tuple[bytes, int, str, str]] = [
    # the file as a whole
    (b"", 422, "/points", "row 1 is missing, the file is empty"),
    (b"\xef\xbb\xbf", 422, "/points", "row 1 is missing, the file is empty"),
    (b"\n \n", 422, "/points", "row 1 is missing, the file is empty"),
    (b"on,value\n", 422, "/points", "row 1 is all there is"),
    (b"on,value\n2026-01-31,1\n" + b"2026-01-31,1\n" * 10_000, 422, "/points", "row 10002 is one too many"),
    # the header
    (b"2026-03-31,9\n", 422, "/points", "row 1 has the unknown column '2026-03-31'"),
    (b"on,value,colour\n2026-03-31,9,red\n", 422, "/points", "row 1 has the unknown column 'colour'"),
    (b"on,value,note,target\n2026-03-31,9,x,9\n", 422, "/points", "row 1 has the unknown column 'target'"),
    (b"On,Value\n2026-03-31,9\n", 422, "/points", "row 1 has the unknown column 'On'"),
    (b"on\n2026-03-31\n", 422, "/points", "row 1 lacks the column 'value'"),
    (b"value,note\n9,x\n", 422, "/points", "row 1 lacks the column 'on'"),
    (b"on,value,on\n2026-03-31,9,x\n", 422, "/points", "row 1 has the column 'on' twice"),
    (b"on;value\n2026-03-31;9\n", 422, "/points", "row 1 is separated by semicolons"),
    (b"on\tvalue\n2026-03-31\t9\n", 422, "/points", "row 1 is separated by tabs"),
    # the encoding
    ("on,value,note\n2026-03-31,9,ok\n2026-04-30,9,süß\n".encode("latin-1"), 400, "/points/1", "row 3 is not UTF-8"),
    (GOOD.decode().encode("utf-16"), 400, "/points", "row 1 is not UTF-8"),
    (b'on,value,note\n2026-03-31,9,"two\nlines"\n\xff', 400, "/points/1", "row 3 is not UTF-8"),
    # a row
    (GOOD + b"2026-04-30\n", 422, "/points/1", "row 3 has 1 field and not 2"),
    (GOOD + b"2026-04-30,9,5\n", 422, "/points/1", "row 3 has 3 fields and not 2"),
    (GOOD + b"2026-04-30;9\n", 422, "/points/1", "row 3 is separated by semicolons"),
    (GOOD + b'2026-04-30,"9\n2026-05-31,10\n', 400, "/points/1", "row 3: unexpected end of data"),
    (GOOD + b'2026-04-30,"9"1\n', 400, "/points/1", "row 3: ',' expected after '\"'"),
    (b'on,"value\n', 400, "/points", "row 1: unexpected end of data"),
    (b'on,value\n2026-03-31,"' + b"9" * 200_000 + b'"\n', 400, "/points/0", "row 2: field larger"),
    (b'on,value\n2026-03-31,"' + b"9" * 200_000 + b'"\n\xff', 400, "/points/0", "row 2 is not UTF-8"),
    # a field
    (GOOD + b"31.4.2026,9\n2026-05-31,10\n", 422, "/points/1/on", "row 3: must be a date"),
    (GOOD + b"2026-04-31,9\n", 422, "/points/1/on", "row 3: 2026-04-31 is no day of the calendar"),
    (GOOD + b"\n2026-04-30,many\n2026-05-31,10\n", 422, "/points/1/value", "row 4: must be a number"),
    (GOOD + b'2026-04-30,"9,5"\n', 422, "/points/1/value", "row 3: must be a number"),
    (GOOD + b"2026-04-30,\n", 422, "/points/1/value", "row 3: must be a number"),
    (GOOD + b"2999-04-30,9\n", 422, "/points/1/on", "row 3: lies in the future"),
    (GOOD + b"2026-03-31,10\n", 422, "/points/1/on", "row 3: 2026-03-31 comes twice"),
    (b"on,value,note\n2026-03-31,9,a\0b\n", 422, "/points/0/note", "row 2: must not contain"),
]


@pytest.mark.parametrize(("content", "status", "pointer", "words"), BAD, ids=range(len(BAD)))
def test_a_bad_file_is_told_by_its_row(unchanged: Api, content: bytes, status: int, pointer: str, words: str):
    answer = send(unchanged, content)
    assert answer.status == status, answer
    fault = answer.body["errors"][0]
    assert fault["pointer"] == pointer
    assert fault["detail"].startswith(words)
    assert words.removeprefix("row ").split(" ")[0].rstrip(":") in answer.body["detail"]
    assert done(unchanged.get("/ledger"))["position"] == HEAD


def test_all_rows_at_fault_are_named(unchanged: Api):
    answer = send(unchanged, b"on,value\nx,1\n2026-03-31,y\n")
    assert answer.pointers == ["/points/0/on", "/points/1/value"]
    assert answer.body["detail"] == "points/0/on: row 2: must be a date, such as 2026-03-31"


@pytest.mark.parametrize(
    ("content_type", "more", "status"),
    [
        ("text/plain", {}, 415),
        ("text/csv; charset=latin-1", {}, 415),
        ("text/csv; header=present; charset=utf-16", {}, 415),
        ("text/csv", {"Content_Encoding": "gzip"}, 415),
        ("text/csv", {"Content_Length": "5000001"}, 413),
    ],
)
def test_a_file_of_another_type_or_too_large(unchanged: Api, content_type: str, more: dict[str, str], status: int):
    assert send(unchanged, GOOD, Content_Type=content_type, **more).status == status


def test_a_file_over_5_mb(unchanged: Api):
    assert send(unchanged, b"on,value,note\n" + b"x" * 5_000_000).slug == "too_large"


def test_no_other_address_takes_csv(unchanged: Api):
    answer = unchanged.send("POST", f"/v1{KPI}/targets", b"from,target\n", Content_Type="text/csv")
    assert (answer.status, answer.slug) == (415, "unsupported_media_type")


def test_whoever_may_not_measure_is_told_so(at_work: Api):
    for somebody in (at_work.with_key(None), at_work.as_("reader")):
        assert send(somebody, GOOD).slug in {"unauthenticated", "forbidden"}


def test_the_source_and_the_body_are_checked(unchanged: Api):
    assert send(unchanged, GOOD, "?source=").pointers == ["/query/source"]
    assert send(unchanged, GOOD, "?note=x").pointers == ["/query/note"]
    answer = unchanged.send("POST", f"/v1/kpis/{uid('none')}/measurements", GOOD, Content_Type="text/csv")
    assert (answer.status, answer.pointers) == (404, ["/path/kpi"])
