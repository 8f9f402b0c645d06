"""A board over HTTP, to the byte: it says of each goal what the goal's own read says, whatever is on it.

The board is written in a way of its own, from rows to text; here it is put together again from the reads of its cycle
and of its objectives, which are made from the same books in Python.
"""

import re

import pytest

from tests.support.builders import uid
from tests.support.http import METRIC, Api, done

ODD = 'A “title”: \\ "quoted", tabs\tand\nlines, \x07\x1f\x7f, ünï, 目標 🎯 \u2028. . '
MEASURES = {
    "metric": {"type": "metric", "baseline": "0.10", "target": "0.3000001", "unit": 'a "unit", of: 1'},
    "threshold": {"type": "threshold", "operator": "<=", "bound": "250.50", "unit": "ms"},
    "between": {"type": "threshold", "operator": "between", "low": "-1.5", "high": 4},
    "milestones": {
        "type": "milestones",
        "milestones": [{"title": 'a, "b": c', "weight": 3}, {"id": "two", "title": ODD}],
    },
    "boolean": {"type": "boolean"},
    "zones": {"type": "zones", "commit": "some", "target": "more", "stretch": ODD},
    "graded": {"type": "graded", "out_of": 10},
}
SAID = {
    "metric": {"value": "0.1666667", "confidence": "7.50"},
    "threshold": {"value": "250.500000000001", "status": "off_track"},
    "between": {"value": "-0.000", "confidence": 10},
    "milestones": {"completed": ['a, "b": c', "two"]},
    "boolean": {"done": True, "effective_at": "2026-01-05T00:00:00Z"},
    "zones": {"zone": "stretch", "effective_at": "2026-01-05T00:00:00.500Z"},
    "graded": {"score": "11.25"},
}


@pytest.fixture
def everything(at_work: Api) -> Api:
    """The company with every kind of thing on its board, early in the year and late."""
    post = at_work.post
    early = {"effective_at": "2026-01-02T10:00:00Z"}
    dates = {"kind": "custom", "starts_on": "2026-01-01"}
    before = {"effective_at": "2025-12-31T00:00:00Z"}
    done(post("/cycles", **before, **dates, id=uid("year"), label="year", ends_on="2026-12-31"))
    done(post("/cycles/year/open", **before))
    for name in ("half", "empty"):
        fields = {"id": uid(name), "label": name, "parent": uid("year"), "ends_on": "2026-06-30"}
        done(post("/cycles", **before, **dates, **fields))

    def set_(name: str, cycle: str = "year", **fields: object) -> None:
        done(post("/objectives", id=uid(name), cycle=cycle, **{"title": name, **fields}))

    def add(name: str, objective: str, measure: object = METRIC, **fields: object) -> None:
        path = f"/objectives/{uid(objective)}/key-results"
        done(post(path, id=uid(name), measure=measure, **{"title": name, **fields}))

    words = {"title": ODD, "description": ODD, "external_id": ODD}
    set_("odd", **early, **words, weight="1.50", tags=["ü", 'a "b"', "c,d"])
    for name, measure in MEASURES.items():
        add(name, "odd", measure, **early, weight="0.250", tags=[name, ODD[:20]], external_id=f"my {name}")
        done(post(f"/key-results/{uid(name)}/check-ins", **SAID[name]))
    done(at_work.patch(f"/objectives/{uid('odd')}", owner=uid("cyd")))
    done(at_work.patch(f"/key-results/{uid('metric')}", owner=uid("bob")))
    set_("bare", commitment="committed", aligned_to=uid("odd"))
    set_("secret", **early, description="nobody's business", aligned_to=uid("metric"))
    add("hidden", "secret", **early)
    add("silent", "secret", **early)
    set_("grows")
    add("driven", "grows", team=uid("core"))
    done(at_work.put(f"/key-results/{uid('driven')}/kpi", kpi=uid("signups")))
    done(post(f"/key-results/{uid('driven')}/initiatives", title="try"))
    set_("given up", **early)
    add("lost", "given up")
    add("rest", "given up")
    done(post(f"/key-results/{uid('lost')}/drop", reason="no"))
    done(post(f"/objectives/{uid('given up')}/drop", reason="no"))
    set_("judged", **early)
    add("graded too", "judged")
    done(post(f"/key-results/{uid('graded too')}/grade", score="0.333333333333", reason="so"))
    done(post(f"/objectives/{uid('judged')}/grade", score="1.2", reflection=ODD))
    set_("moved", cycle="half")
    done(post(f"/objectives/{uid('moved')}/move", cycle="year"))
    set_("elsewhere", cycle="half", owner=uid("ada"))
    add("measured there", "elsewhere")
    done(post(f"/key-results/{uid('measured there')}/check-ins", value=30))
    add("wanders", "bare")
    done(at_work.patch(f"/key-results/{uid('wanders')}", objective=uid("odd"), reason="fits better"))
    for name, cycle in (("judged", "half"), ("elsewhere", "year")):
        done(post(f"/objectives/{uid(name)}/carry-forward", to_cycle=cycle, baseline="restart"))
    return at_work


def _redact(api: Api, path: str, type_: str, field: str) -> None:
    (event,) = [item for item in done(api.get(f"{path}/history"))["items"] if item["type"].endswith(type_)]
    done(api.post(f"/events/{event['position']}/redact", field=field, reason=ODD))


def _own(api: Api, path: str, clocks: str) -> str:
    """A resource's own read, without the clocks it reflects."""
    answer = api.get(f"{path}?{clocks}")
    assert answer.status == 200, answer
    return re.sub(r',"as_of":\{[^{}]*\}\}$', "}", answer.raw.decode())


def _put_together(api: Api, board: str, clocks: str) -> str:
    """The board of year from the reads of what is on it, in its order."""
    cycle = _own(api, "/cycles/year", clocks)
    total, expected = re.findall(r'"(?:score|expected)":([^,}]+)', cycle)
    stamp, at = re.findall(r'"as_of":(\{[^{}]*\}),"valid_at":("[^"]+")', board)[0]
    ids = re.findall(r'(?<=[\[,])\{"id":"([^"]+)","external_id":[^{}]*?,"cycle":"', board)
    objectives = ",".join(_own(api, f"/objectives/{id}", clocks) for id in ids)
    inside = sorted(done(api.get(f"/cycles?parent={uid('year')}&{clocks}"))["items"], key=lambda each: each["label"])
    scores = [re.findall(r'"score":([^,}]+)', _own(api, f"/cycles/{each['id']}", clocks))[0] for each in inside]
    named = zip(inside, scores, strict=True)
    cycles = ",".join(f'{{"id":"{each["id"]}","label":"{each["label"]}","score":{score}}}' for each, score in named)
    return (
        f'{{"cycle":{cycle},"as_of":{stamp},"valid_at":{at},"score":{total},"expected":{expected}'
        f',"objectives":[{objectives}],"cycles":[{cycles}]}}'
    )


def test_a_board_says_to_the_byte_what_its_goals_say_themselves(everything: Api):
    """Now, as of before and after, and valid at other days; before and after texts and a member are gone."""
    api, positions = everything, []

    def check(found: int, clocks: str = "") -> None:
        for _ in range(2):  # from the rows, and from what is remembered
            board = api.get(f"/cycles/year/board?{clocks}").raw.decode()
            assert board == _put_together(api, board, clocks), clocks
        assert board.count('"key_results":[') == found, clocks

    check(8)
    positions.append(api.get("/ledger").body["position"])
    _redact(api, f"/objectives/{uid('secret')}", "objective.set", "title")
    _redact(api, f"/objectives/{uid('secret')}", "objective.set", "description")
    _redact(api, f"/key-results/{uid('hidden')}", "key_result.added", "title")
    done(api.post(f"/members/{uid('cyd')}/erase", reason="asked for"))
    check(8)
    assert "nobody's business" not in api.get("/cycles/year/board").raw.decode()
    check(8, f"as_of={positions[0]}")
    check(4, f"as_of={positions[0]}&valid_at=2026-01-03T00:00:00Z")
    check(4, "valid_at=2026-01-05T00:00:00Z")
    check(4, "valid_at=2026-01-19T00:00:00.500Z")
    check(8, "valid_at=2027-03-01")
    check(1, "as_of=21")


def test_a_board_is_the_same_however_it_is_asked_for(unchanged: Api):
    """By label and by id, and asked for again: the ETag too."""
    one, other = (unchanged.get(f"/cycles/{cycle}/board?as_of=15") for cycle in ("2026-Q1", uid("2026-Q1")))
    assert one.etag == other.etag
    assert unchanged.get("/cycles/2026-Q1/board?as_of=15", {"If-None-Match": one.etag}).status == 304
