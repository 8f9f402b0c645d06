"""The main job: years of real organisations go in as commands and come out as what they stated.

`../shared/data/README.md` says where the histories are from and what each expected figure means.
"""

import contextlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from api.runtime import Runtime, running
from api.settings import Settings
from cli.main import main
from domain.kernel import Kind
from projections import questions
from tests.support.http import ADMIN_KEY, Api
from tests.support.postgres import Postgres

DATA = Path(__file__).parents[3] / "shared" / "data"
SOURCES = ("sourced", "rust_goals")
KPI_VIEWS = ("2016-05-20", "2017-10-20", "2018-12-20", "final")
HEALTH = ("on_track", "at_risk", "off_track", "no_data")
ENGLAND = "ae4h-ENGLAND"

if not DATA.is_dir():
    pytest.skip(f"the real histories are not here: {DATA} is missing", allow_module_level=True)


@dataclass(frozen=True)
class Measured:
    """A ledger with the KPIs, a client of it, and what importing them answered."""

    settings: Settings
    runtime: Runtime
    api: Api
    answered: dict[str, Any]


def expected(source: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((DATA / f"{source}.expected.json").read_text(), parse_float=Decimal)
    return told


def views() -> Iterator[tuple[str, str, str]]:
    """Every (source, cycle, view): `final`, or a `valid_at`."""
    for source in SOURCES:
        for cycle, told in expected(source)["cycles"].items():
            yield from ((source, cycle, view) for view in told if view not in ("starts_on", "ends_on"))


def import_(settings: Settings, source: str) -> Any:
    """What importing answered."""
    out = io.TextIOWrapper(io.BytesIO())
    ledger = ("--database-url", settings.database_url, "--data", settings.data)
    arguments = ["import", DATA / f"{source}.history.jsonl", "--json", *ledger]
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        main([str(argument) for argument in arguments])
    out.seek(0)
    return json.loads(out.read())


def run(capfd: pytest.CaptureFixture[str], settings: Settings, *arguments: str | Path) -> Any:
    """What the program answers in JSON."""
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        ledger = ("--database-url", str(settings.database_url), "--data", str(settings.data))
        main([*map(str, arguments), "--json", *ledger])
    out, err = capfd.readouterr()
    assert ended.value.code in (0, None), err
    return json.loads(out, parse_float=Decimal)


@pytest.fixture(scope="module")
def settings(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One ledger for all tests of this page: the first one imports, the others only read."""
    name = postgres.migrated_database()
    yield Settings(postgres.url_of(name), data=tmp_path_factory.mktemp("data"), admin_key=ADMIN_KEY)
    postgres.drop(name)


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    with running(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(runtime: Runtime) -> Iterator[Api]:
    with Api(runtime) as client:
        yield client


@pytest.fixture(scope="module")
def imported(settings: Settings, runtime: Runtime) -> dict[str, Any]:
    """What importing both answered; the runtime stands for a server that runs beside it."""
    return {source: import_(settings, source) for source in SOURCES}


@pytest.mark.parametrize("source", SOURCES)
def test_every_line_is_taken(imported, source):
    told = expected(source)
    assert imported[source]["commands"] == imported[source]["new"] == told["lines"] - 1
    assert imported[source]["seals"] == told["commands"]["close_cycle"]


@pytest.mark.parametrize(("source", "cycle", "view"), views())
def test_a_board_is_what_was_stated(imported, capfd, settings, api, source, cycle, view):
    """In the terminal and over HTTP, as it stands and as it stood on every date that is listed."""
    clock = {} if view == "final" else {"valid_at": view}
    flags = [part for value in clock.values() for part in ("--valid-at", value)]
    over_http = api.get(f"/cycles/{cycle}/board?{'&'.join(f'{k}={v}' for k, v in clock.items())}").body
    in_terminal = run(capfd, settings, "board", cycle, *flags)
    if view == "final":
        del over_http["valid_at"], in_terminal["valid_at"]
    assert in_terminal == over_http
    assert summary(api, over_http, view) == expected(source)["cycles"][cycle][view]
    if view == "final":
        cycle_ = over_http["cycle"]
        told = expected(source)["cycles"][cycle]
        assert (cycle_["starts_on"], cycle_["ends_on"]) == (told["starts_on"], told["ends_on"])


def summary(api: Api, board: dict[str, Any], view: str) -> dict[str, Any]:
    """The board in the words of the expected results."""
    objectives = [each for each in board["objectives"] if each["state"] == "active"]
    parts = [part for objective in objectives for part in objective["key_results"]]
    everywhere = [part for objective in board["objectives"] for part in objective["key_results"]]
    # A dropped objective leaves its key results as they are; they count by their own state.
    active = [part for part in everywhere if part["state"] == "active"]
    valued = {part["objective"] for part in parts if part["state"] == "active" and part["value"] is not None}
    found = {
        "state": board["cycle"]["state"],
        "score": board["score"],
        "objectives": {
            "active": len(objectives),
            "dropped": len(board["objectives"]) - len(objectives),
            "unmeasured": sum(objective["progress"] is None for objective in objectives),
        },
        "key_results": {
            "active": len(active),
            "dropped": len(everywhere) - len(active),
            "pending": sum(part["checked_in_at"] is None for part in active),
            "valueless": sum(part["value"] is None for part in active),
        },
        "check_ins": check_ins(api, {part["id"] for part in everywhere}, view),
        "scored": {each["external_id"]: each["progress"] for each in objectives if each["id"] in valued},
    }
    assert all(each["score"] == 0 for each in objectives if each["id"] not in valued)
    if view == "final":
        found["seals"] = len(api.get(f"/events?type=cycle.sealed&stream=cycle/{board['cycle']['id']}").body["items"])
        found["values"] = {part["external_id"]: value(part) for part in active if part["value"] is not None}
    return found


def value(part: dict[str, Any]) -> Any:
    return [part["value"], part["progress"]] if part["measure"]["type"] == "metric" else part["value"]


def check_ins(api: Api, key_results: set[str], view: str) -> int:
    """How many there are on these key results, then."""
    count, clock, after = 0, "" if view == "final" else f"&valid_at={view}", ""
    while after is not None:
        page = api.get(f"/check-ins?limit=500{clock}{f'&after={after}' if after else ''}").body
        count += sum(item["key_result"] in key_results for item in page["items"])
        after = page["next"]
    return count


@pytest.mark.parametrize("source", SOURCES)
def test_importing_again_appends_nothing(imported, capfd, settings, runtime, source):
    head = runtime.recorder.head()
    again = run(capfd, settings, "import", DATA / f"{source}.history.jsonl")
    assert (again["new"], again["already_there"], again["events"], again["seals"]) == (
        0,
        again["commands"],
        0,
        0,
    )
    assert runtime.recorder.head() == head


def test_everything_goes_by_the_name_that_its_source_gave_it(imported, api):
    id = uuid5(uuid5(NAMESPACE_URL, "sourced"), "objective:obj-e171322f63")
    (found,) = api.get("/objectives?external_id=obj-e171322f63").body["items"]
    assert (found["id"], found["title"]) == (str(id), "Vision")


def test_a_board_is_the_same_once_the_books_were_made_anew(imported, capfd, settings, api):
    clocks = "valid_at=2018-10-31&as_of=1159"
    before = api.get(f"/cycles/2018-Q3/board?{clocks}").body
    assert run(capfd, settings, "rebuild", "--verify")["differences"] == {}
    assert run(capfd, settings, "rebuild")["swapped"]
    assert api.get(f"/cycles/2018-Q3/board?{clocks}").body == before


@pytest.mark.slow
def test_a_copy_of_the_ledger_has_the_same_boards(imported, capfd, settings, api, postgres, tmp_path):
    """Export, restore, export: the same bytes but for who signs; and the same answers, people's names included."""
    files = {name: tmp_path / f"{name}.jsonl" for name in ("ledger", "people", "again")}
    name = postgres.migrated_database()
    copy = Settings(postgres.url_of(name), data=tmp_path, admin_key=ADMIN_KEY)
    export(capfd, settings, files["ledger"], files["people"])
    restored = run(capfd, copy, "import", files["ledger"], "--people", files["people"])
    assert restored["events"] == restored["position"]
    export(capfd, copy, files["again"])
    ours, theirs = (files[name].read_bytes().splitlines() for name in ("ledger", "again"))
    assert ours[1:] == theirs[1:]
    with running(copy) as runtime, Api(runtime) as other:
        for path in ("/cycles/2018-Q3/board?as_of=1159&valid_at=2018-09-24", "/members?limit=500", "/cycles"):
            ours, theirs = api.get(path).body, other.get(path).body
            assert theirs == ours
    postgres.drop(name)


def export(capfd: Any, settings: Settings, out: Path, people: Path | None = None) -> None:
    more = ["--people", str(people)] if people else []
    with pytest.raises(SystemExit) as ended:
        ledger = ("--database-url", str(settings.database_url), "--data", str(settings.data))
        main(["export", "--out", str(out), *more, *ledger])
    assert ended.value.code in (0, None), capfd.readouterr()


@pytest.fixture(scope="class")
def measured(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """The KPIs of the NHS in a ledger of their own, and what importing them answered."""
    name = postgres.migrated_database()
    settings = Settings(postgres.url_of(name), data=tmp_path_factory.mktemp("data"), admin_key=ADMIN_KEY)
    with running(settings) as runtime, Api(runtime) as api:
        yield Measured(settings, runtime, api, import_(settings, "nhs_ae"))
    postgres.drop(name)


class TestKpis:
    """Three years of 429 KPIs, a line a point."""

    def test_every_line_is_taken(self, measured):
        told = expected("nhs_ae")
        assert measured.answered["commands"] == measured.answered["new"] == told["lines"] - 1

    @pytest.mark.parametrize("view", KPI_VIEWS)
    def test_they_stand_as_was_stated(self, measured, view):
        told = expected("nhs_ae")["final"] if view == "final" else expected("nhs_ae")["valid_at"][view]
        found = standing(measured, None if view == "final" else view)
        counts = Counter(health for _, _, health, _ in found.values())
        assert {"kpis": len(found)} | {name: counts[name] for name in HEALTH} == told["counts"]
        if view == "final":
            assert found == told["kpis"]
            assert sum(count for *_, count in found.values()) == expected("nhs_ae")["totals"]["points"]
        else:
            assert found[ENGLAND] == told["benchmark"]

    def test_the_terminal_shows_the_same(self, measured, capfd):
        shown = run(capfd, measured.settings, "kpis", "--valid-at", "2017-10-20")["items"]
        latest = {item["external_id"]: (item["health"], item["latest"] and item["latest"]["value"]) for item in shown}
        found = standing(measured, "2017-10-20")
        assert latest == {name: (health, value) for name, (_, value, health, _) in found.items()}

    def test_each_is_compared_with_england(self, measured):
        (kpi,) = measured.api.get("/kpis?external_id=ae4h-RAP-1&valid_at=2018-12-20").body["items"]
        (benchmark,) = kpi["benchmarks"]
        told = expected("nhs_ae")["valid_at"]["2018-12-20"]["benchmark"]
        assert (benchmark["name"], benchmark["value"]) == ("England", told[1])

    def test_importing_again_appends_nothing(self, measured, capfd):
        head = measured.runtime.recorder.head()
        again = run(capfd, measured.settings, "import", DATA / "nhs_ae.history.jsonl")
        assert (again["new"], again["already_there"], again["events"]) == (0, again["commands"], 0)
        assert measured.runtime.recorder.head() == head


def standing(measured: Measured, valid_at: str | None) -> dict[str, list[Any]]:
    """Each KPI in the words of the expected results: day and value of the latest point, health, how many points."""
    with measured.runtime.books.reading(None, valid_at) as reading:
        kpis = questions.listing(reading, Kind.KPI, {}, 500, None).items
        points = questions.recent_points(reading, [kpi["id"] for kpi in kpis], 1_000)
    found = {}
    for kpi in kpis:
        latest = kpi["latest"] or {"on": None, "value": None}
        on = latest["on"] and latest["on"].isoformat()
        found[kpi["external_id"]] = [on, latest["value"], kpi["health"], len(points[kpi["id"]])]
    return found


@pytest.mark.parametrize(
    ("source", "cycle"), [(source, cycle) for source in SOURCES for cycle in expected(source)["cycles"]]
)
def test_a_replay_ends_at_the_board(imported, api, source, cycle):
    answer = api.get(f"/cycles/{cycle}/replay", {"Accept": "application/x-ndjson"})
    frames = [json.loads(line, parse_float=Decimal) for line in answer.raw.splitlines()]
    scores = [frame["score_after"] for frame in frames]
    assert [frame["score_before"] for frame in frames] == [None, *scores[:-1]]
    assert scores[-1] == api.get(f"/cycles/{cycle}/board").body["score"]
