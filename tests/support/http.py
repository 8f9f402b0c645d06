"""A client of the API that speaks like a test: paths without /v1, JSON in and out; and a small company."""

import json
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

import httpx
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.runtime import Runtime
from tests.support.builders import uid

ADMIN_KEY = "qd_the-admin-of-all-tests"


class Answer:
    """An answer: `status`, `body` with exact numbers, `headers`; `slug` of a problem."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.raw = response.content
        self.type = response.headers.get("Content-Type", "")

    @property
    def body(self) -> Any:
        return json.loads(self.raw, parse_float=Decimal)

    @property
    def slug(self) -> str:
        assert self.type == "application/problem+json", self
        assert self.body["status"] == self.status
        return str(self.body["type"].removeprefix("/problems/"))

    @property
    def pointers(self) -> list[str]:
        return [fault["pointer"] for fault in self.body.get("errors", ())]

    @property
    def position(self) -> int:
        return int(self.headers["Ledger-Position"])

    @property
    def etag(self) -> str:
        return str(self.headers["ETag"])

    def __repr__(self) -> str:
        return f"{self.status} {self.raw[:2000].decode(errors='replace')}"


_FREE: list[FastAPI] = []
"""Apps that no test uses just now. To make one takes longer than most tests, and it is the same for every ledger."""


def _app_of(runtime: Runtime) -> FastAPI:
    app = _FREE.pop() if _FREE else create_app(runtime)
    app.state.runtime = runtime
    return app


class Api:
    """A client. Headers are keyword arguments: `If_Match='"3"'`."""

    def __init__(self, runtime: Runtime, key: str | None = ADMIN_KEY, client: TestClient | None = None) -> None:
        self.runtime = runtime
        self.key = key
        self._app = None if client else _app_of(runtime)
        self._client = client or TestClient(self._app, raise_server_exceptions=False)

    def __enter__(self) -> Self:
        if self._app is not None:
            self._client.__enter__()
        return self

    def __exit__(self, *args: Any) -> None:
        if self._app is not None:
            self._client.__exit__(*args)
            _FREE.append(self._app)

    def as_(self, role: str, member: str | UUID | None = None) -> "Api":
        """The same server for somebody else."""
        body = {"role": role} | ({} if member is None else {"member": str(uid(member))})
        made = self.post("/keys", **body)
        assert made.status == 201, made
        return self.with_key(made.body["key"])

    def with_key(self, key: str | None) -> "Api":
        return Api(self.runtime, key, self._client)

    def send(self, method: str, path: str, content: bytes | None = None, **headers: str) -> Answer:
        """A request as it is, without /v1 in front."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key is not None:
            given.setdefault("Authorization", f"Bearer {self.key}")
        if content is not None:
            given.setdefault("Content-Type", "application/json")
        return Answer(self._client.request(method, path, content=content, headers=given))

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        content = None if body is None else json.dumps(body, default=str).encode()
        return self.send(method, f"/v1{path}", content, **(headers or {}))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.call("GET", path, headers=headers)

    def delete(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.call("DELETE", path, headers=headers)

    def post(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Answer:
        return self.call("POST", path, body, headers)

    def patch(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Answer:
        return self.call("PATCH", path, body, headers)

    def put(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Answer:
        return self.call("PUT", path, body, headers)


def done(answer: Answer) -> Any:
    """The body of a success."""
    assert answer.status in (200, 201), answer
    return answer.body


HEAD = 15
METRIC = {"type": "metric", "baseline": 0, "target": 100}


def company(api: Api) -> None:
    """Ada leads the team core, with Bob in it; in 2026-Q1, open, it has the objective grow, measured by revenue.

    Cyd belongs to no team. The check-in monday says 40. The initiative is named campaign. The KPI signups, of the team
    core, has points for January and February; the KPI churn is nobody's and has none. That is the ledger up to `HEAD`.
    """
    for name in ("ada", "bob", "cyd"):
        done(api.post("/members", id=uid(name), name=name, email=f"{name}@example.com", kind="person"))
    done(api.post("/teams", id=uid("core"), name="Core"))
    done(api.put(f"/teams/{uid('core')}/members/{uid('ada')}", role="lead"))
    done(api.put(f"/teams/{uid('core')}/members/{uid('bob')}"))
    quarter = {"label": "2026-Q1", "kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    done(api.post("/cycles", id=uid("2026-Q1"), **quarter))
    done(api.post("/cycles/2026-Q1/open"))
    done(api.post("/objectives", id=uid("grow"), cycle="2026-Q1", title="grow", team=uid("core")))
    done(api.post(f"/objectives/{uid('grow')}/key-results", id=uid("revenue"), title="revenue", measure=METRIC))
    done(api.post(f"/key-results/{uid('revenue')}/check-ins", id=uid("monday"), value=40, note="a good week"))
    done(api.post(f"/key-results/{uid('revenue')}/initiatives", id=uid("campaign"), title="campaign"))
    for name, team in (("signups", uid("core")), ("churn", None)):
        done(api.post("/kpis", id=uid(name), name=name, direction="increase", frequency="monthly", team=team))
    points = [{"on": "2026-01-31", "value": 7, "note": "a slow month"}, {"on": "2026-02-28", "value": 8}]
    done(api.post(f"/kpis/{uid('signups')}/measurements", points=points))
