"""`GET /metrics`: what is counted, how far behind things are, and who may know."""

from base64 import b64encode
from collections.abc import Mapping

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import Metrics
from ledger.database import Database
from projections.shelf import BOOKS
from tests.support.builders import uid
from tests.support.http import Api, done

CHECK_INS = f"/key-results/{uid('revenue')}/check-ins"


class Figures:
    """What was read at one moment: `figures("name", label="value")`."""

    def __init__(self, text: bytes) -> None:
        families = text_string_to_metric_families(text.decode())
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self.samples.get((name, frozenset(labels.items())), 0)

    def labels(self, name: str) -> list[Mapping[str, str]]:
        return [dict(labels) for found, labels in self.samples if found == name]


def look(api: Api) -> Figures:
    answer = api.send("GET", "/metrics")
    assert answer.status == 200, answer
    assert answer.type.startswith("text/plain")
    return Figures(answer.raw)


def test_a_stranger_learns_nothing_and_any_good_key_opens_it(at_work: Api):
    stranger = at_work.with_key(None).send("GET", "/metrics")
    assert (stranger.status, stranger.slug) == (401, "unauthenticated")
    assert b"quarterdeck_" not in stranger.raw
    reader = at_work.as_("reader")
    assert reader.send("GET", "/metrics").status == 200
    basic = b64encode(f"prometheus:{reader.key}".encode()).decode()
    assert at_work.with_key(None).send("GET", "/metrics", Authorization=f"Basic {basic}").status == 200


def test_appends_and_refusals_are_counted(at_work: Api):
    before = look(at_work)
    done(at_work.post(CHECK_INS, value=1))
    assert at_work.get(f"/objectives/{uid('nobody')}").status == 404
    assert at_work.post(CHECK_INS, value="much").status == 422
    after = look(at_work)

    def more(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert more("quarterdeck_events_total") == 1
    assert more("quarterdeck_commands_total", outcome="appended") == 1
    assert more("quarterdeck_append_commands_count") == more("quarterdeck_append_commands_bucket", le="1.0") == 1
    assert more("quarterdeck_append_seconds_count") == 1
    assert more("quarterdeck_refusals_total", slug="not_found") == 1
    assert after("quarterdeck_ledger_position") == before("quarterdeck_ledger_position") + 1


def test_requests_are_counted_by_route_and_no_stranger_makes_a_label(at_work: Api):
    at_work.get(f"/objectives/{uid('grow')}")
    at_work.get(f"/objectives/{uid('nobody')}")
    for odd in ("/there/is/no/such/place", "/v1/objectives/x/y/z", "/.env"):
        at_work.with_key(None).send("GET", odd)
    at_work.send("BREW", "/v1/cycles")
    seen = look(at_work)
    route = {"route": "/v1/objectives/{objective}", "method": "GET"}
    assert seen("quarterdeck_http_requests_total", **route, status="200") == 1
    assert seen("quarterdeck_http_requests_total", **route, status="404") == 1
    assert seen("quarterdeck_http_request_seconds_count", **route) == 2
    assert seen("quarterdeck_http_requests_in_flight") == 1
    labels = seen.labels("quarterdeck_http_requests_total")
    templates = {getattr(each, "path", None) for each in at_work._client.app.routes} | {"none"}  # type: ignore[attr-defined]
    assert {label["route"] for label in labels} <= templates
    assert {label["method"] for label in labels} <= {"GET", "POST", "PUT", "other"}


def test_what_is_behind_is_shown_in_events_and_in_seconds(at_work: Api):
    up_to_date = look(at_work)
    books = {label["book"] for label in up_to_date.labels("quarterdeck_book_lag_events")}
    assert books == {book.name for book in BOOKS}
    assert not any(up_to_date("quarterdeck_book_lag_events", book=book) for book in books)
    at_work.runtime.projector.stop()
    at_work.runtime.sealer.stop()
    sealed = look(at_work)("quarterdeck_sealer_lag_events")
    for value in (1, 2):
        assert at_work.post(CHECK_INS, {"Prefer": "respond-async"}, value=value).status == 201
    with at_work.runtime.database.connection() as connection:
        connection.execute("UPDATE books SET error = 'made up' WHERE name = 'teams'")
    behind = look(at_work)
    assert behind("quarterdeck_book_lag_events", book="key_results") == 2
    assert behind("quarterdeck_book_lag_seconds", book="key_results") > 0
    assert behind("quarterdeck_sealer_lag_events") == sealed + 2
    assert behind("quarterdeck_sealer_lag_seconds") > 0
    assert behind("quarterdeck_book_stopped", book="teams") == 1
    assert behind("quarterdeck_book_stopped", book="kpis") == 0


def test_what_runs_and_how_it_fares_is_shown(unchanged: Api):
    seen = look(unchanged)
    assert seen("quarterdeck_pool_connections", state="open") >= 1
    assert ("quarterdeck_pool_waiting", frozenset()) in seen.samples
    assert seen("process_resident_memory_bytes") > 1e6
    (built,) = seen.labels("quarterdeck_build_info")
    assert set(built) == {"version", "python"}
    assert seen("quarterdeck_database_up") == 1


def test_without_a_database_the_rest_is_shown():
    database = Database("postgresql:///nowhere?host=/nowhere")
    seen = Figures(generate_latest(Metrics(database).registry))
    assert ("quarterdeck_database_up", frozenset()) in seen.samples
    assert seen("quarterdeck_database_up") == 0
    assert ("quarterdeck_ledger_position", frozenset()) not in seen.samples
    assert ("quarterdeck_events_total", frozenset()) in seen.samples
