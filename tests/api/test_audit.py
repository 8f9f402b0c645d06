"""The history of everything over HTTP: its filters, its pages, and as a table."""

import csv
import json
from decimal import Decimal
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest

from api.csv_audit import COLUMNS
from api.shapes import HistoryItem
from tests.support.builders import uid
from tests.support.http import HEAD, Api, done

TABLE = {"Accept": "text/csv"}
REVENUE, GROW, SIGNUPS = f"/key-results/{uid('revenue')}", f"/objectives/{uid('grow')}", f"/kpis/{uid('signups')}"
CHECK_INS = f"{REVENUE}/check-ins"


def items(api: Api, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done(api.get(f"/audit{query}"))["items"]
    return found


def positions(api: Api, query: str = "") -> list[int]:
    return [item["position"] for item in items(api, query)]


def rows(api: Api, query: str = "") -> list[dict[str, str]]:
    answer = api.get(f"/audit{query}", TABLE)
    assert (answer.status, answer.type) == (200, "text/csv; charset=utf-8"), answer
    assert answer.raw.startswith(b"position,") and answer.raw.endswith(b"\r\n")
    return list(csv.DictReader(StringIO(answer.raw.decode(), newline="")))


def test_every_event_is_an_item_newest_first(unchanged: Api):
    found = items(unchanged)
    assert [item["position"] for item in found] == list(range(HEAD, 0, -1))
    for item in found:
        HistoryItem.model_validate_json(json.dumps(item, default=str))
    answer = unchanged.get("/audit")
    assert (answer.position, answer.headers["Vary"], answer.etag[:2]) == (HEAD, "Accept, Accept-Encoding", "W/")
    assert unchanged.get("/audit", {"If-None-Match": answer.etag}).status == 304


def test_an_item_is_that_of_the_thing_s_history(unchanged: Api):
    for path, kind, id in ((REVENUE, "key_result", "revenue"), (GROW, "objective", "grow")):
        expected = done(unchanged.get(f"{path}/history"))["items"]
        assert items(unchanged, f"?kind={kind}&id={uid(id)}") == items(unchanged, f"?id={uid(id)}") == expected
    (said,) = items(unchanged, "?kind=check_in")
    assert said == done(unchanged.get(f"/check-ins/{uid('monday')}/history"))["items"][0]
    measured = items(unchanged, f"?id={uid('signups')}")
    assert [(item["type"], item["kind"]) for item in measured] == [
        ("measurements.recorded", "kpi"),
        ("kpi.defined", "kpi"),
    ]
    assert [change["field"] for change in measured[0]["changes"]] == ["2026-01-31", "2026-02-28"]


def test_page_by_page_it_is_the_same(unchanged: Api):
    whole, after, found = items(unchanged), "", []
    while after is not None:
        page = done(unchanged.get("/audit?limit=4" + (f"&after={after}" if after else "")))
        found += page["items"]
        after = page["next"]
    assert found == whole


def test_filters(unchanged: Api):
    actor = items(unchanged)[0]["actor"]
    for query, expected in {
        f"?actor={actor}": list(range(HEAD, 0, -1)),
        f"?actor={uid('ada')}": [],
        f"?on_behalf_of={uid('ada')}": [],
        "?kind=team": [6, 5, 4],
        "?kind=measurements": [15],
        "?type=objective.set": [9],
        "?type=objective.nothing": [],
        "?cycle=2026-Q1": [12, 11, 10, 9, 8, 7],
        f"?cycle={uid('2026-Q1')}&kind=cycle": [8, 7],
        "?cycle=2031-Q1": [],
        "?late=true": [15],
        "?late=false&kind=cycle": [8, 7],
        "?goalposts=true": [],
        f"?id={uid('none')}": [],
        f"?kind=team&id={uid('grow')}": [],
        "?q=GOOD%20week": [11],
        "?q=slow": [15],
        "?q=good%20bad": [],
        "?q=ada": [],  # names of members are personal data
        "?effective_to=2026-01-31": [15],
        "?effective_from=2026-02-01&kind=measurements": [],
        "?recorded_to=2020-01-01": [],
        "?as_of=4&kind=team": [4],
        "?valid_at=2026-01-31": [15],
    }.items():
        assert positions(unchanged, query) == expected, query
    then = items(unchanged, "?as_of=9&limit=1")[0]["recorded_at"]
    assert positions(unchanged, f"?recorded_from={then}&recorded_to={then}") == [9]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        *((f"?{name}=x", name) for name in ("actor", "on_behalf_of", "id", "late", "goalposts", "recorded_from")),
        *((f"?{name}=2026-02-30", name) for name in ("recorded_to", "effective_from", "effective_to")),
        ("?recorded_from=2026-03-01T00:00:00", "recorded_from"),
        ("?kind=event", "kind"),
        ("?kind=check-in", "kind"),
        ("?type=", "type"),
        ("?q=", "q"),
        ("?q=%20", "q"),
        ("?q=a%00b", "q"),
        ("?q=" + "x" * 201, "q"),
        ("?cycle=", "cycle"),
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?after=x", "after"),
        ("?as_of=never", "as_of"),
        ("?on_behalf=x", "on_behalf"),
        ("?q=a&q=b", "q"),
    ],
)
def test_a_bad_filter_is_422_and_named(unchanged: Api, query: str, name: str):
    for headers in ({}, TABLE):
        answer = unchanged.get(f"/audit{query}", headers)
        assert (answer.status, answer.pointers) == (422, [f"/query/{name}"]), answer


def test_patterns_of_sql_are_only_letters(unchanged: Api):
    for words in ("%", "_", "\\", "good_week", "g%d", "'; DROP TABLE events; --"):
        assert positions(unchanged, f"?q={quote(words)}") == []


def test_who_did_it_on_whose_behalf_and_why(at_work: Api):
    service = at_work.as_("admin")
    key = done(service.post(CHECK_INS, {"On-Behalf-Of": str(uid("ada"))}, value=50, note="told by phone"))
    assert key["value"] == 50
    (item,) = items(at_work, f"?on_behalf_of={uid('ada')}")
    assert (item["on_behalf_of"], item["summary"]) == (str(uid("ada")), "A check-in said value 50.")
    done(at_work.patch(GROW, weight=2, reason="it matters more"))
    (item,) = items(at_work, "?goalposts=true")
    assert (item["summary"], item["reason"]) == ("Weight changed from 1 to 2.", "it matters more")
    assert item["changes"] == [{"field": "weight", "old": 1, "new": 2}]
    assert positions(at_work, "?goalposts=true&cycle=2026-Q1&q=matters") == [item["position"]]


def test_what_was_redacted_is_not_found_and_not_shown(at_work: Api):
    assert positions(at_work, "?q=week") == [11]
    done(at_work.post("/events/11/redact", field="note", reason="personal"))
    assert positions(at_work, "?q=week") == positions(at_work, f"?q=week&as_of={HEAD}") == []
    answer = at_work.get("/audit", TABLE)
    assert b"a good week" not in answer.raw + at_work.get("/audit").raw
    (item,) = items(at_work, "?q=personal")
    assert (item["kind"], item["summary"]) == ("key_result", "A text of the event at position 11 was redacted.")
    assert positions(at_work, f"?kind=check_in&id={uid('monday')}") == [HEAD + 1, 11]


def test_as_a_table_it_is_the_same_all_in_one_go(unchanged: Api):
    whole, table = items(unchanged), rows(unchanged, "?limit=2")
    assert list(table[0]) == list(COLUMNS)
    assert len(table) == HEAD
    for item, row in zip(whole, table, strict=True):
        assert {
            name: row[name] for name in ("position", "recorded_at", "type", "kind", "id", "version", "summary")
        } == {name: str(item[name]) for name in ("position", "recorded_at", "type", "kind", "id", "version", "summary")}
        assert json.loads(row["changes"], parse_float=Decimal) == item["changes"]
        assert (row["reported_at"], row["on_behalf_of"], row["reason"]) == ("", "", "")
    assert [row["position"] for row in rows(unchanged, "?kind=team&after=6")] == ["5", "4"]
    assert rows(unchanged, "?type=nothing") == []
    assert unchanged.get("/audit?type=nothing", TABLE).raw.decode() == ",".join(COLUMNS) + "\r\n"
    assert unchanged.get("/audit", TABLE).position == HEAD


def test_in_a_table_people_have_names_until_they_are_erased_and_nothing_is_a_formula(at_work: Api):
    lead = at_work.as_("lead", "ada")
    made = lead.post(CHECK_INS, value=50, note="x")
    done(lead.post(f"{GROW}/drop", reason='=HYPERLINK("http://x","a ""b"", c")\nand more'))
    last, before = rows(at_work)[:2]
    assert (last["actor"], last["actor_name"]) == (str(uid("ada")), "ada")
    assert last["reason"] == '\'=HYPERLINK("http://x","a ""b"", c")\nand more'
    assert before["position"] == str(made.position)
    done(at_work.post(f"/members/{uid('ada')}/erase", reason="left"))
    assert rows(at_work)[1]["actor_name"] == ""
    done(at_work.post("/members", id=uid("eve"), name="=cmd|' /C calc'!A0", kind="person"))
    done(at_work.as_("admin", "eve").post("/teams", name="-1+1"))
    last = rows(at_work)[0]
    assert last["actor_name"] == "'=cmd|' /C calc'!A0"
    assert last["summary"] == "The team “-1+1” was formed."


def test_tables_let_go_of_their_snapshots(unchanged: Api):
    for _ in range(30):
        assert len(rows(unchanged)) == HEAD
        assert unchanged.get("/audit?after=x", TABLE).status == 422


def test_a_stranger_gets_nothing_and_every_reader_all(unchanged: Api):
    for headers in ({}, TABLE):
        assert unchanged.with_key(None).get("/audit", headers).status == 401
